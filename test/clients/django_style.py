#!/usr/bin/python3
"""What bulk_sync(new_models, filters, key_fields) of django-bulk-sync does, in one call of the server.

In a Django project `cursor` is that of django.db.connection; columns(model), table(model) and condition(filters) below
stand for what Model._meta and QuerySet know there.
"""
import json
from dataclasses import dataclass, fields

import psycopg2
from psycopg2 import sql


def bulk_sync(cursor, new_models, filters, key_fields, model=None, **options):
    """Make the rows of the models' table that match `filters`, a dict, equal to `new_models`; return the counts.

    Models are matched by `key_fields`; their primary key is not looked at. `model` is needed when there are no models.
    Other options of bulk_sync_json go on by name: skip_deletes=True, max_deletes=100, dry_run=True, ..
    """
    model = model or type(new_models[0])
    rows = [{name: getattr(instance, name) for name in columns(model)} for instance in new_models]
    arguments = {
        "target": table(model),
        "rows": json.dumps(rows, default=str),
        "keys": list(key_fields),
        "filter": condition(cursor, filters),
        **options,
    }
    call = sql.SQL("SELECT * FROM bulk_sync_json({})").format(
        sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in arguments
        )
    )
    cursor.execute(call, arguments)
    return dict(zip((column.name for column in cursor.description), cursor.fetchone()))


def columns(model):
    return [field.name for field in fields(model) if field.name != "id"]


def table(model):
    return model.__name__.lower()


def condition(cursor, filters):
    """{"company_id": 501} as company_id = 501; nothing as NULL, which is the whole table."""
    tests = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in (filters or {}).items()
    ]
    return sql.SQL(" AND ").join(tests).as_string(cursor) if tests else None


@dataclass
class Employee:
    company_id: int
    name: str
    phone: str = None
    title: str = None
    id: int = None


if __name__ == "__main__":
    new_models = [
        Employee(501, "Ann", "1111", "engineer"),
        Employee(501, "Bob", "2223", "engineer"),
        Employee(501, "Eve", "5555"),
    ]
    connection = psycopg2.connect("")
    with connection, connection.cursor() as cursor:
        stats = bulk_sync(cursor, new_models, filters={"company_id": 501}, key_fields=("name",), max_deletes=100)
    connection.close()
    print(stats)
