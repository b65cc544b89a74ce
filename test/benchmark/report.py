"""Prints a run as tables, and keeps all its figures for a file in JSON."""
import datetime
import json

import measure
from scenario import BEST, OLD, Role

SAME = "all contenders end in the same state"


class Report:
    def __init__(self, head, measure_by):
        self.data = dict(head, scenarios=[])
        self.measure_by = measure_by
        self.wrong = 0

    def print_head(self):
        data = self.data
        machine = data["machine"]
        settings = ", ".join(f"{name} {value}" for name, value in data["settings"].items())
        print(f"bulk_sync {data['extension']} on {data['server']}")
        print(f"{machine['processors']} x {machine['processor']}, {machine['memory_gb']} GB, {data['date']}")
        print(f"{data['rows']} rows, {settings}")
        print(f"medians of {data['rounds']} rounds in turns; targets judged by {self.measure_by}")
        print(f"instructions not available: {data['no_instructions']}" if data["no_instructions"] else "", flush=True)

    def skipped(self, entry, reason):
        self.data["scenarios"].append({"name": entry.name, "title": entry.title, "skipped": reason})
        print(f"\n{entry.name}: {entry.title}\n  skipped: {reason}", flush=True)

    def add(self, entry, scenario, figures, wrong, left_out, seconds):
        """Prints the table of a scenario and its verdicts."""
        self.wrong += len(wrong)
        verdicts = [self.verdict(scenario, figures, target) for target in scenario.targets]
        self.data["scenarios"].append(
            {
                "name": entry.name,
                "title": entry.title,
                "seconds": round(seconds, 1),
                "calls": scenario.calls,
                "same_state": not wrong,
                "wrong": wrong,
                "contenders": [row(contender, figures.get(contender.name)) for contender in scenario.contenders],
                "targets": verdicts,
            }
        )
        calls = f"; {scenario.calls} calls, committed without waiting for the disk" if scenario.calls else ""
        print(f"\n{entry.name}: {entry.title}{calls}")
        self.print_table(scenario, figures)
        for verdict in verdicts:
            print(f"  {verdict_text(verdict)}")
        for line in left_out:
            print(f"  without {line}")
        for line in wrong:
            print(f"  FAILED  {line}")
        print(f"  {'NOT ' if wrong else ''}{SAME} ({seconds:.0f} s)", flush=True)

    def print_table(self, scenario, figures):
        names = [contender.name for contender in scenario.contenders if contender.name in figures]
        counted = not self.data["no_instructions"]
        columns = [("wall ms", "wall", 1000), ("cpu ms", "cpu", 1000)]
        if counted:
            columns.append(("M instr", "instructions", 1e-6))
        print(f"  {'':50}" + "".join(f"{title:>10}{'ratio':>7}" for title, _, _ in columns) + f"{'MB':>7}")
        for name in names:
            line = f"  {name:50}"
            for _, each, factor in columns:
                value = figures[name].median(each)
                ratio = measure.ratio(figures, name, names[0], each)
                line += number(value and value * factor, 10, 1) + number(ratio, 7, 2)
            peak = figures[name].peak
            print(line + number(peak and peak / 2**20, 7, 0))

    def verdict(self, scenario, figures, target):
        by = "memory" if target.memory else self.measure_by
        rival, reason = target.rival, None
        if rival == BEST:
            rival = measure.best_rival(scenario, figures, by)
        elif rival == OLD and not any(contender.role is Role.OLD for contender in scenario.contenders):
            reason = "needs --against"
        ratio = measure.ratio(figures, target.subject, rival, by)
        if ratio is None and not reason:
            reason = "not measured"
        return {
            "subject": target.subject,
            "rival": rival,
            "best": target.rival == BEST,
            "by": by,
            "limit": target.limit,
            "ratio": ratio,
            "cpu_ratio": None if target.memory else measure.ratio(figures, target.subject, rival, "cpu"),
            "reached": None if ratio is None else ratio <= target.limit,
            "reason": reason,
        }

    def print_summary(self):
        """All targets once more, one line each."""
        full = self.data["full_rows"]
        print("\ntargets" + ("" if self.data["rows"] == full else f", which are those of {full} rows"))
        for scenario in self.data["scenarios"]:
            for verdict in scenario.get("targets", []):
                print(f"  {scenario['name']:18}{verdict_text(verdict)}")
        wrong = [scenario["name"] for scenario in self.data["scenarios"] if scenario.get("wrong")]
        print(f"\nNOT {SAME}: {', '.join(wrong)}" if wrong else f"\n{SAME}, in all scenarios that ran")

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
            file.write("\n")


def row(contender, figures):
    """All that is known of a contender, as it goes into the file. Times are in seconds, memory is in bytes."""
    data = {"name": contender.name, "role": contender.role.value, "statements": list(contender.statements)}
    if figures:
        data.update(wall=figures.wall, cpu=figures.cpu, instructions=figures.instructions, peak=figures.peak)
        data["median"] = {each: figures.median(each) for each in ("wall", "cpu", "instructions")}
    return data


def number(value, width, digits):
    return f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"


def verdict_text(verdict):
    rival = verdict["rival"] or BEST
    if verdict["best"]:
        rival = f"{BEST} ({rival})" if verdict["rival"] else BEST
    of = "the memory of " if verdict["by"] == "memory" else ""
    what = f"{verdict['subject']} / {of}{rival}"
    if verdict["ratio"] is None:
        return f"{what}: at most {verdict['limit']:.2f}, {verdict['reason']}"
    result = "reached" if verdict["reached"] else "not reached"
    cpu = "" if verdict["by"] == "cpu" or verdict["cpu_ratio"] is None else f" (cpu {verdict['cpu_ratio']:.2f})"
    return f"{what}: {verdict['ratio']:.2f}{cpu}, at most {verdict['limit']:.2f}: {result}"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
