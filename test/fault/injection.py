"""One run: a call, a fault that meets it, and what has to be true afterwards."""
import time

from server import PATIENCE, Failed

# How the call stands in its session.
ALONE, TRANSACTION, SAVEPOINT = "alone", "in a transaction", "after a savepoint"
FUNCTION, FUNCTION_AGAIN = "in a function that catches errors", "in a function that tries again"
ISOLATION = {"READ COMMITTED": 7, "REPEATABLE READ": 2, "SERIALIZABLE": 1}
SERIALIZATION, CANCELED = "40001", "57014"


class Injection:
    def __init__(self, number, chance, fault, work, server, control, session):
        self.number, self.random, self.fault, self.work, self.server = number, chance, fault, work, server
        self.control, self.session = control, session
        ground = work.ground
        self.target = chance.choice([v for v in range(ground.variants) if v != ground.current])
        self.origin = ground.current
        self.mode = chance.choices([ALONE, TRANSACTION, SAVEPOINT, FUNCTION, FUNCTION_AGAIN], [5, 2, 2, 2, 2])[0]
        if work.call == "compare" and self.mode in (FUNCTION, FUNCTION_AGAIN):
            self.mode = ALONE
        self.isolation = (
            chance.choices(list(ISOLATION), ISOLATION.values())[0] if self.in_transaction else "READ COMMITTED"
        )
        self.delay = chance.uniform(0.02, 1.1) * work.duration()
        self.blocked = work.writes and fault.timed and not fault.name.startswith("lock") and chance.random() < 0.15
        self.blocker = None
        self.afterwards = []  # statements that take the fault away
        self.outcome = None
        self.state = None  # the error that a function caught
        self.survived = False  # the call met an error and went on
        self.resumed = False  # after the error, the transaction went on from its savepoint
        self.started = False  # had the call begun when the fault came, and was it still running?
        self.running = False
        self.where = None  # the phase that the fault hit
        self.when = self.left = None
        self.dead = None  # the process that was

    def describe(self):
        return (
            f"run {self.number}: {self.fault.name}, {self.work.name}, {self.mode}, {self.isolation}, from"
            f" {self.origin} to {self.target}, after {1000 * self.delay:.1f} ms{', blocked' if self.blocked else ''};"
            f" {self.outcome}; {self.when} {self.where or ''}"
        )

    @property
    def in_transaction(self):
        return self.mode in (TRANSACTION, SAVEPOINT)

    @property
    def mark(self):
        return f"/* run {self.number} */"

    # What faults use.

    def new_session(self):
        if self.session is not None:
            self.session.close()
        self.session = self.server.connect()
        self.session.run("SET client_min_messages = error; " + self.work.settings())

    def sample_and(self, action="NULL"):
        """What the call is doing at this moment, and the action in the same breath."""
        row = self.control.run(
            f"SELECT query LIKE '{self.mark}%', state = 'active', "
            f"(SELECT phase FROM bulk_sync_progress AS p WHERE p.pid = a.pid), {action} "
            f"FROM pg_stat_activity AS a WHERE pid = {self.session.pid}"
        )
        if row:
            self.started, self.running = row[0][0], row[0][0] and row[0][1]
            self.where = row[0][2]

    def block(self):
        """Another session takes locks that the call will want."""
        ground = self.work.ground
        rows = (
            f"SELECT FROM {ground.target} WHERE {ground.filter} AND name ~ '^[pv]' ORDER BY random() LIMIT 20 FOR"
            " UPDATE"
        )
        table = f"LOCK TABLE {ground.target} IN {self.random.choice(('SHARE', 'ACCESS EXCLUSIVE'))} MODE"
        other = ground.call(self.target).replace("SELECT *", "SELECT count(*)")
        self.blocker = self.server.connect()
        self.blocker.run("BEGIN; " + self.random.choice((rows, rows, table, other)))

    def unblock(self):
        if self.blocker is not None:
            self.blocker.try_run("ROLLBACK")
            self.blocker.close()
            self.blocker = None

    # The run.

    def run(self):
        ground = self.work.ground
        if self.session is None:
            self.new_session()
        else:
            self.session.run(self.work.settings())
        ground.permit(self.control, self.target if self.work.writes else ground.current)
        ground.state = ground.state._replace(audit=0)
        try:
            self.inject()
        finally:
            self.unblock()
        self.judge()
        self.look_after()
        self.call_again()

    def statement(self):
        call = self.work.sql(self.target)
        if self.mode in (FUNCTION, FUNCTION_AGAIN):
            call = (
                f"SELECT (stats).*, state FROM guarded($call${call}$call$,"
                f" {'true' if self.mode == FUNCTION_AGAIN else 'false'})"
            )
        return f"{self.mark} {call}"

    def inject(self):
        self.fault.prepare(self)
        if self.blocked:
            self.block()
        if self.in_transaction:
            self.session.run(
                f"BEGIN ISOLATION LEVEL {self.isolation}" + ("; SAVEPOINT s" if self.mode == SAVEPOINT else "")
            )
        self.fault.arm(self)
        self.session.send(self.statement())
        if self.fault.timed:
            time.sleep(self.delay)
            self.fault.fire(self)
            self.unblock()
        if self.fault.name == "vanished client":
            self.outcome = None
        else:
            self.outcome = self.session.finish()
        self.fault.disarm(self)
        if self.outcome is not None and self.outcome.ok and self.mode in (FUNCTION, FUNCTION_AGAIN):
            *stats, self.state = self.outcome.rows[0]
            self.outcome.rows = [tuple(stats)]

    def judge(self):
        """Was it a hit, and is what came of the call one of the things that may come of it?"""
        outcome, fault = self.outcome, self.fault
        failed = outcome is None or not outcome.ok
        code = self.state or (outcome.code if outcome is not None else None)
        if code is not None and code not in fault.codes and not self.may_conflict(code):
            raise Failed(f"an error that is not the fault's: {code} {outcome.message}")
        if outcome is not None and outcome.lost and not fault.lethal:
            raise Failed("the connection is lost")
        hit = self.state is not None or self.survived or (failed and (self.running or not fault.lethal))
        if outcome is None:
            hit = self.running
        if fault.timed and fault.name not in ("lock timeout", "out of memory") and not self.started:
            self.when = "early"
        else:
            self.when = "hit" if hit else "late"

    def may_conflict(self, code):
        return code == SERIALIZATION and self.isolation != "READ COMMITTED"

    def look_after(self):
        """The session, or its remains, and the table."""
        outcome, ground = self.outcome, self.work.ground
        survives = not self.fault.lethal
        if survives:
            self.end_transaction(outcome.ok)
        else:
            self.await_end()
        state = ground.observe(self.control)
        allowed = self.allowed_ends(survives)
        if "untouched" in allowed and state == ground.state:
            self.left = "untouched"
        elif "synced" in allowed and self.is_synced(state):
            self.left = "synced"
            ground.current = self.target
        else:
            raise Failed(
                f"the table is not {' or '.join(sorted(allowed))}: was {ground.state}, is {state}; "
                f"differs from the staging by {ground.difference(self.control, self.target)}"
            )
        ground.state = state
        self.look_for_remains(survives)

    def allowed_ends(self, survives):
        outcome = self.outcome
        if not self.work.writes:
            return {"untouched"}
        if survives:
            done = self.resumed or outcome.ok and (self.state is None or self.mode == FUNCTION_AGAIN)
            return {"synced"} if done else {"untouched"}
        if self.in_transaction:
            return {"untouched"}  # nobody has asked for a commit
        return {"synced"} if outcome is not None and outcome.ok else {"untouched", "synced"}

    def end_transaction(self, done):
        if not self.in_transaction:
            self.tell(self.afterwards)
        elif done:
            if (interrupted := self.take_fault_away()) is None:
                self.commit()
            else:
                self.outcome, self.resumed = interrupted, False
                self.tell(["ROLLBACK", *self.afterwards])
        else:
            if self.mode == SAVEPOINT:
                self.resume()
            if self.session.in_transaction():
                self.tell(["ROLLBACK"])
            self.tell(self.afterwards)  # a rollback takes back what was set

    def tell(self, statements):
        """What a short statement_timeout may interrupt too, when the machine is busy."""
        for statement in statements:
            while (
                outcome := self.session.try_run(statement)
            ).code == CANCELED and self.fault.name == "statement timeout":
                pass
            if not outcome.ok:
                raise Failed(f"{outcome} of: {statement}")

    def take_fault_away(self):
        """Within the transaction, which a short statement_timeout can end even now; then this returns how."""
        for statement in self.afterwards:
            outcome = self.session.try_run(statement)
            if outcome.code == CANCELED and self.fault.name == "statement timeout":
                return outcome
            if not outcome.ok:
                raise Failed(f"{outcome} of: {statement}")
        return None

    def commit(self):
        """Of transactions that want to be serializable, the server may find out last that one is not."""
        outcome = self.session.try_run("COMMIT")
        if outcome.code is not None and self.may_conflict(outcome.code):
            self.outcome, self.resumed = outcome, False
        elif not outcome.ok:
            raise Failed(f"COMMIT: {outcome}")

    def resume(self):
        """The transaction goes on from its savepoint, and the same call does its work there."""
        self.tell(["ROLLBACK TO s"])
        while self.take_fault_away() is not None:
            self.tell(["ROLLBACK TO s"])
        outcome, ground = self.session.try_run(self.work.sql(self.target)), self.work.ground
        if outcome.ok and outcome.rows[0] != ground.counts[ground.current, self.target]:
            raise Failed(
                f"after ROLLBACK TO, the call counts {outcome.rows[0]}, not"
                f" {ground.counts[ground.current, self.target]}"
            )
        if outcome.ok:
            self.resumed = True
            self.commit()
        elif outcome.code is None or not self.may_conflict(outcome.code):
            raise Failed(f"after ROLLBACK TO, the call ends with {outcome}")

    def await_end(self):
        """Waits until the backend is gone, or the server is back."""
        self.session.close()
        deadline = time.monotonic() + PATIENCE
        while True:
            outcome = self.control.try_run(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {self.session.pid}")
            if not outcome.ok:
                self.control.close()
                self.control = self.server.connect()
            elif outcome.rows == [(0,)]:
                break
            elif time.monotonic() > deadline:
                raise Failed(f"the backend {self.session.pid} does not end")
            else:
                time.sleep(0.002)
        self.dead = self.session.pid
        self.session = None

    def is_synced(self, state):
        ground, old = self.work.ground, self.work.ground.state
        created, updated, deleted = ground.counts[ground.current, self.target][:3]
        linked = ground.target == "linked"
        return (
            state.content == ground.content[self.target]
            and (state.kept, state.ids, state.bystander) == (old.kept, old.ids, old.bystander)
            and state.audit == (created + 2 * updated + deleted if linked else 0)
            and state.children == (int(state.content.split()[0]) if linked else 0)
        )

    def held_and_shown(self, pid):
        return self.control.one(
            f"SELECT (SELECT string_agg(locktype || ' ' || mode, ', ') FROM pg_locks WHERE pid = {pid}), (SELECT"
            f" count(*) FROM bulk_sync_progress WHERE pid = {pid} OR pid NOT IN (SELECT pid FROM pg_stat_activity))"
        )

    def look_for_remains(self, survives):
        if survives:
            self.session.one("SELECT 1")
        for _ in range(100):
            locks, shown = self.held_and_shown(self.session.pid if survives else self.dead)
            if survives or not shown:
                break
            time.sleep(0.01)  # a process takes its last steps after it has left pg_stat_activity
        if locks is not None:
            raise Failed(f"the session has locks left: {locks}")
        if shown:
            raise Failed("the view bulk_sync_progress still shows the call")
        if files := self.server.temporary_files():
            raise Failed(f"temporary files are left: {', '.join(files)}")
        if complaints := self.server.complaints(self.fault.tolerated):
            raise Failed("the log says: " + "; ".join(complaints))

    def call_again(self):
        """The same call without the fault has to do what is left to do."""
        ground, work = self.work.ground, self.work
        if self.session is None:
            self.new_session()
        full = not work.writes or ground.current != self.target
        ground.permit(self.control, self.target if work.writes else ground.current)
        started = time.monotonic()
        counted = self.session.one(work.sql(self.target))
        if full:
            work.took(time.monotonic() - started)
        expected = ground.counts[ground.current, self.target]
        if counted != expected:
            raise Failed(f"the same call afterwards counts {counted}, not {expected}")
        old = ground.state = ground.state._replace(audit=0)
        state = ground.observe(self.control)
        if not work.writes or not full:
            right = state == old
        else:
            right = self.is_synced(state)
            ground.current = self.target
        if not right:
            raise Failed(
                f"the same call afterwards leaves {state}, from {old}; differs from the staging by "
                f"{ground.difference(self.control, ground.current)}"
            )
        ground.state = state
        self.look_for_remains(True)
