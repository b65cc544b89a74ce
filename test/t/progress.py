#!/usr/bin/python3
"""The view bulk_sync_progress, watched by another session in each phase, and the INFO lines of verbose => true.

PGHOST, PGPORT, PGUSER (a superuser) and PGDATABASE give the server. The view shows something on PostgreSQL 17 and newer
or when the library is preloaded; elsewhere it has to be empty. Exits with 0 when all is well.
"""
import os
import re
import threading
import time

import psycopg2

DATABASE = f"bulk_sync_progress_{os.getpid()}"
WATCHER, STRANGER = f"regress_bulk_sync_watcher_{os.getpid()}", f"regress_bulk_sync_stranger_{os.getpid()}"
PHASES = [
    "waiting for locks",
    "reading staging",
    "comparing target",
    "checking",
    "deleting rows",
    "updating rows",
    "inserting rows",
    "firing triggers",
]
COLUMNS = [
    "pid",
    "datid",
    "datname",
    "relid",
    "target",
    "phase",
    "staging_rows_scanned",
    "staging_rows_total",
    "target_rows_scanned",
    "target_rows_total",
    "rows_applied",
    "rows_to_apply",
    "started",
]

# Each gate is an advisory lock, which the watching session holds until it has seen enough. The filter is stable, so it
# is evaluated where the target is read, and again where the scope is checked.
SCHEMA = """
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bulk_sync;
CREATE FUNCTION gate(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM pg_advisory_lock_shared(hashtext(name)), pg_advisory_unlock_shared(hashtext(name));
    RETURN true;
END $$;
CREATE FUNCTION gate_of_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gate(TG_ARGV[0]);
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TABLE employee (id int PRIMARY KEY, name text);
CREATE TABLE rows (LIKE employee);
CREATE VIEW import AS SELECT id, name FROM rows WHERE id < 15 OR gate('reading staging');
INSERT INTO employee SELECT i, 'n' FROM generate_series(1, 10) AS i;
INSERT INTO rows SELECT i, CASE WHEN i % 2 = 0 THEN 'm' ELSE 'n' END FROM generate_series(4, 15) AS i;
CREATE TRIGGER d BEFORE DELETE ON employee FOR EACH ROW EXECUTE FUNCTION gate_of_write('deleting rows');
CREATE TRIGGER u BEFORE UPDATE ON employee FOR EACH ROW EXECUTE FUNCTION gate_of_write('updating rows');
CREATE TRIGGER i BEFORE INSERT ON employee FOR EACH ROW EXECUTE FUNCTION gate_of_write('inserting rows');
CREATE TRIGGER a AFTER INSERT ON employee FOR EACH ROW EXECUTE FUNCTION gate_of_write('firing triggers');
ANALYZE;
"""
CALL = """SELECT * FROM bulk_sync('employee', 'import', '{id}', $$id < 10 OR gate(CASE
    WHEN id = 10 THEN 'comparing target' WHEN id > 10 THEN 'checking' END)$$)"""


def connect(database=DATABASE, **options):
    connection = psycopg2.connect(dbname=database, **options)
    connection.autocommit = True
    return connection, connection.cursor()


def one(cursor, query, *arguments):
    cursor.execute(query, arguments)
    return cursor.fetchone()


def rows_in_view(cursor):
    cursor.execute("SELECT * FROM bulk_sync_progress")
    return [dict(zip((column.name for column in cursor.description), row)) for row in cursor.fetchall()]


def await_phase(cursor, phase):
    """The row of the view as soon as the call stands at this phase's gate."""
    for _ in range(3000):
        # In this order, for the row changes until the call waits.
        waits = one(cursor, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")[0]
        found = rows_in_view(cursor)
        if found and waits and found[0]["phase"] == phase:
            assert len(found) == 1, found
            return found[0]
        time.sleep(0.01)
    raise AssertionError(f"{phase} was not seen: {found}")


class Call(threading.Thread):
    """A call of bulk_sync in a session of its own."""

    def __init__(self, query):
        super().__init__()
        self.connection, self.cursor = connect()
        self.pid = self.connection.get_backend_pid()
        self.query, self.result, self.error = query, None, None
        self.start()

    def run(self):
        try:
            self.result = one(self.cursor, self.query)
        except psycopg2.Error as error:
            self.error = error


def close_gates(cursor):
    for phase in PHASES[1:]:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (phase,))


def open_gate(cursor, phase):
    assert one(cursor, "SELECT pg_advisory_unlock(hashtext(%s))", phase)[0]


