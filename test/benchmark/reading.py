"""Scenarios in which nothing changes, so that reading and comparing is all there is to do."""
from rivals import (
    JOIN,
    JOIN_COMPARED,
    JOIN_WORKERS,
    SCANS,
    Job,
    at_most_scans,
    floors,
    full_join,
    full_join_compared,
    full_join_workers,
    scans,
)
from scenario import OLD, Role, Scenario, Target, scenario, sync

JOB = Job(keys=("id", "code"), compared=("a", "b", "c", "d"))
KEYS = "'{id,code}'"

ROW = """i AS id, 'k' || i AS code, i % 100 AS a, 'some text ' || i AS b, i * 1.5 AS c,
    timestamptz '2024-01-01 00:00:00+00' + i * interval '1 second' AS d"""


CASTS = f"{SCANS} with casts"


def plain_tables(rows, columns=ROW, key="id, code"):
    """The target with its primary key, and a staging table with the same rows in the same order."""
    return f"""
        CREATE TABLE t AS SELECT {columns} FROM generate_series(1, {rows}) AS i;
        CREATE TABLE s AS TABLE t;
        ALTER TABLE t ADD PRIMARY KEY ({key});
    """


def unchanged(setup, job, arguments, targets, floor=SCANS, **more):
    """A scenario without changes, with the rivals that all of them have. `arguments` are those of bulk_sync."""
    bare, with_ids = floors(job, floor)
    contenders = [
        bare,
        sync(arguments, answer="counts"),
        with_ids,
        full_join(job),
        full_join_workers(job),
        full_join_compared(job),
    ]
    more.setdefault("wanted", "")  # the table as it was
    return Scenario(setup, contenders, targets, **more)


@scenario("plain", "no change, 1 M rows, keys int and text, plain tables", 40)
def plain(size):
    targets = [
        *at_most_scans(1.5, until=16),
        Target(0.25, JOIN, until=16),
        *at_most_scans(1.8, since=17),
        Target(0.40, JOIN_WORKERS, since=17),
    ]
    return unchanged(plain_tables(size.of(1_000_000)), JOB, f"'t', 's', {KEYS}", targets)


@scenario("temporary", "the same, staging is a temporary table", 45)
def temporary(size):
    job = Job(JOB.keys, JOB.compared, source="import")
    session = "CREATE TEMP TABLE import AS TABLE s; ANALYZE import"
    targets = at_most_scans(1.7)
    return unchanged(plain_tables(size.of(1_000_000)), job, f"'t', 'pg_temp.import', {KEYS}", targets, session=session)


@scenario("view", "the same, staging is a view that computes a column", 40)
def view(size):
    job = Job(JOB.keys, JOB.compared, source="v")
    setup = plain_tables(size.of(1_000_000)) + "CREATE VIEW v AS SELECT id, code, a + 0 AS a, b, c, d FROM s;"
    return unchanged(setup, job, f"'t', 'v', {KEYS}", [Target(0.65, OLD)])


@scenario("text", "the same, all columns of staging are text", 60)
def text(size):
    casts = "SELECT id::int, code, a::int, b, c::numeric, d::timestamptz FROM x"
    setup = plain_tables(size.of(1_000_000)) + (
        "CREATE TABLE x AS SELECT id::text, code, a::text, b, c::text, d::text FROM s; DROP TABLE s;"
    )
    job = Job(JOB.keys, JOB.compared, source=f"({casts})")
    return unchanged(setup, job, f"'t', 'x', {KEYS}", at_most_scans(1.5, CASTS), CASTS)


@scenario("columns", "no change, 200 k rows of 40 columns", 40)
def columns(size):
    kinds = ["i + {0}", "'value {0} of ' || i", "(i * {0})::bigint", "i / 3.0 + {0}"]
    names = [f"c{number}" for number in range(39)]
    row = ["i AS id"] + [f"{kinds[n % 4].format(n)} AS {name}" for n, name in enumerate(names)]
    setup = plain_tables(size.of(200_000), ", ".join(row), "id")
    return unchanged(setup, Job(("id",), tuple(names)), "'t', 's', '{id}'", at_most_scans(1.3))


@scenario("uuid", "no change, 1 M rows, key uuid", 35)
def uuid(size):
    row = "md5(i::text)::uuid AS id, i % 100 AS a, 'some text ' || i AS b, i * 1.5 AS c"
    job = Job(("id",), ("a", "b", "c"))
    return unchanged(plain_tables(size.of(1_000_000), row, "id"), job, "'t', 's', '{id}'", at_most_scans(1.2))


