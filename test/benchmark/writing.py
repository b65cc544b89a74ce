"""Scenarios in which rows are written. Each contender is rolled back, and what it leaves is vacuumed away."""
from reading import JOB, KEYS, ROW, plain_tables
from rivals import (
    DELETE_MERGE,
    INSERT,
    MERGE,
    TEMPORARY,
    all_writers,
    insert_select,
    scans,
)
from scenario import BEST, OLD, Contender, Scenario, Target, scenario, sync

SYNC = f"'t', 's', {KEYS}"
RETURNING = "bulk_sync_returning"


def changed_tables(rows, every, new_and_gone=True):
    """Each `every`th row is updated; one in 200 is gone, and as many are new."""
    gone = "WHERE id % 200 <> 1" if new_and_gone else ""
    new = f"""
        INSERT INTO s SELECT {rows} + i, 'k' || {rows} + i, 1, 'new', 1, '2024-01-01 00:00:00+00'
            FROM generate_series(1, {rows} / 200) AS i;
    """
    return f"""
        {plain_tables(rows)}
        ALTER TABLE s RENAME TO x;
        CREATE TABLE s AS SELECT id, code, CASE WHEN id % {every} = 0 THEN a + 1 ELSE a END AS a, b, c, d FROM x {gone};
        DROP TABLE x;
        {new if new_and_gone else ""}
    """


def changed(setup, targets, rivals=None):
    rivals = rivals or all_writers(JOB)
    subject = sync(SYNC, writes=True, answer="counts")
    return Scenario(setup, [rivals[0], subject] + rivals[1:], targets)


CHANGED_TARGETS = [
    Target(0.25, TEMPORARY),
    Target(0.15, DELETE_MERGE, until=16),
    Target(0.15, MERGE, since=17),
]


@scenario("changed-1", "1 M rows, 1 % updated, 0.5 % new, 0.5 % gone", 130)
def changed_1(size):
    return changed(changed_tables(size.of(1_000_000), 100), CHANGED_TARGETS)


@scenario("trigger", "the same with a row trigger on the target", 160)
def trigger(size):
    setup = (
        changed_tables(size.of(1_000_000), 100)
        + """
        CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(new, old); END';
        CREATE TRIGGER seen BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION seen();
    """
    )
    return changed(setup, [Target(0.6, OLD)])


@scenario("returning", "1 M rows, 1 % updated, and the rows that were written as the result", 60)
def returning(size):
    counts = sync(SYNC, writes=True)
    rows = Contender(RETURNING, (f"SELECT count(*) FROM public.bulk_sync_returning({SYNC})",), writes=True)
    setup = changed_tables(size.of(1_000_000), 100, False)
    return Scenario(setup, [counts, rows], [Target(1.15, "bulk_sync", subject=RETURNING)])


@scenario("changed-20", "1 M rows, 20 % updated", 150)
def changed_20(size):
    return changed(changed_tables(size.of(1_000_000), 5, False), [Target(1.0, BEST)])


@scenario("changed-100", "1 M rows, all updated", 320)
def changed_100(size):
    return changed(changed_tables(size.of(1_000_000), 1, False), [Target(1.0, BEST)])


def first_load(size, indexes, limit):
    setup = f"""
        CREATE TABLE s AS SELECT {ROW} FROM generate_series(1, {size.of(1_000_000)}) AS i;
        CREATE TABLE t (LIKE s);
        {indexes}
    """
    made = changed(setup, [Target(limit, INSERT)], [insert_select(JOB)])
    made.restore = "TRUNCATE t"
    return made


@scenario("load", "first load of 1 M rows, no index", 35)
def load(size):
    return first_load(size, "", 0.90)


@scenario("load-indexes", "first load of 1 M rows, a primary key and a unique index", 90)
def load_indexes(size):
    return first_load(size, "ALTER TABLE t ADD PRIMARY KEY (id); CREATE UNIQUE INDEX ON t (code);", 1.0)


END_TO_END = "TRUNCATE and COPY"


@scenario("end-to-end", "from a CSV file of 1 M rows, 1 % updated, 0.5 % new, 0.5 % gone", 90)
def end_to_end(size):
    """The file lies in the folder of the database, with which it is dropped."""
    file = f"{size.folder}/bulk_sync_bench.csv"
    copied = ("CREATE TEMP TABLE import (LIKE t) ON COMMIT DROP", f"COPY import FROM '{file}' (FORMAT csv)")
    foreign = f"""
        CREATE EXTENSION IF NOT EXISTS file_fdw;
        CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw;
        CREATE FOREIGN TABLE f (id int, code text, a int, b text, c numeric, d timestamptz) SERVER files
            OPTIONS (filename '{file}', format 'csv');
    """
    setup = changed_tables(size.of(1_000_000), 100) + f"COPY s TO '{file}' (FORMAT csv);" + foreign
    by_copy = sync("'t', 'pg_temp.import', " + KEYS, name="COPY and bulk_sync", writes=True)
    by_copy.statements = copied + by_copy.statements
    rival = Contender(END_TO_END, ("TRUNCATE t", f"COPY t FROM '{file}' (FORMAT csv)"), writes=True)
    floor = scans("SELECT * FROM f", name="scan of the file by file_fdw")
    by_file = sync("'t', 'f', " + KEYS, name="file_fdw and bulk_sync", writes=True)
    return Scenario(setup, [rival, by_copy, by_file, floor], needs="file_fdw")
