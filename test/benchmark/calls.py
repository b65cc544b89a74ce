"""Scenarios of small jobs in large tables: many short calls, JSON from the caller, a scope found by an index."""
from reading import JOB, ROW
from rivals import THREE, Job, at_most_scans, floors, three
from scenario import Contender, Role, Scenario, Target, scenario, sync

COMPANY = 7


def small(size, rows, with_changes):
    """One company of a table of 100 k rows, by an index; its staging tables are s and u, and s is what the table has.

    With changes, the calls bring the rows of u and of s in turns: two of ten updated, one new and one gone.
    """
    companies = size.of(100_000, 1_000) // rows
    job = Job(("name",), ("phone", "title"), scope=f"t.company = {COMPANY}", fixed=(("company", str(COMPANY)),))
    setup = f"""
        CREATE TABLE t AS
            SELECT 1 + i / {rows} AS company, 'name ' || i AS name, 'phone ' || i AS phone, 'title' AS title
            FROM generate_series(0, {companies * rows - 1}) AS i;
        CREATE TABLE s AS SELECT name, phone, title FROM t WHERE company = {COMPANY};
        CREATE TABLE u AS SELECT CASE WHEN n % 10 = 1 THEN 'new ' || name ELSE name END AS name,
            CASE WHEN n % 10 IN (3, 4) THEN 'other' ELSE phone END AS phone, title
            FROM (SELECT *, row_number() OVER (ORDER BY name) AS n FROM s) AS s;
        ALTER TABLE t ADD PRIMARY KEY (company, name);
    """
    sources = ("u", "s") if with_changes else ("s",)
    defaults = f'{{"company": {COMPANY}}}'
    subject = sync(f"'t', 's', '{{name}}', 'company = {COMPANY}', insert_defaults => '{defaults}'")
    subject.statements = tuple(subject.statements[0].replace("'s'", f"'{source}'") for source in sources)
    by_hand = tuple("; ".join(three(job)).replace("FROM s s", f"FROM {source} s") for source in sources)
    wanted = f"""
        SELECT * FROM t WHERE company <> {COMPANY}
        UNION ALL SELECT {COMPANY}, name, phone, title FROM {sources[0]}
    """
    return Scenario(
        setup,
        [Contender(THREE, by_hand), subject],
        [Target(0.7 if with_changes else 0.6, THREE)],
        wanted=wanted,
        calls=max(10, size.rows // 1000 // 2 * 2),
    )


@scenario("calls-10", "1,000 calls, 10 rows, one company of a table of 100 k rows, no change", 10)
def calls_10(size):
    return small(size, 10, False)


@scenario("calls-100", "1,000 calls, 100 rows, one company of a table of 100 k rows, no change", 10)
def calls_100(size):
    return small(size, 100, False)


@scenario("calls-10-changed", "the same, 10 rows, 2 updated, 1 new, 1 gone in each call", 15)
def calls_10_changed(size):
    return small(size, 10, True)


@scenario("calls-100-changed", "the same, 100 rows, 20 updated, 10 new, 10 gone in each call", 20)
def calls_100_changed(size):
    return small(size, 100, True)


RECORDSET = "count(*) over jsonb_to_recordset"


@scenario("json", "bulk_sync_json, 100 k objects, no change", 15)
def json(size):
    setup = f"""
        CREATE TABLE t AS SELECT {ROW} FROM generate_series(1, {size.of(100_000)}) AS i;
        CREATE TABLE j AS SELECT jsonb_agg(to_jsonb(t)) AS rows FROM t;
        ALTER TABLE t ADD PRIMARY KEY (id, code);
    """
    columns = "id int, code text, a int, b text, c numeric, d timestamptz"
    recordset = f"SELECT count(*) FROM jsonb_to_recordset((SELECT rows FROM j)) AS r ({columns})"
    job = Job(
        JOB.keys, JOB.compared, source=f"(SELECT * FROM jsonb_to_recordset((SELECT rows FROM j)) AS r ({columns}))"
    )
    contenders = [
        Contender(RECORDSET, (recordset,), Role.FLOOR),
        sync("'t', (SELECT rows FROM j), '{id,code}'", "bulk_sync_json", answer="counts"),
        Contender(f"{THREE}, each of the recordset", three(job)),
    ]
    return Scenario(setup, contenders, [Target(1.1, RECORDSET)], wanted="")


SCOPE_SCANS = "scans of the scope and staging"


@scenario("scope", "no change, a scope of 10,000 rows by index in 5 M", 80)
def scope(size):
    """The rows of the scope lie scattered over the whole table."""
    rows = size.of(5_000_000, 1_000)
    columns = ROW.replace("i AS id", "i % 500 AS company, i AS id")
    setup = f"""
        CREATE TABLE t AS SELECT {columns} FROM generate_series(1, {rows}) AS i;
        CREATE TABLE s AS SELECT id, code, a, b, c, d FROM t WHERE company = {COMPANY};
        ALTER TABLE t ADD PRIMARY KEY (company, id);
    """
    where = f"company = {COMPANY}"
    job = Job(JOB.keys, JOB.compared, scope=f"t.{where}", fixed=(("company", str(COMPANY)),))
    arguments = f"'t', 's', '{{id,code}}', '{where}', insert_defaults => '{{\"company\": {COMPANY}}}'"
    bare, with_ids = floors(job, SCOPE_SCANS)
    contenders = [bare, sync(arguments, answer="counts"), with_ids, Contender(THREE, three(job))]
    return Scenario(setup, contenders, at_most_scans(1.25, SCOPE_SCANS), wanted="")
