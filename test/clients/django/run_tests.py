#!/usr/bin/python3
"""Runs the tests of bulk_sync.py with one driver, in databases of their own.

Arguments: psycopg2, psycopg (that is psycopg 3) or psycopg-server (which has the server bind parameters), and the tests
to run, if not all. PGHOST, PGPORT and PGUSER give the server. Exits with 77 where Django does not have this driver.
"""
import os
import sys

driver, *names = sys.argv[1:]
if driver == "psycopg2":
    sys.modules["psycopg"] = None  # Django takes it before psycopg2 where both are there

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.models.signals import pre_migrate  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402


def database(name):
    options = {"server_side_binding": True} if driver == "psycopg-server" else {}
    name = f"{name}_{os.getpid()}"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": os.environ["PGUSER"],
        "OPTIONS": options,
        "TEST": {"NAME": name},
    }


def create_extension(using, **_):
    with connections[using].cursor() as cursor:
        cursor.execute("SET client_min_messages = warning")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS bulk_sync")
        cursor.execute('CREATE SCHEMA IF NOT EXISTS "Other Schema"')


settings.configure(
    DATABASES={"default": database("hr_django"), "other": database("hr_django_other")},
    INSTALLED_APPS=["tests"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()
try:
    module = connections["default"].Database
except ImproperlyConfigured as error:  # too old a psycopg
    print(error)
    sys.exit(77)
if module.__name__ != driver.split("-")[0]:
    sys.exit(77)
print(f"Django {django.get_version()}, {driver} {module.__version__.split()[0]}", flush=True)
pre_migrate.connect(create_extension)
sys.exit(bool(DiscoverRunner(verbosity=1, interactive=False).run_tests(names or ["tests"])))
