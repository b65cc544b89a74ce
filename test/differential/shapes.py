"""Makes random targets: their columns, kind and rows."""
from case import SCHEMA, Column, Partition, Target
from values import BY_NAME, TYPES

WEIRD_NAMES = (
    "select",
    'We ird"T',
    "it's",
    "S",
    "tgt",
    "src",
    "ctid_",
    "key",
    "x" * 63,
    "\u00fcn\u00ef",
    "old",
    "new",
    "a.b",
    "$1",
    "%s",
    "rid",
)
SEEDED_KEYS = 60  # identity and serial columns hold values from 1 to this


class TargetMaker:
    """The random choices for one case; available: what the server has of "citext", "icu" and "xml"."""

    def __init__(self, random, available, features=(), large=False):
        self.random = random
        self.large = large
        self.types = [kind for kind in TYPES if not kind.needs or kind.needs in available]
        self.available = available
        self.features = features

    def chance(self, share):
        return self.random.random() < share

    def type_names(self, wanted):
        return self.random.choice([kind for kind in self.types if wanted(kind)])

    # ----- the target's columns

    def columns(self):
        """1..12 columns; the first is a key, and most tables have a column that filters can split them by."""
        pick = self.type_names
        count = self.random.choice((1, 2, 3, 3, 4, 4, 5, 6, 8, 12) if not self.chance(0.003) else (70, 150))
        count = min(count, 4) if self.large else count
        kinds = [pick(lambda kind: kind.many) if self.large else pick(lambda kind: kind.keyable)]
        kinds += [pick(lambda kind: True) for _ in range(count - 1)]
        columns = [Column(f"c{i}", kind, not_null=self.chance(0.15)) for i, kind in enumerate(kinds)]
        if self.chance(0.6):
            columns.append(
                Column("grp", BY_NAME["int4"], not_null=self.chance(0.2), default=self.random.choice((None, "1", "1")))
            )
        for column in columns[1:]:
            if self.chance(0.2) and column.name != "grp":
                column.default = self.default(column.type)
        self.number(columns)
        if self.chance(0.18):
            columns.append(self.generated(columns))
        if self.chance(0.1):
            for column, name in zip(columns, self.random.sample(WEIRD_NAMES, min(len(columns), 4))):
                if not any(other.generated for other in columns):
                    column.name = name
        return columns

    def default(self, kind):
        if kind.name in ("timestamptz", "timestamp", "date") and self.chance(0.5):
            return "now()"
        if kind.name in ("text", "text_c", "text_ci") and self.chance(0.3):
            return "current_user"
        group = self.random.choice(kind.key_classes())
        return f"'{group[0].replace(chr(39), chr(39) * 2)}'"

    def number(self, columns):
        """Sometimes an id with a sequence or without."""
        if not self.chance(0.45):
            return
        column = Column("id", BY_NAME[self.random.choice(("int4", "int8"))], not_null=True)
        how = self.random.choice(("ALWAYS", "BY DEFAULT", "serial", "plain"))
        if how == "serial":
            column.sequence = "numbers of id"
            column.default = f"nextval('{SCHEMA}.\"numbers of id\"')"
        elif how != "plain":
            column.identity = how
        columns.insert(self.random.randrange(len(columns) + 1), column)
        if self.chance(0.15):
            columns.append(Column("parent", column.type))

    def generated(self, columns):
        source = self.random.choice([column for column in columns if column.name != "id"])
        quoted = f'"{source.name}"'
        if source.type.name in ("int2", "int4", "int8", "numeric", "positive"):
            return Column("gen", BY_NAME["numeric"], generated=f"{quoted}::numeric * 2")
        if source.type.name in ("text", "text_c", "varchar_5"):
            return Column("gen", BY_NAME["text"], generated=f"upper({quoted})")
        return Column("gen", BY_NAME["bool"], generated=f"{quoted} IS NULL")

    def generate_more(self, columns):
        """Trees of tables get a generated column more often, where each member may have an expression of its own."""
        plain = all(column.name.isalnum() and not column.generated for column in columns)
        if (
            "own expressions" in self.available
            and plain
            and len(columns) > ("id" in [c.name for c in columns])
            and self.chance(0.4)
        ):
            columns.append(self.generated(columns))

    def own_expression(self, columns):
        """Another expression for the generated column of a partition or child; None: the parent's."""
        generated = next((column.generated for column in columns if column.generated), None)
        if generated is None or "own expressions" not in self.available or self.chance(0.3):
            return None
        return {"* 2": generated.replace("* 2", "* -3"), "upper": generated.replace("upper", "lower")}.get(
            "* 2" if "* 2" in generated else "upper" if "upper" in generated else "",
            generated.replace("IS NULL", "IS NOT NULL"),
        )

    # ----- keys and values

    def keys(self, columns):
        candidates = [
            c
            for c in columns
            if c.type.keyable and not c.generated and c.name != "parent" and (not self.large or c.type.many)
        ]
        first = self.random.choice(candidates[:1] if self.large else candidates)
        keys = [first] + [c for c in columns if self.large and c.name == "grp" and self.chance(0.4)]
        while not self.large and self.chance(0.35) and len(keys) < 4:
            keys.append(self.random.choice(candidates))
        keys += [
            c for c in columns if c.generated and not self.large and self.chance(0.2)
        ]  # beside others, which make rows differ
        return list({key.name: key for key in keys}.values())

    def value(self, column, key=False):
        """A literal for the column, NULL included; and the class it was drawn from."""
        if column.name in ("id", "parent"):
            return str(self.random.randint(1, SEEDED_KEYS))
        if not column.not_null and self.chance(0.7 if column.name == "gone_at" else 0.12):
            return None
        if column.name == "grp":
            return self.random.choice(("1", "1", "2", "3"))
        groups = column.type.key_classes() if key else column.type.classes
        return self.random.choice(self.random.choice(groups))

    def same_value(self, column, value):
        """Another literal that is equal to the value, often of another image."""
        for group in column.type.classes:
            if value in group:
                return self.random.choice(group)
        return value

    def class_of(self, column, value):
        return next((i for i, group in enumerate(column.type.classes) if value in group), value)

    def distinct_rows(self, columns, keys, count, taken):
        """Rows whose keys differ from one another and from the taken ones; unique values in id."""
        rows, ids = [], self.random.sample(range(1, SEEDED_KEYS + 1), min(SEEDED_KEYS, 60))
        for i in range(count * 3):
            if len(rows) == count:
                break
            if self.large:
                row = {
                    c.name: (
                        c.type.many(len(taken))
                        if c is keys[0]
                        else str(len(taken) + 1)
                        if c.name == "id"
                        else self.value(c)
                    )
                    for c in columns
                }
            else:
                row = {c.name: self.value(c, c in keys) for c in columns}
                if "id" in row and ids:
                    row["id"] = str(ids.pop())
            for column in columns:
                if column.generated:
                    row[column.name] = None
            key = tuple(self.class_of(c, row[c.name]) for c in keys if not c.generated)
            if key not in taken and ("id" not in row or self.large or row["id"] not in [other["id"] for other in rows]):
                taken.add(key)
                rows.append(row)
        return rows

    # ----- the target

    def target(self):
        columns = self.columns()
        keys = self.keys(columns)
        key_names = [key.name for key in keys]
        count = (
            self.random.choice((1500, 3000, 6000, 6000, 20000))
            if self.large
            else self.random.choice((0, 1, 2, 3, 5, 8, 8, 12, 20))
        )
        target = Target(self.random.choice(("employee",) * 9 + ('Tar"get',)), columns, [])
        taken = set()
        target.kind = self.random.choice(
            ("plain",) * 10 + ("temp", "unlogged", "inherited", "inherited", "list", "range", "hash", "two_level")
        )
        if target.kind in ("inherited", "list", "range", "hash", "two_level"):
            self.generate_more(columns)
        if target.kind in ("list", "range", "hash", "two_level"):
            self.partition(target)
        if "soft_delete" in self.features and self.chance(0.15):
            target.mark = "gone_at"
            mark = Column(target.mark, BY_NAME[self.random.choice(("timestamptz", "timestamp", "date", "bool"))])
            if self.chance(0.4):
                mark.default = self.random.choice(("true", "true", "false")) if mark.type.name == "bool" else "now()"
            columns.append(mark)
        if "touch_columns" in self.features and self.chance(0.12):
            columns.append(
                Column("seen_at", BY_NAME[self.random.choice(("timestamptz", "timestamp", "date", "timestamp_0"))])
            )
        if self.chance(0.25) and not self.large:
            target.dropped = self.random.sample(range(len(columns)), 1)
        self.constraints(target, keys)
        target.rows = self.distinct_rows(columns, keys, count, taken)
        if target.kind == "inherited":
            target.child_rows = [i for i in range(len(target.rows)) if self.chance(0.4)]
            target.child_generated = self.own_expression(columns)
            target.child_turned = self.chance(0.5)
        self.late_column(target, key_names)
        if target.rows and not target.unique and not target.primary_key and self.chance(0.08):
            row = dict(self.random.choice(target.rows))  # a duplicate in the target
            target.rows.append(row)
        target.churned = (
            self.chance(0.1) and not self.large and any(not c.generated and c.identity != "ALWAYS" for c in columns)
        )
        target.rolled_back = self.chance(0.1)
        target.storage = self.storage([(column.name, column.type) for column in columns])
        target.index = self.chance(0.12) and all(key.type.keyable for key in keys)
        target.analyzed = self.chance(0.08)
        self.trigger(target, keys)
        self.foreign_keys(target)
        self.policy(target)
        return target, key_names, taken

    def storage(self, columns):
        """How long values of some columns are stored; none of a column is too long for a page but those of text."""
        return {
            name: self.random.choice(("EXTERNAL", "MAIN") if kind.name.startswith("text") else ("PLAIN", "EXTERNAL"))
            for name, kind in columns
            if kind and kind.name in ("text", "text_c", "varchar_5", "citext", "bytea", "jsonb") and self.chance(0.1)
        }

    def policy(self, target):
        """Row-level security with a sub-select in it. A trigger that suppresses rows would look like it."""
        named = any(column.default == "current_user" for column in target.columns)  # the model runs as another user
        if (
            target.column("grp")
            and not named
            and not target.trigger
            and target.kind != "temp"
            and not self.large
            and self.chance(0.08)
        ):
            target.policy = self.random.choice(
                (
                    "grp IN (SELECT id FROM differential_groups WHERE name < 'c')",
                    "EXISTS (SELECT FROM differential_groups g WHERE g.id = grp)",
                    "grp IS DISTINCT FROM (SELECT max(id) FROM differential_groups)",
                )
            )

    def foreign_keys(self, target):
        ids = [row["id"] for row in target.rows if "id" in row]
        if target.kind != "plain" or target.primary_key != ["id"] or self.large or not ids:
            return
        if self.chance(0.15):
            target.referenced = self.random.choice(("NO ACTION", "RESTRICT", "CASCADE", "SET NULL"))
            target.references = [value for value in ids if self.chance(0.3)]
        if target.column("parent"):
            target.self_reference = True
            for row in target.rows:
                row["parent"] = self.random.choice(ids + [None])

    def trigger(self, target, keys):
        """A trigger that suppresses looks at the key, which no sync changes; one that rewrites empties a column."""
        if target.kind not in ("plain", "temp", "unlogged"):
            return
        target.watched = self.chance(0.25)
        if self.large or not self.chance(0.06):
            return
        others = [
            c for c in target.columns if c not in keys and not c.generated and c.name not in ("id", "grp", "parent")
        ]
        target.trigger = self.random.choice(("suppress", "suppress", "rewrite"))
        if target.trigger == "suppress":
            target.trigger_column = keys[0].name
        elif others and not any(c.generated for c in target.columns):
            target.trigger_column = self.random.choice(others).name
        else:
            target.trigger = ""

    def partition(self, target):
        if not target.column("grp"):
            target.columns.append(Column("grp", BY_NAME["int4"]))
        for column in target.columns:
            column.identity = ""  # not on partitions before version 17
        attached = self.chance(0.5 if any(column.generated for column in target.columns) else 0.3)
        kind = target.kind
        by = {"list": "LIST (grp)", "range": "RANGE (grp)", "hash": "HASH (grp)", "two_level": "LIST (grp)"}[kind]
        target.partition_by = by
        if kind == "range":
            bounds = ["FOR VALUES FROM (MINVALUE) TO (2)", "FOR VALUES FROM (2) TO (5)"]
        elif kind == "hash":
            bounds = [f"FOR VALUES WITH (MODULUS 3, REMAINDER {i})" for i in range(3)]
        else:
            bounds = ["FOR VALUES IN (1)", "FOR VALUES IN (2, NULL)"]
        if kind != "hash":
            bounds.append("DEFAULT")
        parts = [
            Partition(f"part {i}", bound, attached=attached and (i == 0 or self.chance(0.4)))
            for i, bound in enumerate(bounds)
        ]
        if kind == "two_level":
            parts[1].by, parts[1].attached = "HASH (grp)", False
            parts += [
                Partition(
                    f"part 1 {i}",
                    f"FOR VALUES WITH (MODULUS 2, REMAINDER {i})",
                    parent="part 1",
                    attached=attached and self.chance(0.4),
                )
                for i in range(2)
            ]
        for part in parts:
            part.generated = self.own_expression(target.columns) if part.attached else None
        target.partitions = parts

    def constraints(self, target, keys):
        """A primary key on the id, on the keys or nowhere; sometimes a unique index on the keys."""
        names = [key.name for key in keys]
        covers = not target.partition_by or "grp" in names
        if not target.partition_by and not self.large and self.chance(0.08):
            target.exclusion = [key.name for key in keys if not key.generated]
        has_id = target.column("id") is not None
        if has_id and not target.partition_by and self.chance(0.75):
            target.primary_key = ["id"]
        elif covers and self.chance(0.3):
            target.primary_key = list(names)
            for key in keys:
                key.not_null = not key.generated
        if (
            covers
            and not target.primary_key
            and self.chance(0.3)
            or covers
            and target.primary_key != names
            and self.chance(0.2)
        ):
            target.unique = self.random.choice(("UNIQUE", "UNIQUE NULLS NOT DISTINCT"))
            target.unique_columns = list(names)

    def late_column(self, target, key_names):
        """The last column comes by ALTER TABLE ADD COLUMN: the rows before it do not have it stored."""
        last = target.columns[-1]
        simple = last.default and last.default.startswith("'") or not last.default and not last.not_null
        if (
            last.name in key_names + ["id", "grp", "parent"]
            or last.generated
            or last.identity
            or not simple
            or not self.chance(0.3)
        ):
            return
        target.late = last.name
        target.late_rows = len(target.rows) // 2
        value = last.default[1:-1].replace("''", "'") if last.default else None
        for row in target.rows[: target.late_rows]:
            row[last.name] = value
