"""What a scenario is: tables, contenders that do the same job on them, and what bulk_sync has to reach.

A scenario is made by a function with the decorator @scenario, which gets the Size of the run; see reading.py,
writing.py, shares.py and calls.py. SQL of bulk_sync itself has {schema} in place of the schema of its functions, so
that an older library can take part as one more contender.
"""
import dataclasses
import enum

from client import why_not

FULL_ROWS = 1_000_000  # what --rows is at full size; each scenario says how its own sizes follow from it


class Role(enum.Enum):
    SUBJECT = "bulk_sync"
    OLD = "old"  # bulk_sync of the library that --against names
    FLOOR = "floor"  # less than the whole job, such as reading both tables
    RIVAL = "rival"  # the whole job in plain SQL


@dataclasses.dataclass
class Contender:
    name: str
    statements: tuple  # SQL, run in this order; in a scenario with calls, each is a call, in turns
    role: Role = Role.RIVAL
    writes: bool = False  # the table is then as the scenario wants it; otherwise it is as before
    answer: str = ""  # contenders with the same word here have to give the same row as their last answer
    settings: dict = dataclasses.field(default_factory=dict)
    since: int = 0  # the first major version of PostgreSQL that can run it
    until: int = 99
    needs: str = ""  # an extension, without which it does not take part
    per: int = 1  # times are divided by this: a tenth for ten times the rows
    rewrites: bool = False  # rows that are equal get a new version as well
    program: str = ""  # instead of statements: a client's program of this name, see client.py


@dataclasses.dataclass
class Target:
    """`subject` takes at most `limit` times what `rival` takes, each the name of a contender, OLD or BEST."""

    limit: float
    rival: str
    subject: str = "bulk_sync"
    memory: bool = False  # of the peak of memory instead of time
    since: int = 0
    until: int = 99


OLD = "the older bulk_sync"
BEST = "the best rival"


@dataclasses.dataclass
class Scenario:
    setup: str  # SQL that makes the tables, in an empty schema
    contenders: list
    targets: list = dataclasses.field(default_factory=list)
    session: str = ""  # SQL that each contender's session starts with, for temporary tables
    state: str = "SELECT * FROM t"  # the rows that contenders write
    wanted: str = "SELECT * FROM s"  # these rows, as they have to be in the end; with calls, after the first one
    settings: dict = dataclasses.field(default_factory=dict)
    restore: str = "VACUUM (INDEX_CLEANUP ON) t"  # run after each contender that wrote, which was rolled back
    calls: int = 0  # more than 0: so many short transactions that are committed and end in the state before
    needs: str = ""
    written: str = ""  # SQL for how many rows have a new version in the end, unless the contender rewrites all
    file: str = ""  # the rows of s as a CSV file of this name with the client, which COPY .. FROM STDIN sends


@dataclasses.dataclass
class Size:
    rows: int  # of --rows
    version: int  # the server's major version
    folder: str = ""  # of the database, on the server, for files
    client_file: str = ""  # one to write, on this machine

    def of(self, full, least=200):
        """What `full` rows at full size are in this run."""
        return max(least, full * self.rows // FULL_ROWS)


@dataclasses.dataclass
class Entry:
    name: str
    title: str
    seconds: int  # about what it takes at full size with five rounds
    make: object
    chosen: bool = True  # runs also when it is not named


ENTRIES = []


def scenario(name, title, seconds, chosen=True):
    """Registers the function as the one that makes this scenario."""

    def register(make):
        ENTRIES.append(Entry(name, title, seconds, make, chosen))
        return make

    return register


def sync(arguments, function="bulk_sync", name="bulk_sync", columns="*", **more):
    """The contender that everything is about."""
    return Contender(name, (f"SELECT {columns} FROM {{schema}}.{function}({arguments})",), Role.SUBJECT, **more)


def prepared(entry, size, old_schema, extensions):
    """The scenario, with the contenders that can take part here and the older library among them.

    `old_schema` is None when there is no older library. Returns the scenario and a line for each that is left out.
    """
    made = entry.make(size)
    contenders, left_out = [], []
    for contender in made.contenders:
        if not contender.since <= size.version <= contender.until:
            continue
        if contender.needs and contender.needs not in extensions:
            left_out.append(f"{contender.name}: needs the extension {contender.needs}")
            continue
        if contender.program and (reason := why_not(contender.program)):
            left_out.append(f"{contender.name}: {reason}")
            continue
        if contender.role is not Role.SUBJECT:
            contenders.append(contender)
            continue
        contenders.append(with_schema(contender, "public", contender.name, Role.SUBJECT))
        if old_schema:
            name = contender.name.replace("bulk_sync", OLD)
            contenders.append(with_schema(contender, old_schema, name, Role.OLD))
    targets = [target for target in made.targets if target.since <= size.version <= target.until]
    return dataclasses.replace(made, contenders=contenders, targets=targets), left_out


def with_schema(contender, schema, name, role):
    statements = tuple(sql.replace("{schema}", schema) for sql in contender.statements)
    return dataclasses.replace(contender, statements=statements, name=name, role=role)
