"""Measures what the charts show: points that differ from the base in one thing, and ways from a file to the table."""
import datetime
import json
import pathlib
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass

import process
from measure import measure
from scenario import FULL_ROWS, Size, prepared, Entry
from server import Database
from shares import DJANGO_ROWS, ROOM, django, from_file, share

BASE_PERMILLE = 10
BASE_MEMORY = "256MB"
PERMILLES = (0, 1, 10, 100, 500, 1000)
SIZES = (0.01, 0.1, 1, 4)  # of the rows of the base
MEMORIES = ("4MB", "32MB", "256MB", "1GB")
PARTS = ("shares", "rows", "memory", "file", "django")

# Of all sessions. The compiler of expressions costs every method more than it brings at these sizes.
SETTINGS = {**ROOM, "max_parallel_workers_per_gather": "2", "jit": "off", "work_mem": BASE_MEMORY}
SHOWN = (
    "shared_buffers",
    "hash_mem_multiplier",
    "temp_buffers",
    "max_parallel_workers_per_gather",
    "jit",
    "wal_level",
    "max_wal_size",
    "checkpoint_timeout",
    "fsync",
    "full_page_writes",
)


@dataclass(frozen=True)
class Point:
    rows: int
    permille: int = BASE_PERMILLE
    work_mem: str = BASE_MEMORY

    @property
    def title(self):
        return f"{self.rows} rows, {self.permille / 10:g} % changed, work_mem {self.work_mem}"


def points(base, parts):
    """In the order of the charts, each one once."""
    found = []
    if "shares" in parts:
        found += [Point(base, permille) for permille in PERMILLES]
    if "rows" in parts:
        found += [Point(int(base * size)) for size in SIZES]
    if "memory" in parts:
        found += [Point(base, work_mem=work_mem) for work_mem in MEMORIES]
    return list(dict.fromkeys(found))


class Run:
    def __init__(self, options, database, client_file):
        self.options = options
        self.database = database
        self.size = Size(options.rows, database.major, database.folder(), client_file)
        self.extensions = database.extensions()
        self.methods = {}
        self.left_out = []
        self.wrong = []

    def rounds(self, point):
        """More of small tables, where chance has a say and rounds cost nothing; fewer so that all takes 15 minutes."""
        if point.rows > self.options.rows or point.work_mem != BASE_MEMORY:
            return max(1, self.options.rounds - 1)
        return self.options.rounds * min(5, self.options.rows // point.rows)

    def measure(self, title, rounds, make):
        """What each contender took in each round, in seconds."""
        started = time.monotonic()
        entry = Entry("", title, 0, make)
        scenario, left_out = prepared(entry, self.size, None, self.extensions)
        if scenario.needs and scenario.needs not in self.extensions:
            self.left_out.append(f"{title}: needs the extension {scenario.needs}")
            return {}
        self.database.make_tables(scenario.setup)
        figures, wrong = measure(self.database, scenario, rounds, first_counts=True)
        self.left_out += [line for line in left_out if line not in self.left_out]
        for contender in scenario.contenders:
            self.methods.setdefault(
                contender.name, {"role": contender.role.value, "statements": list(contender.statements)}
            )
        seconds = {name: [significant(value) for value in figures[name].wall] for name in figures}
        self.print(title, rounds, seconds, left_out, wrong, time.monotonic() - started)
        self.wrong += wrong
        return {"rounds": rounds, "seconds": seconds}

    @staticmethod
    def print(title, rounds, seconds, left_out, wrong, took):
        print(f"\n{title}, medians of {rounds} rounds ({took:.0f} s)\n\n| method | seconds |\n|---|---|")
        for name, values in seconds.items():
            print(f"| {name} | {statistics.median(values):.4g} |")
        for line in left_out:
            print(f"without {line}")
        for line in wrong:
            print(f"FAILED  {line}")
        print("", end="", flush=True)


def significant(seconds):
    return float(f"{seconds:.5g}")


def run(options):
    """Returns the exit code. Nothing is written when a contender has not done its job."""
    started = time.monotonic()
    database = Database(SETTINGS, options.database)
    database.create()
    try:
        with tempfile.TemporaryDirectory() as folder:
            results = measure_all(Run(options, database, str(pathlib.Path(folder) / "rows.csv")))
    finally:
        database.drop()
    if results is None:
        print("\nFAILED: not all contenders end in the same state; no results are written")
        return 1
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(formatted(results), encoding="utf-8")
    print(f"\n{options.results} is written; {(time.monotonic() - started) / 60:.1f} minutes")
    return 0


def measure_all(this):
    parts = this.options.only or PARTS
    base = this.options.rows
    results = head(this)
    results["points"] = []
    for point in points(base, parts):
        measured = this.measure(
            point.title, this.rounds(point), lambda _, at=point: share(at.rows, at.permille, at.work_mem)
        )
        results["points"].append(
            {"rows": point.rows, "permille": point.permille, "work_mem": point.work_mem, **measured}
        )
    if "file" in parts:
        results["file"] = this.measure(f"{base} rows from a CSV file", this.options.rounds, from_file)
        results["file"]["rows"] = base
    if "django" in parts:
        rows = this.size.of(DJANGO_ROWS)
        results["django"] = this.measure(f"{rows} rows from Django", this.options.rounds, django)
        results["django"]["rows"] = rows
    results["left_out"] = this.left_out
    results["methods"] = this.methods
    return None if this.wrong else results


def head(this):
    described = this.database.describe(SHOWN)
    return {
        "bulk_sync": described["extension"],
        "server": described["server"].split(" (")[0].split(" on ")[0],
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "machine": this.options.machine or machine(),
        "settings": described["settings"],
        "full_rows": FULL_ROWS,
        "base": {"rows": this.options.rows, "permille": BASE_PERMILLE, "work_mem": BASE_MEMORY},
    }


def machine():
    """Without names. Whether others use it too cannot be seen from here."""
    found = process.machine()
    virtual = " hypervisor " in (process.read("/proc/cpuinfo") or "")
    where = " of a virtual machine" if virtual else ""
    return f"{found['processors']} processors ({platform.machine()}){where}, {found['memory_gb']:.0f} GB of memory"


def formatted(results):
    """JSON that shows in a comparison of versions what has changed: a line for each contender of each point."""
    text = json.dumps(results, indent=2, ensure_ascii=False)
    lines, inside = [], False
    for line in text.split("\n"):
        if inside:
            lines[-1] += line.strip() + ("" if line.strip() in ("]", "],") else " ")
            lines[-1] = lines[-1].replace(" ]", "]")
            inside = line.strip() not in ("]", "],")
        else:
            lines.append(line)
            inside = line.endswith(": [") and not line.strip().startswith(('"points"', '"statements"', '"left_out"'))
    return "\n".join(lines) + "\n"
