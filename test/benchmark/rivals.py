"""The same job in plain SQL, as a person who knows PostgreSQL would write it, and what every method has to read.

All of them find the rows by equality of the keys and compare with IS DISTINCT FROM. On the tables of these scenarios
they end in the same rows as bulk_sync: keys without NULLs, values that are equal only when they are the same.
"""
import dataclasses

from scenario import Contender, Role, Target

SCANS = "scans of both tables"
WITH_IDS = ", with row ids"
JOIN = "FULL JOIN, count(*)"
JOIN_WORKERS = "FULL JOIN, count(*), two workers"
JOIN_COMPARED = "FULL JOIN with comparison"
TEMPORARY = "temporary table, then by ctid"
DELETE_MERGE = "DELETE and MERGE"
MERGE = "MERGE, NOT MATCHED BY SOURCE"
THREE = "DELETE, UPDATE, INSERT"
ON_CONFLICT = "DELETE and ON CONFLICT"
REPLACE = "DELETE all, INSERT all"
TRUNCATE = "TRUNCATE, INSERT all"
INSERT = "INSERT .. SELECT"


@dataclasses.dataclass
class Job:
    """Which tables are made equal, by which columns. `scope` is a condition on the target's own columns, as t.x."""

    keys: tuple
    compared: tuple
    source: str = "s"  # what is behind FROM: a name, or a sub-select in parentheses
    scope: str = ""
    fixed: tuple = ()  # pairs of a column that the scope fixes and its value, for new rows

    @property
    def columns(self):
        return self.keys + self.compared

    @property
    def matched(self):
        return " AND ".join(f"t.{key} = s.{key}" for key in self.keys)

    @property
    def scoped(self):
        return f"{self.scope} AND " if self.scope else ""

    @property
    def target(self):
        return f"(SELECT * FROM t WHERE {self.scope}) t" if self.scope else "t"

    @property
    def differs(self):
        return f"({listed(self.compared, 't.')}) IS DISTINCT FROM ({listed(self.compared, 's.')})"

    @property
    def assigned(self):
        return ", ".join(f"{column} = s.{column}" for column in self.compared)

    @property
    def inserted(self):
        return listed([column for column, _ in self.fixed] + list(self.columns))

    @property
    def values(self):
        return ", ".join([value for _, value in self.fixed] + [f"s.{column}" for column in self.columns])


def listed(columns, prefix=""):
    return ", ".join(prefix + column for column in columns)


def floors(job, name=SCANS):
    """What a sync has to read, and no more: twice, because there are two answers to what that is.

    One is the executor's scans as they come from the pages. The other one asks for the target's columns by name and for
    what a row is found again by, as a sync would do in SQL, which makes the executor take every row apart.
    """
    where = f" WHERE {job.scope}" if job.scope else ""
    columns = listed(job.columns)
    return [
        scans(f"SELECT * FROM t{where}", f"SELECT * FROM {job.source} s", name=name),
        scans(
            f"SELECT tableoid, ctid, xmin, {columns} FROM t{where}",
            f"SELECT {columns} FROM {job.source} s",
            name=name + WITH_IDS,
        ),
    ]


def at_most_scans(limit, name=SCANS, **versions):
    """The targets for both of them."""
    return [Target(limit, name + WITH_IDS, **versions), Target(limit, name, **versions)]


def scans(*queries, name=SCANS, **more):
    """Runs the plan of each query and drops the rows.

    Moving a cursor to the end is the nearest to the executor's scans alone: the rows go to the receiver that does
    nothing, and unlike under EXPLAIN (ANALYZE, TIMING OFF) no node is instrumented. SELECT * of a table is the one that
    needs no projection; SELECT without columns would form an empty row for each one read.
    """
    statements = []
    for number, query in enumerate(queries):
        statements += [f"DECLARE c{number} NO SCROLL CURSOR FOR {query}", f"MOVE FORWARD ALL IN c{number}"]
    settings = {"cursor_tuple_fraction": "1"}  # planned as a query that is read to its end
    return Contender(name, tuple(statements), Role.FLOOR, settings=settings, **more)


def full_join(job, name=JOIN, **more):
    return Contender(
        name, (f"SELECT count(*) FROM {job.target} FULL JOIN {job.source} s ON {job.matched}",), Role.FLOOR, **more
    )


