"""What the specification says must come of a case, worked out without the extension.

Plain SQL is asked for what only the server knows: each staging value as an INSERT stores it, which rows the filter keeps, which keys
are equal, the stored image of every value. The decision - who is created, updated, deleted, left alone, and what is refused - is made
here in Python. Then three plain statements carry the decision out in a savepoint, which gives the final rows and constraint errors.
"""
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import psycopg2

from case import SCHEMA, SEQUENCE_START, Column, partition_sql
from values import BY_NAME, ident, literal

PLACE = '"place in oracle"'       # numbers the rows of the oracle's tables


@dataclass
class TargetRow:
    place: tuple        # (tableoid, ctid)
    version: str        # xmin
    in_scope: bool
    image: tuple        # one image a column, None for NULL


@dataclass
class Decision:
    created: list = field(default_factory=list)     # staging row numbers
    updated: list = field(default_factory=list)     # (target row, staging row number)
    deleted: list = field(default_factory=list)     # target rows
    unchanged: list = field(default_factory=list)   # target rows
    changes: dict = field(default_factory=dict)     # staging row number -> names of the changed columns
    marked: set = field(default_factory=set)        # places of the rows that are soft-deleted already
    generated: dict = field(default_factory=dict)   # staging row number -> generated columns of the row to write, as JSON, when they are wanted
    documents: dict = None                          # the rows as JSON, when they are wanted: place or staging row number -> two texts


@dataclass
class Prediction:
    """An error (one of the codes), or the counts and the final rows. With may_fail, the error may come and need not."""
    codes: set = field(default_factory=set)
    phase: str = ""
    may_fail: set = field(default_factory=set)
    stats: tuple = ()
    final: Counter = None
    kept: dict = None               # place -> version of the rows that must not be written
    written: int = 0                # rows that the call writes a version of
    sequences: list = None
    references: list = None         # the final rows of the table that references the target
    again: tuple = None             # what a second call must count; None: not known
    decision: Decision = None
    loose: bool = False             # only "no crash" can be said


class Expected(Exception):
    def __init__(self, phase, codes, decision=None):
        super().__init__(phase)
        self.prediction = Prediction(codes=set(codes), phase=phase, decision=decision)


def image(case, column):
    name = ident(column.name)
    if (column.sequence or column.identity) and not case.is_ordered():
        return f"CASE WHEN {name} >= {SEQUENCE_START} THEN 'from sequence' ELSE encode({column.type.send}({name}), 'hex') END"
    return f"encode({column.type.send}({name}), 'hex')"


def read_target(cursor, case, scope=True):
    images = ", ".join(image(case, column) for column in case.target.columns)
    conditions = [text for text in (case.filter, case.target.policy) if text and scope]
    in_scope = " AND ".join(f"((\n{text}\n)) IS TRUE" for text in conditions) or "true"
    cursor.execute(f"SELECT tableoid::int8, ctid::text, xmin::text, {in_scope}, {images} FROM {case.qualified_target()}")
    return [TargetRow((row[0], row[1]), row[2], row[3], tuple(row[4:])) for row in cursor.fetchall()]


def read_sequences(cursor, case):
    values = []
    for source in case.sequences():
        cursor.execute(f"SELECT {source}")
        cursor.execute(f"SELECT last_value, is_called FROM {cursor.fetchone()[0]}")
        values.append(cursor.fetchone())
    return values


def read_references(cursor, case):
    if not case.target.referenced:
        return None
    cursor.execute(f"SELECT id FROM {SCHEMA}.referencing ORDER BY id")
    return cursor.fetchall()


