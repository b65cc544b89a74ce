"""A contender in its session: runs it, notes what it takes, and looks at what it leaves behind."""
import dataclasses
import statistics
import time

import psycopg2

import process

FROM_CLIENT = " FROM STDIN "


class Wrong(Exception):
    """A contender did not do its job: its error, or another end than the scenario's."""


@dataclasses.dataclass
class Figures:
    """Medians of one contender. Seconds; None where it cannot be had."""

    wall: list = dataclasses.field(default_factory=list)
    cpu: list = dataclasses.field(default_factory=list)
    instructions: list = dataclasses.field(default_factory=list)
    peak: int = None

    def add(self, wall, cpu, instructions):
        self.wall.append(wall)
        self.cpu.append(cpu)
        self.instructions.append(instructions)

    def median(self, measure):
        values = getattr(self, measure)
        return None if not values or None in values else statistics.median(values)


class Runner:
    """One contender in a session of its own, so that none profits from what another one has cached."""

    def __init__(self, database, scenario, contender, first_counts=False):
        self.database = database
        self.scenario = scenario
        self.first_counts = first_counts
        self.contender = contender
        self.figures = Figures()
        settings = {**scenario.settings, **contender.settings}
        if scenario.calls:
            settings["synchronous_commit"] = "off"  # else the disk would be measured
        self.connection = database.session(settings)
        self.cursor = self.connection.cursor()
        if scenario.session:
            self.cursor.execute(scenario.session)
        pid = self.connection.get_backend_pid()
        self.pid = pid if process.is_here(pid) else None
        self.counter = None if process.why_no_instructions(pid) else process.Instructions(pid)

    def close(self):
        if self.counter:
            self.counter.close()
        self.connection.close()

    def warm_up(self):
        """The first round, which may count. Returns what the contender answered and the states of the table."""
        try:
            if self.scenario.calls:
                self.call(1)
                states = [self.state()]
                self.call(self.scenario.calls - 1, 1)
                return self.answer(), states + [self.state()]
            self.cursor.execute("BEGIN")
            answer = self.timed(self.run) if self.first_counts else self.run()
            states = [self.state()]
            self.check_versions()
            return answer, states
        except psycopg2.Error as error:
            raise Wrong(str(error).strip()) from error
        finally:
            self.cursor.execute("ROLLBACK")

    def round(self):
        """One timed round. The transaction's begin and end are left out."""
        if self.scenario.calls:
            self.timed(lambda: self.call(self.scenario.calls))
        else:
            self.cursor.execute("BEGIN")
            self.timed(self.run)
            self.cursor.execute("ROLLBACK")

    def timed(self, work):
        cpu, instructions = self.used()
        wall = time.monotonic()
        answer = work()
        wall = time.monotonic() - wall
        cpu_after, instructions_after = self.used()
        per = self.contender.per
        self.figures.add(
            wall / per,
            None if cpu is None else (cpu_after - cpu) / per,
            None if instructions is None else (instructions_after - instructions) / per,
        )
        return answer

    def used(self):
        cpu = process.cpu_seconds(self.pid) if self.pid else None
        return cpu, self.counter.count() if self.counter else None

    def run(self):
        for sql in self.contender.statements:
            if FROM_CLIENT in sql:
                with open(self.scenario.file, encoding="utf-8") as file:
                    self.cursor.copy_expert(sql, file)
            else:
                self.cursor.execute(sql)
        return self.answer()

    def call(self, count, first=0):
        statements = self.contender.statements
        for number in range(first, first + count):
            self.cursor.execute(statements[number % len(statements)])

    def answer(self):
        return self.cursor.fetchone() if self.cursor.description else None

    def state(self):
        return state_of(self.cursor, self.scenario.state)

    def check_versions(self):
        """Rows that are equal have to be as they were, unless the contender is known to write them anew."""
        if not self.scenario.written or not self.contender.writes or self.contender.rewrites:
            return
        # Of this transaction or of a part of it.
        self.cursor.execute("SELECT count(*) FROM t WHERE age(xmin) <= 0")
        (written,) = self.cursor.fetchone()
        self.cursor.execute(self.scenario.written)
        (wanted,) = self.cursor.fetchone()
        if written != wanted:
            raise Wrong(f"has written {written} rows, not {wanted}")

    def restore(self):
        """Done by the run's own session: it is none of the contender's work."""
        if self.contender.writes or self.scenario.calls:
            self.database.execute(self.scenario.restore)

    def note_peak(self):
        self.figures.peak = process.peak_bytes(self.pid) if self.pid else None


def state_of(cursor, query):
    """The number of rows and a sum over them, whatever their order."""
    cursor.execute(f"SELECT count(*), sum(hashtextextended(r::text, 0)) FROM ({query}) AS r")
    return cursor.fetchone()
