#!/usr/bin/python3
"""Django: what bulk_sync(new_models, filters, key_fields) of django-bulk-sync does, in one call of the server."""
import django
from django.conf import settings
from django.db import models
from django.db.models import Q

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "hr"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()


class Employee(models.Model):
    company_id = models.IntegerField()
    name = models.TextField()
    phone = models.TextField(null=True)
    title = models.TextField(null=True)

    class Meta:
        app_label = "hr"
        db_table = "employee"


# docs: begin
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections
import json


def bulk_sync(new_models, filters, key_fields, using="default", **options):
    """bulk_sync(new_models, filters=Q(..), key_fields=("name",)) of django-bulk-sync, in one call of the server.

    `filters` is a Q over fields of the model itself. Options go on by name: skip_deletes=True, max_deletes=100..
    """
    model = new_models[0]._meta.model
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    rows = [
        {field.column: field.get_db_prep_save(getattr(instance, field.attname), connections[using]) for field in fields}
        for instance in new_models
    ]
    keys = [model._meta.get_field(name).column for name in key_fields]
    with connections[using].cursor() as cursor:
        where = None
        if filters is not None:
            compiler = model.objects.using(using).filter(filters).query.get_compiler(using)
            where = cursor.mogrify(*compiler.compile(compiler.query.where)).decode()
        names = "".join(f", {name} => %s" for name in options)
        cursor.execute(
            f"SELECT * FROM bulk_sync_json(%s, %s, %s, %s{names})",
            [model._meta.db_table, json.dumps(rows, cls=DjangoJSONEncoder), keys, where, *options.values()],
        )
        return dict(zip([column.name for column in cursor.description], cursor.fetchone()))


# docs: end


def print_result_of(function):
    """As the interactive interpreter does."""
    return lambda *arguments, **options: print(function(*arguments, **options))


Employee.objects.filter(company_id=501, name="Carol").delete()
employees = [
    Employee(company_id=501, name="Bob", phone="2223", title="engineer"),
    Employee(company_id=501, name="Erin", phone="5555"),
]
bulk_sync = print_result_of(bulk_sync)
# docs: begin
bulk_sync(employees, filters=Q(company_id=501), key_fields=("name",), max_deletes=100)
# {'created': 1, 'updated': 1, 'deleted': 1, 'unchanged': 0, 'skipped': 0}
# docs: end
