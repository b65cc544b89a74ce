"""Judges the rows of bulk_compare: they must be the oracle's decision, row by row."""
import json
from collections import Counter

from outcome import Error, Failure
from values import literal

OPTIONS = ("columns", "ignore_columns", "soft_delete", "insert_defaults", "allow_out_of_scope", "update_when")


def compare_call(case):
    options = {name: value for name, value in case.options.items() if name in OPTIONS}
    if case.seed % 2:
        options["include_unchanged"] = "true"
    arguments = [
        literal(case.qualified_target()),
        literal(case.qualified_staging()),
        "ARRAY[" + ", ".join(map(literal, case.keys)) + "]::text[]",
        f"filter => {literal(case.filter)}",
    ] + [f"{name} => {value}" for name, value in options.items()]
    return f"SELECT status, key::text, old::text, new::text, changes::text FROM bulk_compare({', '.join(arguments)})"


class CompareCheck:
    def __init__(self, case, prediction):
        self.case = case
        self.prediction = prediction
        self.decision = prediction.decision
        self.generated = [column.name for column in case.target.columns if column.generated]

    def judge(self, outcome):
        prediction = self.prediction
        codes = (
            prediction.codes if prediction.phase in ("values", "duplicates") else prediction.codes & {"44000", "22004"}
        )
        if isinstance(outcome, Error):
            if outcome.code not in codes:
                raise Failure("compare error", f"{prediction.phase} {sorted(codes)}", outcome)
            return
        if codes:
            raise Failure("compare without error", f"{prediction.phase} {sorted(codes)}", f"{len(outcome)} rows")
        expected = Counter(self.canonical(*row) for row in self.expected())
        got = Counter(self.canonical(*(row[:1] + tuple(parsed(text) for text in row[1:]))) for row in outcome)
        if expected != got:
            raise Failure(
                "compare rows", sorted((expected - got).elements())[:4], sorted((got - expected).elements())[:4]
            )

    def canonical(self, status, key, old, new, changes):
        """One text for a row, without what is not settled.

        That is generated columns and NULLs of new rows, and which image of an equal key is shown.
        """
        if status == "added":
            new = {name: value for name, value in new.items() if value is not None and name not in self.generated}
        if status == "updated" and set(changes) & set(key):
            key = None
        return json.dumps([status, key, old, new, changes], sort_keys=True)

    def key(self, row):
        return {name: row[name] for name in self.case.keys}

    def expected(self):
        compared = [column.name for column in self.case.compared()]
        for place in self.decision.created:
            new = self.shown(place)
            if self.case.mark and self.case.target.column(self.case.mark).default == "true":
                new[self.case.mark] = False
            yield "added", self.key(new), None, new, None
        for row, place in self.decision.updated:
            old, staged = self.shown(row.place), self.shown(place)
            new = dict(old, **{name: staged[name] for name in compared})
            if row.place in self.decision.marked:
                new[self.case.mark] = False if old[self.case.mark] is True else None
            new.update(parsed(self.decision.generated.get(place, "{}")))
            key = self.key(old)
            for name in self.decision.changes[place]:
                if name in compared:
                    old[name], new[name] = self.told_apart(name, row.place, place)
            changes = {name: {"old": old[name], "new": new[name]} for name in self.decision.changes[place]}
            yield "updated", key, old, new, changes
        for row in self.decision.deleted:
            old = self.shown(row.place)
            yield "removed", self.key(old), old, None, None
        for row in self.decision.unchanged if self.case.seed % 2 else ():
            old = self.shown(row.place)
            yield "unchanged", self.key(old), old, old, None

    def shown(self, place):
        """A row as JSON; values that have no exact form there are the type's own text."""
        row, texts = map(parsed, self.decision.documents[place])
        return {name: texts[name] if self.is_inexact(name, texts[name]) else value for name, value in row.items()}

    def is_inexact(self, name, text):
        """Negative zero; an array that does not begin at 1."""
        if text is None:
            return False
        sort = self.case.target.column(name).type.name
        return text == "-0" if sort in ("float4", "float8") else sort == "int_array" and text.startswith("[")

    def told_apart(self, name, *places):
        """The two values of a changed column; as texts when they look the same as JSON."""
        plain = [parsed(self.decision.documents[place][0])[name] for place in places]
        if plain[0] == plain[1]:
            return [parsed(self.decision.documents[place][1])[name] for place in places]
        return [self.shown(place)[name] for place in places]


def parsed(text):
    """JSON with its numbers kept as they are written."""
    return None if text is None else json.loads(text, parse_int=str, parse_float=str)