class Oracle:
    def __init__(self, cursor, case, documents=False):
        self.cursor = cursor
        self.case = case
        self.documents = documents
        self.compared, self.inserted, self.held = [], [], []

    def predict(self):
        """Leaves its tables behind: the caller rolls back to a savepoint."""
        if self.case.refused:
            return Prediction(codes={"22", "42", "0A"}, phase="refused")
        self.compared, self.inserted = self.case.compared(), self.case.inserted()
        self.held = self.inserted + self.case.generated_keys()
        self.run("SAVEPOINT prediction")
        try:
            return self.work()
        except Expected as expected:
            return expected.prediction

    def run(self, sql):
        self.cursor.execute(sql)
        return self.cursor.rowcount

    def rows(self, sql):
        self.cursor.execute(sql)
        return self.cursor.fetchall()

    def attempt(self, sql):
        """Runs it; None, or the error's code when it fails."""
        self.run("SAVEPOINT attempt")
        try:
            self.cursor_rows = 0
            self.cursor_rows = self.run(sql)
        except psycopg2.Error as error:
            self.run("ROLLBACK TO attempt")
            return error.pgcode
        self.run("RELEASE attempt")
        return None

    # ----- the phases

    def work(self):
        case = self.case
        self.target = read_target(self.cursor, case)
        codes, loose = self.convert()
        if loose:
            return Prediction(loose=True)
        if codes:           # whether there are duplicates as well cannot be told, and either error may come first
            raise Expected("values", codes | {"21000"})
        decision = self.diff()
        self.check_stored(decision)
        self.guards(decision)
        prediction = Prediction(stats=self.stats(decision), decision=decision)
        self.replay(decision, prediction)
        return prediction

    def convert(self):
        """Fills the oracle's staging table: the staged values as an INSERT would store them."""
        columns = "".join(f", {ident(c.name)} {c.type.declaration()}" for c in self.held)
        self.run(f"CREATE TEMP TABLE oracle_staging ({PLACE} int{columns})")
        self.expressions = {column.name: self.expression(column) for column in self.held}
        names = "".join(f", {ident(c.name)}" for c in self.held)
        values = "".join(f", {self.expressions[c.name]}" for c in self.held)
        if not self.attempt(f"INSERT INTO oracle_staging ({PLACE}{names}) SELECT (row_number() OVER ())::int{values} FROM {self.source()}"):
            self.read_staging()
            return set(), False
        return self.conversion_errors()

    def source(self):
        """The staged rows; those of bulk_sync_json as objects, one a row."""
        staging = self.case.qualified_staging()
        if self.case.function == "bulk_sync_json":
            return f'(SELECT to_jsonb(s) AS "an object" FROM {staging} s) AS objects'
        return staging

    def expression(self, column):
        """How the staged value is put where a value of the target's column goes."""
        name, plain = ident(column.name), column.type.plain
        if column.name in self.case.insert_defaults:
            value = literal(json.dumps({column.name: self.case.insert_defaults[column.name]}))
            return f"(jsonb_populate_record(NULL::oracle_staging, {value}::jsonb)).{name}"
        if self.case.function == "bulk_sync_json":
            member = literal(column.name)
            return f'(jsonb_populate_record(NULL::oracle_staging, jsonb_build_object({member}, "an object"->{member}))).{name}'
        staged = next(other for other in self.case.staging.columns if other.name == column.name)
        return f"CAST({name} AS {plain})" if staged.carrier() and plain else name

    def conversion_errors(self):
        """The codes of all values that do not convert; loose when only columns fail that need not be looked at."""
        self.attempts = 0
        codes, must_fail, needed = set(), False, {c.name for c in self.compared} | set(self.case.keys)
        count = len(self.case.staging.rows)
        self.run(f"CREATE TEMP TABLE oracle_source AS SELECT (row_number() OVER ())::int AS {PLACE}, * FROM {self.source()}")
        for column in self.held:
            insert = f"INSERT INTO oracle_staging ({ident(column.name)}) SELECT {self.expressions[column.name]} FROM oracle_source"
            found = self.failing(insert, 1, count)
            codes |= found
            must_fail = must_fail or bool(found) and column.name in needed
        return codes, not must_fail

    def failing(self, insert, first, last):
        """The codes of the rows from first to last that fail, found by halving."""
        code = self.attempt(f"{insert} WHERE {PLACE} BETWEEN {first} AND {last}")
        self.attempts += 1
        if code is None or first >= last or self.attempts > 200:
            return {code} - {None}
        middle = (first + last) // 2
        return self.failing(insert, first, middle) | self.failing(insert, middle + 1, last)

    def read_staging(self):
        images = "".join(f", {image(self.case, c)}" for c in self.held)
        self.staged = {row[0]: dict(zip([c.name for c in self.held], row[1:])) for row in self.rows(f"SELECT {PLACE}{images} FROM oracle_staging")}

    def diff(self):
        case = self.case
        by_key, staged_keys = self.ranks()
        if any(len(places) > 1 for places in staged_keys.values()):
            raise Expected("duplicates", {"21000"})
        if any(len(by_key.get(key, ())) > 1 for key in staged_keys):
            raise Expected("duplicates", {"21000"})
        decision = Decision(marked=self.marked())
        position = {column.name: i for i, column in enumerate(case.target.columns)}
        for key, (place,) in staged_keys.items():
            matched = by_key.pop(key, None)
            if not matched:
                decision.created.append(place)
                continue
            staged, row = self.staged[place], matched[0]
            changed = [c.name for c in self.compared if staged[c.name] != row.image[position[c.name]]]
            changed += [case.mark] if row.place in decision.marked else []
            if changed:
                decision.updated.append((row, place))
                decision.changes[place] = changed
            else:
                decision.unchanged.append(row)
        decision.deleted = [row for rows in by_key.values() for row in rows if row.place not in decision.marked]
        decision.documents = self.read_documents() if self.documents else None
        return decision

    def marked(self):
        """The places of the rows that carry the mark of soft_delete."""
        if not self.case.mark:
            return set()
        mark = self.case.target.column(self.case.mark)
        test = f"{ident(mark.name)} IS TRUE" if mark.type.name == "bool" else f"{ident(mark.name)} IS NOT NULL"
        return set(self.rows(f"SELECT tableoid::int8, ctid::text FROM {self.case.qualified_target()} WHERE {test}"))

    def read_documents(self):
        """Each row twice: as to_jsonb() has it, and with the text that the types' output functions make of its values."""
        target = self.case.qualified_target()
        found = {(oid, place): (row, texts) for oid, place, row, texts in self.rows(
            f'SELECT tableoid::int8, ctid::text, to_jsonb("a row")::text, {self.texts(target)} FROM {target} AS "a row"')}
        found.update((place, (row, texts)) for place, row, texts in self.rows(
            f'SELECT {PLACE}, (to_jsonb("a row") - \'place in oracle\')::text, {self.texts("oracle_staging")} FROM oracle_staging AS "a row"'))
        return found

    def texts(self, relation):
        names = [name for name, in self.rows("SELECT attname::text FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped "
                                             f"AND attrelid = {literal(relation)}::regclass")]
        return "(" + " || ".join(f"jsonb_build_object({literal(name)}, CASE num_nulls({ident(name)}) WHEN 0 THEN format('%s', {ident(name)}) END)"
                                 for name in names) + ")::text"

    def ranks(self):
        """Groups the rows of both sides by key, equal as the default ordering of the target's types says."""
        keys = [ident(key) for key in self.case.keys]
        ranks = ", ".join(f"dense_rank() OVER (ORDER BY {key})" for key in keys)
        names = ", ".join(keys)
        by_place = {row.place: row for row in self.target if row.in_scope}
        target_keys, staged_keys = defaultdict(list), defaultdict(list)
        for oid, place, *key in self.rows(
                f"SELECT o, p, {ranks} FROM (SELECT tableoid::int8 AS o, ctid::text AS p, {names} FROM {self.case.qualified_target()}"
                f" UNION ALL SELECT 0, {PLACE}::text, {names} FROM oracle_staging) AS both_sides"):
            if oid == 0:
                staged_keys[tuple(key)].append(int(place))
            elif (oid, place) in by_place:
                target_keys[tuple(key)].append(by_place[oid, place])
        return target_keys, staged_keys

    # ----- checks before the first write

    def written(self, decision):
        """What the skip options leave to write."""
        case = self.case
        return ([] if case.flag("skip_creates") else decision.created, [] if case.flag("skip_updates") else decision.updated,
                [] if case.flag("skip_deletes") else decision.deleted)

    def check_stored(self, decision):
        """What the rows to write will be as they are stored: outside of the scope, under another key, or against the policy?"""
        case = self.case
        self.early_codes, self.outside, self.forbidden = set(), False, False
        created, updated, _ = self.written(decision)
        if any(self.staged[place][c.name] is None for c in self.held if c.identity and c.name in case.keys for place in created):
            self.early_codes.add("22004")
        shown = self.documents and any(column.generated for column in case.target.columns)
        if not (created or updated) or case.filter is None and not case.generated_keys() and not case.target.policy and not shown:
            return
        self.store(created, updated)
        if shown:
            generated = ", ".join(f"{literal(c.name)}, {ident(c.name)}" for c in case.target.columns if c.generated)
            decision.generated = dict(self.rows(f"SELECT {PLACE}, jsonb_build_object({generated})::text FROM"
                                                " (TABLE oracle_stored UNION ALL TABLE oracle_child) AS stored"))
        if case.filter is not None:
            self.outside = self.uses_sequence(created) or self.stored_against(case.filter)
            if self.outside and not case.flag("allow_out_of_scope"):
                self.early_codes.add("44000")
        keys = [ident(key.name) for key in case.generated_keys()]
        if keys and self.rows(f"SELECT count(*) FROM oracle_stored AS s JOIN oracle_staging AS o USING ({PLACE}) WHERE "
                              + " OR ".join(f"s.{key} IS DISTINCT FROM o.{key}" for key in keys))[0][0]:
            self.early_codes.add("44000")
        self.forbidden = bool(case.target.policy) and self.stored_against(case.target.policy)

    def uses_sequence(self, created):
        """The filter looks at a column that takes its value from a sequence in a new row."""
        staged = {column.name for column in self.inserted}
        for column in self.case.target.columns:
            if column.name in self.case.filter_columns and (column.identity or column.sequence):
                nulls_take = self.case.default_when_null(column)
                if any(column.name not in staged or nulls_take and self.staged[place][column.name] is None for place in created):
                    return True
        return False

    def store(self, created, updated):
        """Puts the rows to write into oracle_stored, a table like the target with all its partitions, or its child."""
        target = self.case.target

        def declare(column, own=None):
            text = f"{ident(column.name)} {column.type.declaration()}"
            if column.generated:
                return f"{text} GENERATED ALWAYS AS ({own or column.generated}) STORED"
            return text + (f" DEFAULT {column.default}" if column.default and not column.sequence else "")

        columns = [Column(PLACE[1:-1], BY_NAME["int4"])] + target.columns
        by = f" PARTITION BY {target.partition_by}" if target.partition_by else ""
        self.run(f"CREATE TEMP TABLE oracle_stored ({', '.join(map(declare, columns))}){by}")
        for partition in target.partitions:
            for sql in partition_sql(partition, columns, "pg_temp.oracle_stored", lambda column, own=partition.generated: declare(column, own), "pg_temp"):
                self.run(sql)
        self.run("CREATE TEMP TABLE oracle_child (" + ", ".join(declare(c, target.child_generated) for c in columns) + ")")
        if created:
            self.run(self.insert_sql("oracle_stored", created))
        if not updated:
            return
        plain = [c for c in target.columns if not c.generated]
        compared = {c.name for c in self.compared}
        values = ", ".join(self.cleared(c, "t.") if c.name == self.case.mark else ("o." if c.name in compared else "t.") + ident(c.name) for c in plain)
        for table, lives in (("oracle_stored", "NOT"), ("oracle_child", "")):
            self.run(f"INSERT INTO {table} ({', '.join([PLACE] + [ident(c.name) for c in plain])}) SELECT o.{PLACE}, {values}"
                     f" FROM {self.case.qualified_target()} t JOIN {pairs(updated)} ON t.tableoid = p.o AND t.ctid = p.c"
                     f" JOIN oracle_staging o ON o.{PLACE} = p.n WHERE {lives} (t.tableoid IS NOT DISTINCT FROM to_regclass('{SCHEMA}.child'))")

    def stored_against(self, condition):
        """Is the condition not true of some row that will be stored?"""
        return any(self.rows(f"SELECT count(*) FROM {table} AS {ident(self.case.target.name)} WHERE ((\n{condition}\n)) IS NOT TRUE")[0][0]
                   for table in ("oracle_stored", "oracle_child"))

    def guards(self, decision):
        case, scope = self.case, sum(row.in_scope and row.place not in decision.marked for row in self.target)
        deletes = len(decision.deleted)
        if not case.flag("skip_deletes"):
            if not self.staged and scope and not case.flag("allow_empty"):
                self.early_codes.add("55000")
            if "max_deletes" in case.options and deletes > int(case.options["max_deletes"]):
                self.early_codes.add("55000")
            if "max_delete_ratio" in case.options and deletes > float(case.options["max_delete_ratio"]) * scope:
                self.early_codes.add("55000")
        if self.early_codes:
            raise Expected("checks", self.early_codes, decision)

    # ----- the writes

    def stats(self, decision):
        created, updated, deleted = self.written(decision)
        skipped = len(decision.created) - len(created) + len(decision.updated) - len(updated)
        return len(created), len(updated), len(deleted), len(decision.unchanged), skipped

    def insert_sql(self, table, places):
        """The new rows in the order of staging; in some columns a NULL takes the default, which a copy of the target has no sequences for."""
        columns = [ident(c.name) for c in self.inserted]
        values = [self.value_or_default(c, table == self.case.qualified_target()) for c in self.inserted]
        if self.case.mark and self.case.target.column(self.case.mark).default:
            columns.append(ident(self.case.mark))
            values.append("false" if self.case.target.column(self.case.mark).type.name == "bool" else "NULL")
        if table == "oracle_stored":
            columns.append(PLACE)
            values.append(PLACE)
        listed = ", ".join(map(str, places))
        into = f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"
        return f"{into} SELECT {', '.join(values)} FROM oracle_staging WHERE {PLACE} IN ({listed}) ORDER BY {PLACE}"

    def value_or_default(self, column, sequences):
        name, default = ident(column.name), column.default
        if column.identity:
            default = f"nextval(pg_get_serial_sequence({literal(self.case.qualified_target())}, {literal(column.name)}))"
        if not default or not self.case.default_when_null(column) or (column.identity or column.sequence) and not sequences:
            return name
        return f"coalesce({name}, {default})"

    def update_sql(self, updated):
        sets = [f"{ident(c.name)} = o.{ident(c.name)}" for c in self.compared]
        if self.case.mark:
            mark = self.case.target.column(self.case.mark)
            sets.append(f"{ident(mark.name)} = {self.cleared(mark, 't.')}")
        sets = ", ".join(sets)
        return (f"UPDATE {self.case.qualified_target()} t SET {sets} FROM {pairs(updated)} JOIN oracle_staging o ON o.{PLACE} = p.n"
                " WHERE t.tableoid = p.o AND t.ctid = p.c")

    def cleared(self, mark, prefix):
        """The mark of a row that is in staging: a set one is taken away, another one stays as it is."""
        name = prefix + ident(mark.name)
        return f"CASE WHEN {name} THEN false ELSE {name} END" if mark.type.name == "bool" else "NULL"

    def delete_sql(self, rows):
        if self.case.mark:
            value = "true" if self.case.target.column(self.case.mark).type.name == "bool" else "now()"
            return (f"UPDATE {self.case.qualified_target()} t SET {ident(self.case.mark)} = {value} FROM {pairs((row, 0) for row in rows)}"
                    " WHERE t.tableoid = p.o AND t.ctid = p.c")
        return f"DELETE FROM {self.case.qualified_target()} t USING {pairs((row, 0) for row in rows)} WHERE t.tableoid = p.o AND t.ctid = p.c"

    def statements(self, created, updated, deleted):
        target = self.case.qualified_target()
        return ([self.delete_sql(deleted)] if deleted else []) + ([self.update_sql(updated)] if updated else []) \
            + ([self.insert_sql(target, created)] if created else [])

    def replay(self, decision, prediction):
        created, updated, deleted = self.written(decision)
        dry = self.case.flag("dry_run")
        prediction.sequences = read_sequences(self.cursor, self.case)
        self.run("SAVEPOINT replay")
        codes = self.write(prediction, created, updated, deleted, dry)
        if codes or self.forbidden:
            self.run("ROLLBACK TO replay")
            codes |= self.single_errors(created, updated, deleted) | ({"42501"} if self.forbidden else set())
            if not dry:
                raise Expected("writes", codes, decision)
            prediction.may_fail = codes
        if dry:
            self.run("ROLLBACK TO replay")
            created, updated, deleted = [], [], []
        after = read_target(self.cursor, self.case, scope=False)
        prediction.references = read_references(self.cursor, self.case)
        prediction.final = Counter(row.image for row in after)
        gone = {row.place for row in deleted} | {row.place for row, _ in updated}
        prediction.kept = {row.place: row.version for row in self.target if row.place not in gone}
        prediction.written = len(created) + len(updated) + (len(deleted) if self.case.mark else 0)
        if not dry:
            prediction.sequences = read_sequences(self.cursor, self.case)
        if self.case.target.trigger:
            versions = {row.place: row.version for row in after}
            prediction.kept = {row.place: row.version for row in self.target if versions.get(row.place) == row.version}
            prediction.written = len(after) - len(prediction.kept)
        elif not dry and not self.outside:
            skipped = prediction.stats[4]
            prediction.again = (0, 0, 0, len(self.staged) - skipped, skipped)

    def write(self, prediction, created, updated, deleted, dry):
        """Carries the decision out; what a trigger suppressed is skipped. The codes of errors."""
        counts, codes = [], set()
        for sql in self.case.defer_constraints():
            self.run(sql)
        for rows in ((), (), deleted), ((), updated, ()), (created, (), ()):
            counts.append(0)
            for sql in self.statements(*rows):
                codes.add(self.attempt(sql))
                counts[-1] += self.cursor_rows
        codes.add(self.attempt("SET CONSTRAINTS ALL IMMEDIATE"))
        if self.case.target.trigger and not dry and codes <= {None}:
            stats = prediction.stats
            prediction.stats = (counts[2], counts[1], counts[0], stats[3], stats[4] + sum(stats[:3]) - sum(counts))
        return codes - {None}

    def single_errors(self, created, updated, deleted):
        """Which errors the rows give one by one, when it is not determined which comes first."""
        codes, many = set(), 60     # of large cases the first rows will do
        for row in deleted[:many]:
            codes.add(self.attempt(self.delete_sql([row])))
        for pair in updated[:many]:
            codes.add(self.attempt(self.update_sql([pair])))
        for place in created[:many]:
            codes |= {self.attempt(sql) for sql in self.statements([place], [], [])}
        return codes - {None}


def pairs(rows):
    values = ", ".join(f"({row.place[0]}::oid, '{row.place[1]}'::tid, {number})" for row, number in rows)
    return f"(VALUES {values}) AS p (o, c, n)"
