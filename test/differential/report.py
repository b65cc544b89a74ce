"""What a run prints: the script of a failed case, and the table of what was covered."""
from collections import Counter

from compare import compare_call
from outcome import Error
from returning import returning_call
from values import BY_NAME


def script(case, failure, prelude):
    """A script for psql that shows the failure by itself."""
    used = {c.type.name for c in case.target.columns} | {c.target.name for c in case.staging.columns if c.target}
    lines = [
        f"-- case {case.seed}: {failure.kind}",
        f"--   expected: {first_lines(failure.expected)}",
        f"--   got:      {first_lines(failure.got)}",
        "",
    ]
    needed = [line for line in prelude.splitlines() if needs(line, case, used)]
    lines += needed + ["", f"BEGIN ISOLATION LEVEL {case.isolation};"]
    lines += [statement + ";" for statement in case.setup()]
    if case.committed:
        lines += ["COMMIT;"] + [statement + ";" for statement in case.vacuum()]
        lines += [f"BEGIN ISOLATION LEVEL {case.isolation};"]
    lines += [statement + ";" for statement in case.settings]
    table = case.qualified_target()
    lines += [statement + ";" for statement in case.restart_sequences()]
    lines += ["", f"SELECT tableoid::regclass, ctid, * FROM {table};", f"SELECT * FROM {case.qualified_staging()};"]
    if case.filter is not None and not case.refused:
        lines.append(f"SELECT * FROM {table} WHERE (\n{case.filter}\n);   -- the scope")
    lines += [statement + ";" for statement in case.as_caller()]
    if failure.kind.startswith("compare"):
        lines.append(compare_call(case) + ";")
    lines.append((returning_call(case) if failure.kind.startswith("returning") else case.call()) + ";")
    lines += ["RESET ROLE;"] if case.target.policy else []
    lines.append(f"SELECT tableoid::regclass, ctid, * FROM {table};")
    if failure.kind == "second call":
        lines.append(case.call() + ";   -- expected: " + first_lines(failure.expected))
    return "\n".join(lines + ["ROLLBACK;"]) + "\n"


def needs(line, case, used):
    """Leaves the lines of the prelude out that this case does not use."""
    if "citext" in line:
        return any("citext" in text or "differential_code" in text for text in case.setup())
    if not line.startswith("CREATE") or "EXTENSION" in line:
        return True
    name = line.split()[2]
    text = " ".join(case.setup()) + (case.filter or "") + " ".join(BY_NAME[kind].sql for kind in used)
    return name in text


def first_lines(text):
    return text.replace("\n", "\n--     ")


class Coverage:
    """Counts what the cases were made of and what came of them; can be added up over several processes."""

    def __init__(self):
        self.counts = {
            group: Counter()
            for group in (
                "cases",
                "outcome",
                "predicted",
                "kind",
                "staging",
                "columns",
                "key type",
                "column type",
                "staged as",
                "option",
                "filter",
                "settings",
            )
        }

    def add(self, other):
        for group, counter in other.counts.items():
            self.counts[group].update(counter)

    def expected(self, case, prediction):
        count = self.counts
        count["predicted"][prediction.phase or ("loose" if prediction.loose else "ok")] += 1
        for reason in case.refused:
            count["predicted"]["refused: " + reason.split(":")[0]] += 1
        count["kind"][case.target.kind] += 1
        count["staging"][case.staging.kind] += 1
        count["columns"][len(case.target.columns)] += 1
        for column in case.target.columns:
            role = "key type" if column.name in (case.keys or []) else "column type"
            count[role][column.type.name] += 1
            for name in ("identity", "generated", "sequence", "default", "not_null"):
                count["columns"][name] += bool(getattr(column, name))
        for name in (
            "primary_key",
            "unique",
            "dropped",
            "late",
            "child_rows",
            "churned",
            "rolled_back",
            "storage",
            "index",
            "analyzed",
            "trigger",
            "watched",
            "referenced",
            "self_reference",
            "exclusion",
            "policy",
            "child_generated",
            "child_turned",
        ):
            count["columns"]["with " + name.replace("_", " ")] += bool(getattr(case.target, name))
        for name in ("dropped", "late", "churned", "rolled_back", "storage"):
            count["staging"]["with " + name.replace("_", " ")] += bool(getattr(case.staging, name))
        count["columns"]["with partitions' own expressions"] += any(
            partition.generated for partition in case.target.partitions
        )
        count["columns"]["with generated keys"] += bool(case.generated_keys())
        for column in case.staging.columns:
            if column.alternative:
                count["staged as"][
                    (
                        f"{column.alternative.sql} -> {column.target.sql}"
                        if not column.alternative.carrier
                        else column.alternative.sql + " -> any"
                    )
                ] += 1
        count["option"][case.function] += 1
        for name, value in case.options.items():
            count["option"][f"{name} {value}" if value in ("true", "false") else name] += 1
        count["filter"][
            "none" if case.filter is None else "with sub-select" if "SELECT" in case.filter else "with"
        ] += 1
        for setting in case.settings + [case.isolation] + [n for n in ("committed", "frozen") if getattr(case, n)]:
            count["settings"][setting.replace("SET LOCAL ", "")] += 1
        if prediction.stats and not prediction.codes:
            for name, number in zip(("created", "updated", "deleted", "unchanged", "skipped"), prediction.stats):
                count["cases"][f"{name} something"] += number > 0

    def outcome(self, outcome):
        self.counts["outcome"][outcome.code if isinstance(outcome, Error) else "synced"] += 1

    def synced_share(self):
        outcomes = self.counts["outcome"]
        return outcomes["synced"] / max(1, sum(outcomes.values()))

    def table(self):
        lines = []
        for group, counter in self.counts.items():
            cells = [f"{name} {number}" for name, number in counter.most_common() if number]
            line = f"{group:12}"
            for cell in cells:
                if len(line) + len(cell) > 150:
                    lines.append(line)
                    line = " " * 12
                line += " " + cell + ","
            lines.append(line.rstrip(","))
        return "\n".join(lines)