@scenario("keys", "no change, 1 M rows, three keys, one of them numeric", 35)
def keys(size):
    row = "i % 1000 AS k1, (i / 1000)::numeric AS k2, 'p' || i % 7 AS k3, i AS a, 'some text ' || i AS b"
    setup = plain_tables(size.of(1_000_000), row, "k1, k2, k3")
    job = Job(("k1", "k2", "k3"), ("a", "b"))
    return unchanged(setup, job, "'t', 's', '{k1,k2,k3}'", at_most_scans(1.5))


@scenario("narrow", "no change, 1 M rows of three integers", 20)
def narrow(size):
    setup = plain_tables(size.of(1_000_000), "i AS id, i % 100 AS a, i / 10 AS b", "id")
    return unchanged(setup, Job(("id",), ("a", "b")), "'t', 's', '{id}'", at_most_scans(1.0))


@scenario("jsonb", "no change, 500 k rows with a jsonb document", 25)
def jsonb(size):
    row = """i AS id, jsonb_build_object('name', 'name ' || i, 'age', i % 100,
        'tags', jsonb_build_array('a', i % 10, 'c'),
        'address', jsonb_build_object('city', 'city ' || i % 1000, 'zip', i % 90000)) AS a"""
    setup = plain_tables(size.of(500_000), row, "id")
    return unchanged(setup, Job(("id",), ("a",)), "'t', 's', '{id}'", at_most_scans(1.5))


@scenario("order", "no change, 1 M rows, staging has its columns in another order", 40)
def order(size):
    setup = plain_tables(size.of(1_000_000)) + (
        "ALTER TABLE s RENAME TO x; CREATE TABLE s AS SELECT d, b, code, c, id, a FROM x; DROP TABLE x;"
    )
    return unchanged(setup, JOB, f"'t', 's', {KEYS}", [Target(0.6, OLD)])


@scenario("dropped", "no change, 1 M rows, the target has a dropped column", 45)
def dropped(size):
    row = ROW.replace("i % 100 AS a", "'gone ' || i AS gone, i % 100 AS a")
    setup = plain_tables(size.of(1_000_000), row) + (
        "ALTER TABLE t DROP gone; ALTER TABLE s RENAME TO x; CREATE TABLE s AS TABLE t; DROP TABLE x;"
    )
    return unchanged(setup, JOB, f"'t', 's', {KEYS}", [Target(0.6, OLD)])


@scenario("default", "no change, 1 M rows, the last column's default is stored in the catalog", 40)
def default(size):
    setup = plain_tables(size.of(1_000_000)) + (
        "ALTER TABLE t ADD e int DEFAULT 5; ALTER TABLE s RENAME TO x; CREATE TABLE s AS SELECT *, 5 AS e FROM x;"
        " DROP TABLE x;"
    )
    job = Job(JOB.keys, JOB.compared + ("e",))
    return unchanged(setup, job, f"'t', 's', {KEYS}", [Target(0.6, OLD)])


@scenario("extra-target", "no change, 1 M rows, the target has a column that staging lacks", 45)
def extra_target(size):
    row = ROW.replace("i % 100 AS a", "i % 100 AS a, 'more ' || i AS more")
    setup = plain_tables(size.of(1_000_000), row) + "ALTER TABLE s RENAME TO x;"
    setup += "CREATE TABLE s AS SELECT id, code, a, b, c, d FROM x; DROP TABLE x;"
    return unchanged(setup, JOB, f"'t', 's', {KEYS}", [Target(0.6, OLD)])


@scenario("extra-staging", "no change, 1 M rows, staging has a column that is ignored", 40)
def extra_staging(size):
    setup = plain_tables(size.of(1_000_000)) + "ALTER TABLE s RENAME TO x;"
    setup += "CREATE TABLE s AS SELECT id, code, a, 'more ' || id AS more, b, c, d FROM x; DROP TABLE x;"
    arguments = f"'t', 's', {KEYS}, ignore_columns => '{{more}}'"
    return unchanged(setup, JOB, arguments, [Target(0.6, OLD)])


