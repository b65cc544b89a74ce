"""Runs the contenders of a scenario in turns, round after round, and checks the state that each ends in."""
from client import Client
from runner import Runner, Wrong, state_of
from scenario import Role


def measure(database, scenario, rounds, first_counts=False):
    """Returns a pair of figures by the names of contenders, and what is wrong, a line each.

    With `first_counts`, the round in which the ends are checked is the first of the timed ones.
    """
    cursor = database.connection.cursor()
    before = state_of(cursor, scenario.state)
    wanted = state_of(cursor, scenario.wanted) if scenario.wanted else before
    if scenario.file:
        with open(scenario.file, "w", encoding="utf-8") as file:
            cursor.copy_expert("COPY s TO STDOUT (FORMAT csv)", file)
    runners = [runner_of(database, scenario, contender, first_counts) for contender in scenario.contenders]
    try:
        sound, wrong = checked(runners, before, wanted)
        for number in range(1 if first_counts else 0, rounds):
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


def runner_of(database, scenario, contender, first_counts):
    kind = Client if contender.program else Runner
    return kind(database, scenario, contender, first_counts)


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
