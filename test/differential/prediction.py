"""What the oracle says of a case, and how it looks at the tables to say it."""
from collections import Counter
from dataclasses import dataclass, field

from case import SCHEMA, SEQUENCE_START
from values import ident


@dataclass
class TargetRow:
    place: tuple  # (tableoid, ctid)
    version: str  # xmin
    in_scope: bool
    image: tuple  # one image a column, None for NULL


@dataclass
class Decision:
    created: list = field(default_factory=list)  # staging row numbers
    updated: list = field(default_factory=list)  # (target row, staging row number)
    held_back: list = field(default_factory=list)  # likewise: update_when is not true of them
    deleted: list = field(default_factory=list)  # target rows
    unchanged: list = field(default_factory=list)  # target rows
    changes: dict = field(default_factory=dict)  # staging row number -> names of the changed columns
    marked: set = field(default_factory=set)  # places of the rows that are soft-deleted already
    # When they are wanted: staging row number -> generated columns of the row to write, as JSON.
    generated: dict = field(default_factory=dict)
    documents: dict = None  # the rows as JSON, when they are wanted: place or staging row number -> two texts


@dataclass
class Prediction:
    """An error (one of the codes), or the counts and the final rows. With may_fail, the error may come and need not."""

    codes: set = field(default_factory=set)
    phase: str = ""
    may_fail: set = field(default_factory=set)
    stats: tuple = ()
    final: Counter = None
    kept: dict = None  # place -> version of the rows that must not be written
    written: int = 0  # rows that the call writes a version of
    sequences: list = None
    references: list = None  # the final rows of the table that references the target
    again: tuple = None  # what a second call must count; None: not known
    decision: Decision = None
    loose: bool = False  # only "no crash" can be said


class Expected(Exception):
    def __init__(self, phase, codes, decision=None):
        super().__init__(phase)
        self.prediction = Prediction(codes=set(codes), phase=phase, decision=decision)


def image(case, column):
    name = ident(column.name)
    if (column.sequence or column.identity) and not case.is_ordered():
        return (
            f"CASE WHEN {name} >= {SEQUENCE_START} THEN 'from sequence' ELSE encode({column.type.send}({name}),"
            " 'hex') END"
        )
    return f"encode({column.type.send}({name}), 'hex')"


def read_target(cursor, case, scope=True):
    images = ", ".join(image(case, column) for column in case.target.columns)
    conditions = [text for text in (case.filter, case.target.policy) if text and scope]
    in_scope = " AND ".join(f"((\n{text}\n)) IS TRUE" for text in conditions) or "true"
    cursor.execute(
        f"SELECT tableoid::int8, ctid::text, xmin::text, {in_scope}, {images} FROM {case.qualified_target()}"
    )
    return [TargetRow((row[0], row[1]), row[2], row[3], tuple(row[4:])) for row in cursor.fetchall()]


def read_sequences(cursor, case):
    values = []
    for source in case.sequences():
        cursor.execute(f"SELECT {source}")
        cursor.execute(f"SELECT last_value, is_called FROM {cursor.fetchone()[0]}")
        values.append(cursor.fetchone())
    return values


def read_references(cursor, case):
    if not case.target.referenced:
        return None
    cursor.execute(f"SELECT id FROM {SCHEMA}.referencing ORDER BY id")
    return cursor.fetchall()
