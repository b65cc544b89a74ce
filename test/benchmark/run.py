#!/usr/bin/python3
"""Times bulk_sync against the best plain SQL for the same job, as ratios within one run.

Every contender runs in a session of its own, in turns, round after round, on the same tables; printed are medians of
wall-clock time, of the backend's own CPU time and, where the processor tells, of its instructions, each with the ratio
to the first contender; and the backend's peak of memory less what is shared. A round before the timed ones checks that
all end in the same state. Where bulk_sync has to reach a ratio, it is said whether it did.

It works in a database of its own, bulk_sync_bench, on the server that the PG* environment names, where the extension
has to be installed. CPU time, instructions and memory need the server on this machine and Linux.
"""
import argparse
import os
import sys
import tempfile
import time

import psycopg2

import calls
import process
import reading
import report
import shares
import writing
from measure import measure
from scenario import ENTRIES, FULL_ROWS, Size, prepared
from server import DATABASE, Database

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SCRIPT = os.path.join(TOP, "sql", "bulk_sync--1.0.sql")
ROUNDS = 5

# The order of the scenarios: reading alone, then writing, then what is special.
MODULES = [module.__name__ for module in (reading, writing, shares, calls)]
ENTRIES.sort(key=lambda entry: MODULES.index(entry.make.__module__))


def main():
    options = parse()
    if options.list:
        print_list()
        return 0
    chosen = choose(options.scenario)
    database = Database(settings_of(options), options.database)
    database.create()
    try:
        if options.against:
            database.add_old(options.against, options.against_script)
        printed = report.Report(head(options, database), options.by)
        printed.print_head()
        with tempfile.TemporaryDirectory() as folder:
            for entry in chosen:
                run(entry, options, database, printed, os.path.join(folder, "rows.csv"))
        printed.print_summary()
        if options.json:
            printed.write(options.json)
    finally:
        if not options.keep:
            database.drop()
    return 1 if printed.wrong else 0


def parse():
    parser = argparse.ArgumentParser(
        prog="test/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="*", help="by name, see --list; all but those in parentheses by default")
    parser.add_argument("--list", action="store_true", help="print the scenarios and about what each takes")
    parser.add_argument(
        "--rows", type=int, default=FULL_ROWS, help="what 1 M rows become; all else is scaled with it (default: 1 M)"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--against", metavar="SO", help="an older bulk_sync.so, which takes part as one more contender")
    parser.add_argument("--against-script", metavar="SQL", default=SCRIPT, help="that declares its functions")
    parser.add_argument("--work-mem", default="256MB", help="in scenarios without one of their own (default: 256MB)")
    parser.add_argument("--parallel", type=int, default=0, help="workers that a plan may use (default: 0)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="one more setting of all sessions"
    )
    parser.add_argument(
        "--by", choices=("wall", "cpu", "instructions"), default="wall", help="what targets are judged by"
    )
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    parser.add_argument("--database", default=DATABASE, help=f"to make, and to drop at the end (default: {DATABASE})")
    parser.add_argument("--keep", action="store_true", help="keep the database, with the last scenario's tables")
    return parser.parse_args()


def print_list():
    for entry in ENTRIES:
        name = entry.name if entry.chosen else f"({entry.name})"
        print(f"{name:20}{entry.title}; about {entry.seconds} s")
    minutes = sum(entry.seconds for entry in ENTRIES if entry.chosen) / 60
    print(f"\nall but those in parentheses: about {minutes:.0f} minutes with {FULL_ROWS} rows and {ROUNDS} rounds")


def choose(names):
    known = {entry.name: entry for entry in ENTRIES}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"test/bench: there is no scenario {', '.join(unknown)}; see --list")
    return [known[name] for name in names] or [entry for entry in ENTRIES if entry.chosen]


def settings_of(options):
    settings = {"work_mem": options.work_mem, "max_parallel_workers_per_gather": str(options.parallel)}
    return {**settings, **dict(each.split("=", 1) for each in options.set)}


def head(options, database):
    return {
        **database.describe(),
        "machine": process.machine(),
        "date": report.now(),
        "rows": options.rows,
        "full_rows": FULL_ROWS,
        "rounds": options.rounds,
        "against": bool(options.against),
        "no_instructions": process.why_no_instructions(database.connection.get_backend_pid()),
    }


def run(entry, options, database, printed, file):
    started = time.monotonic()
    extensions = database.extensions()
    size = Size(options.rows, database.major, database.folder(), file)
    scenario, left_out = prepared(entry, size, database.old_schema, extensions)
    if scenario.needs and scenario.needs not in extensions:
        printed.skipped(entry, f"needs the extension {scenario.needs}")
        return
    try:
        database.make_tables(scenario.setup)
        figures, wrong = measure(database, scenario, options.rounds)
    except psycopg2.Error as error:
        figures, wrong = {}, [str(error).strip()]
    printed.add(entry, scenario, figures, wrong, left_out, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
