#!/usr/bin/python3
"""One way to sync a CSV file from Django: django_client.py PROGRAM [ARGUMENTS], told by client.py what to do.

PROGRAM is `package` for django-bulk-sync, a package that Python has to find, or `file` for test/clients/django of this
tree. Without arguments it only says whether it can run: with 77 it cannot, and prints why.
"""
import csv
import decimal
import importlib.util
import json
import os
import sys
import time

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients", "django", "bulk_sync.py")
CANNOT_RUN = 77
BATCH = 1000  # objects in a statement: without a limit the package makes one that is far slower


def bulk_sync_of(program):
    """The function, or exits."""
    if program == "file":
        spec = importlib.util.spec_from_file_location("bulk_sync", FILE)
    else:
        spec = importlib.util.find_spec("bulk_sync")
        if spec is None:
            cannot_run("Python does not find the package django-bulk-sync")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.bulk_sync


def cannot_run(reason):
    print(reason)
    sys.exit(CANNOT_RUN)


def configure(database, settings):
    """Connections get the settings of all other contenders."""
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    import django
    from django.conf import settings as configuration

    configuration.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": database,
                "USER": os.environ.get("PGUSER", ""),
                "HOST": os.environ.get("PGHOST", ""),
                "PORT": os.environ.get("PGPORT", ""),
                "OPTIONS": {"options": f"-c search_path=bench,public {options}"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def make_model():
    from django.db import models

    class Row(models.Model):
        number = models.IntegerField(unique=True)
        code = models.TextField()
        a = models.IntegerField()
        b = models.TextField()
        c = models.DecimalField(max_digits=20, decimal_places=1)
        d = models.DateTimeField()

        class Meta:
            app_label = "bench"
            db_table = "t"

    return Row


def objects_of(model, path):
    from django.utils.dateparse import parse_datetime

    with open(path, encoding="utf-8", newline="") as file:
        return [
            model(number=int(number), code=code, a=int(a), b=b, c=decimal.Decimal(c), d=parse_datetime(d))
            for number, code, a, b, c, d in csv.reader(file)
        ]


class Session:
    def __init__(self, bulk_sync, path):
        from django.db import connection

        self.bulk_sync = bulk_sync
        self.path = path
        self.model = make_model()
        self.connection = connection
        connection.set_autocommit(False)

    def run(self):
        started = time.monotonic()
        self.bulk_sync(objects_of(self.model, self.path), ["number"], None, batch_size=BATCH)
        return {"seconds": time.monotonic() - started}

    def state(self, query):
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), sum(hashtextextended(r::text, 0))::text FROM ({query}) AS r")
            return {"state": cursor.fetchone()}

    def rollback(self):
        self.connection.rollback()
        return {}


def main(program, arguments=None):
    if arguments is None:
        for module in ("django", "psycopg2"):
            if importlib.util.find_spec(module) is None:
                cannot_run(f"Python does not find {module}")
        configure("", {})
        bulk_sync_of(program)
        return
    arguments = json.loads(arguments)
    configure(arguments["database"], arguments["settings"])
    session = Session(bulk_sync_of(program), arguments["file"])
    for line in sys.stdin:
        name, *values = json.loads(line)
        try:
            answer = getattr(session, name)(*values)
        except Exception as error:  # whatever it is, the other side prints it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
