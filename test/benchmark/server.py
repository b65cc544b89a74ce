"""The server that the PG* environment names, and a database of the run's own in it."""
import os
import re

import psycopg2

DATABASE = "bulk_sync_bench"
OLD_SCHEMA = "old"
SHOWN = (
    "shared_buffers",
    "work_mem",
    "hash_mem_multiplier",
    "max_parallel_workers_per_gather",
    "jit",
    "wal_level",
    "max_wal_size",
    "fsync",
)


def connect(database):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    return connection


class Database:
    def __init__(self, settings, name):
        self.name = name
        self.settings = settings  # of each session
        self.connection = None
        self.old_schema = None

    def create(self):
        self.drop()
        self.admin(f"CREATE DATABASE {self.name} TABLESPACE pg_default")
        self.connection = connect(self.name)
        self.execute("CREATE EXTENSION bulk_sync SCHEMA public")

    def drop(self):
        if self.connection:
            self.connection.close()
            self.connection = None
        self.admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    @staticmethod
    def admin(sql):
        connection = connect(os.environ.get("PGDATABASE", "postgres"))
        connection.cursor().execute(sql)
        connection.close()

    def add_old(self, library, script):
        """Declares the functions of an older library in a schema of their own, as the extension's script does."""
        with open(script, encoding="utf-8") as file:
            sql = file.read()
        sql = re.sub(r"^\\echo.*$", "", sql, flags=re.MULTILINE)
        sql = sql.replace("MODULE_PATHNAME", os.path.abspath(library))
        self.execute(f"CREATE SCHEMA {OLD_SCHEMA}; SET search_path = {OLD_SCHEMA}; {sql}")
        self.execute("RESET search_path")
        self.old_schema = OLD_SCHEMA

    def execute(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None

    def make_tables(self, setup):
        """Makes a scenario's tables in an empty schema, as they are when autovacuum has just been there."""
        self.execute("SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
        self.execute("SET search_path = bench, public")
        self.execute(setup)
        tables = self.execute(
            "SELECT oid::regclass::text, relkind FROM pg_class"
            " WHERE relnamespace = 'bench'::regnamespace AND relkind IN ('r', 'p')"
        )
        for table, kind in tables:
            if kind == "r":  # it would come in the middle, in the turn of one of them
                self.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off, toast.autovacuum_enabled = off)")
        self.execute(f"VACUUM ANALYZE {', '.join(table for table, _ in tables)}")
        self.execute("CHECKPOINT")

    def session(self, settings):
        """A connection of a contender's own, with these settings over those of the run."""
        connection = connect(self.name)
        cursor = connection.cursor()
        cursor.execute("SET search_path = bench, public")
        for name, value in {**self.settings, **settings}.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        return connection

    @property
    def major(self):
        return self.connection.server_version // 10000

    def extensions(self):
        return {name for name, in self.execute("SELECT name FROM pg_available_extensions")}

    def folder(self):
        """Where the server keeps this database. A file there goes with it."""
        rows = self.execute(
            "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database"
            " WHERE datname = current_database()"
        )
        return rows[0][0].replace("'", "''")

    def describe(self, shown=SHOWN):
        """The server, the extension's version, and these settings as the contenders' sessions have them."""
        connection = self.session({})
        cursor = connection.cursor()
        cursor.execute(
            "SELECT version(), (SELECT extversion FROM pg_extension WHERE extname = 'bulk_sync'), datcollate"
            " FROM pg_database WHERE datname = current_database()"
        )
        version, extension, collation = cursor.fetchone()
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS name", (list(shown),))
        settings = dict(cursor.fetchall(), collation=collation)
        connection.close()
        return {"server": version, "extension": extension, "settings": settings}
