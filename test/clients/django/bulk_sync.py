"""bulk_sync and bulk_compare with the signatures and results of django-bulk-sync, done by the extension bulk_sync.

Copy this file into a project, and import from it what came from the package. It needs PostgreSQL with the extension,
version 1.1, and Django 3.2 or newer with psycopg 2 or psycopg 3. What is better than in the package, or different:

- Rows that are equal are not written, and what differs is written by one call of the server.
- Two objects or two rows in scope with the same keys are an error. So is an object that would be stored out of scope,
  because each call would create it again; `allow_out_of_scope=True` lets it pass.
- Options of the extension can be given by name, in its own terms: `max_deletes=100`, `touch_columns=["updated_at"]`.
"""
from __future__ import annotations

import copy
import itertools
import json
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from django.core import exceptions
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, NotSupportedError, ProgrammingError, connections, models, router, transaction
from django.db.models import sql
from django.db.models.deletion import Collector


def bulk_sync(
    new_models: Iterable[models.Model],
    key_fields: Iterable[str],
    filters: models.Q | None,
    batch_size: int | None = None,
    fields: Iterable[str] | None = None,
    exclude_fields: Iterable[str] | None = None,
    skip_creates: bool = False,
    skip_updates: bool = False,
    skip_deletes: bool = False,
    db_class: type[models.Model] | None = None,
    select_for_update_of: Collection[str] | None = None,
    *,
    using: str | None = None,
    **options: Any,
) -> dict[str, dict[str, int]]:
    """Makes the rows of a model that `filters` selects match `new_models`, and sets the primary keys of these objects.

    new_models: how the rows are to be. An empty list needs `db_class` (a queryset does not) and empties the scope;
        `allow_empty=False` refuses that.
    key_fields: fields that are equal in an object and its row; "pk" can be one, foreign keys come with or without _id.
    filters: which rows of the default manager are in scope, the only ones to be found, updated or deleted. None: all.
    batch_size: how many objects are sent to the server at a time.
    fields, exclude_fields: what is updated in rows that are there: these, or all that are editable, without those.
    skip_creates, skip_updates, skip_deletes: what is not done.
    db_class: the model, if `new_models` may be empty.
    select_for_update_of: locks the rows in scope, or the relations named, beforehand; else changed rows are locked.
    using: the database, if it is another one than the router says.

    Deletes are left to Django where it has something to do for them: on_delete, signals, a queryset's own delete().
    Nothing else sends signals, as in bulk_create and bulk_update.

    Returns {"stats": {"created": 1, "updated": 2, "deleted": 0}, "written": {the same}}. The stats count as the package
    does, where every object that has a row is updated; "written" counts the rows that were really written.
    """
    objects, model = objects_and_model(new_models, db_class)
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size must be positive, not {batch_size}")
    using = using or router.db_for_write(model)
    scope = model._default_manager.using(using)
    if filters:
        scope = scope.filter(filters)
    options["skip_creates"], options["skip_updates"] = bool(skip_creates), bool(skip_updates)
    options["skip_deletes"] = bool(skip_deletes)
    with transaction.atomic(using=using):
        if select_for_update_of:
            list(scope.only("pk").select_for_update(of=select_for_update_of).order_by("pk"))
        sync = Sync(scope, key_fields, updated_fields(model, fields, exclude_fields), options)
        sync.stage(objects, batch_size or 1000)
        written = sync.write()
        matched = sync.mark_as_stored(objects)
        sync.execute(f"DROP TABLE {sync.staging}")
    return {"stats": {**written, "updated": 0 if skip_updates else matched}, "written": written}


def bulk_compare(
    old_models: Iterable[models.Model],
    new_models: Iterable[models.Model],
    key_fields: Iterable[str],
    ignore_fields: Collection[str] | None = None,
) -> dict[str, Any]:
    """Compares objects in memory, without the server. Objects that match an old one get its primary key.

    Returns lists of the objects "added", "unchanged", "updated" and "removed", and "updated_details": of each object in
    "updated", {field: (old value, new value)}. dry_run=True of bulk_sync compares with the database.
    """
    key_fields = list(key_fields)
    result: dict[str, Any] = {"added": [], "unchanged": [], "updated": [], "updated_details": {}}
    old = {key_of(instance, key_fields): instance for instance in old_models}
    for instance in new_models:
        before = old.pop(key_of(instance, key_fields), None)
        if before is None:
            result["added"].append(instance)
            continue
        instance.pk = before.pk
        details = differences(before, instance, ignore_fields or ())
        result["updated" if details else "unchanged"].append(instance)
        if details:
            result["updated_details"][instance] = details
    return {**result, "removed": list(old.values())}


