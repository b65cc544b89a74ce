"""Runs one case on the server and compares what comes with the oracle's prediction."""
from collections import Counter

import psycopg2

from case import SCHEMA
from compare import CompareCheck, compare_call
from oracle import Oracle
from outcome import Error, Failure, Invalid
from prediction import read_references, read_sequences, read_target
from returning import ReturningCheck, photograph, returning_call

COUNTS = ("created", "updated", "deleted", "unchanged", "skipped")


class Checker:
    """Runs cases on one connection, each in a transaction that is rolled back or in tables that are dropped again."""

    def __init__(self, connection, features, coverage=None):
        self.connection = connection
        self.cursor = connection.cursor()
        self.features = features
        self.coverage = coverage

    def run(self, case):
        self.connection.notices.clear()
        try:
            self.begin(case)
            prediction = self.predict(case)
            if self.coverage:
                self.coverage.expected(case, prediction)
            self.checks(case, prediction)
            self.warnings()
        except psycopg2.OperationalError as error:
            if self.connection.closed:
                raise Failure("crash", "a live session", error) from error
            raise
        finally:
            if not self.connection.closed:
                self.clean(case)

    def execute(self, sql):
        self.cursor.execute(sql)

    def begin(self, case):
        isolation = f"BEGIN ISOLATION LEVEL {case.isolation}"
        self.execute("BEGIN" if case.committed else isolation)
        # A NOTICE for each of many rows would take long: its place in a long statement is looked for each time.
        self.execute("SET client_min_messages = warning")
        try:
            self.execute(";\n".join(case.setup()))
        except psycopg2.Error as error:
            if self.connection.closed:
                raise
            raise Invalid(f"setup: {error}") from error
        self.execute("RESET client_min_messages")
        if case.committed:
            self.execute("COMMIT")
            for statement in case.vacuum():
                self.execute(statement)
            self.execute(isolation)
        for statement in case.settings:
            if "TimeZone" in statement:  # part of what the values mean; the others are for the calls alone
                self.execute(statement)

    def clean(self, case):
        self.execute("ROLLBACK")
        if case.committed:
            self.execute(
                f"SET client_min_messages = error; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; DISCARD TEMP; RESET"
                " client_min_messages"
            )

    def predict(self, case):
        self.execute("SAVEPOINT oracle")
        self.restart_sequences(case)
        try:
            prediction = Oracle(self.cursor, case, documents=self.wants_compare(case)).predict()
        except psycopg2.Error as error:
            if self.connection.closed:
                raise
            raise Invalid(f"oracle: {error}") from error
        self.execute("ROLLBACK TO oracle")
        return prediction

    def restart_sequences(self, case):
        for statement in case.restart_sequences():
            self.execute(statement)

    # ----- the calls

    def checks(self, case, prediction):
        for statement in case.settings:
            self.execute(statement)
        self.execute("SAVEPOINT call")
        self.restart_sequences(case)
        if case.seed % 4 == 0 and not prediction.loose and not case.target.trigger:
            self.dry_run(case, prediction)
        if self.wants_compare(case) and not prediction.loose:
            CompareCheck(case, prediction).judge(self.call(case, compare_call(case), everything=True))
            self.execute("ROLLBACK TO call")
            self.restart_sequences(case)
        outcome = self.call(case, case.call())
        if self.coverage:
            self.coverage.outcome(outcome)
        self.judge(case, prediction, outcome)
        self.execute("ROLLBACK TO call")
        if self.wants_returning(case) and not prediction.loose:
            self.returning(case, prediction)
            self.execute("ROLLBACK TO call")

    def wants_returning(self, case):
        """Half of the cases that write."""
        return "returning" in self.features and case.seed // 8 % 2 == 0 and not case.flag("dry_run")

    def returning(self, case, prediction):
        """The same call with the rows that it writes, and before it a dry run of it."""
        before = photograph(self.cursor, case)
        self.restart_sequences(case)
        foreseen = self.call(case, returning_call(case, dict(case.options, dry_run="true")), everything=True)
        self.execute("ROLLBACK TO call")
        self.restart_sequences(case)
        outcome = self.call(case, returning_call(case), everything=True)
        if isinstance(outcome, Error):
            self.compare_outcome(prediction, outcome, "returning: ")
            return
        if prediction.codes:
            raise Failure("returning: no error", sorted(prediction.codes), f"{len(outcome)} rows")
        check = ReturningCheck(case, outcome)
        check.judge(prediction.stats, before, photograph(self.cursor, case))
        self.compare_contents(case, prediction)
        if isinstance(foreseen, Error):
            raise Failure("returning: dry run", "no error", foreseen)
        if not case.target.trigger:
            check.judge_foreseen(ReturningCheck(case, foreseen))

    def wants_compare(self, case):
        """A third of the cases, whole decisions only: bulk_compare knows neither skip options nor touched columns."""
        skips = any(case.flag(option) for option in ("skip_creates", "skip_updates"))
        return (
            "compare" in self.features
            and case.seed % 3 == 0
            and case.function == "bulk_sync"
            and not skips
            and not case.touched
            and not case.refused
        )

    def call(self, case, sql, everything=False):
        """The counts (or all rows), or the code and message of the error."""
        self.execute("SAVEPOINT statement")
        try:
            for statement in case.as_caller():
                self.execute(statement)
            self.execute(sql)
            result = self.cursor.fetchall() if everything else self.cursor.fetchone()
            self.execute("RESET ROLE")
            return result
        except psycopg2.Error as error:
            if self.connection.closed:
                raise Failure("crash", "a live session", error) from error
            self.execute("ROLLBACK TO statement")
            return Error(error)

    def dry_run(self, case, prediction):
        """A dry run must tell what the call would do, in a read-only transaction too: the same counts or error."""
        self.execute("SAVEPOINT dry")
        if case.seed % 8 == 0:
            self.execute("SET LOCAL transaction_read_only = on")
        outcome = self.call(case, case.call(options=dict(case.options, dry_run="true")))
        self.execute("ROLLBACK TO dry")
        if prediction.phase == "writes":
            return  # found while writing: a dry run need not see it
        self.compare_outcome(prediction, outcome, "dry run: ")

    def judge(self, case, prediction, outcome):
        if isinstance(outcome, Error) and outcome.code[:2] in ("XX", "57", "58"):
            raise Failure("internal error", "none", outcome)
        if prediction.loose:
            return
        self.compare_outcome(prediction, outcome)
        if isinstance(outcome, Error):
            return
        self.compare_contents(case, prediction)
        if prediction.again is not None:
            again = self.call(case, case.call())
            if again != prediction.again:
                raise Failure(
                    "second call", named(prediction.again), again if isinstance(again, Error) else named(again)
                )

    def compare_outcome(self, prediction, outcome, prefix=""):
        if isinstance(outcome, Error):
            allowed = prediction.codes | prediction.may_fail
            if not (outcome.code in allowed or prediction.phase == "refused" and outcome.code[:2] in allowed):
                raise Failure(
                    prefix + "error",
                    f"{prediction.phase} {sorted(allowed)}" if allowed else named(prediction.stats),
                    outcome,
                )
        elif prediction.codes:
            raise Failure(prefix + "no error", f"{prediction.phase} {sorted(prediction.codes)}", named(outcome))
        elif tuple(outcome) != prediction.stats:
            raise Failure(prefix + "counts", named(prediction.stats), named(outcome))

    def compare_contents(self, case, prediction):
        after = read_target(self.cursor, case, scope=False)
        final = Counter(row.image for row in after)
        if final != prediction.final:
            missing, extra = prediction.final - final, final - prediction.final
            raise Failure("contents", f"{readable(case, missing)} (missing)", f"{readable(case, extra)} (too many)")
        versions = {row.place: row.version for row in after}
        for place, version in prediction.kept.items():
            if versions.get(place) != version:
                raise Failure("kept rows", f"row {place} untouched as version {version}", versions.get(place, "gone"))
        if len(versions) - len(prediction.kept) != prediction.written:
            raise Failure("written rows", prediction.written, len(versions) - len(prediction.kept))
        references = read_references(self.cursor, case)
        if references != prediction.references:
            raise Failure("referencing rows", prediction.references, references)
        sequences = read_sequences(self.cursor, case)
        if sequences != prediction.sequences:
            raise Failure("sequences", prediction.sequences, sequences)

    def warnings(self):
        warnings = [line for line in self.connection.notices if line.startswith("WARNING")]
        if warnings:
            raise Failure("warning", "none", warnings[0])


def named(stats):
    return ", ".join(f"{name} {count}" for name, count in zip(COUNTS, stats))


def readable(case, images):
    """A few rows of images, column by column."""
    rows = []
    for image in list(images)[:5]:
        cells = []
        for column, value in zip(case.target.columns, image):
            if (
                value is not None
                and value != "from sequence"
                and column.type.send in ("textsend", "varcharsend", "citextsend", "bpcharsend")
            ):
                value = repr(bytes.fromhex(value).decode()[:60])
            cells.append(f"{column.name}={value if value is None else value[:80]}")
        rows.append("(" + ", ".join(cells) + ")")
    return "; ".join(rows)
