"""One test case as plain data, and the SQL that it stands for: tables with their rows, settings and the call."""
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Optional

from values import Alternative, Raw, Type, ident, literal

SCHEMA = "differential_case"
CALLER = "bulk_sync_differential_caller"  # a role, for targets with a policy
SEQUENCE_START = 10000  # values from here on in a column with a sequence were taken from the sequence


@dataclass
class Column:
    name: str
    type: Type
    not_null: bool = False
    default: Optional[str] = None
    generated: Optional[str] = None  # the expression of a stored generated column
    identity: str = ""  # "ALWAYS" or "BY DEFAULT"
    sequence: str = ""  # the name of the sequence behind a serial column

    def declaration(self, identity=True, own=None):
        """own: the expression of a table that has one of its own for the generated column."""
        text = f"{ident(self.name)} {self.type.declaration()}"
        if self.generated:
            text += f" GENERATED ALWAYS AS ({own or self.generated}) STORED"
        elif self.identity and identity:
            text += f" GENERATED {self.identity} AS IDENTITY"
        elif self.default:
            text += f" DEFAULT {self.default}"
        if self.not_null:
            text += " NOT NULL"
        return text


@dataclass
class Partition:
    name: str
    bounds: str
    parent: Optional[str] = None  # None: the target itself
    by: str = ""  # partitioned itself, by this
    attached: bool = False  # made with another order of columns, and attached
    generated: Optional[str] = None  # its own expression for the generated column, when it is attached


@dataclass
class Target:
    name: str
    columns: list
    rows: list  # each a dict: column name -> literal
    kind: str = "plain"  # plain, temp, unlogged, inherited, list, range, hash, two_level
    primary_key: list = field(default_factory=list)
    unique: str = ""  # "", "UNIQUE" or "UNIQUE NULLS NOT DISTINCT", on the keys
    unique_columns: list = field(default_factory=list)
    dropped: list = field(default_factory=list)  # positions before which a dropped column lies
    partition_by: str = ""
    partitions: list = field(default_factory=list)
    child_rows: list = field(default_factory=list)  # kind inherited: the rows that live in the child
    child_generated: Optional[str] = None  # likewise: the child's own expression for the generated column
    child_turned: bool = False  # likewise: the child has its columns in another order
    late: str = ""  # the last column, added when the first late_rows rows were there already
    late_rows: int = 0
    mark: str = ""  # a column for soft_delete, which staging lacks
    index: bool = False  # an index on the keys that is not unique
    churned: bool = False  # rows have been updated before: dead versions, HOT chains
    rolled_back: bool = False  # rows are locked, and were written by subtransactions that were rolled back
    storage: dict = field(default_factory=dict)  # column -> how long values are stored
    analyzed: bool = False
    trigger: str = ""  # a BEFORE trigger: "suppress" a third of the rows, or "rewrite" a column
    trigger_column: str = ""
    watched: bool = False  # a BEFORE trigger that changes nothing: rows are written by statements
    referenced: str = ""  # a table references the id, with this ON DELETE action
    references: list = field(default_factory=list)  # the ids that it references
    self_reference: bool = False  # the column "parent" references the id
    exclusion: list = field(default_factory=list)  # columns of an exclusion constraint that compares by =
    policy: str = ""  # the rows that the caller, who is not the owner, may see and write

    def column(self, name):
        return next((column for column in self.columns if column.name == name), None)


@dataclass
class StagingColumn:
    name: str
    sql: str
    target: Optional[Type] = None  # the type of the target's column; None: the target has none of that name
    alternative: Optional[Alternative] = None  # when the type is not the target's

    def carrier(self):
        """A text that is converted by the target type's input function."""
        return self.alternative is not None and self.alternative.carrier


@dataclass
class Staging:
    name: str
    columns: list
    rows: list
    kind: str = "table"  # table, temp, unlogged, view, matview
    dropped: list = field(default_factory=list)
    late: str = ""  # the last column, added when the first rows were there already, if they have one value there
    churned: bool = False  # as those of the target
    rolled_back: bool = False
    storage: dict = field(default_factory=dict)

    def rows_before_late(self):
        if not self.late or not self.rows or isinstance(self.rows[0][self.late], Raw):
            return []
        return list(takewhile(lambda row: row[self.late] == self.rows[0][self.late], self.rows))


