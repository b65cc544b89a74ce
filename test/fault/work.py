"""The calls that faults are to meet: each kind of call on each kind of target."""


class Work:
    """One call in its surroundings; remembers what it needs, for faults to hit its middle."""

    def __init__(self, ground, call="sync", options="", slow=False, small_memory=False):
        self.ground, self.call, self.options, self.slow, self.small_memory = ground, call, options, slow, small_memory
        self.learned = {}
        self.durations = [0.03]

    @property
    def name(self):
        parts = [
            self.ground.name,
            self.call,
            self.options.strip(", "),
            self.slow and "slow",
            self.small_memory and "small memory",
        ]
        return " ".join(filter(None, parts))

    @property
    def writes(self):
        return self.call != "compare" and "dry_run" not in self.options

    @property
    def spills(self):
        return self.small_memory

    @property
    def places(self):
        """Where poke() is called."""
        places = ["filter"] + (["staging"] if self.call != "json" else []) if self.slow else []
        if self.writes:
            places += {"linked": ["before", "after"], "parted": ["before", "after"], "soft": ["before"]}.get(
                self.ground.target, []
            )
        return places

    def sql(self, variant):
        if self.call == "compare":
            return self.ground.call_compare(variant, self.slow)
        if self.call == "json":
            return self.ground.call_json(variant, self.options, self.slow)
        return self.ground.call(variant, self.options, self.slow)

    def settings(self):
        chance = 15 / self.ground.rows if self.slow else 0
        return (
            f"SET work_mem = '{'64kB' if self.small_memory else '4MB'}'; "
            f"SET fault.nth = '{'0' if chance else ''}'; SET fault.chance = {chance}"
        )

    def duration(self):
        return sorted(self.durations)[len(self.durations) // 2]

    def took(self, seconds):
        self.durations = self.durations[-6:] + [seconds]


def all_work(grounds):
    """Every call that a run may choose, by the names of the grounds."""
    small, large, third = grounds["employee_1"], grounds["employee_2"], grounds["employee_3"]
    linked, soft, parted = grounds["linked_1"], grounds["soft_1"], grounds["parted_1"]
    table, dry = ", lock => $$table$$", ", dry_run => true"
    return [
        Work(small),
        Work(small, slow=True),
        Work(small, options=table),
        Work(small, call="compare", slow=True),
        Work(small, options=", verbose => true", slow=True),
        Work(large),
        Work(large, small_memory=True),
        Work(large, small_memory=True, slow=True),
        Work(large, options=dry, small_memory=True),
        Work(large, call="compare", small_memory=True),
        Work(large, call="json", small_memory=True),
        Work(third, call="json"),
        Work(third, call="json", slow=True),
        Work(third, options=dry, slow=True),
        Work(linked),
        Work(linked, slow=True),
        Work(linked, small_memory=True, options=table),
        Work(linked, call="json"),
        Work(soft),
        Work(soft, slow=True, options=", max_delete_ratio => 1"),
        Work(soft, call="compare"),
        Work(parted),
        Work(parted, slow=True),
        Work(parted, small_memory=True),
        Work(parted, call="json", slow=True),
    ]