@scenario("partitioned", "no change, 1 M rows, the target has eight partitions", 60)
def partitioned(size):
    parts = "".join(
        f"CREATE TABLE t{part} PARTITION OF t FOR VALUES WITH (MODULUS 8, REMAINDER {part});" for part in range(8)
    )
    setup = f"""
        CREATE TABLE s AS SELECT {ROW} FROM generate_series(1, {size.of(1_000_000)}) AS i;
        CREATE TABLE t (LIKE s) PARTITION BY HASH (id); {parts}
        INSERT INTO t TABLE s;
        ALTER TABLE t ADD PRIMARY KEY (id, code);
    """
    return unchanged(setup, JOB, f"'t', 's', {KEYS}", [Target(0.6, OLD)])


@scenario("documents", "no change, 5 k documents of 20 kB, stored out of line", 20)
def documents(size):
    setup = f"""
        CREATE TABLE t (id int, doc text);
        ALTER TABLE t ALTER doc SET STORAGE EXTERNAL;
        CREATE TABLE s (LIKE t INCLUDING STORAGE);
        INSERT INTO t SELECT i, (SELECT string_agg(md5(format('%s %s', i, n)), '') FROM generate_series(1, 625) AS n)
            FROM generate_series(1, {size.of(5_000)}) AS i;
        INSERT INTO s TABLE t;
        ALTER TABLE t ADD PRIMARY KEY (id);
    """
    return unchanged(setup, Job(("id",), ("doc",)), "'t', 's', '{id}'", [Target(0.9, JOIN_COMPARED)])


SPILL_TARGETS = at_most_scans(2.3) + [Target(0.40, JOIN), Target(1.1, OLD, memory=True)]


@scenario("spill", "no change, 1 M rows, work_mem 4MB", 40)
def spill(size):
    setup = plain_tables(size.of(1_000_000))
    return unchanged(setup, JOB, f"'t', 's', {KEYS}", SPILL_TARGETS, settings={"work_mem": "4MB"})


@scenario("spill-4m", "no change, 4 M rows, work_mem 4MB", 150)
def spill_large(size):
    setup = plain_tables(size.of(4_000_000))
    return unchanged(setup, JOB, f"'t', 's', {KEYS}", SPILL_TARGETS, settings={"work_mem": "4MB"})


@scenario("growth", "no change, 1 M and 10 M rows; the times of the latter divided by ten", 400, chosen=False)
def growth(size):
    setup = (
        plain_tables(size.of(1_000_000))
        + f"""
        ALTER TABLE t RENAME TO t1; ALTER TABLE s RENAME TO s1; ALTER INDEX t_pkey RENAME TO t1_pkey;
        {plain_tables(10 * size.of(1_000_000))}
    """
    )
    large = "bulk_sync, 10 M"
    contenders = [
        sync(f"'t1', 's1', {KEYS}"),
        sync(f"'t', 's', {KEYS}", name=large, per=10),
        scans("SELECT * FROM t1", "SELECT * FROM s1"),
        scans("SELECT * FROM t", "SELECT * FROM s", name=f"{SCANS}, 10 M", per=10),
        full_join(JOB, f"{JOIN}, 10 M", per=10),
    ]
    return Scenario(setup, contenders, [Target(1.4, "bulk_sync", subject=large)], wanted="")


@scenario("compare", "bulk_compare, 1 M rows, nothing differs", 40)
def compare(size):
    return compared(plain_tables(size.of(1_000_000)), [])


@scenario("compare-2", "bulk_compare, 1 M rows, 2 % differ", 40)
def compare_differing(size):
    setup = plain_tables(size.of(1_000_000)) + "ALTER TABLE s RENAME TO x;"
    setup += "CREATE TABLE s AS SELECT id, code, CASE WHEN id % 50 = 0 THEN a + 1 ELSE a END AS a, b, c, d FROM x;"
    return compared(setup + "DROP TABLE x;", [Target(0.5, OLD)])


def compared(setup, targets):
    return Scenario(
        setup,
        [
            scans("SELECT * FROM t", "SELECT * FROM s"),
            sync(f"'t', 's', {KEYS}", "bulk_compare", columns="count(*)", answer="differing"),
            full_join(JOB),
            full_join_compared(JOB),
            dry_run(),
        ],
        targets,
        wanted="",
    )


def dry_run():
    """What the difference costs when only the numbers are wanted."""
    contender = sync(f"'t', 's', {KEYS}, dry_run => true", name="bulk_sync, dry run")
    contender.role = Role.FLOOR
    contender.statements = tuple(sql.replace("{schema}", "public") for sql in contender.statements)
    return contender