@dataclass
class Case:
    seed: int
    target: Target
    staging: Staging
    keys: list
    filter: Optional[str] = None
    filter_columns: list = field(default_factory=list)
    options: dict = field(default_factory=dict)  # option -> SQL text
    names: dict = field(default_factory=dict)  # option -> list of names, for the two options that name columns
    refused: list = field(default_factory=list)  # why the arguments alone must be refused; empty: they must not
    settings: list = field(default_factory=list)  # SET LOCAL commands
    isolation: str = "READ COMMITTED"
    committed: bool = False  # the tables are committed before the call
    frozen: bool = False  # and vacuumed, so that all pages are visible to everybody
    positional: bool = True
    function: str = "bulk_sync"  # or bulk_sync_json
    insert_defaults: dict = field(default_factory=dict)  # column -> literal, for new rows
    mark: str = ""  # the column of soft_delete
    touched: list = field(default_factory=list)  # the columns of touch_columns
    update_when: Optional[str] = None
    ragged: bool = False  # objects of bulk_sync_json lack members that others have

    def compared(self):
        """The columns that are compared and updated, in the target's order."""
        staged = {column.name for column in self.staging.columns}
        chosen = []
        for column in self.target.columns:
            if (
                column.name not in staged
                or column.generated
                or column.identity
                or column.name in self.ignored() + [self.mark]
            ):
                continue
            if column.name in self.target.primary_key and column.name not in self.keys:
                continue
            if self.chosen() is None or column.name in self.chosen() or column.name in self.keys:
                chosen.append(column)
        return chosen

    def common(self):
        """The columns that both sides have, less generated ones."""
        staged = {column.name for column in self.staging.columns}
        return [column for column in self.target.columns if column.name in staged and not column.generated]

    def inserted(self):
        """The columns that new rows get a value of the call's for."""
        return [column for column in self.common() if column.name not in self.touched] + [
            column for column in self.target.columns if column.name in self.insert_defaults
        ]

    def chosen(self):
        return self.names.get("columns")

    def ignored(self):
        return self.names.get("ignore_columns", [])

    def flag(self, option):
        return self.options.get(option) == "true"

    def default_when_null(self, column):
        """On insert a staged NULL takes the default in these columns."""
        return bool(column.identity) or column.name in self.target.primary_key and column.name not in self.keys

    def generated_keys(self):
        return [column for column in self.target.columns if column.generated and column.name in (self.keys or [])]

    def qualified_target(self):
        return ident(self.target.name) if self.target.kind == "temp" else f"{SCHEMA}.{ident(self.target.name)}"

    def qualified_staging(self):
        return ident(self.staging.name) if self.staging.kind == "temp" else f"{SCHEMA}.{ident(self.staging.name)}"

    def defer_constraints(self):
        """Foreign keys are to be checked when all three statements have run."""
        return (
            [f"ALTER TABLE {SCHEMA}.referencing ALTER CONSTRAINT outer_key DEFERRABLE INITIALLY DEFERRED"]
            if self.target.referenced
            else []
        ) + ([f"SET CONSTRAINTS {SCHEMA}.inner_key DEFERRED"] if self.target.self_reference else [])

    def restart_sequences(self):
        name = self.qualified_target()
        return [
            f"ALTER TABLE {name} ALTER {ident(c.name)} RESTART WITH {SEQUENCE_START}"
            for c in self.target.columns
            if c.identity
        ] + [
            f"ALTER SEQUENCE {SCHEMA}.{ident(c.sequence)} RESTART WITH {SEQUENCE_START}"
            for c in self.target.columns
            if c.sequence
        ]

    def sequences(self):
        """SQL expressions that give the sequences' names."""
        table = literal(self.qualified_target())
        return [
            (
                f"pg_get_serial_sequence({table}, {literal(c.name)})"
                if c.identity
                else literal(f"{SCHEMA}.{ident(c.sequence)}")
            )
            for c in self.target.columns
            if c.identity or c.sequence
        ]

    def setup(self):
        return (
            [f"CREATE SCHEMA {SCHEMA}", f"SET search_path = {SCHEMA}, public"]
            + target_sql(self)
            + after_rows_sql(self)
            + staging_sql(self)
            + self.grants()
        )

    def grants(self):
        """What the caller needs who is subject to the policy."""
        if not self.target.policy:
            return []
        return [
            f"GRANT USAGE ON SCHEMA {SCHEMA} TO {CALLER}",
            f"GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO {CALLER}",
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {CALLER}",
            f"GRANT ALL ON {self.qualified_staging()} TO {CALLER}",
        ]

    def vacuum(self):
        base = f'{SCHEMA}."base of staging"' if self.staging.kind == "view" else self.qualified_staging()
        return [f"VACUUM (FREEZE) {self.qualified_target()}, {base}"] if self.frozen else []

    def as_caller(self):
        return [f"SET LOCAL ROLE {CALLER}"] if self.target.policy else []

    def is_ordered(self):
        """Is the order of staging known, and with it the ids of new rows? Workers give rows as they come."""
        return not any("parallel" in setting for setting in self.settings)

    def call(self, function="", options=None):
        function = function or self.function
        options = self.options if options is None else options
        keys = self.key_array()
        source = literal(self.qualified_staging())
        if function.startswith("bulk_sync_json"):
            source = self.objects(keys)
        arguments = [literal(self.qualified_target()), source, keys]
        if not self.positional:
            names = ("target", "rows" if function.startswith("bulk_sync_json") else "staging", "keys")
            arguments = [f"{name} => {value}" for name, value in zip(names, arguments)]
        if self.filter is not None or not options:
            arguments.append(("" if self.positional else "filter => ") + literal(self.filter))
        arguments += [f"{name} => {value}" for name, value in options.items()]
        return f"SELECT * FROM {function}({', '.join(arguments)})"

    def key_array(self):
        return "NULL" if self.keys is None else "ARRAY[" + ", ".join(literal(key) for key in self.keys) + "]::text[]"

    def objects(self, keys):
        """The rows of staging as an array of objects. Of ragged ones each second leaves out what is NULL but keys."""
        if not self.ragged:
            return f"(SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM {self.qualified_staging()} s)"
        return (
            "(SELECT coalesce(jsonb_agg(CASE number % 2 WHEN 1 THEN object ELSE object - ARRAY(SELECT key FROM"
            f" jsonb_each(object) WHERE value = 'null' AND key <> ALL ({keys})) END), '[]') FROM (SELECT to_jsonb(s),"
            f" row_number() OVER () FROM {self.qualified_staging()} s) AS o (object, number))"
        )


