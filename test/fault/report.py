"""The table of what the faults hit."""
from collections import Counter

LEAST_RUNS, LEAST_SHARE = 25, 0.2  # of runs of a kind, this share has to hit the middle of a call
PHASES_FROM = 400  # runs with the view of phases, from which on every phase has to be among them
PHASES = [
    "waiting for locks",
    "reading staging",
    "comparing target",
    "checking",
    "deleting rows",
    "updating rows",
    "inserting rows",
    "firing triggers",
]


class Table:
    def __init__(self, kinds):
        self.names = [kind.name for kind in kinds]
        self.counts = {name: Counter() for name in self.names}
        self.where = {name: Counter() for name in self.names}
        self.runs = self.seen = 0

    def add(self, injection):
        name = injection.fault.name
        self.runs += 1
        self.counts[name][injection.when] += 1
        self.counts[name][injection.left] += 1
        self.counts[name]["runs"] += 1
        if injection.when == "hit" and injection.where:
            self.where[name][injection.where] += 1
            self.seen += injection.where in PHASES

    def vacuous(self):
        """What was not shown, in words."""
        found = []
        for name, counts in self.counts.items():
            share = counts["hit"] / max(1, counts["runs"])
            if counts["runs"] >= LEAST_RUNS and share < LEAST_SHARE:
                found.append(f"only {share:.0%} of the runs of '{name}' hit the middle of a call")
        phases = sum(self.where.values(), Counter())
        if self.seen >= PHASES_FROM:
            found += [f"no fault came while {phase}" for phase in PHASES if not phases[phase]]
        return found

    def __str__(self):
        columns = ["runs", "hit", "late", "early", "untouched", "synced"]
        lines = [f"{'fault':20}" + "".join(f"{column:>11}" for column in columns)]
        lines += [
            f"{name:20}" + "".join(f"{self.counts[name][column]:11}" for column in columns) for name in self.names
        ]
        lines.append("where it hit:")
        for name in self.names:
            if self.where[name]:
                lines.append(
                    f"{name:20} " + ", ".join(f"{place} {count}" for place, count in self.where[name].most_common())
                )
        return "\n".join(lines)
