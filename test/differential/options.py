"""Random filters, options and settings for a call, also ones that must be refused."""
import json

from case import Case
from staging import Maker
from values import ident, literal

BAD_FILTERS = (
    "1=1) OR (1=1",
    "true; DROP TABLE employee",
    "$1",
    "count(*) > 1",
    "row_number() OVER () = 1",
    "generate_series(1, 2) = 1",
    "random() < 0.5",
    "ctid IS NOT NULL",
    "no_such_column = 1",
    "1",
    "",
    "{c} IS NULL, true",
    "{c} IS NULL ORDER BY 1",
    "{c} IS NULL UNION SELECT true",
    "nextval('no_such_sequence') > 0",
    "{c} IS NULL) --",
    "xmin IS NOT NULL",
    "(SELECT 1, 2) = 1",
    "true AS yes",
    "/* open",
    "import.{c} IS NULL",
)
BAD_CONDITIONS = (
    "old.{c} IS NULL) OR (true",
    "true",
    "NULL",
    "",
    "new.{c}, old.{c}",
    "new.{c} = $1",
    "count(new.{c}) > 1",
    "random() < 0.5 AND new.{c} IS NULL",
    "generate_series(1, 2) = 1 AND new.{c} IS NULL",
    "old.ctid IS NULL",
    "new.tableoid = 0",
    "new.no_such_column = 1",
    "{c} IS NULL",
    "import.{c} IS NULL",
    "new.{c} IS NULL ORDER BY 1",
    "new.*",
)


def make_case(seed, random, available, features):
    maker = Maker(random, available, features, large=random.random() < 0.015)
    target, keys, taken = maker.target()
    staging = maker.staging(target, keys, taken)
    case = Case(seed, target, staging, keys)
    chooser = Chooser(case, maker, features)
    chooser.filter()
    chooser.options()
    chooser.settings()
    chooser.raggedness()
    if not maker.large and maker.chance(0.04):
        chooser.spoil()
    chooser.forced_refusals()
    return case


