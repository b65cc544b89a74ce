#!/usr/bin/python3
"""Another session puts a row in the way and takes it away again, over and over: it may be gone when the sync looks for it, and
still its violation must never come out in READ COMMITTED. Beside a session that writes other rows all the time, a violation that
is the caller's own must come out each time."""
import os
import sys
import threading
import time

import psycopg2

SECONDS = 2 if os.environ.get("BULK_SYNC_QUICK") == "1" else 5  # for each case
SCHEMA = "collisions_test"

SETUP = f"""
DROP SCHEMA IF EXISTS {SCHEMA} CASCADE;
CREATE SCHEMA {SCHEMA};
SET search_path = {SCHEMA}, public;
CREATE TABLE target (id int PRIMARY KEY, code text, during int4range, EXCLUDE USING gist (during WITH &&)) WITH (autovacuum_enabled = false);
CREATE UNIQUE INDEX ON target (lower(code));
CREATE TABLE staging (id int, code text, during int4range);
INSERT INTO staging SELECT i, 'Code ' || i, int4range(i * 10, i * 10 + 5) FROM generate_series(1, 200) AS i;
INSERT INTO target SELECT * FROM staging WHERE id < 200;
CREATE TABLE taken AS TABLE staging;
UPDATE taken SET code = 'CODE 1' WHERE id = 200
"""

# The rows that come and go, the staging table and an option, the levels, and what may come of a call. Rows that the snapshot shows
# are deleted by the call, or, in the last case, left alone.
CASES = (("(200, 'other', NULL)", "'staging'", ("READ COMMITTED",), {None, "40001"}),
         ("(999, 'code 200', NULL)", "'staging'", ("READ COMMITTED",), {None, "40001"}),
         ("(999, 'other', '[1999,2002)')", "'staging'", ("READ COMMITTED",), {None, "40001"}),
         ("(998, 'other', '[9990,9999)'), (999, 'another', NULL)", "'taken', skip_deletes => true", ("READ COMMITTED", "REPEATABLE READ"), {"23505"}))


def connect():
    connection = psycopg2.connect("", options=f"-c search_path={SCHEMA},public")
    connection.autocommit = True
    return connection


def disturb(rows, stop):
    cursor = connect().cursor()
    while not stop.is_set():
        cursor.execute(f"INSERT INTO target VALUES {rows} ON CONFLICT DO NOTHING")
        cursor.execute("DELETE FROM target WHERE id IN (200, 998, 999)")


def call(cursor, staging, level):
    """The SQLSTATE of a call, or None."""
    cursor.execute(f"BEGIN ISOLATION LEVEL {level}")
    try:
        cursor.execute(f"SELECT * FROM bulk_sync('target', keys => '{{id}}', staging => {staging})")
        return None
    except psycopg2.Error as error:
        return error.pgcode
    finally:
        cursor.execute("ROLLBACK")


def run(rows, staging, levels, expected):
    stop = threading.Event()
    thread = threading.Thread(target=disturb, args=(rows, stop))
    thread.start()
    outcomes = {}
    cursor = connect().cursor()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for level in levels:
            outcome = call(cursor, staging, level)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    stop.set()
    thread.join()
    print(rows, outcomes)
    return set(outcomes) <= expected


def main():
    cursor = connect().cursor()
    cursor.execute(SETUP)
    good = all([run(*case) for case in CASES])
    cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
