#!/usr/bin/python3
"""Django: bulk_sync of django-bulk-sync, from the file that projects copy (django/bulk_sync.py)."""
import django
from django.conf import settings
from django.db import models

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
from bulk_sync import bulk_sync
from django.db.models import Q

employees = [
    Employee(company_id=501, name="Alice", phone="1111", title="engineer"),
    Employee(company_id=501, name="Bob", phone="2223", title="engineer"),
    Employee(company_id=501, name="Erin", phone="5555"),
]
result = bulk_sync(employees, key_fields=["name"], filters=Q(company_id=501), max_deletes=100)
print(result["stats"])  # {'created': 1, 'updated': 2, 'deleted': 1}
print(result["written"])  # {'created': 1, 'updated': 1, 'deleted': 1}
print([employee.pk for employee in employees])  # [1, 2, 5]
# docs: end
