#!/usr/bin/python3
"""The memory of bulk_compare and bulk_sync_returning does not grow with the result: 300,000 rows at work_mem = 64kB.

PGHOST, PGPORT, PGUSER (a superuser) and PGDATABASE give the server. Looks at the backend's memory while it works.
"""
import os
import re
import sys
import threading

import psycopg2

FEW, ROWS = 300, 300_000
MOST_KB = 12 * 1024
DATABASE = f"bulk_sync_memory_{os.getpid()}"

if not os.path.exists("/proc/self/status"):
    print("no /proc here")
    sys.exit(77)


def connect(database):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection, connection.cursor()


def private_memory(cursor, pid):
    cursor.execute("SELECT pg_read_file(%s)", (f"/proc/{pid}/status",))
    return int(re.search(r"^RssAnon:\s+(\d+) kB", cursor.fetchone()[0], re.M).group(1))


def peak_during(watcher, connection, cursor, query):
    """The largest private memory of the backend while it runs the query, and the query's result."""
    pid = connection.get_backend_pid()
    peak = private_memory(watcher, pid)
    thread = threading.Thread(target=cursor.execute, args=(query,))
    thread.start()
    while thread.is_alive():
        peak = max(peak, private_memory(watcher, pid))
        thread.join(0.005)
    return peak, cursor.fetchall()


def peak_of(watcher, function, rows, more=""):
    connection, cursor = connect(DATABASE)
    cursor.execute("SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET max_parallel_workers_per_gather = 0")
    result = peak_during(
        watcher,
        connection,
        cursor,
        f"""SELECT what, count(*) FROM {function}('t_{rows}', 's_{rows}', '{{id}}'{more})
        AS r (what, key, old, new, changes) GROUP BY what ORDER BY what""",
    )
    connection.close()
    return result


def check(watcher, what, kinds, *call):
    few_peak, few_rows = peak_of(watcher, call[0], FEW, *call[1:])
    many_peak, many_rows = peak_of(watcher, call[0], ROWS, *call[1:])
    few, many = (sum(row[1] for row in rows) for rows in (few_rows, many_rows))
    print(f"{what}: {few} rows: {few_peak} kB; {many}: {many_peak} kB")
    assert many_rows == [(kind, ROWS // 3) for kind in kinds], many_rows
    assert many_peak - few_peak < MOST_KB, f"it grew by {many_peak - few_peak} kB"


maintenance, setup = connect(os.environ.get("PGDATABASE", "postgres"))
setup.execute(f"CREATE DATABASE {DATABASE}")
try:
    connection, watcher = connect(DATABASE)
    watcher.execute("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS bulk_sync")
    for rows in (FEW, ROWS):
        # A third each of added, updated and removed rows.
        watcher.execute(
            f"""CREATE TABLE t_{rows} AS SELECT i AS id, 'old ' || i AS v, repeat('w', 100) AS w
            FROM generate_series(1, {rows * 2 // 3}) AS i"""
        )
        watcher.execute(
            f"""CREATE TABLE s_{rows} AS SELECT i AS id, 'new ' || i AS v, repeat('w', 100) AS w
            FROM generate_series({rows // 3 + 1}, {rows}) AS i"""
        )
    watcher.execute("VACUUM ANALYZE")
    actions = ("created", "deleted", "updated")
    check(watcher, "bulk_compare", ("added", "removed", "updated"), "bulk_compare")
    check(watcher, "dry run", actions, "bulk_sync_returning", ", dry_run => true")
    check(watcher, "bulk_sync_returning", actions, "bulk_sync_returning")
    connection.close()
finally:
    setup.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
