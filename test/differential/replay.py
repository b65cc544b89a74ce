"""The oracle's decision, carried out by three plain statements."""
from collections import Counter

from prediction import Expected, read_references, read_sequences, read_target
from values import ident, literal

PLACE = '"place in oracle"'  # numbers the rows of the oracle's tables


class Replay:
    """The part of an Oracle that writes. The other parts have the case, the columns and the decision."""

    def insert_sql(self, table, places):
        """The new rows in the order of staging.

        In some columns a NULL takes the default, which a copy of the target has no sequences for.
        """
        columns = [ident(c.name) for c in self.inserted]
        values = [self.value_or_default(c, table == self.case.qualified_target()) for c in self.inserted]
        if self.case.mark and self.case.target.column(self.case.mark).default:
            columns.append(ident(self.case.mark))
            values.append("false" if self.case.target.column(self.case.mark).type.name == "bool" else "NULL")
        columns += [ident(name) for name in self.case.touched]
        values += ["now()"] * len(self.case.touched)
        if table == "oracle_stored":
            columns.append(PLACE)
            values.append(PLACE)
        listed = ", ".join(map(str, places))
        into = f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"
        return f"{into} SELECT {', '.join(values)} FROM oracle_staging WHERE {PLACE} IN ({listed}) ORDER BY {PLACE}"

    def value_or_default(self, column, sequences):
        name, default = ident(column.name), column.default
        if column.identity:
            default = (
                f"nextval(pg_get_serial_sequence({literal(self.case.qualified_target())}, {literal(column.name)}))"
            )
        if (
            not default
            or not self.case.default_when_null(column)
            or (column.identity or column.sequence)
            and not sequences
        ):
            return name
        return f"coalesce({name}, {default})"

    def update_sql(self, updated):
        sets = [f"{ident(c.name)} = o.{ident(c.name)}" for c in self.compared]
        if self.case.mark:
            mark = self.case.target.column(self.case.mark)
            sets.append(f"{ident(mark.name)} = {self.cleared(mark, 't.')}")
        sets = ", ".join(sets + self.touches())
        return (
            f"UPDATE {self.case.qualified_target()} t SET {sets} FROM {pairs(updated)} JOIN oracle_staging o ON"
            f" o.{PLACE} = p.n WHERE t.tableoid = p.o AND t.ctid = p.c"
        )

    def touches(self):
        return [f"{ident(name)} = now()" for name in self.case.touched]

    def cleared(self, mark, prefix):
        """The mark of a row that is in staging: a set one is taken away, another one stays as it is."""
        name = prefix + ident(mark.name)
        return f"CASE WHEN {name} THEN false ELSE {name} END" if mark.type.name == "bool" else "NULL"

    def delete_sql(self, rows):
        if self.case.mark:
            value = "true" if self.case.target.column(self.case.mark).type.name == "bool" else "now()"
            sets = ", ".join([f"{ident(self.case.mark)} = {value}"] + self.touches())
            return (
                f"UPDATE {self.case.qualified_target()} t SET {sets} FROM"
                f" {pairs((row, 0) for row in rows)} WHERE t.tableoid = p.o AND t.ctid = p.c"
            )
        return (
            f"DELETE FROM {self.case.qualified_target()} t USING {pairs((row, 0) for row in rows)} WHERE t.tableoid ="
            " p.o AND t.ctid = p.c"
        )

    def statements(self, created, updated, deleted):
        target = self.case.qualified_target()
        return (
            ([self.delete_sql(deleted)] if deleted else [])
            + ([self.update_sql(updated)] if updated else [])
            + ([self.insert_sql(target, created)] if created else [])
        )

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
        codes, many = set(), 60  # of large cases the first rows will do
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
