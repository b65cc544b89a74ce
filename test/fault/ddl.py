"""DDL that need not wait for a call, and for which a call need not wait: another session runs it all the time.

It makes every session build anew what it keeps of a table, targets and stagings alike, in the middle of its calls.
"""
import random
import time

import psycopg2

from load import Lost, ask
from server import Failed, Session

LOCK_TIMEOUT = "55P03"
ROLE = "fault_reader"
CHECK = "(company_id > {} OR company_id IS NULL)"


def prepare(control, tables):
    """Constraints that can be validated again and again."""
    control.run(f"DO $$ BEGIN IF to_regrole('{ROLE}') IS NULL THEN CREATE ROLE {ROLE}; END IF; END $$")
    for table in tables:
        control.run(f"ALTER TABLE {table} ADD CONSTRAINT {table}_valid CHECK {CHECK.format(0)} NOT VALID")


def statements(table, chance):
    """One change of a table. Only that of a constraint, which is over at once, wants to be alone with it."""
    # No column without statistics, of which the server would warn when it computes those of several.
    number, partitioned = chance.randint(1, 100), table == "parted"
    forms = [
        [
            (
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_valid, ADD CONSTRAINT {table}_valid CHECK"
                f" {CHECK.format(-number)} NOT VALID"
            ),
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_valid",
        ],
        [f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_valid"],
        [f"ALTER TABLE {table} ALTER {chance.choice(('name', 'a', 'b'))} SET STATISTICS {number}"],
        [f"ALTER TABLE {table} ALTER {chance.choice(('name', 'a', 'b'))} SET (n_distinct = {number})"],
        [f"ANALYZE {table}"],
        [
            f"DROP STATISTICS IF EXISTS {table}_statistics",
            f"CREATE STATISTICS {table}_statistics ON name, a FROM {table}",
        ],
        [f"COMMENT ON TABLE {table} IS '{number}'; COMMENT ON COLUMN {table}.a IS '{number}'"],
        [f"GRANT SELECT, UPDATE (a) ON {table} TO {ROLE}", f"REVOKE ALL ON {table} FROM {ROLE}"],
    ]
    if not partitioned:
        forms += [
            [f"ALTER TABLE {table} SET (autovacuum_vacuum_threshold = {number + 50})"],
            [
                f"DROP INDEX CONCURRENTLY IF EXISTS {table}_more",
                f"CREATE INDEX CONCURRENTLY {table}_more ON {table} (a)",
            ],
        ]
    return chance.choice(forms)


def change(session, table, chance):
    """Calls hold their locks for long, so what has to wait for them gives up."""
    for statement in statements(table, chance):
        outcome = session.try_run(statement)
        if outcome.code == LOCK_TIMEOUT:
            return
        if outcome.lost:
            raise Lost
        if not outcome.ok:
            raise Failed(f"DDL: {outcome} of: {statement}")


def work(seed, tables, stop, complaints, done):
    """The main function of a process."""
    chance = random.Random(f"{seed} ddl")
    session = None
    while not stop.is_set():
        try:
            if session is None:
                session = Session()
                ask(session, "SET lock_timeout = 15")
            change(session, chance.choice(tables), chance)
            done.value += 1
            time.sleep(chance.uniform(0, 0.01))
        except (Lost, psycopg2.OperationalError):
            session = None
            time.sleep(0.02)
        except Failed as failure:
            complaints.put(str(failure))
            return
    if session is not None:
        session.close()