def with_dropped(declarations, dropped):
    """Puts a column that is dropped later before each of the positions."""
    result = []
    for position, declaration in enumerate(declarations):
        result += [f'"gone {position}" int DEFAULT 1'] if position in dropped else []
        result.append(declaration)
    return result


def drop_sql(name, dropped, count):
    return [f'ALTER TABLE {name} DROP COLUMN "gone {position}"' for position in dropped if position < count]


def insert_sql(table, columns, rows, overriding=""):
    """INSERTs of at most 500 rows each."""
    if not columns:
        return [f"INSERT INTO {table} DEFAULT VALUES" for _ in rows]
    names = ", ".join(ident(name) for name in columns)
    statements = []
    for start in range(0, len(rows), 500):
        lines = ",\n  ".join(
            "(" + ", ".join(literal(row[name]) for name in columns) + ")" for row in rows[start : start + 500]
        )
        statements.append(f"INSERT INTO {table} ({names}){overriding} VALUES\n  {lines}")
    return statements


def target_sql(case):
    target = case.target
    name = case.qualified_target()
    early = [column for column in target.columns if column.name != target.late]
    statements = [f"CREATE SEQUENCE {SCHEMA}.{ident(c.sequence)}" for c in target.columns if c.sequence]
    declarations = with_dropped([column.declaration() for column in early], target.dropped)
    if target.primary_key:
        declarations.append("PRIMARY KEY (" + ", ".join(ident(key) for key in target.primary_key) + ")")
    create = {"temp": "CREATE TEMP TABLE", "unlogged": "CREATE UNLOGGED TABLE"}.get(target.kind, "CREATE TABLE")
    by = f" PARTITION BY {target.partition_by}" if target.partition_by else ""
    statements.append(f"{create} {name} ({', '.join(declarations)}){by}")
    statements += drop_sql(name, target.dropped, len(early))
    statements += storage_sql(name, target, target.late)
    for partition in target.partitions:
        statements += partition_sql(
            partition,
            early,
            name,
            lambda column, own=partition.generated: column.declaration(identity=False, own=own)
            + (" NOT NULL" if column.name in target.primary_key and not column.not_null else ""),
        )
    if target.kind == "inherited":
        statements += child_sql(target, early, name)
    statements += rows_sql(case, name, early, target.rows[: target.late_rows], 0)
    if target.late:
        statements.append(f"ALTER TABLE {name} ADD COLUMN {target.column(target.late).declaration()}")
    statements += rows_sql(case, name, target.columns, target.rows[target.late_rows :], target.late_rows)
    if target.unique:
        columns = ", ".join(ident(key) for key in target.unique_columns)
        words = target.unique.split(" ", 1)
        statements.append(f"CREATE UNIQUE INDEX ON {name} ({columns})" + (" " + words[1] if len(words) > 1 else ""))
    if target.policy:
        statements += [
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY some_rows ON {name} USING ({target.policy})",
        ]
    if target.exclusion:
        statements.append(
            f"ALTER TABLE {name} ADD EXCLUDE USING btree ("
            + ", ".join(f"{ident(key)} WITH =" for key in target.exclusion)
            + ")"
        )
    return statements


