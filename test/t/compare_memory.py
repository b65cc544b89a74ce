#!/usr/bin/python3
"""The memory of bulk_compare does not grow with its result: 300,000 differences at work_mem = 64kB.

PGHOST, PGPORT, PGUSER (a superuser) and PGDATABASE give the server. Looks at the backend's own memory while it compares.
"""
import os
import re
import sys
import threading

import psycopg2

ROWS = 300_000
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


def compare(watcher, rows):
    connection, cursor = connect(DATABASE)
    cursor.execute("SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET max_parallel_workers_per_gather = 0")
    select = "SELECT status, count(*), sum(length(new::text)) IS NULL FROM bulk_compare('t', 's', '{{id}}', 'id <= {}') GROUP BY 1 ORDER BY 1"
    result = peak_during(watcher, connection, cursor, select.format(rows * 3 // 2).replace("'s'", f"'s_{rows}'"))
    connection.close()
    return result


maintenance, setup = connect(os.environ.get("PGDATABASE", "postgres"))
setup.execute(f"CREATE DATABASE {DATABASE}")
try:
    connection, watcher = connect(DATABASE)
    watcher.execute("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS bulk_sync")
    watcher.execute("CREATE TABLE t (id int PRIMARY KEY, v text, w text); CREATE TABLE s (id int, v text, w text)")
    # A third each of added, updated and removed rows.
    watcher.execute("INSERT INTO t SELECT i, 'old ' || i, repeat('w', 100) FROM generate_series(1, %s) AS i", (ROWS * 2 // 3,))
    watcher.execute("INSERT INTO s SELECT i, 'new ' || i, repeat('w', 100) FROM generate_series(%s, %s) AS i", (ROWS // 3 + 1, ROWS))
    few = 300
    watcher.execute(f"CREATE VIEW s_{ROWS} AS SELECT * FROM s; CREATE VIEW s_{few} AS SELECT id - {ROWS // 3 - few // 3} AS id, v, w FROM s LIMIT {few * 2 // 3}")
    watcher.execute("VACUUM ANALYZE")
    few_peak, few_rows = compare(watcher, few)
    many_peak, many_rows = compare(watcher, ROWS)
    connection.close()
finally:
    setup.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")

print(f"{sum(row[1] for row in few_rows)} differences: {few_peak} kB; {sum(row[1] for row in many_rows)}: {many_peak} kB")
assert [row[:2] for row in many_rows] == [(status, ROWS // 3) for status in ("added", "removed", "updated")], many_rows
assert many_peak - few_peak < MOST_KB, f"it grew by {many_peak - few_peak} kB"
