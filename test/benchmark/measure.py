"""Runs the contenders of a scenario in turns, round after round, and looks at what each leaves behind."""
import dataclasses
import statistics
import time

import psycopg2

import process
from scenario import Role


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

    def __init__(self, database, scenario, contender):
        self.database = database
        self.scenario = scenario
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
        """One round that is not timed. Returns what the contender answered and the states of the table."""
        try:
            if self.scenario.calls:
                self.call(1)
                states = [self.state()]
                self.call(self.scenario.calls - 1, 1)
                return self.answer(), states + [self.state()]
            self.cursor.execute("BEGIN")
            answer = self.run()
            states = [self.state()]
            self.cursor.execute("ROLLBACK")
            return answer, states
        except psycopg2.Error as error:
            self.cursor.execute("ROLLBACK")
            raise Wrong(str(error).strip()) from error

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
        work()
        wall = time.monotonic() - wall
        cpu_after, instructions_after = self.used()
        per = self.contender.per
        self.figures.add(
            wall / per,
            None if cpu is None else (cpu_after - cpu) / per,
            None if instructions is None else (instructions_after - instructions) / per,
        )

    def used(self):
        cpu = process.cpu_seconds(self.pid) if self.pid else None
        return cpu, self.counter.count() if self.counter else None

    def run(self):
        for sql in self.contender.statements:
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


def measure(database, scenario, rounds):
    """Returns a pair of figures by the names of contenders, and what is wrong, a line each."""
    cursor = database.connection.cursor()
    before = state_of(cursor, scenario.state)
    wanted = state_of(cursor, scenario.wanted) if scenario.wanted else before
    runners = [Runner(database, scenario, contender) for contender in scenario.contenders]
    try:
        sound, wrong = checked(runners, before, wanted)
        for number in range(rounds):
            start = number % len(sound) if sound else 0
            for runner in sound[start:] + sound[:start]:
                runner.round()
                runner.restore()
        for runner in sound:
            runner.note_peak()
    finally:
        for runner in runners:
            runner.close()
    return {runner.contender.name: runner.figures for runner in sound}, wrong


def checked(runners, before, wanted):
    """Warms all up. Returns those that ended as they should, and a line for each that did not."""
    sound, wrong, answers = [], [], {}
    for runner in runners:
        contender = runner.contender
        try:
            answer, states = runner.warm_up()
            check_states(runner, states, before, wanted)
            if contender.answer:
                first = answers.setdefault(contender.answer, (contender.name, answer))
                if first[1] != answer:
                    raise Wrong(f"its answer is {answer}, that of {first[0]} is {first[1]}")
            sound.append(runner)
        except Wrong as error:
            wrong.append(f"{contender.name}: {error}")
        runner.restore()
    return sound, wrong


def check_states(runner, states, before, wanted):
    if runner.scenario.calls:
        ends = [wanted, before]
    else:
        ends = [wanted if runner.contender.writes else before]
    for state, end in zip(states, ends):
        if state != end:
            raise Wrong(f"leaves {state[0]} rows with the sum {state[1]}, not {end[0]} with {end[1]}")


def ratio(figures, name, other, measure_by):
    """How many times what `other` takes `name` takes; None where one of them is not known."""
    if name not in figures or other not in figures:
        return None
    if measure_by == "memory":
        values = figures[name].peak, figures[other].peak
    else:
        values = figures[name].median(measure_by), figures[other].median(measure_by)
    return None if None in values or not values[1] else values[0] / values[1]


def best_rival(scenario, figures, measure_by):
    """The name of the fastest contender that does the whole job without bulk_sync."""
    known = [
        (figures[contender.name].median(measure_by), contender.name)
        for contender in scenario.contenders
        if contender.role is Role.RIVAL and contender.name in figures
    ]
    return min(known)[1] if known and None not in [value for value, _ in known] else None
