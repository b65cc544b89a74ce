"""Judges the rows of bulk_sync_returning: they must be the rows of the table, as they were and as they are."""
import json
from collections import Counter, defaultdict

import psycopg2

from oracle import Oracle
from outcome import Failure, Invalid

ACTIONS = ("deleted", "updated", "created")
EXACT = (
    "SET LOCAL extra_float_digits = 3; SET LOCAL DateStyle = ISO; SET LOCAL IntervalStyle = postgres; "
    "SET LOCAL bytea_output = hex"
)


def returning_call(case, options=None):
    call = case.call(function=case.function + "_returning", options=options)
    return call.replace("SELECT *", "SELECT action, key::text, old::text, new::text, changes::text", 1)


def photograph(cursor, case):
    """All rows of the target by their places, as JSON and as the text that output functions make of each value."""
    target = case.qualified_target()
    cursor.execute("SAVEPOINT photograph")
    try:
        cursor.execute(EXACT)
        cursor.execute(
            f'SELECT tableoid::int8, ctid::text, to_jsonb("a row")::text, {Oracle(cursor, case).texts(target)}'
            f' FROM {target} AS "a row"'
        )
        rows = {(oid, place): (parsed(row), parsed(texts)) for oid, place, row, texts in cursor.fetchall()}
    except psycopg2.Error as error:
        raise Invalid(f"oracle: {error}") from error
    cursor.execute("ROLLBACK TO photograph")
    return rows


class ReturningCheck:
    """The rows that one call returned, beside the photographs before and after it."""

    def __init__(self, case, rows):
        self.case = case
        self.rows = [row[:1] + tuple(parsed(text) for text in row[1:]) for row in rows]

    def counts(self):
        found = Counter(row[0] for row in self.rows)
        return tuple(found[action] for action in reversed(ACTIONS))

    def judge(self, stats, before, after):
        created, updated, deleted = stats[:3]
        if self.counts() != (created, updated, deleted):
            raise Failure("returning counts", (created, updated, deleted), self.counts())
        for row in self.rows:
            self.judge_row(*row)
        order = [ACTIONS.index(row[0]) for row in self.rows]
        if order != sorted(order):
            raise Failure("returning order", "deleted, updated, created", [row[0] for row in self.rows])
        self.judge_sequences()
        self.find("returning old", [row[2] for row in self.rows if row[2]], left(before, after))
        self.find("returning new", [row[3] for row in self.rows if row[3]], left(after, before))

    def judge_row(self, action, key, old, new, changes):
        marks = action == "deleted" and self.case.mark
        if (old is None) != (action == "created") or (new is None) != (action == "deleted" and not marks):
            raise Failure("returning shape", action, (old, new))
        shown = old or new
        # A key that changes is shown beside its new value, and may look otherwise there.
        if set(key) != set(self.case.keys) or any(
            key[name] != shown[name] for name in self.case.keys if name not in (changes or ())
        ):
            raise Failure("returning key", shown, key)
        expected = None
        if old and new:
            expected = {
                name: {"old": value, "new": new[name]}
                for name, value in old.items()
                if typed(value) != typed(new[name])
            }
        if typed(changes) != typed(expected):
            raise Failure("returning changes", expected, changes)

    def judge_sequences(self):
        """Created rows come in the order of staging, in which they took their values."""
        if not self.case.is_ordered() or self.case.target.trigger:
            return
        given = [column.name for column in self.case.inserted()]
        for column in self.case.target.columns:
            if (column.identity or column.sequence) and column.name not in given:
                values = [int(row[3][column.name][1]) for row in self.rows if row[0] == "created"]
                if values != sorted(values):
                    raise Failure("returning order", sorted(values), values)

    @staticmethod
    def find(kind, shown, photographs):
        """Each shown row is one of the photographs, and none is left. Rows with texts in them have the least choice."""
        exact = defaultdict(list)
        for photograph_of_row in photographs:
            exact[typed(photograph_of_row[0])].append(photograph_of_row)
        for row in sorted(shown, key=lambda row: typed(row) in exact):
            found = exact.get(typed(row))
            if not found:
                found = next((rows for rows in exact.values() for each in rows if is_like(row, each)), None)
                found = found and sorted(found, key=lambda each: not is_like(row, each))
            if not found:
                raise Failure(kind, "a row of the table", row)
            used = found[0]
            exact[typed(used[0])].remove(used)
        rest = [row for rows in exact.values() for row, _ in rows]
        if rest:
            raise Failure(kind, rest[:3], "not returned")

    def judge_foreseen(self, foreseen):
        """What a dry run returned: the same, and of created rows what is known."""
        told, real = (
            Counter(typed(row[: 5 if row[0] == "updated" else 3]) for row in rows if row[0] != "created")
            for rows in (foreseen.rows, self.rows)
        )
        if told != real:
            raise Failure("returning dry run", list((real - told).elements())[:3], list((told - real).elements())[:3])
        pairs = zip(*([row for row in rows if row[0] == "created"] for rows in (foreseen.rows, self.rows)))
        if foreseen.counts() != self.counts():
            raise Failure("returning dry run", self.counts(), foreseen.counts())
        for dry, row in pairs if self.case.is_ordered() else ():
            if typed(dry[1]) != typed(row[1]) or any(
                typed(value) != typed(row[3][name]) for name, value in dry[3].items()
            ):
                raise Failure("returning dry run", row, dry)


def left(rows, others):
    return [row for place, row in rows.items() if place not in others]


def parsed(text):
    """JSON with its numbers kept as they are written, and told apart from strings."""
    return None if text is None else json.loads(text, parse_int=number, parse_float=number)


def number(text):
    return ["a number", text]


def typed(value):
    return json.dumps(value, sort_keys=True)


def is_like(row, photograph_of_row):
    document, texts = photograph_of_row
    return set(row) == set(document) and all(value in (document[name], texts[name]) for name, value in row.items())