def check_phases(cursor):
    close_gates(cursor)
    call = Call(CALL)
    seen = [await_phase(cursor, PHASES[1])]
    for before, phase in zip(PHASES[1:], PHASES[2:]):
        open_gate(cursor, before)
        seen.append(await_phase(cursor, phase))
    open_gate(cursor, PHASES[-1])
    call.join()
    assert call.result == (5, 4, 3, 3, 0), (call.result, call.error)
    assert rows_in_view(cursor) == []

    datid, datname, relid = one(
        cursor, "SELECT oid, datname, 'employee'::regclass::oid FROM pg_database WHERE datname = current_database()"
    )
    for row in seen:
        assert list(row) == COLUMNS, row
        assert (row["pid"], row["datid"], row["datname"], row["relid"], row["target"]) == (
            call.pid,
            datid,
            datname,
            relid,
            "employee",
        ), row
        assert row["started"] == seen[0]["started"], row
        assert row["rows_applied"] <= row["rows_to_apply"], row
    assert abs(one(cursor, "SELECT extract(epoch FROM now() - %s)", seen[0]["started"])[0]) < 300
    for before, after in zip(seen, seen[1:]):
        assert all(before[name] <= after[name] for name in COLUMNS if name.endswith(("_scanned", "_applied"))), (
            before,
            after,
        )
    reading, comparing, checking, deleting, updating, inserting, firing = seen
    assert reading["staging_rows_total"] > 0 and reading["rows_to_apply"] == 0, reading
    assert comparing["staging_rows_scanned"] == 12 and comparing["target_rows_total"] > 0, comparing
    assert checking["target_rows_scanned"] == 10, checking
    assert [row["rows_to_apply"] for row in (deleting, updating, inserting, firing)] == [12] * 4, deleting
    assert (updating["rows_applied"], inserting["rows_applied"], firing["rows_applied"]) == (3, 7, 12), (
        updating,
        inserting,
        firing,
    )
    for row in seen:
        print("       ", {name: row[name] for name in COLUMNS[5:-1]})


def check_waiting(cursor):
    blocker, blocking = connect()
    blocker.autocommit = False
    blocking.execute("LOCK TABLE employee IN ACCESS EXCLUSIVE MODE")
    call = Call("SELECT * FROM bulk_sync('employee', 'rows', '{id}', lock => 'table')")
    for _ in range(3000):
        found = rows_in_view(cursor) if one(cursor, "SELECT count(*) FROM pg_locks WHERE NOT granted")[0] else []
        if found:
            break
        time.sleep(0.01)
    assert found and found[0]["phase"] == PHASES[0], found
    assert all(found[0][name] == 0 for name in COLUMNS[6:-1]), found
    # An error or a cancel leaves nothing in the view; neither does a session that is terminated.
    cursor.execute("SELECT pg_cancel_backend(%s)", (call.pid,))
    call.join()
    assert call.error.pgcode == "57014", call.error
    assert rows_in_view(cursor) == []
    call = Call("SELECT * FROM bulk_sync('employee', 'rows', '{id}')")
    while not rows_in_view(cursor):
        time.sleep(0.01)
    cursor.execute("SELECT pg_terminate_backend(%s, 10000)", (call.pid,))
    call.join()
    assert rows_in_view(cursor) == []
    blocker.rollback()
    blocker.close()


def check_who_sees(cursor):
    """As pg_stat_activity: others see that something runs, and not what."""
    cursor.execute(f"CREATE ROLE {STRANGER} LOGIN; CREATE ROLE {WATCHER} LOGIN; GRANT pg_read_all_stats TO {WATCHER}")
    cursor.execute("DELETE FROM employee WHERE id > 14 OR id < 3")
    close_gates(cursor)
    call = Call(CALL)
    await_phase(cursor, PHASES[1])
    for role, sees in ((STRANGER, False), (WATCHER, True)):
        connection, other = connect(user=role)
        (row,) = rows_in_view(other)
        assert row["pid"] == call.pid and row["datname"] == DATABASE, row
        assert all((row[name] is not None) == sees for name in COLUMNS[3:]), (role, row)
        connection.close()
    # From another database the target has no name, only its OID.
    connection, other = connect(os.environ.get("PGDATABASE", "postgres"))
    other.execute("SET client_min_messages = warning; BEGIN; CREATE EXTENSION IF NOT EXISTS bulk_sync")
    (row,) = rows_in_view(other)
    assert row["target"] is None and row["relid"] is not None and row["datname"] == DATABASE, row
    other.execute("ROLLBACK")
    connection.close()
    cursor.execute("SELECT pg_advisory_unlock_all()")
    call.join()
    assert call.error is None, call.error


