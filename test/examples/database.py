"""A database for a page, and psql at work in it."""
import os
import pathlib
import re
import subprocess
from dataclasses import dataclass

import psycopg2

TIMEOUT = 300  # seconds for the blocks of a page
FOLDER = "/srv/import"  # stands in the pages for the folder in which psql runs
FAILED = "<<failed>>"  # printed behind a shell command that did


@dataclass
class Outcome:
    ended: bool  # False: psql stopped in it
    output: str  # what psql printed, results and messages in their order
    sqlstate: str  # of the last error; 00000 when there was none


class Database:
    """Made by create(), dropped by drop(); the server is found by PGHOST and so on, and entered through PGDATABASE."""

    def __init__(self, folder):
        self.name = f"bulk_sync_examples_{os.getpid()}"
        self.folder = folder

    def create(self, with_extension):
        as_admin(f"CREATE DATABASE {self.name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        if with_extension:
            connection = psycopg2.connect(dbname=self.name)
            with connection, connection.cursor() as cursor:
                cursor.execute("CREATE EXTENSION bulk_sync")
            connection.close()

    def drop(self):
        as_admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def run(self, blocks):
        """The outcome of each block that one session came to: it ends with the first that fails and must not."""
        script = "".join(self.script_of(number, block) for number, block in enumerate(blocks))
        environment = {
            **os.environ,
            "PGDATABASE": self.name,
            "PGTZ": "UTC",
            "PGCLIENTENCODING": "UTF8",
            "PGOPTIONS": "-c lc_messages=C -c datestyle=ISO",
            "LC_ALL": "C.UTF-8",
        }
        psql = ["psql", "-X", "-q", "-P", "footer=off", "-P", "pager=off"]
        try:
            printed = subprocess.run(
                psql,
                input=script.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=environment,
                timeout=TIMEOUT,
                check=False,
            ).stdout
        except subprocess.TimeoutExpired as expired:
            printed = (expired.stdout or b"") + b"\n(and did not end)"
        return self.outcomes(printed.decode())

    def script_of(self, number, block):
        text = block.text.replace(FOLDER, self.folder)
        if block.language == "sh" or "file" in block.marks:
            kept = f"block{number}"
            (pathlib.Path(self.folder) / kept).write_text(text + "\n")
            command = f"cp {kept} {block.marks['file']}" if "file" in block.marks else f"bash -e {kept}"
            text = f"\\! {command} 2>&1 || echo '{FAILED}'"
        # The empty statement ends a last one that has no semicolon: it must not run into what follows.
        stop = "off" if "error" in block.marks else "on"
        return (
            f"\\set ON_ERROR_STOP {stop}\n\\set LAST_ERROR_SQLSTATE 00000\n\\echo '<<{number}>>'\n"
            f"{text}\n;\n\\echo '<<end' :LAST_ERROR_SQLSTATE'>>'\n"
        )

    def outcomes(self, printed):
        found = []
        for part in re.split(r"^<<\d+>>\n", printed.replace(self.folder, FOLDER), flags=re.MULTILINE)[1:]:
            output, end, rest = part.partition("<<end ")
            found.append(Outcome(bool(end) and FAILED not in output, output, rest.partition(">>")[0]))
        return found


def as_admin(statement):
    connection = psycopg2.connect(dbname=os.environ.get("PGDATABASE", "postgres"))
    connection.autocommit = True
    connection.cursor().execute(statement)
    connection.close()


def available_extensions():
    """The extensions by their names, and server-15 and so on up to the server's own version."""
    connection = psycopg2.connect(dbname=os.environ.get("PGDATABASE", "postgres"))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_available_extensions")
        names = {name for name, in cursor.fetchall()}
    newest = connection.server_version // 10000
    connection.close()
    return names | {f"server-{version}" for version in range(15, newest + 1)}


def server_can_read(folder):
    connection = psycopg2.connect(dbname=os.environ.get("PGDATABASE", "postgres"))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_ls_dir(%s)", (folder,))
        return True
    except psycopg2.Error:
        return False
    finally:
        connection.close()
