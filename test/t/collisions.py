#!/usr/bin/python3
"""Another session puts a row in the way and takes it away again, over and over.

It may be gone when the sync looks for it, and still its violation must never come out in READ COMMITTED. Beside a
session that writes other rows all the time, a violation that is the caller's own must come out each time.
"""
import os
import sys
import threading
import time

import psycopg2

SECONDS = 2 if os.environ.get("BULK_SYNC_QUICK") == "1" else 5  # for each case
DATABASE = f"bulk_sync_collisions_{os.getpid()}"

SETUP = """
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bulk_sync;
CREATE TABLE target (id int PRIMARY KEY, code text, during int4range, EXCLUDE USING gist (during WITH &&))
    WITH (autovacuum_enabled = false);
CREATE UNIQUE INDEX ON target (lower(code));
CREATE TABLE staging (id int, code text, during int4range);
INSERT INTO staging SELECT i, 'Code ' || i, int4range(i * 10, i * 10 + 5) FROM generate_series(1, 200) AS i;
INSERT INTO target SELECT * FROM staging WHERE id < 200;
CREATE TABLE taken AS TABLE staging;
UPDATE taken SET code = 'CODE 1' WHERE id = 200
"""

# The rows that come and go, the staging table and an option, the levels, and what may come of a call. Rows that the
# snapshot shows are deleted by the call, or, in the last case, left alone.
CASES = (
    ("(200, 'other', NULL)", "'staging'", ("READ COMMITTED",), {None, "40001"}),
    ("(999, 'code 200', NULL)", "'staging'", ("READ COMMITTED",), {None, "40001"}),
    ("(999, 'other', '[1999,2002)')", "'staging'", ("READ COMMITTED",), {None, "40001"}),
    (
        "(998, 'other', '[9990,9999)'), (999, 'another', NULL)",
        "'taken', skip_deletes => true",
        ("READ COMMITTED", "REPEATABLE READ"),
        {"23505"},
    ),
)


def connect(database=DATABASE):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


def disturb(rows, stop):
    connection = connect()
    cursor = connection.cursor()
    while not stop.is_set():
        cursor.execute(f"INSERT INTO target VALUES {rows} ON CONFLICT DO NOTHING")
        cursor.execute("DELETE FROM target WHERE id IN (200, 998, 999)")
    connection.close()


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
    connection = connect()
    cursor = connection.cursor()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for level in levels:
            outcome = call(cursor, staging, level)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    stop.set()
    thread.join()
    connection.close()
    print(rows, outcomes)
    return set(outcomes) <= expected


def main():
    maintenance = connect(os.environ.get("PGDATABASE", "postgres")).cursor()
    maintenance.execute(f"CREATE DATABASE {DATABASE}")
    try:
        connection = connect()
        connection.cursor().execute(SETUP)
        connection.close()
        return 0 if all([run(*case) for case in CASES]) else 1
    finally:
        maintenance.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


if __name__ == "__main__":
    sys.exit(main())