class Chooser:
    def __init__(self, case, maker, features):
        self.case = case
        self.maker = maker
        self.random = maker.random
        self.features = features

    def chance(self, share):
        return self.random.random() < share

    # ----- the filter

    def filter(self):
        if self.chance(0.35):
            return
        text, columns, keeps = self.simple_filter()
        if self.chance(0.2):
            other, more, keeps_too = self.simple_filter()
            word = self.random.choice(("OR", "AND"))
            text, columns = f"{text} {word} {other}", columns + more
            keeps = {**keeps, **keeps_too}
        if self.chance(0.05):
            text, keeps = f"NOT ({text})", {}
        if self.chance(0.05):
            text += "\n  -- a comment"
        self.case.filter, self.case.filter_columns = text, sorted(set(columns))
        for name, values in keeps.items():
            if self.chance(0.85):
                self.align_staging(name, values)

    def simple_filter(self):
        """A condition, the columns it looks at, and values of them that it keeps."""
        target = self.case.target
        if self.chance(0.06):
            return self.random.choice((("true", [], {}), ("NULL", [], {}), ("false", [], {}), ("1 = 1", [], {})))
        if target.column("grp") and self.chance(0.75):
            return self.whole_row_filter() if self.chance(0.03) else self.group_filter()
        column = self.random.choice(target.columns)
        name = ident(column.name)
        if self.chance(0.1):
            name = f"{ident(target.name)}.{name}"
        plain = self.random.choice(self.random.choice(column.type.key_classes()))
        value = literal(plain)
        if column.type.send == "record_send":
            value += "::" + column.type.sql  # a composite literal has no type of its own beside an operator
        some = [self.random.choice(group) for group in column.type.key_classes()]
        forms = [(f"{name} IS NOT NULL", some), (f"{name} IS NULL", [None]), (f"({name} IS NULL OR true)", some)]
        if column.type.keyable and not column.type.collation:
            same = [plain]
            forms += [
                (f"{name} = {value}", same),
                (f"{name} <> {value}", []),
                (f"{name} >= {value}", same),
                (f"{name} IN ({value})", same),
                (f"{name} IS DISTINCT FROM {value}", [None]),
                (f"{value} <= {name}", same),
            ]
        if column.type.name == "citext":
            forms += [
                (f"{name} IN ('BOB', 'X')", ["bob", "BOB"]),
                (f"CASE {name} WHEN 'BOB' THEN true END", ["Bob", "bob"]),
                (f"NULLIF({name}, 'bob') IS NULL", ["BOB", None]),
            ]
        staged = [other.name for other in self.case.staging.columns]
        if column.name in staged and not column.generated and not self.maker.large:
            source = self.case.qualified_staging()
            forms.append(
                (
                    (
                        f"EXISTS (SELECT FROM {source} AS s WHERE s.{ident(column.name)}::text ="
                        f" {ident(target.name)}.{ident(column.name)}::text)"
                    ),
                    [],
                )
            )
        text, values = self.random.choice(forms)
        return text, [column.name], {column.name: values}

    def whole_row_filter(self):
        table = ident(self.case.target.name)
        return (
            f"to_jsonb({table}) ->> 'grp' = '1'",
            [column.name for column in self.case.target.columns],
            {"grp": ["1"]},
        )

    def group_filter(self):
        table = ident(self.case.target.name)
        group = self.random.choice((1, 1, 1, 2, 4))
        forms = [
            (f"grp = {group}", [str(group)]),
            (f"{table}.grp = {group}", [str(group)]),
            (f"grp IN ({group}, 3)", [str(group), "3"]),
            (f"EXISTS (SELECT FROM differential_groups g WHERE g.id = {table}.grp AND g.name <> 'c')", ["1", "2"]),
            ("grp IN (SELECT id FROM differential_groups WHERE name < 'b')", ["1"]),
            ("grp IS NULL", [None]),
            ("grp < 3", ["1", "2"]),
            ("(SELECT max(id) FROM differential_groups) > grp", ["1", "2"]),
            ("NOT grp = 1", ["2", "3"]),
        ]
        text, values = self.random.choice(forms[:3] * 2 + forms)
        return text, ["grp"], {"grp": values}

    def align_staging(self, name, values):
        """Makes the staged rows ones that the filter keeps."""
        staging = self.case.staging
        staged = next((column for column in staging.columns if column.name == name), None)
        column = self.case.target.column(name)
        if not values or staged is None or column.generated or staged.alternative and staged.alternative.pool:
            return
        if name in self.case.keys:
            kept = {value for value in values} | {
                v for group in column.type.classes for v in group if any(value in group for value in values)
            }
            staging.rows = [row for row in staging.rows if row[name] in kept]
            return
        for row in staging.rows:
            if row[name] not in values:
                row[name] = self.random.choice(values)

    # ----- the options

    def options(self):
        case, options = self.case, {}
        case.positional = self.chance(0.5)
        plain_names = [
            c.name
            for c in case.common()
            if not c.identity and (c.name in case.keys or c.name not in case.target.primary_key)
        ]
        extras = [c.name for c in case.staging.columns if c.target is None]
        if plain_names and self.chance(0.12):
            case.names["columns"] = self.random.sample(plain_names, self.random.randint(1, len(plain_names)))
        ignored = [name for name in extras if self.chance(0.9)]
        if self.chance(0.15) and "columns" not in case.names:
            common = [c.name for c in case.common()]
            ignored += self.random.sample(common, self.random.randint(1, min(2, len(common))))
        if ignored:
            case.names["ignore_columns"] = ignored
        for option in ("columns", "ignore_columns"):
            if option in case.names:
                options[option] = "ARRAY[" + ", ".join(literal(name) for name in case.names[option]) + "]::text[]"
        for option, share in (
            ("skip_creates", 0.1),
            ("skip_updates", 0.1),
            ("skip_deletes", 0.12),
            ("allow_out_of_scope", 0.15),
            ("dry_run", 0.06),
        ):
            if self.chance(share):
                options[option] = self.random.choice(("true", "true", "true", "false"))
        if case.filter is not None and "allow_out_of_scope" not in options and self.chance(0.15):
            options["allow_out_of_scope"] = "true"
        if self.chance(0.8 if not case.staging.rows else 0.05):
            options["allow_empty"] = "true"
        if self.chance(0.1):
            options["max_deletes"] = str(self.random.choice((0, 1, 2, 5, 100)))
        if self.chance(0.1):
            options["max_delete_ratio"] = self.random.choice(("0", "0.125", "0.25", "0.5", "0.75", "1", "1.0"))
        if self.chance(0.2):
            options["lock"] = self.random.choice(("'rows'", "'table'", "'table'"))
        self.optional_features(options)
        names = list(options)
        self.random.shuffle(names)
        case.options = {name: options[name] for name in names}

    def optional_features(self, options):
        case = self.case
        if "json" in self.features and self.chance(0.15) and not any(c.type.name == "xml" for c in case.target.columns):
            case.function = "bulk_sync_json"
        if "soft_delete" in self.features and case.target.mark and self.chance(0.85):
            case.mark = case.target.mark
            options["soft_delete"] = literal(case.mark)
        if "insert_defaults" in self.features and self.chance(0.15):
            staged = {column.name for column in case.staging.columns}
            lacking = [
                c
                for c in case.target.columns
                if c.name not in staged
                and not c.generated
                and not c.identity
                and c.name not in case.target.primary_key
                and c.name != case.target.mark
            ]
            for column in self.random.sample(lacking, self.random.randint(0, len(lacking))):
                case.insert_defaults[column.name] = self.maker.value(column, key=True)
            options["insert_defaults"] = literal(json.dumps(case.insert_defaults)) + "::jsonb"
        if "touch_columns" in self.features and self.chance(0.3):
            self.touch(options)
        if "update_when" in self.features and self.chance(0.2):
            case.update_when = self.condition()
            options["update_when"] = literal(case.update_when)
        if "verbose" in self.features and self.chance(0.05):
            options["verbose"] = "true"

    def touch(self, options):
        case, staged = self.case, {column.name for column in self.case.staging.columns}
        for column in case.target.columns:
            if (
                not column.type.name.startswith(("timestamp", "date"))
                or column.generated
                or column.name in case.keys + case.target.primary_key + [case.mark] + list(case.insert_defaults)
                or column.name in case.names.get("columns", [])
                or not self.chance(0.7)
            ):
                continue
            case.touched.append(column.name)
            if column.name not in case.ignored() and (column.name in staged or self.chance(0.2)):
                case.names.setdefault("ignore_columns", []).append(column.name)
        for option, names in (("touch_columns", case.touched), ("ignore_columns", case.ignored())):
            if names:
                options[option] = "ARRAY[" + ", ".join(literal(name) for name in names) + "]::text[]"

    def condition(self):
        text = self.simple_condition()
        if self.chance(0.25):
            text = f"{text} {self.random.choice(('AND', 'OR'))} {self.simple_condition()}"
        if self.chance(0.1):
            text = f"NOT ({text})"
        return text + ("\n  -- a comment" if self.chance(0.05) else "")

    def simple_condition(self):
        target = self.case.target
        if target.column("grp") and self.chance(0.3):
            return self.random.choice(
                (
                    "new.grp >= old.grp",
                    "new.grp IN (1, 3)",
                    "EXISTS (SELECT FROM differential_groups g WHERE g.id = new.grp AND g.name <> 'c')",
                    "old.grp IN (SELECT id FROM differential_groups WHERE name < 'b')",
                    "(SELECT max(id) FROM differential_groups) > new.grp",
                    # Where the target has columns old or new, those are what the names mean alone.
                    "new.grp = old.grp"
                    if target.column("old") or target.column("new")
                    else "to_jsonb(new) ->> 'grp' = to_jsonb(old) ->> 'grp'",
                )
            )
        column = self.random.choice(target.columns)
        name = ident(column.name)
        forms = [
            f"new.{name} IS NOT NULL",
            f"old.{name} IS NULL",
            f"hashtext(new.{name}::text) % 2 = 0",
            f"hashtext(concat(old.{name}, new.{name})) % 3 > 0",
            f"length(new.{name}::text) >= length(old.{name}::text)",
        ]
        if column.type.keyable and not column.type.collation:
            forms += [f"new.{name} > old.{name}", f"new.{name} IS DISTINCT FROM old.{name}", f"new.{name} = old.{name}"]
        return self.random.choice(forms)

    # ----- settings of the session

    def settings(self):
        case = self.case
        if self.maker.large or self.chance(0.2):
            case.settings.append("SET LOCAL work_mem = '64kB'")
            if self.chance(0.5):
                case.settings.append("SET LOCAL hash_mem_multiplier = 1")
        for name in ("enable_nestloop", "enable_hashjoin", "enable_mergejoin", "enable_tidscan", "enable_seqscan"):
            if self.chance(0.06):
                case.settings.append(f"SET LOCAL {name} = off")
        if self.chance(0.04):
            case.settings.append("SET LOCAL TimeZone = 'America/New_York'")
        if self.chance(0.02):
            case.settings += [
                f"SET LOCAL {name} = 0"
                for name in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size")
            ]
        case.isolation = self.random.choice(("READ COMMITTED",) * 6 + ("REPEATABLE READ", "SERIALIZABLE"))
        case.committed = self.chance(0.08)
        case.frozen = case.committed and self.chance(0.5)

    # ----- objects

    def raggedness(self):
        """Which objects are the second ones is known where the order of the rows is."""
        case = self.case
        if case.function != "bulk_sync_json" or "allow_missing" not in self.features or not self.chance(0.7):
            return
        if not case.is_ordered() or self.chance(0.7):
            case.options["allow_missing"] = "true"
        elif self.chance(0.3):
            case.options["allow_missing"] = "false"
        case.ragged = True

    # ----- calls that the arguments alone must refuse

    def forced_refusals(self):
        """What the shapes themselves make impossible."""
        case = self.case
        staged = {column.name: column for column in case.staging.columns}
        for column in case.staging.columns if not self.no_objects() else ():
            if column.target is None and column.name not in case.ignored():
                case.refused.append("a staging column that the target lacks")
            if (
                column.alternative
                and column.alternative.refused
                and case.function == "bulk_sync"
                and column.name not in case.touched  # nobody looks at what is staged there
            ):
                case.refused.append("no assignment cast")
        for key in case.keys or []:
            if key not in staged:
                case.refused.append("a key that staging lacks")
            if case.target.column(key) and not case.target.column(key).type.keyable:
                case.refused.append("a key type without equality")

    def no_objects(self):
        """Rows of bulk_sync_json that have no columns but the keys."""
        return self.case.function == "bulk_sync_json" and not self.case.staging.rows

    def spoil(self):
        case = self.case
        columns = case.target.columns
        forms = [
            "filter",
            "filter",
            "filter",
            "keys_missing",
            "keys_empty",
            "keys_null",
            "keys_twice",
            "columns_missing",
            "ignore_missing",
            "max_deletes",
            "ratio",
            "lock",
            "key_type",
            "columns_refused",
            "option_off",
            "array_null",
            "update_when",
            "touch",
        ]
        form = self.random.choice(forms)
        if form == "filter":
            case.filter = self.random.choice(BAD_FILTERS).replace("{c}", ident(columns[0].name))
            case.filter_columns = []
        elif form == "keys_missing":
            case.keys = case.keys + ["no_such_key"]
        elif form == "keys_empty":
            case.keys = []
        elif form == "keys_null":
            case.keys = None
        elif form == "keys_twice":
            case.keys = case.keys + case.keys[:1]
        elif form in ("columns_missing", "ignore_missing"):
            if form == "ignore_missing" and self.no_objects():
                return  # a name that the objects of another day may have
            option = "columns" if form == "columns_missing" else "ignore_columns"
            case.names[option] = ["no_such_column"]
            case.options[option] = "ARRAY['no_such_column']"
        elif form == "max_deletes":
            case.options["max_deletes"] = "-1"
        elif form == "ratio":
            case.options["max_delete_ratio"] = self.random.choice(("1.5", "-0.1", "'NaN'"))
        elif form == "lock":
            case.options["lock"] = self.random.choice(("'exclusive'", "''", "'ROWS '"))
        elif form == "array_null":
            case.options["ignore_columns"] = "ARRAY[NULL]::text[]"
        elif form == "update_when":
            condition = self.random.choice(BAD_CONDITIONS).replace("{c}", ident(columns[0].name))
            case.options["update_when"] = literal(condition)
        elif form == "touch":
            bad = [column.name for column in columns if not column.type.name.startswith(("timestamp", "date"))]
            case.options[
                "touch_columns"
            ] = f"ARRAY[{literal(self.random.choice(bad + case.keys + ['no_such_column']))}]"
        elif form == "option_off":
            off = {"soft_delete": "'grp'", "insert_defaults": "'{}'::jsonb", "verbose": "true"}
            off = {name: value for name, value in off.items() if name not in self.features}
            if not off:
                return
            name = self.random.choice(sorted(off))
            case.options[name] = off[name]
        elif not self.spoil_columns(form):
            return
        case.refused.append(form + (": " + repr(case.filter) if form == "filter" else ""))

    def spoil_columns(self, form):
        case = self.case
        staged = {column.name for column in case.staging.columns}
        if form == "key_type":
            found = [c.name for c in case.target.columns if not c.type.keyable and c.name in staged]
            case.keys = case.keys + found[:1]
            return bool(found)
        found = [
            c.name
            for c in case.target.columns
            if c.name in staged
            and c.name not in case.keys
            and (c.generated or c.identity or c.name in case.target.primary_key)
        ]
        if not found:
            return False
        case.names["columns"] = found[:1]
        case.options["columns"] = f"ARRAY[{literal(found[0])}]"
        return True
