#!/usr/bin/python3
"""The randomized differential test: random tables, rows and options, synced by bulk_sync and judged by an oracle.

    run.py --cases 500                  a run of 500 cases, with a new master seed
    run.py --seed 42 --seconds 3600     an hour; the same seed gives the same cases
    run.py --case-seed 123456           one case again

The server is found by the usual environment variables (PGHOST, PGPORT, PGUSER, PGDATABASE); the run makes a database of
its own there and drops it at the end. It needs the right to create databases and extensions, and python3-psycopg2.
"""
import argparse
import multiprocessing
import random
import re
import sys
import time

import psycopg2

from check import Checker
from database import FEATURES, Database
from options import make_case
from outcome import Failure, Invalid
from report import Coverage, script
from shrink import shrink

SLOW = 10  # seconds; a case that takes longer is named, since something grows faster than the rows


def main():
    arguments = parse()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"# master seed {seed}", flush=True)
    database = Database(open(arguments.prepare, encoding="utf-8").read() if arguments.prepare else "")
    copies = [database.copy(job) for job in range(1, arguments.jobs)]
    started = time.monotonic()
    try:
        database.create()
        for copy in copies:
            copy.create_like(database)
        workers = [(each, arguments, seed, job) for job, each in enumerate([database] + copies)]
        if arguments.jobs == 1:
            results = [work(workers[0])]
        else:
            with multiprocessing.Pool(arguments.jobs) as pool:
                results = pool.map(work, workers, chunksize=1)
    finally:
        try:
            for each in [database] + copies:
                each.drop()
        except psycopg2.OperationalError:
            pass  # told already
    return summary(results, time.monotonic() - started, arguments)


def parse():
    parser = argparse.ArgumentParser(description="The randomized differential test of bulk_sync.")
    parser.add_argument("--seed", type=int, help="the master seed; another one each time by default")
    parser.add_argument("--cases", type=int, default=0, help="stop after so many cases")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so many seconds")
    parser.add_argument("--jobs", type=int, default=1, help="connections that work side by side")
    parser.add_argument("--case-seed", type=int, help="run this one case")
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="go on after a failure (up to 20 kinds); by default the run stops there",
    )
    parser.add_argument("--stop-on-failure", action="store_true", help="the default, spelled out")
    parser.add_argument("--no-shrink", action="store_true", help="report failing cases as they are")
    parser.add_argument("--features", help=f"what the extension has, of {','.join(FEATURES)}; found out by default")
    parser.add_argument(
        "--prepare", help="a file of SQL to run instead of CREATE EXTENSION, for work on the test itself"
    )
    arguments = parser.parse_args()
    if not arguments.cases and not arguments.seconds:
        arguments.cases = 500
    if arguments.case_seed is not None:
        arguments.cases, arguments.jobs = 1, 1
    return arguments


def work(parcel):
    """One worker's share of the cases; returns the coverage, the number of cases and the reports of failures."""
    database, arguments, seed, job = parcel
    worker = Worker(database, arguments)
    stop = time.monotonic() + (arguments.seconds or 10**9)
    index, last = job, arguments.cases or 10**12
    while index < last and time.monotonic() < stop:
        case_seed = (
            arguments.case_seed if arguments.case_seed is not None else random.Random(f"{seed}:{index}").getrandbits(48)
        )
        try:
            worker.case(case_seed)
        except psycopg2.OperationalError as error:
            print(f"# the server is gone in case {case_seed}: {str(error).splitlines()[0]}", flush=True)
            worker.failures += 1
            break
        if worker.reports and not arguments.keep_going or len(worker.reports) >= 20:
            break
        index += arguments.jobs
    return worker.coverage, worker.cases, worker.invalid, worker.failures


class Worker:
    def __init__(self, database, arguments):
        self.database = database
        self.arguments = arguments
        self.connection = database.connect()
        told = arguments.features
        self.features = database.features(self.connection) if told is None else set(filter(None, told.split(",")))
        self.coverage = Coverage()
        self.cases, self.invalid, self.failures, self.reports = 0, 0, 0, []

    def case(self, case_seed):
        case = make_case(case_seed, random.Random(case_seed), self.database.available, self.features)
        self.cases += 1
        started = time.monotonic()
        try:
            Checker(self.connection, self.features, self.coverage).run(case)
        except Invalid as invalid:
            self.invalid += 1
            if self.arguments.case_seed is not None or str(invalid).startswith("oracle"):
                print(f"# case {case_seed} is not valid: {invalid}", flush=True)
        except Failure as failure:
            self.report(case, failure)
        self.reconnect()
        seconds = time.monotonic() - started
        if seconds > SLOW:
            print(f"# case {case_seed} took {seconds:.0f} s", flush=True)

    def report(self, case, failure):
        print(f"# case {case.seed} failed: {str(failure).splitlines()[0]}", flush=True)
        self.failures += 1
        alike = failure.kind + re.sub(
            r'"[^"]*"|\d{3,}|\(.*', "", failure.got.splitlines()[0] if "error" in failure.kind else ""
        )
        self.reconnect()
        if alike in self.reports:
            return  # one script for each kind of failure
        if not self.arguments.no_shrink:
            case, failure = shrink(case, failure, self.fails)
        self.reports.append(alike)
        print(script(case, failure, self.database.prelude()), flush=True)

    def fails(self, case):
        try:
            Checker(self.connection, self.features).run(case)
        except Failure as failure:
            return failure
        finally:
            self.reconnect()
        return None

    def reconnect(self):
        if self.connection.closed:
            self.connection = self.database.connect()


def summary(results, seconds, arguments):
    coverage, cases, invalid, failures = Coverage(), 0, 0, 0
    for part, part_cases, part_invalid, part_failures in results:
        coverage.add(part)
        cases, invalid, failures = cases + part_cases, invalid + part_invalid, failures + part_failures
    if arguments.case_seed is None:
        print(coverage.table())
    print(
        f"# {cases} cases ({invalid} could not be set up) in {seconds:.0f} s, {cases / max(seconds, 0.001):.0f} a"
        " second"
    )
    vacuous = arguments.case_seed is None and cases >= 100 and (coverage.synced_share() < 0.3 or invalid > cases * 0.1)
    if vacuous:
        print("# too few cases came to a sync: the test proves nothing")
    print(f"differential: {cases - failures} passed, {failures} failed")
    return 1 if failures or vacuous else 0


if __name__ == "__main__":
    sys.exit(main())