def key_of(instance: models.Model, key_fields: list[str]) -> tuple:
    return tuple(value_of(instance, field_named(instance, name)) for name in key_fields)


def differences(old: models.Model, new: models.Model, ignored: Collection[str]) -> dict[str, tuple]:
    pairs = {
        field.name: (value_of(old, field), value_of(new, field))
        for field in old._meta.concrete_fields
        if field.name not in ignored and field.attname not in ignored
    }
    return {name: values for name, values in pairs.items() if values[0] != values[1]}


def value_of(instance: models.Model, field: models.Field) -> Any:
    """As the field has it: a number that came as a string is a number."""
    return field.to_python(getattr(instance, field.attname))


def field_named(model: models.Model | type[models.Model], name: str) -> models.Field:
    """By its name or that of the attribute, such as company_id. Raises FieldDoesNotExist."""
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def primary_key(model: type[models.Model]) -> list[models.Field]:
    """One field, or those of a CompositePrimaryKey."""
    return list(getattr(model._meta, "pk_fields", None) or [model._meta.pk])


def objects_and_model(
    new_models: Iterable[models.Model], db_class: type[models.Model] | None
) -> tuple[list[models.Model], type[models.Model]]:
    """Raises RuntimeError when nothing tells the model, NotSupportedError when it is none of a single table."""
    objects = list(new_models)
    model = db_class or getattr(new_models, "model", None) or (type(objects[0]) if objects else None)
    if model is None:
        raise RuntimeError("an empty list does not tell the model to sync: name it by db_class, or pass a queryset")
    if any(parent._meta.concrete_model is not model._meta.concrete_model for parent in model._meta.get_parent_list()):
        raise NotSupportedError(f"{model.__name__} has columns in a parent's table, and a sync is of one table")
    return objects, model


def updated_fields(
    model: type[models.Model], fields: Iterable[str] | None, exclude_fields: Iterable[str] | None
) -> list[models.Field]:
    excluded = [field_named(model, name) for name in exclude_fields or ()]
    if fields is None:
        keys = primary_key(model)
        chosen = [f for f in model._meta.concrete_fields if f.editable and not f.auto_created and f not in keys]
    else:
        chosen = [field_named(model, name) for name in fields]
    return [field for field in chosen if field not in excluded]


def as_argument(value: Any) -> Any:
    """An option's value as the drivers can pass it: jsonb as text, names as a list."""
    if isinstance(value, dict):
        return json.dumps(value, cls=DjangoJSONEncoder)
    return list(value) if isinstance(value, (tuple, set, frozenset)) else value


class StagedInsert(sql.InsertQuery):
    """Django's INSERT of objects, as in bulk_create, into another table."""

    def __init__(self, model: type[models.Model], table: str) -> None:
        super().__init__(model)
        self.table = table

    def get_meta(self):
        meta = copy.copy(super().get_meta())
        meta.db_table = self.table
        return meta


