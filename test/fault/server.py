"""The server under test: sessions whose calls can be watched, its processes, its log, its temporary files."""
import os
import re
import resource
import select
import subprocess
import sys
import time

import psycopg2
from psycopg2 import extensions

PATIENCE = 60  # seconds; what takes longer hangs
GONE = {"57P01", "57P02", "57P03", "08006", "08003"}  # the server ends the connection, or is not there yet

# What must never be in the log. A crash that was asked for is known by its process.
SUSPICIOUS = re.compile(
    r"WARNING:|PANIC:|TRAP:|leak|still referenced|not closed|terminated by signal|"
    r"server process .* exited with exit code"
)
CRASH_OF_ANOTHER = "terminating connection because of crash of another server process"


# Runs as the cluster's user, who may do this to its processes; root may not everywhere.
LIMITER = """
import resource, sys
for line in sys.stdin:
    pid, size = map(int, line.split())
    try:
        hard = resource.prlimit(pid, resource.RLIMIT_AS)[1]
        resource.prlimit(pid, resource.RLIMIT_AS, (hard if size < 0 else size, hard))
        print("ok", flush=True)
    except OSError as error:
        print(error, flush=True)
"""


# Makes the C library ask the system for each block of memory by itself, so that a small one may be the one that fails.
FINE_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4096", "MALLOC_TOP_PAD_": "0"}


class Failed(Exception):
    """The server, or bulk_sync, did what it must not do."""


class Outcome:
    """What came of a statement: its rows, an error's code and message, or a lost connection."""

    def __init__(self, rows=None, code=None, message="", lost=False):
        self.rows, self.code, self.message, self.lost = rows, code, message, lost

    @property
    def ok(self):
        return self.code is None and not self.lost

    def __str__(self):
        if self.ok:
            return f"rows {self.rows}"
        return ("connection lost, " if self.lost else "") + f"{self.code} {self.message}"


class Session:
    """A connection that does not wait for its statement unless told to."""

    def __init__(self):
        self.connection = psycopg2.connect("", async_=1)
        self.cursor = None
        self.wait(PATIENCE)
        self.pid = self.connection.get_backend_pid()

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            state = self.connection.poll()
            if state == extensions.POLL_OK:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failed(f"no answer for {seconds} s")
            descriptor = self.connection.fileno()
            if state == extensions.POLL_READ:
                select.select([descriptor], [], [], left)
            else:
                select.select([], [descriptor], [], left)

    def send(self, sql):
        self.cursor = self.connection.cursor()
        self.cursor.execute(sql)

    def finish(self, seconds=PATIENCE):
        """The outcome of what was sent."""
        try:
            self.wait(seconds)
            return Outcome(self.cursor.fetchall() if self.cursor.description else [])
        except psycopg2.Error as error:
            lost = bool(self.connection.closed) or error.pgcode in GONE or error.pgcode is None
            return Outcome(code=error.pgcode or "lost", message=str(error).splitlines()[0], lost=lost)

    def try_run(self, sql):
        try:
            self.send(sql)
        except psycopg2.Error as error:
            return Outcome(code="lost", message=str(error).splitlines()[0], lost=True)
        return self.finish()

    def run(self, sql):
        """The rows; an error is not expected."""
        outcome = self.try_run(sql)
        if not outcome.ok:
            raise Failed(f"{outcome} of: {sql[:200]}")
        return outcome.rows

    def one(self, sql):
        return self.run(sql)[0]

    def in_transaction(self):
        return self.connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE

    def vanish(self):
        """Closes the socket without a word, as a client does that loses its power."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, self.connection.fileno())
        os.close(nowhere)
        self.close()

    def close(self):
        try:
            self.connection.close()
        except psycopg2.Error:
            pass  # it is closed then


class Server:
    """The cluster in a folder, which can be stopped, started and looked into from outside."""

    def __init__(self, data, log, pg_ctl, user):
        self.data, self.log, self.pg_ctl = data, log, pg_ctl
        self.prefix = ["runuser", "-u", user, "--"] if os.getuid() == 0 else []
        self.preloaded = True  # as test/faults has started it
        self.read = os.path.getsize(log)
        self.killed = set()  # processes that we crashed
        self.limiter = subprocess.Popen(
            self.prefix + [sys.executable, "-c", LIMITER],
            cwd="/",
            text=True,
            bufsize=1,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def control(self, *arguments, environment=None):
        done = subprocess.run(
            self.prefix + [self.pg_ctl, "-D", self.data, "-w", "-s", "-t", str(PATIENCE), *arguments],
            cwd="/",
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"pg_ctl {' '.join(arguments)} failed with {done.returncode}")

    def stop(self):
        self.control("-m", "fast", "stop")

    def start(self):
        self.control(
            "-l",
            self.log,
            "-o",
            f"-c shared_preload_libraries={'bulk_sync' if self.preloaded else ''}",
            "start",
            environment=None if self.preloaded else FINE_MEMORY,
        )

    def connect(self):
        """A session, as soon as the server lets us in: it may be recovering."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return Session()
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise Failed(f"the server does not come back: {error}") from error
                time.sleep(0.005)

    def kill(self, pid):
        self.killed.add(pid)
        os.kill(pid, 9)

    def limit_memory(self, pid, size):
        """Lets the address space of a process grow up to this many bytes; -1: as far as it may."""
        self.limiter.stdin.write(f"{pid} {size}\n")
        answer = self.limiter.stdout.readline().strip()
        if answer != "ok" and "No such process" not in answer:
            raise Failed(f"the memory of a process cannot be limited: {answer}")

    def end(self):
        self.limiter.stdin.close()
        self.limiter.wait(PATIENCE)

    def temporary_files(self):
        """Files of work that is over, when no session is at work that needs any."""
        folder = os.path.join(self.data, "base", "pgsql_tmp")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def complaints(self, tolerated=()):
        """Lines of the log since the last look that must not be there."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(self.read)
            text = file.read()
            self.read = file.tell()
        return [
            line
            for line in text.splitlines()
            if SUSPICIOUS.search(line)
            and not self.was_asked_for(line)
            and not any(words in line for words in tolerated)
        ]

    def was_asked_for(self, line):
        crash = re.search(r"\(PID (\d+)\) was terminated by signal 9", line)
        return CRASH_OF_ANOTHER in line or (crash is not None and int(crash.group(1)) in self.killed)


def pages_of(pid):
    """The size of the address space of a process, in bytes."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def peak_of(pid):
    """The largest size that the address space of a process has had, in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmPeak"))