def check_large_numbers(cursor):
    """The planner expects more rows of these views than a bigint holds; there are none."""
    cursor.execute(
        """CREATE FUNCTION nothing() RETURNS SETOF int LANGUAGE plpgsql ROWS 1000000000 AS $$BEGIN END$$;
        CREATE VIEW endless AS SELECT a AS id, 'n' AS name FROM nothing() AS a, nothing(), nothing() AS c
            UNION ALL SELECT id, name FROM import"""
    )
    cursor.execute("TRUNCATE employee; INSERT INTO employee SELECT i, 'n' FROM generate_series(1, 10) AS i")
    close_gates(cursor)
    call = Call(CALL.replace("'import'", "'endless'"))
    seen = [await_phase(cursor, PHASES[1])]
    open_gate(cursor, PHASES[1])
    seen.append(await_phase(cursor, PHASES[2]))
    cursor.execute("SELECT pg_advisory_unlock_all()")
    call.join()
    assert call.result == (5, 4, 3, 3, 0), (call.result, call.error)
    for row in seen:
        assert row["staging_rows_total"] == 2**63 - 1, row
        assert all(row[name] >= 0 for name in COLUMNS[6:-1]), row


def lines_of(connection, cursor, query):
    """The notices of a query, their times as N, and its result."""
    connection.notices.clear()
    result = one(cursor, query)
    return [
        re.sub(r"\d+\.\d{3} s", "N s", notice.replace(" rows to create", " to create")).rstrip("\n")
        for notice in connection.notices
    ], result


def check_verbose(connection, cursor):
    cursor.execute("TRUNCATE employee; INSERT INTO employee SELECT i, 'n' FROM generate_series(1, 10) AS i")
    call = "SELECT * FROM bulk_sync('employee', 'rows', '{{id}}', verbose => {})"
    assert lines_of(connection, cursor, call.format("false, dry_run => true"))[0] == []
    # INFO is shown to the client whatever client_min_messages says.
    cursor.execute("SET client_min_messages = error")
    looking = [
        'INFO:  read 12 rows of staging relation "rows" in N s',
        (
            'INFO:  compared 10 rows in scope of "employee" in N s\n'
            "DETAIL:  5 to create, 4 to update, 3 to delete, 3 unchanged."
        ),
    ]
    lines, result = lines_of(connection, cursor, call.format("true, dry_run => true"))
    assert lines == looking and result == (5, 4, 3, 3, 0), lines
    lines, result = lines_of(connection, cursor, call.format("true"))
    written = ["INFO:  deleted 3 rows in N s", "INFO:  updated 4 rows in N s", "INFO:  created 5 rows in N s"]
    reason = '\nDETAIL:  Written by a statement: "employee" has BEFORE triggers for rows.'
    assert lines == looking + [line + reason for line in written] + ["INFO:  fired AFTER triggers in N s"], lines
    assert result == (5, 4, 3, 3, 0), result
    # What is not run has no line.
    lines, result = lines_of(connection, cursor, call.format("true"))
    assert len(lines) == 2 and result == (0, 0, 0, 12, 0), lines
    lines, _ = lines_of(
        connection,
        cursor,
        """SELECT * FROM bulk_sync_json('employee', '[{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]',
        '{id}', 'id IN (1, 2)', verbose => true)""",
    )
    assert lines[0] == 'INFO:  read 2 rows of argument "rows" in N s' and lines[2].startswith(
        "INFO:  created 2 rows in N s"
    ), lines
    # Without triggers that have a say about rows, rows are written directly.
    cursor.execute("DROP TRIGGER d ON employee; DROP TRIGGER u ON employee; DROP TRIGGER i ON employee")
    cursor.execute("UPDATE rows SET id = id + 1, name = 'z'")
    lines, _ = lines_of(connection, cursor, call.format("true"))
    assert lines[2:5] == [
        "INFO:  deleted 3 rows directly in N s",
        "INFO:  updated 11 rows directly in N s",
        "INFO:  created 1 row directly in N s",
    ], lines


maintenance, setup = connect(os.environ.get("PGDATABASE", "postgres"))
setup.execute(f"CREATE DATABASE {DATABASE}")
try:
    connection, cursor = connect()
    cursor.execute(SCHEMA)
    shows = connection.server_version >= 170000 or "bulk_sync" in one(cursor, "SHOW shared_preload_libraries")[0]
    assert rows_in_view(cursor) == []
    assert [column.name for column in cursor.description] == COLUMNS, cursor.description
    if shows:
        check_phases(cursor)
        check_waiting(cursor)
        check_large_numbers(cursor)
        check_who_sees(cursor)
        print("ok      progress: every phase was seen from another session")
    else:
        call = Call(
            "SELECT (bulk_sync('employee', 'rows', '{id}', dry_run => true)).created + count(*) FROM bulk_sync_progress"
        )
        call.join()
        assert rows_in_view(cursor) == [] and call.error is None, call.error
        print("ok      progress: empty, for the library is not preloaded")
    check_verbose(connection, cursor)
    print("ok      verbose: a line for each phase")
    connection.close()
finally:
    setup.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    setup.execute(f"DROP ROLE IF EXISTS {STRANGER}, {WATCHER}")
