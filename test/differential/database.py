"""A database for each job of the run, with the types that the tables use, and what this server has to offer."""
import os
import time

import psycopg2

from case import CALLER
from values import PRELUDE, PRELUDE_CITEXT, PRELUDE_ICU

GROUPS = (
    "CREATE TABLE differential_groups (id int, name text); INSERT INTO differential_groups VALUES (1, 'a'), (2, 'b'),"
    " (3, 'c');"
)
CALLER_SQL = (
    f"DO $$ BEGIN CREATE ROLE {CALLER}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; "
    f"GRANT SELECT ON differential_groups TO {CALLER};"
)
FEATURES = (
    "compare",
    "json",
    "returning",
    "soft_delete",
    "insert_defaults",
    "verbose",
    "touch_columns",
    "update_when",
)


class Database:
    """Made by create() or create_like(), dropped by drop().

    The server is found by PGHOST, PGPORT and PGUSER, and entered through PGDATABASE.
    """

    def __init__(self, prepare=""):
        self.name = f"bulk_sync_differential_{os.getpid()}"
        self.prepare = prepare  # SQL that takes the place of CREATE EXTENSION, for work on the test itself
        self.available = set()

    def copy(self, number):
        """One more of its kind, since committed tables of two jobs must not meet; create_like() makes it."""
        other = Database(self.prepare)
        other.name = f"{self.name}_{number}"
        return other

    def create_like(self, model):
        with_admin(f"CREATE DATABASE {self.name} TEMPLATE {model.name}")
        self.available = model.available

    def create(self):
        with_admin(f"CREATE DATABASE {self.name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        connection = self.connect()
        cursor = connection.cursor()
        cursor.execute(self.prepare or "CREATE EXTENSION bulk_sync")
        cursor.execute(PRELUDE)
        cursor.execute(GROUPS)
        cursor.execute(CALLER_SQL)
        if connection.server_version >= 170000:
            self.available.add("own expressions")  # of partitions and children, for generated columns
        for name, sql in (("citext", PRELUDE_CITEXT), ("icu", PRELUDE_ICU), ("xml", "SELECT '<a/>'::xml")):
            try:
                cursor.execute(sql)
                self.available.add(name)
            except psycopg2.Error as error:
                print(f"# without {name}: {str(error).splitlines()[0]}")
        connection.close()

    def connect(self):
        connection = connect_patiently(f"dbname={self.name}")
        connection.cursor().execute("SET jit = off")  # with enable_* = off every plan would look worth compiling
        return connection

    def drop(self):
        with_admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        try:
            with_admin(f"DROP ROLE IF EXISTS {CALLER}")
        except psycopg2.errors.DependentObjectsStillExist:
            pass  # another database of this run, or of one beside it, still has it

    def features(self, connection):
        """Which of the optional features the installed extension has."""
        cursor = connection.cursor()
        found = set()
        names = (("compare", "bulk_compare"), ("json", "bulk_sync_json"), ("returning", "bulk_sync_returning"))
        for feature, name in names:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_proc WHERE proname = %s)", (name,))
            found |= {feature} if cursor.fetchone()[0] else set()
        cursor.execute(
            "CREATE TEMP TABLE probe (id int, gone_at timestamptz, other int); CREATE TEMP TABLE probe_staging (id int)"
        )
        for feature, value in (
            ("soft_delete", "'gone_at'"),
            ("insert_defaults", "'{\"other\": 1}'"),
            ("verbose", "true"),
            ("touch_columns", "'{gone_at}'"),
            ("update_when", "'new.id = old.id'"),
        ):
            try:
                cursor.execute(f"SELECT bulk_sync('probe', 'probe_staging', ARRAY['id'], {feature} => {value})")
                found.add(feature)
            except psycopg2.Error as error:
                if error.pgcode not in ("0A000", "42883"):
                    raise
        cursor.execute("DROP TABLE probe, probe_staging")
        return found

    def prelude(self):
        """The lines of a script that a case needs before its own."""
        lines = ["CREATE EXTENSION IF NOT EXISTS bulk_sync;"]
        if "citext" in self.available:
            lines.append(PRELUDE_CITEXT)
        lines += [PRELUDE, GROUPS, CALLER_SQL]
        return "\n".join(lines + ([PRELUDE_ICU] if "icu" in self.available else []))


def with_admin(sql):
    connection = connect_patiently("")
    connection.cursor().execute(sql)
    connection.close()


def connect_patiently(parameters):
    """Waits up to half a minute: the server may be recovering from a crash that the test is about to report."""
    for attempt in range(60):
        try:
            connection = psycopg2.connect(parameters)
            connection.autocommit = True
            return connection
        except psycopg2.OperationalError as error:
            if attempt == 59 or "does not exist" in str(error):
                raise
            time.sleep(0.5)