SUPPRESS = """BEGIN
  IF abs(hashtext((CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END).{column}::text)) % 3 = 0 THEN RETURN NULL; END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END"""
REWRITE = """BEGIN
  NEW.{column} := NULL;
  RETURN NEW;
END"""


def after_rows_sql(case):
    """What happens to the target when its rows are in: churn, an index, statistics, a trigger."""
    target, name = case.target, case.qualified_target()
    keys = ", ".join(ident(key) for key in case.keys or [] if target.column(key))
    column = ident(target.trigger_column)
    statements = []
    if target.churned:
        plain = next(ident(c.name) for c in target.columns if not c.generated and c.identity != "ALWAYS")
        statements += [f"UPDATE {name} SET {plain} = {plain}"] * 2
    statements += rolled_back_sql(name) if target.rolled_back else []
    if target.index and keys:
        statements.append(f"CREATE INDEX ON {name} ({keys})")
    if target.analyzed:
        statements.append(f"ANALYZE {name}")
    if target.referenced:
        statements.append(
            f"CREATE TABLE {SCHEMA}.referencing (id int8 CONSTRAINT outer_key REFERENCES {name} ON DELETE"
            f" {target.referenced})"
        )
        statements += insert_sql(f"{SCHEMA}.referencing", ["id"], [{"id": value} for value in target.references])
    if target.self_reference:
        statements.append(
            f"ALTER TABLE {name} ADD CONSTRAINT inner_key FOREIGN KEY (parent) REFERENCES {name} DEFERRABLE INITIALLY"
            " IMMEDIATE"
        )
    if target.trigger:
        body = (SUPPRESS if target.trigger == "suppress" else REWRITE).format(column=column)
        events = "INSERT OR UPDATE OR DELETE" if target.trigger == "suppress" else "INSERT OR UPDATE"
        statements += [
            f"CREATE FUNCTION {SCHEMA}.meddle() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
            f"CREATE TRIGGER meddle BEFORE {events} ON {name} FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.meddle()",
        ]
    if target.watched:
        statements += [
            f"CREATE FUNCTION {SCHEMA}.watch() RETURNS trigger LANGUAGE plpgsql "
            "AS $$BEGIN RETURN coalesce(NEW, OLD); END$$",
            f"CREATE TRIGGER watch BEFORE INSERT OR UPDATE OR DELETE ON {name} "
            f"FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.watch()",
        ]
    return statements


def rolled_back_sql(name):
    """Row versions and locks of a transaction, or of subtransactions of it, that do not count."""
    return [
        "SAVEPOINT before_rows",
        f"SELECT FROM {name} FOR KEY SHARE",
        "RELEASE before_rows",
        "SAVEPOINT before_rows",
        f"DELETE FROM {name} WHERE ctid::text LIKE '%1)'",
        f"SELECT FROM {name} FOR UPDATE",
        "ROLLBACK TO before_rows",
        f"SELECT FROM {name} FOR SHARE",
    ]


