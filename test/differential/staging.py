"""Makes random staging tables that resemble a target."""
from case import Staging, StagingColumn
from shapes import SEEDED_KEYS, TargetMaker
from values import Raw, literal


class Maker(TargetMaker):
    """The random choices for both tables of a case."""

    def staging(self, target, key_names, taken):
        columns = self.staging_columns(target, key_names)
        keys = [target.column(name) for name in key_names]
        rows = [self.staged(target, key_names, columns, row) for row in target.rows if self.chance(self.match_share())]
        fresh = [c for c in target.columns if not c.generated]
        wanted = self.random.choice((0, 0, 1, 2, 4)) if not self.large else self.random.randint(0, 1500)
        for row in self.distinct_rows(fresh, [key for key in keys if not key.generated], wanted, taken):
            if row.get("id") and "id" not in key_names:
                takes_default = target.column("id").identity or "id" in target.primary_key
                row["id"] = self.random.choice(
                    (None, None) * bool(takes_default) + (str(self.random.randint(SEEDED_KEYS + 1, 9000)),)
                )
            elif row.get("id") and target.column("id").identity and not self.large and self.chance(0.04):
                row["id"] = None  # a key that is stored as another value than the one that was matched
            rows.append(self.staged(target, key_names, columns, row, fresh=True))
        if target.self_reference and any(column.name == "parent" for column in columns):
            ids = [row["id"] for row in target.rows + rows if row.get("id")] + [None]
            for row in rows:
                row["parent"] = row["parent"] if self.chance(self.same) else self.random.choice(ids)
        if self.chance(0.06):
            rows = []
        elif rows and self.chance(0.06):
            rows.append(dict(self.random.choice(rows)))  # a duplicate in staging
        self.random.shuffle(rows)
        staging = Staging(self.random.choice(("import",) * 9 + ('St"aging',)), columns, rows)
        staging.kind = self.random.choice(("table",) * 6 + ("temp", "temp", "unlogged", "view", "matview"))
        if self.chance(0.15):
            staging.dropped = self.random.sample(range(len(columns)), 1)
        staging.late = columns[-1].name if columns and self.chance(0.15) else ""
        staging.churned = bool(columns) and self.chance(0.1)
        staging.rolled_back = self.chance(0.1)
        staging.storage = self.storage([(column.name, column.target) for column in columns if not column.alternative])
        return staging

    def match_share(self):
        if not hasattr(self, "share"):
            self.share = self.random.choice((0.5, 0.8, 1.0, 1.0))
            self.same = self.random.choice((0.0, 0.5, 0.8, 1.0))
        return self.share

    def staging_columns(self, target, key_names):
        everything_text = self.chance(0.15)
        own_types = self.chance(0.4)  # rows may be compared as they are stored
        columns = []
        for column in target.columns:
            if column.name == target.mark or column.name == "seen_at" and self.chance(0.7):
                continue
            if column.name not in key_names and self.chance(0.12 if column.default or not column.not_null else 0.03):
                continue
            if column.generated and column.name not in key_names and self.chance(0.6):
                continue
            columns.append(
                StagingColumn(column.name, column.type.declaration(), column.type)
                if column.generated or own_types
                else self.staging_column(column, everything_text)
            )
        if self.chance(0.08):
            columns.append(StagingColumn("extra", "int4"))
        if self.chance(0.5):
            self.random.shuffle(columns)
        return columns

    def staging_column(self, column, everything_text):
        options = [
            a
            for a in column.type.alternatives
            if (a.sql != "citext" or "citext" in self.available) and (column.name not in ("id", "parent") or not a.pool)
        ]
        wanted = [a for a in options if a.carrier and a.sql == "text"] if everything_text else options
        same = StagingColumn(column.name, column.type.declaration(), column.type)
        if everything_text and not wanted and column.type.plain == "":
            return StagingColumn(column.name, "text", column.type)
        if not wanted or not everything_text and not self.chance(0.3):
            return same
        chosen = self.random.choice(wanted)
        if chosen.refused and not self.chance(0.15):
            return same
        return StagingColumn(column.name, chosen.sql, column.type, chosen)

    def staged(self, target, key_names, columns, row, fresh=False):
        """The staging row for a target row: the same, or with some values changed or written another way."""
        self.match_share()
        changed = not fresh and not self.chance(self.same)
        result = {}
        for staged in columns:
            column = target.column(staged.name)
            if column is None or column.generated:
                result[staged.name] = (
                    self.generated_value(target, column, row) if column and column.name in key_names else None
                )
                continue
            value = row[column.name]
            if column.name not in key_names and column.name == "id":
                value = value if fresh or self.chance(0.6) or "id" not in target.primary_key else None
            elif column.name in key_names and changed and self.chance(0.3):
                value = self.same_value(column, value)
            elif column.name not in key_names and changed and self.chance(0.5):
                value = self.value(column) if self.chance(0.7) else self.same_value(column, value)
                if column.name == "grp" and self.chance(0.7):
                    value = row["grp"]
            result[staged.name] = self.fit(column, staged, value, column.name in key_names)
        return result

    def generated_value(self, target, column, row):
        """A generated key, as an expression over the value that it is made of; now and then something else."""
        source = next(c for c in target.columns if f'"{c.name}"' in column.generated)
        expression = column.generated
        if self.chance(0.1):
            expression = self.own_expression(target.columns) or expression
        return Raw(
            "("
            + expression.replace(f'"{source.name}"', f"({literal(row[source.name])})::{source.type.declaration()}")
            + ")"
        )

    def fit(self, column, staged, value, key):
        """The value as a literal of the staging column's type."""
        alternative = staged.alternative
        if alternative is None or value is None:
            return value
        if alternative.carrier and column.type.bad and self.chance(0.0001 if self.large else 0.006):
            return self.random.choice(column.type.bad)
        if alternative.extra and not self.large and self.chance(0.06 if not key else 0.02):
            return self.random.choice(alternative.extra)
        if alternative.pool is None or value in alternative.pool:
            return value
        if self.large and key:
            return value
        return self.random.choice(alternative.pool)