class Sync:
    """One call: the objects in a temporary table, the arguments in the server's terms, and the rows that came back."""

    position = "bulk_sync_position"  # a column of staging: which object a row is, counted from 1
    tables = itertools.count(1)  # when a delete sends a signal, another call may begin before this one has ended

    def __init__(
        self, scope: models.QuerySet, key_fields: Iterable[str], updated: list[models.Field], options: dict[str, Any]
    ) -> None:
        self.connection = connections[scope.db]
        if self.connection.vendor != "postgresql":
            raise NotSupportedError("bulk_sync is an extension of PostgreSQL")
        if "columns" in options:
            raise TypeError("which columns are updated is told by fields and exclude_fields")
        self.scope, self.model, self.quoted = scope, scope.model, self.connection.ops.quote_name
        meta = self.model._meta
        self.target, self.staging = self.quoted(meta.db_table), f"bulk_sync_rows_{next(self.tables)}"
        self.pk = primary_key(self.model)
        self.keys = [f for name in key_fields for f in (self.pk if name == "pk" else [field_named(self.model, name)])]
        self.returned = [*self.pk, *(field for field in meta.db_returning_fields if field not in self.pk)]
        self.rows: list[tuple] = []  # action, position (None for a deleted row), and the returned fields
        self.numbered: list[models.Model] = []  # got their primary keys before they were written

        # Columns that the server fills are not staged.
        filled = {options.get("soft_delete")}
        filled.update(options.get("touch_columns") or (), options.get("insert_defaults") or ())
        stored = [field for field in meta.concrete_fields if not getattr(field, "generated", False)]
        self.staged = [field for field in stored if field.column not in filled]
        ignored = [*(options.get("ignore_columns") or ()), self.position]
        columns = [field.column for field in updated if field.column not in filled.union(ignored)]
        self.options = {"allow_empty": True, **options, "columns": columns, "ignore_columns": ignored}

        # A new row has no primary key before it is written, so the server cannot check beforehand that it will be in
        # a scope that asks for it, as one over relations does. Then it is checked afterwards.
        self.filter = self.filter_of_scope()
        asks_for_pk = any(f"{self.target}.{self.quoted(field.column)}" in (self.filter or "") for field in self.pk)
        self.checks_scope = asks_for_pk and not options.get("allow_out_of_scope")
        if asks_for_pk:
            self.options["allow_out_of_scope"] = True

    def filter_of_scope(self) -> str | None:
        """The WHERE of the queryset as text. Where that takes more than its table, pk IN (the queryset)."""
        query = self.scope.query
        tables = [alias for alias in query.alias_map if query.alias_refcount[alias]]
        if len(tables) > 1 or query.group_by or query.where.contains_over_clause or query.extra_tables:
            query = self.model._base_manager.using(self.scope.db).filter(pk__in=self.scope.values("pk")).query
        try:
            where, parameters = query.get_compiler(self.scope.db).compile(query.where)
        except exceptions.EmptyResultSet:
            return "false"
        except getattr(exceptions, "FullResultSet", ()):  # Django 4.2
            return None
        return self.literally(where, parameters) if where else None

    def literally(self, statement: str, parameters: Iterable[Any]) -> str:
        """With the parameters in it, as the driver writes them."""
        if hasattr(self.connection.ops, "compose_sql"):  # Django 4.2
            return self.connection.ops.compose_sql(statement, parameters)
        with self.connection.cursor() as cursor:
            return cursor.mogrify(statement, parameters).decode()

    def execute(self, statement: str, parameters: list[Any] | None = None) -> list[tuple]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def stage(self, objects: list[models.Model], batch_size: int) -> None:
        """Fills a table of the target's columns and types as bulk_create would, so that every field has its say."""
        columns = ", ".join(self.quoted(field.column) for field in self.staged)
        self.execute(
            f"CREATE TEMP TABLE {self.staging} ON COMMIT DROP AS SELECT {columns} FROM {self.target} WITH NO DATA"
        )
        self.execute(f"ALTER TABLE {self.staging} ADD {self.position} int GENERATED ALWAYS AS IDENTITY")
        for field in self.staged:
            if getattr(field, "db_default", models.NOT_PROVIDED) is not models.NOT_PROVIDED:  # Django 5.0
                default = self.literally(*self.connection.schema_editor().db_default_sql(field))
                self.execute(f"ALTER TABLE {self.staging} ALTER {self.quoted(field.column)} SET DEFAULT {default}")
        for instance in objects:
            instance._prepare_related_fields_for_save(operation_name="bulk_create")
            if instance.pk is None:
                instance.pk = instance._meta.pk.get_pk_value_on_save(instance)
        if self.model._meta.pk in self.keys and isinstance(self.model._meta.pk, models.AutoField):
            self.number([instance for instance in objects if instance.pk is None])
        for start in range(0, len(objects), batch_size):
            insert = StagedInsert(self.model, self.staging)
            insert.insert_values(self.staged, objects[start : start + batch_size])
            insert.get_compiler(self.scope.db).execute_sql()

    def number(self, objects: list[models.Model]) -> None:
        """Objects without a number are new where it is the key, and a key has to be there before the row is."""
        numbers = self.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s::int)",
            [self.target, self.model._meta.pk.column, len(objects)],
        )
        self.numbered = objects
        for instance, (number,) in zip(objects, numbers):
            instance.pk = number

    def write(self) -> dict[str, int]:
        """Returns how many rows were created, updated and deleted. What Django deletes goes last, as in the package."""
        if self.options["skip_deletes"] or self.options.get("soft_delete") or not self.django_deletes():
            self.rows = self.call()
        else:
            deleted = [row for row in self.call(dry_run=True) if row[0] == "deleted"]
            self.rows = self.call(skip_deletes=True) + deleted
            if deleted and not self.options.get("dry_run"):
                self.scope.filter(pk__in=[self.pk_of(row) for row in deleted]).delete()
        deleted_keys = {self.pk_of(row) for row in self.rows if row[0] == "deleted"}
        if any(row[0] == "created" and self.pk_of(row) in deleted_keys for row in self.rows):
            raise IntegrityError("a new object has the primary key of a row whose key fields are different")
        counts = Counter(action for action, *_ in self.rows)
        return {action: counts[action] for action in ("created", "updated", "deleted")}

    def django_deletes(self) -> bool:
        own_delete = type(self.scope).delete is not models.QuerySet.delete
        return own_delete or not Collector(using=self.scope.db).can_fast_delete(self.scope)

    def pk_of(self, row: tuple) -> Any:
        values = row[2 : 2 + len(self.pk)]
        return values if len(values) > 1 else values[0]

    def call(self, **options: Any) -> list[tuple]:
        options = {**self.options, **options}
        names = "".join(f", {self.quoted(name)} => %s" for name in options)
        return self.execute(
            f"SELECT r.action, s.{self.position}, {self.columns('t', self.returned)}"
            f" FROM bulk_sync_returning(%s::regclass, %s::regclass, %s, %s{names}) AS r"
            f" CROSS JOIN LATERAL jsonb_to_record(coalesce(r.new, r.old)) AS t({self.columns_and_types()})"
            f" LEFT JOIN {self.staging} AS s ON r.action <> 'deleted' AND {self.same_keys('s', 't')}",
            [self.target, self.staging, [field.column for field in self.keys], self.filter]
            + [as_argument(value) for value in options.values()],
        )

    def columns_and_types(self) -> str:
        """Those of keys and returned fields, as the table has them."""
        rows = self.execute(
            "SELECT quote_ident(attname), format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attname = ANY (%s::text[])",
            [self.target, [field.column for field in self.keys + self.returned]],
        )
        return ", ".join(f"{name} {kind}" for name, kind in rows)

    def found(self) -> list[tuple]:
        """Positions and primary keys of the objects that have a row in scope now."""
        return self.execute(
            f"SELECT s.{self.position}, {self.columns(self.target, self.pk)} FROM {self.staging} AS s"
            f" JOIN {self.target} ON {self.same_keys('s', self.target)} WHERE {self.filter or 'true'}"
        )

    def columns(self, table: str, fields: list[models.Field]) -> str:
        return ", ".join(f"{table}.{self.quoted(field.column)}" for field in fields)

    def same_keys(self, one: str, other: str) -> str:
        """Of values as they are stored, of the same types. As text, NULL is like NULL, and no join is slow."""
        return f"ROW({self.columns(one, self.keys)})::text = ROW({self.columns(other, self.keys)})::text"

    def mark_as_stored(self, objects: list[models.Model]) -> int:
        """Sets the primary keys and what else the server made. Returns how many objects had a row before."""
        stored = {position: values for _, position, *values in self.rows if position}
        if len(stored) < len(objects) or self.checks_scope:
            found = {position: values for position, *values in self.found()}
            outside = sorted(stored.keys() - found.keys())
            if outside and self.checks_scope and not self.options.get("dry_run"):
                first = ", ".join(str(objects[position - 1]) for position in outside[:5])
                raise ProgrammingError(f"{len(outside)} objects would be stored outside the scope: {first}")
            stored = {**found, **stored}
        if not self.options.get("dry_run"):
            for position, values in stored.items():
                self.mark(objects[position - 1], values)
        for instance in self.numbered:
            if instance._state.adding:
                instance.pk = None
        return len(stored.keys() - {position for action, position, *_ in self.rows if action == "created"})

    def mark(self, instance: models.Model, values: list[Any]) -> None:
        for field, value in zip(self.returned, values):
            column = field.get_col(self.target)
            for convert in self.connection.ops.get_db_converters(column) + column.get_db_converters(self.connection):
                value = convert(value, column, self.connection)
            setattr(instance, field.attname, value)
        instance._state.adding, instance._state.db = False, self.scope.db
