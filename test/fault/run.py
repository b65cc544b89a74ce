#!/usr/bin/python3
"""Fault injection: calls of bulk_sync that are canceled, killed, starved, and a close look at what they leave.

test/faults starts it on a cluster of its own, which it crashes and restarts; see there. Each run is one call, one fault
and the same call again. A failed run can be made again by its seed and number, but not its timing.
"""
import argparse
import multiprocessing
import queue
import random
import sys
import time

import ddl
import load
from faults import KINDS, Memory
from ground import ROW, Ground, make_bystanders, schema
from injection import Injection
from report import Table
from server import Failed, Server
from work import all_work

GROUNDS = [
    ("employee", 1, 700, 3),
    ("employee", 2, 3000, 5),
    ("employee", 3, 500, 3),
    ("linked", 1, 300, 3),
    ("soft", 1, 500, 3),
    ("parted", 1, 500, 3),
]
GROWTH = 5 * 1024  # bytes that a session's memory may grow by for each fault: a megabyte over 200


def parse():
    parser = argparse.ArgumentParser(description="Fault injection for bulk_sync; see test/faults.")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--only", action="append", choices=[kind.name for kind in KINDS])
    parser.add_argument("--load", type=int, default=2)
    parser.add_argument("--ddl", type=int, default=1, choices=(0, 1))
    parser.add_argument("--soak", type=int, default=200)
    for name in ("--data", "--log", "--pg-ctl", "--user"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    if not arguments.runs and not arguments.seconds:
        arguments.runs = 1000
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().getrandbits(32)
    return arguments


class Load:
    """The processes of load.py and ddl.py."""

    def __init__(self, works):
        context = multiprocessing.get_context("spawn")  # a forked one would share our connections
        self.stop, self.complaints = context.Event(), context.Queue()
        self.done = [context.Value("q", 0) for _ in works]
        self.processes = [
            context.Process(target=work, daemon=True, args=(*arguments, self.stop, self.complaints, done))
            for (work, *arguments), done in zip(works, self.done)
        ]
        for process in self.processes:
            process.start()

    def complaint(self):
        try:
            return self.complaints.get_nowait()
        except queue.Empty:
            return None

    def end(self):
        self.stop.set()
        for process in self.processes:
            process.join(60)
            if process.is_alive():
                process.kill()
                return "a session of the load hangs"
        return self.complaint() or next(
            (f"load {i} came to nothing" for i, done in enumerate(self.done) if done.value == 0), None
        )


class Campaign:
    """Many runs, one after the other."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.server = Server(arguments.data, arguments.log, arguments.pg_ctl, arguments.user)
        self.control = self.server.connect()
        self.control.run(schema())
        make_bystanders(self.control)
        self.grounds = {}
        for target, company, rows, changes in GROUNDS:
            ground = Ground(target, company, rows, changes=changes)
            ground.prepare(self.control)
            self.grounds[ground.name] = ground
        others = [load.grounds_of_load(i, Ground) for i in range(arguments.load)]
        for ground in sum(others, []):
            ground.prepare(self.control)
        self.control.run("ANALYZE")
        self.work = all_work(self.grounds)
        tables = (
            list(ROW)
            + ["parted_0", "parted_1", "parted_2"]
            + [ground.staging(variant) for ground in self.grounds.values() for variant in range(ground.variants)]
        )
        ddl.prepare(self.control, tables)
        self.kinds = [kind for kind in KINDS if not arguments.only or kind.name in arguments.only]
        self.table = Table(self.kinds)
        self.load = Load(
            [(load.work, i, arguments.seed, others[i], list(self.grounds.values())) for i in range(arguments.load)]
            + [(ddl.work, arguments.seed, tables)] * arguments.ddl
        )
        self.session = None
        self.number = arguments.first

    def choose(self, chance, kinds):
        """A fault and a call that it fits."""
        while True:
            fault = chance.choices(kinds, [kind.weight for kind in kinds])[0]()
            fitting = [work for work in self.work if fault.fits(work)]
            if fitting:
                return fault, chance.choice(fitting)

    def one(self, kinds):
        """One run; raises Failed."""
        number, self.number = self.number, self.number + 1
        chance = random.Random(f"{self.arguments.seed}:{number}")
        fault, work = self.choose(chance, kinds)
        injection = Injection(number, chance, fault, work, self.server, self.control, self.session)
        try:
            injection.run()
            if complaint := self.load.complaint():
                raise Failed(complaint)
        except Failed as failure:
            print(f"FAILED  {injection.describe()}\n        {failure}", flush=True)
            raise
        finally:
            self.control, self.session = injection.control, injection.session
        self.table.add(injection)
        if number % 40 == 39:
            self.control.run("VACUUM (TRUNCATE false) employee, linked, linked_child, audit, soft, parted, permitted")

    def soak(self):
        """One session that goes through many faults must not keep memory of them."""
        kinds = [kind for kind in self.kinds if not kind.lethal and kind is not Memory]
        if not kinds:
            return
        sizes, faults = [], self.arguments.soak
        for count in (max(40, faults // 3), faults):
            for _ in range(count):
                self.one(kinds)
            sizes.append(int(self.session.one("SELECT sum(total_bytes) FROM pg_backend_memory_contexts")[0]))
        print(f"# memory of a session before and after {faults} faults: {sizes[0]} and {sizes[1]} bytes", flush=True)
        if sizes[1] - sizes[0] > GROWTH * faults:
            raise Failed(f"a session's memory grew from {sizes[0]} to {sizes[1]} bytes over {faults} faults")

    def half(self, preloaded, share):
        """A part of the runs, with the library in shared_preload_libraries, or without it and with FINE_MEMORY."""
        if preloaded != self.server.preloaded:
            self.server.stop()
            self.server.preloaded = preloaded
            self.server.start()
            self.control, self.session = self.server.connect(), None
        stop = time.monotonic() + (self.arguments.seconds * share or 10**9)
        last = self.number + (int(self.arguments.runs * share) or 10**12)
        while self.number < last and time.monotonic() < stop:
            self.one(self.kinds)
        if self.arguments.soak:
            self.soak()

    def run(self):
        failures = []
        try:
            self.half(True, 0.5)
            self.half(False, 0.5)
        except Failed as failure:
            failures.append(str(failure))
        if complaint := self.load.end():
            failures.append(complaint)
        for process in [self.control, self.session]:
            if process is not None:
                process.close()
        self.server.end()
        return failures


def main():
    arguments = parse()
    print(f"# seed {arguments.seed}", flush=True)
    started = time.monotonic()
    campaign = Campaign(arguments)
    failures = campaign.run()
    seconds = time.monotonic() - started
    print(campaign.table)
    for each in sorted(set(failures)):
        print(f"# FAILED: {each}")
    vacuous = [] if failures else campaign.table.vacuous()
    for each in vacuous:
        print(f"# {each}: the test proves too little")
    done = [each.value for each in campaign.load.done]
    print(
        f"# {campaign.table.runs} runs in {seconds:.0f} s, beside {sum(done[:arguments.load])} calls and looks, and "
        f"{sum(done[arguments.load:])} changes of tables by DDL, of other sessions"
    )
    print("faults: failed" if failures or vacuous else "faults: passed")
    return 1 if failures or vacuous else 0


if __name__ == "__main__":
    sys.exit(main())