def full_join_workers(job, **more):
    """The server can join so with workers since version 16."""
    settings = {"max_parallel_workers_per_gather": "2"}
    return full_join(job, JOIN_WORKERS, settings=settings, since=16, **more)


def full_join_compared(job):
    """Counts the rows that differ: all that a sync without changes has to find out."""
    return Contender(
        JOIN_COMPARED,
        (f"SELECT count(*) FROM {job.target} FULL JOIN {job.source} s ON {job.matched} WHERE {differing(job)}",),
        answer="differing",
    )


def differing(job):
    key = job.keys[0]
    return f"t.{key} IS NULL OR s.{key} IS NULL OR {job.differs}"


def temporary_table(job):
    """One join, its differences in a table with the row ids, and three statements that need no other join."""
    key = job.keys[0]
    statements = (
        f"CREATE TEMP TABLE delta ON COMMIT DROP AS SELECT t.ctid AS rid, s.* FROM {with_row_id(job)}"
        f" FULL JOIN {job.source} s ON {job.matched} WHERE {differing(job)}",
        "ANALYZE delta",
        f"DELETE FROM t USING delta s WHERE t.ctid = s.rid AND s.{key} IS NULL",
        f"UPDATE t SET {job.assigned} FROM delta s WHERE t.ctid = s.rid AND s.{key} IS NOT NULL",
        f"INSERT INTO t ({job.inserted}) SELECT {job.values} FROM delta s WHERE rid IS NULL",
    )
    return Contender(TEMPORARY, statements, writes=True)


def with_row_id(job):
    return f"(SELECT ctid, * FROM t WHERE {job.scope}) t" if job.scope else "t"


def delete_gone(job):
    return f"DELETE FROM t WHERE {job.scoped}NOT EXISTS (SELECT FROM {job.source} s WHERE {job.matched})"


def three_statements(job):
    return Contender(THREE, three(job), writes=True)


def three(job):
    return (
        delete_gone(job),
        f"UPDATE t SET {job.assigned} FROM {job.source} s WHERE {job.scoped}{job.matched} AND {job.differs}",
        f"INSERT INTO t ({job.inserted}) SELECT {job.values} FROM {job.source} s"
        f" WHERE NOT EXISTS (SELECT FROM t WHERE {job.scoped}{job.matched})",
    )


def merge_text(job):
    return (
        f"MERGE INTO t USING {job.source} s ON {job.matched} WHEN MATCHED AND {job.differs}"
        f" THEN UPDATE SET {job.assigned} WHEN NOT MATCHED THEN INSERT ({job.inserted}) VALUES ({job.values})"
    )


def delete_and_merge(job):
    return Contender(DELETE_MERGE, (delete_gone(job), merge_text(job)), writes=True, since=15)


def merge_by_source(job):
    statement = f"{merge_text(job)} WHEN NOT MATCHED BY SOURCE THEN DELETE"
    return Contender(MERGE, (statement,), writes=True, since=17)


def on_conflict(job):
    """Needs a unique index on the keys alone."""
    assigned = ", ".join(f"{column} = excluded.{column}" for column in job.compared)
    differs = f"({listed(job.compared, 't.')}) IS DISTINCT FROM ({listed(job.compared, 'excluded.')})"
    statements = (
        delete_gone(job),
        f"INSERT INTO t ({job.inserted}) SELECT {job.values} FROM {job.source} s"
        f" ON CONFLICT ({listed(job.keys)}) DO UPDATE SET {assigned} WHERE {differs}",
    )
    return Contender(ON_CONFLICT, statements, writes=True)


def insert_text(job):
    return f"INSERT INTO t ({job.inserted}) SELECT {job.values} FROM {job.source} s"


def replace_all(job):
    return Contender(REPLACE, ("DELETE FROM t", insert_text(job)), writes=True, rewrites=True)


def truncate(job):
    """No other session may look at the table meanwhile, and no foreign key may point at it."""
    return Contender(TRUNCATE, ("TRUNCATE t", insert_text(job)), writes=True, rewrites=True)


def insert_select(job):
    return Contender(INSERT, (insert_text(job),), writes=True)


def all_writers(job):
    """Every method, the one that is usually the best first."""
    return [
        temporary_table(job),
        three_statements(job),
        delete_and_merge(job),
        merge_by_source(job),
        on_conflict(job),
        replace_all(job),
    ]
