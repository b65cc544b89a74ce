"""Reads a file of results, and answers what charts and tables ask of it. Seconds are medians of the rounds."""
import hashlib
import json
import statistics

SUBJECT = "bulk_sync"
MEMORY_UNITS = {"kB": 1, "MB": 1024, "GB": 1024**2}


class Results:
    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        self.data = json.loads(text)
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        base = self.data["base"]
        self.base = (base["rows"], base["permille"], base["work_mem"])
        self.points = {(at["rows"], at["permille"], at["work_mem"]): medians(at) for at in self.data["points"]}

    def shares(self):
        """Pairs of a share in permille and what each method took, ascending; as are the next two."""
        rows, _, memory = self.base
        return sorted((at[1], took) for at, took in self.points.items() if (at[0], at[2]) == (rows, memory))

    def sizes(self):
        _, permille, memory = self.base
        return sorted((at[0], took) for at, took in self.points.items() if at[1:] == (permille, memory))

    def memories(self):
        rows, permille, _ = self.base
        found = [(at[2], took) for at, took in self.points.items() if at[:2] == (rows, permille)]
        return sorted(found, key=lambda each: kilobytes(each[0]))

    def at_base(self):
        return self.points[self.base]

    def part(self, name):
        """What each method took, from the fastest to the slowest. Empty where it was not measured."""
        took = medians(self.data.get(name, {}))
        return dict(sorted(took.items(), key=lambda each: each[1]))

    def is_floor(self, method):
        """Whether it is there for comparison and does less than the job, or is not the rival of anyone."""
        return self.data["methods"][method]["role"] == "floor"

    def rivals(self, took):
        return {name: seconds for name, seconds in took.items() if name != SUBJECT and not self.is_floor(name)}

    def fastest_rival(self, took):
        rivals = self.rivals(took)
        return min(rivals, key=rivals.get)


def medians(measured):
    return {name: statistics.median(values) for name, values in measured.get("seconds", {}).items()}


def kilobytes(memory):
    return int(memory[:-2]) * MEMORY_UNITS[memory[-2:]]


def seconds(value):
    """Three digits that count, and no more than 10 microseconds."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    while value < 10 ** (2 - digits) and 2 <= digits < 5:
        digits += 1
    return f"{value:.{digits}f}"


def count(rows):
    """1.5 M, 200 k: as people write it."""
    for unit, name in (1_000_000, " M"), (1_000, " k"):
        if rows >= unit:
            return f"{rows / unit:g}{name}"
    return str(rows)


def percent(permille):
    return f"{permille / 10:g} %"
