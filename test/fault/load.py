"""What goes on beside the faults: sessions that sync other companies, and look at the one in question."""
import random
import time

import psycopg2

from ground import ROW
from server import GONE, Failed, Session


class Lost(Exception):
    """The server is gone, or its connection: that was asked for."""


def ask(session, sql):
    outcome = session.try_run(sql)
    if outcome.lost or outcome.code in GONE:
        raise Lost
    if not outcome.ok:
        raise Failed(f"load: {outcome} of: {sql[:200]}")
    return outcome.rows


def sync_other_company(session, ground, chance):
    """A session that lost its connection does not know whether it has committed."""
    variant = chance.randrange(ground.variants)
    stats = ask(session, ground.call(variant))[0]
    if ground.current is not None and stats != ground.counts[ground.current, variant]:
        raise Failed(f"load: {ground.name} counted {stats}, not {ground.counts[ground.current, variant]}")
    ground.current = variant
    found = ask(session, ground.look())[0][0]
    if found != ground.content[variant]:
        raise Failed(f"load: {ground.name} is not as staging {variant}: {found}, not {ground.content[variant]}")


def look_at(session, ground):
    """A reader sees the company as it was before the call, or as it is after it, and nothing between."""
    found, permitted = ask(session, f"SELECT ({ground.look()}), digests FROM permitted WHERE ground = '{ground.name}'")[
        0
    ]
    if found not in permitted:
        raise Failed(f"load: a reader saw {found} of {ground.name}, and {permitted} would be right")


def work(number, seed, own, watched, stop, complaints, done):
    """The main function of a process."""
    chance = random.Random(f"{seed} load {number}")
    session = None
    while not stop.is_set():
        try:
            session = session or Session()
            for _ in range(10):
                if chance.random() < 0.4:
                    ground = chance.choice(own)
                    try:
                        sync_other_company(session, ground, chance)
                    except Lost:
                        ground.current = None
                        raise
                else:
                    look_at(session, chance.choice(watched))
                done.value += 1
                time.sleep(chance.uniform(0.005, 0.05))
        except (Lost, psycopg2.OperationalError):
            session = None
            time.sleep(0.02)
        except Failed as failure:
            complaints.put(str(failure))
            return
    if session is not None:
        session.close()


def grounds_of_load(number, make):
    """A company of its own in each target, for each session."""
    return [make(target, 10 + number, 150, variants=2) for target in ROW]
