"""What the specification says must come of a case, worked out without the extension.

Plain SQL is asked for what only the server knows: each staging value as an INSERT stores it, which rows the filter
keeps, which keys are equal, the stored image of every value. The decision - who is created, updated, deleted, left
alone, and what is refused - is made here in Python. Then three plain statements carry the decision out in a savepoint,
which gives the final rows and constraint errors.
"""
import json
from collections import defaultdict

import psycopg2

from case import SCHEMA, Column, partition_sql
from prediction import Decision, Expected, Prediction, image, read_target
from replay import PLACE, Replay, pairs
from values import BY_NAME, ident, literal


class Oracle(Replay):
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
        if codes:  # whether there are duplicates as well cannot be told, and either error may come first
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
        if not self.attempt(
            f"INSERT INTO oracle_staging ({PLACE}{names}) SELECT (row_number() OVER ())::int{values} FROM"
            f" {self.source()}"
        ):
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
            return (
                f'(jsonb_populate_record(NULL::oracle_staging, jsonb_build_object({member}, "an'
                f' object"->{member}))).{name}'
            )
        staged = next(other for other in self.case.staging.columns if other.name == column.name)
        return f"CAST({name} AS {plain})" if staged.carrier() and plain else name

    def conversion_errors(self):
        """The codes of all values that do not convert; loose when only columns fail that need not be looked at."""
        self.attempts = 0
        codes, must_fail, needed = set(), False, {c.name for c in self.compared} | set(self.case.keys)
        count = len(self.case.staging.rows)
        self.run(
            f"CREATE TEMP TABLE oracle_source AS SELECT (row_number() OVER ())::int AS {PLACE}, * FROM {self.source()}"
        )
        for column in self.held:
            insert = (
                f"INSERT INTO oracle_staging ({ident(column.name)}) SELECT {self.expressions[column.name]} FROM"
                " oracle_source"
            )
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
        self.staged = {
            row[0]: dict(zip([c.name for c in self.held], row[1:]))
            for row in self.rows(f"SELECT {PLACE}{images} FROM oracle_staging")
        }

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
        self.hold_back(decision)
        decision.deleted = [row for rows in by_key.values() for row in rows if row.place not in decision.marked]
        decision.documents = self.read_documents() if self.documents else None
        return decision

    def hold_back(self, decision):
        """Asks update_when of the rows as they are and as they would be stored."""
        if self.case.update_when is None or self.case.flag("skip_updates") or not decision.updated:
            return
        self.store([], decision.updated)
        wanted = {
            place
            for place, in self.rows(
                f"SELECT p.n FROM {pairs(decision.updated)} JOIN {self.case.qualified_target()} AS old ON"
                " old.tableoid = p.o AND old.ctid = p.c JOIN (TABLE oracle_stored UNION ALL TABLE oracle_child) AS new"
                f" ON new.{PLACE} = p.n WHERE (\n{self.case.update_when}\n)"
            )
        }
        self.run("DROP TABLE oracle_stored, oracle_child")
        decision.held_back = [pair for pair in decision.updated if pair[1] not in wanted]
        decision.updated = [pair for pair in decision.updated if pair[1] in wanted]

    def marked(self):
        """The places of the rows that carry the mark of soft_delete."""
        if not self.case.mark:
            return set()
        mark = self.case.target.column(self.case.mark)
        test = f"{ident(mark.name)} IS TRUE" if mark.type.name == "bool" else f"{ident(mark.name)} IS NOT NULL"
        return set(self.rows(f"SELECT tableoid::int8, ctid::text FROM {self.case.qualified_target()} WHERE {test}"))

    def read_documents(self):
        """Each row twice: as to_jsonb() has it, and with the text that output functions make of its values."""
        target = self.case.qualified_target()
        found = {
            (oid, place): (row, texts)
            for oid, place, row, texts in self.rows(
                f'SELECT tableoid::int8, ctid::text, to_jsonb("a row")::text, {self.texts(target)} FROM {target} AS "a'
                ' row"'
            )
        }
        found.update(
            (place, (row, texts))
            for place, row, texts in self.rows(
                f'SELECT {PLACE}, (to_jsonb("a row") - \'place in oracle\')::text, {self.texts("oracle_staging")} FROM'
                ' oracle_staging AS "a row"'
            )
        )
        return found

    def texts(self, relation):
        names = [
            name
            for name, in self.rows(
                "SELECT attname::text FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped "
                f"AND attrelid = {literal(relation)}::regclass"
            )
        ]
        return (
            "("
            + " || ".join(
                f"jsonb_build_object({literal(name)}, CASE num_nulls({ident(name)}) WHEN 0 THEN format('%s',"
                f" {ident(name)}) END)"
                for name in names
            )
            + ")::text"
        )

    def ranks(self):
        """Groups the rows of both sides by key, equal as the default ordering of the target's types says."""
        keys = [ident(key) for key in self.case.keys]
        ranks = ", ".join(f"dense_rank() OVER (ORDER BY {key})" for key in keys)
        names = ", ".join(keys)
        by_place = {row.place: row for row in self.target if row.in_scope}
        target_keys, staged_keys = defaultdict(list), defaultdict(list)
        for oid, place, *key in self.rows(
            f"SELECT o, p, {ranks} FROM (SELECT tableoid::int8 AS o, ctid::text AS p, {names} FROM"
            f" {self.case.qualified_target()} UNION ALL SELECT 0, {PLACE}::text, {names} FROM oracle_staging) AS"
            " both_sides"
        ):
            if oid == 0:
                staged_keys[tuple(key)].append(int(place))
            elif (oid, place) in by_place:
                target_keys[tuple(key)].append(by_place[oid, place])
        return target_keys, staged_keys

    # ----- checks before the first write

    def written(self, decision):
        """What the skip options leave to write."""
        case = self.case
        return (
            [] if case.flag("skip_creates") else decision.created,
            [] if case.flag("skip_updates") else decision.updated,
            [] if case.flag("skip_deletes") else decision.deleted,
        )

    def check_stored(self, decision):
        """As they are stored, will the rows be outside of the scope, under another key, or against the policy?"""
        case = self.case
        self.early_codes, self.outside, self.forbidden = set(), False, False
        created, updated, _ = self.written(decision)
        if any(
            self.staged[place][c.name] is None
            for c in self.held
            if c.identity and c.name in case.keys
            for place in created
        ):
            self.early_codes.add("22004")
        shown = self.documents and any(column.generated for column in case.target.columns)
        if (
            not (created or updated)
            or case.filter is None
            and not case.generated_keys()
            and not case.target.policy
            and not shown
        ):
            return
        self.store(created, updated)
        if shown:
            generated = ", ".join(f"{literal(c.name)}, {ident(c.name)}" for c in case.target.columns if c.generated)
            decision.generated = dict(
                self.rows(
                    f"SELECT {PLACE}, jsonb_build_object({generated})::text FROM"
                    " (TABLE oracle_stored UNION ALL TABLE oracle_child) AS stored"
                )
            )
        if case.filter is not None:
            self.outside = self.uses_sequence(created) or self.stored_against(case.filter)
            if self.outside and not case.flag("allow_out_of_scope"):
                self.early_codes.add("44000")
        keys = [ident(key.name) for key in case.generated_keys()]
        if (
            keys
            and self.rows(
                f"SELECT count(*) FROM oracle_stored AS s JOIN oracle_staging AS o USING ({PLACE}) WHERE "
                + " OR ".join(f"s.{key} IS DISTINCT FROM o.{key}" for key in keys)
            )[0][0]
        ):
            self.early_codes.add("44000")
        self.forbidden = bool(case.target.policy) and self.stored_against(case.target.policy)

    def uses_sequence(self, created):
        """The filter looks at a column that takes its value from a sequence in a new row."""
        staged = {column.name for column in self.inserted}
        for column in self.case.target.columns:
            if column.name in self.case.filter_columns and (column.identity or column.sequence):
                nulls_take = self.case.default_when_null(column)
                if any(
                    column.name not in staged or nulls_take and self.staged[place][column.name] is None
                    for place in created
                ):
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
            for sql in partition_sql(
                partition,
                columns,
                "pg_temp.oracle_stored",
                lambda column, own=partition.generated: declare(column, own),
                "pg_temp",
            ):
                self.run(sql)
        self.run(
            "CREATE TEMP TABLE oracle_child (" + ", ".join(declare(c, target.child_generated) for c in columns) + ")"
        )
        if created:
            self.run(self.insert_sql("oracle_stored", created))
        if not updated:
            return
        plain = [c for c in target.columns if not c.generated]
        compared = {c.name for c in self.compared}
        values = ", ".join(
            (
                self.cleared(c, "t.")
                if c.name == self.case.mark
                else "now()"
                if c.name in self.case.touched
                else ("o." if c.name in compared else "t.") + ident(c.name)
            )
            for c in plain
        )
        for table, lives in (("oracle_stored", "NOT"), ("oracle_child", "")):
            self.run(
                f"INSERT INTO {table} ({', '.join([PLACE] + [ident(c.name) for c in plain])}) SELECT o.{PLACE},"
                f" {values} FROM {self.case.qualified_target()} t JOIN {pairs(updated)} ON t.tableoid = p.o AND t.ctid"
                f" = p.c JOIN oracle_staging o ON o.{PLACE} = p.n WHERE {lives} (t.tableoid IS NOT DISTINCT FROM"
                f" to_regclass('{SCHEMA}.child'))"
            )

    def stored_against(self, condition):
        """Is the condition not true of some row that will be stored?"""
        return any(
            self.rows(
                f"SELECT count(*) FROM {table} AS {ident(self.case.target.name)} WHERE ((\n{condition}\n)) IS NOT TRUE"
            )[0][0]
            for table in ("oracle_stored", "oracle_child")
        )

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

    def stats(self, decision):
        created, updated, deleted = self.written(decision)
        skipped = len(decision.created) - len(created) + len(decision.updated) - len(updated) + len(decision.held_back)
        return len(created), len(updated), len(deleted), len(decision.unchanged), skipped