def storage_sql(name, table, late):
    return [
        f"ALTER TABLE {name} ALTER {ident(column)} SET STORAGE {storage}"
        for column, storage in table.storage.items()
        if column != late
    ]


def partition_sql(partition, columns, root, declare, schema=SCHEMA):
    """A partition of `root`, which is the target or a table like it; declare(column) gives its columns their text."""
    parent = f"{schema}.{ident(partition.parent)}" if partition.parent else root
    name = f"{schema}.{ident(partition.name)}"
    by = f" PARTITION BY {partition.by}" if partition.by else ""
    if not partition.attached:
        return [f"CREATE TABLE {name} PARTITION OF {parent} {partition.bounds}{by}"]
    declarations = [declare(column) for column in reversed(columns)]
    return [
        f"CREATE TABLE {name} (\"gone p\" int, {', '.join(declarations)}){by}",
        f'ALTER TABLE {name} DROP COLUMN "gone p"',
        f"ALTER TABLE {parent} ATTACH PARTITION {name} {partition.bounds}",
    ]


def child_sql(target, columns, parent):
    """The child of an inheritance parent, which has a column of its own."""
    name = f"{SCHEMA}.child"
    if not target.child_turned:
        own = [c.declaration(own=target.child_generated) for c in columns if c.generated and target.child_generated]
        return [f"CREATE TABLE {name} ({', '.join(['only_here int'] + own)}) INHERITS ({parent})"]
    # What a parent has that is NOT NULL has to be so in a table that is made its child.
    declarations = [
        column.declaration(identity=False, own=target.child_generated)
        + (" NOT NULL" if not column.not_null and (column.identity or column.name in target.primary_key) else "")
        for column in reversed(columns)
    ]
    return [f"CREATE TABLE {name} (only_here int, {', '.join(declarations)})", f"ALTER TABLE {name} INHERIT {parent}"]


def rows_sql(case, name, columns, rows, offset):
    names = [column.name for column in columns if not column.generated]
    overriding = " OVERRIDING SYSTEM VALUE" if any(column.identity for column in columns) else ""
    child = [row for index, row in enumerate(rows, offset) if index in case.target.child_rows]
    own = [row for index, row in enumerate(rows, offset) if index not in case.target.child_rows]
    return insert_sql(name, names, own, overriding) + insert_sql(f"{SCHEMA}.child", names, child)


def staging_sql(case):
    staging = case.staging
    name = case.qualified_staging()
    base = f'{SCHEMA}."base of staging"' if staging.kind in ("view", "matview") else name
    create = {"temp": "CREATE TEMP TABLE", "unlogged": "CREATE UNLOGGED TABLE"}.get(staging.kind, "CREATE TABLE")
    names = [column.name for column in staging.columns]
    early = [column for column in staging.columns if column.name != staging.late]
    declarations = with_dropped([f"{ident(column.name)} {column.sql}" for column in early], staging.dropped)
    statements = [f"{create} {base} ({', '.join(declarations)})"] + drop_sql(base, staging.dropped, len(early))
    statements += storage_sql(base, staging, staging.late)
    before = staging.rows_before_late()
    if staging.late:
        statements += insert_sql(base, names[:-1], before)
        value = before[0][staging.late] if before else None
        statements.append(
            f"ALTER TABLE {base} ADD COLUMN {ident(staging.late)} {staging.columns[-1].sql}"
            + (f" DEFAULT {literal(value)}" if value is not None else "")
        )
    statements += insert_sql(base, names, staging.rows[len(before) :])
    if staging.churned:
        statements += [f"UPDATE {base} SET {ident(names[0])} = {ident(names[0])}"] * 2
    statements += rolled_back_sql(base) if staging.rolled_back else []
    if base != name:
        columns = ", ".join(ident(column.name) for column in staging.columns)
        word = "VIEW" if staging.kind == "view" else "MATERIALIZED VIEW"
        statements.append(f"CREATE {word} {name} AS SELECT {columns} FROM {base}")
    return statements
