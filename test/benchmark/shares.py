"""Tables of which a given share differs, every way to make them equal, and the same from a client's file."""
from reading import JOB, KEYS, ROW
from rivals import (
    Job,
    all_writers,
    delete_and_merge,
    merge_by_source,
    on_conflict,
    temporary_table,
    truncate,
)
from scenario import Contender, Role, Scenario, scenario, sync

ROOM = {"temp_buffers": "256MB"}  # for temporary tables, which else are written out and read again
SQL_FROM_FILE = "file_fdw, MERGE"
COPY_ALONE = "COPY alone"
TRUNCATE_COPY = "TRUNCATE, COPY"


def changed_of(rows, permille):
    """How many rows of the target are not as in staging: nine in ten are updated, the tenth is gone."""
    return rows * permille // 1000


def share_tables(rows, permille, columns=ROW):
    """Both tables, in the same order. The changed rows are spread evenly; as many are new as are gone."""
    gone = changed_of(rows, permille) // 10
    return f"""
        CREATE TABLE t AS SELECT {columns} FROM generate_series(1, {rows}) AS i;
        CREATE TABLE s AS
            SELECT id, code, CASE WHEN changed THEN a + 1 ELSE a END AS a, b, c, d
            FROM t CROSS JOIN LATERAL (SELECT id::bigint * {permille} / 1000 AS n) AS counted
                CROSS JOIN LATERAL (SELECT n > (id::bigint - 1) * {permille} / 1000 AS changed) AS marked
            WHERE NOT (changed AND n % 10 = 0);
        INSERT INTO s SELECT {columns} FROM generate_series({rows} + 1, {rows} + {gone}) AS i;
    """


def share(rows, permille, work_mem):
    """From one table into the other, with every way to do it in SQL."""
    setup = share_tables(rows, permille) + "ALTER TABLE t ADD PRIMARY KEY (id, code);"
    subject = sync(f"'t', 's', {KEYS}", writes=True)
    return Scenario(
        setup,
        [subject, *all_writers(JOB), truncate(JOB)],
        settings={**ROOM, "work_mem": work_mem},
        written=f"SELECT {changed_of(rows, permille)}",
    )


def from_file(size, permille=10, **settings):
    """From a CSV file: the client's, which COPY sends, or the same file with the server, which file_fdw reads."""
    rows = size.of(1_000_000)
    file = f"{size.folder}/bulk_sync_bench.csv"
    setup = f"""
        {share_tables(rows, permille)}
        ALTER TABLE t ADD PRIMARY KEY (id, code);
        COPY s TO '{file}' (FORMAT csv);
        CREATE EXTENSION IF NOT EXISTS file_fdw;
        CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw;
        CREATE FOREIGN TABLE f (id int, code text, a int, b text, c numeric, d timestamptz) SERVER files
            OPTIONS (filename '{file}', format 'csv');
        ANALYZE f;
    """
    return Scenario(
        setup,
        file_contenders(),
        settings={**ROOM, **settings},
        written=f"SELECT {changed_of(rows, permille)}",
        needs="file_fdw",
        file=size.client_file,
    )


def file_contenders():
    copied = ("CREATE TEMP TABLE import (LIKE t) ON COMMIT DROP", "COPY import FROM STDIN (FORMAT csv)")
    job = Job(JOB.keys, JOB.compared, source="import")

    def by_copy(name, contender):
        contender.name = name
        contender.statements = copied + ("ANALYZE import",) + contender.statements
        return contender

    subject = sync(f"'t', 'pg_temp.import', {KEYS}", name="COPY, bulk_sync", writes=True)
    subject.statements = copied + subject.statements
    by_fdw = merge_by_source(Job(JOB.keys, JOB.compared, source="f"))
    by_fdw.name = SQL_FROM_FILE
    return [
        subject,
        sync(f"'t', 'f', {KEYS}", name="file_fdw, bulk_sync", writes=True),
        by_copy("COPY, temporary table", temporary_table(job)),
        by_copy("COPY, DELETE and MERGE", delete_and_merge(job)),
        by_copy("COPY, MERGE", merge_by_source(job)),
        by_copy("COPY, DELETE and ON CONFLICT", on_conflict(job)),
        by_fdw,
        Contender(TRUNCATE_COPY, ("TRUNCATE t", "COPY t FROM STDIN (FORMAT csv)"), writes=True, rewrites=True),
        Contender(COPY_ALONE, copied, Role.FLOOR),
    ]


@scenario("end-to-end", "from a CSV file of 1 M rows, 0.9 % updated, 0.1 % new, 0.1 % gone", 120)
def end_to_end(size):
    return from_file(size)


DJANGO_ROWS = 5_000
COLUMNS = "number, code, a, b, c, d"


@scenario("django", "the same from Django, 5 k rows", 60)
def django(size, permille=10):
    """The model has a primary key of its own, as Django wants it."""
    rows = size.of(DJANGO_ROWS)
    setup = f"""
        {share_tables(rows, permille)}
        ALTER TABLE t RENAME TO x;
        ALTER TABLE s RENAME id TO number;
        CREATE TABLE t (id bigserial PRIMARY KEY, number int UNIQUE NOT NULL, code text NOT NULL, a int NOT NULL,
            b text NOT NULL, c numeric(20, 1) NOT NULL, d timestamptz NOT NULL);
        INSERT INTO t ({COLUMNS}) TABLE x;
        DROP TABLE x;
    """
    copied = (
        f"CREATE TEMP TABLE import ON COMMIT DROP AS SELECT {COLUMNS} FROM t WITH NO DATA",
        "COPY import FROM STDIN (FORMAT csv)",
    )
    by_copy = sync("'t', 'pg_temp.import', '{number}'", name="COPY, bulk_sync", writes=True)
    by_copy.statements = copied + by_copy.statements
    return Scenario(
        setup,
        [
            by_copy,
            Contender("bulk_sync.py for Django", (), Role.FLOOR, writes=True, program="file"),
            Contender("django-bulk-sync", (), writes=True, rewrites=True, program="package"),
        ],
        settings=ROOM,
        state=f"SELECT {COLUMNS} FROM t",
        wanted=f"SELECT {COLUMNS} FROM s",
        file=size.client_file,
    )
