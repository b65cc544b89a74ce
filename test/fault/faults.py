"""The kinds of faults. Each is armed before a call, fires or waits while it runs, and is taken away afterwards."""
from server import GONE, pages_of, peak_of

CANCELED, LOCK_TIMEOUT, FULL, NO_MEMORY = "57014", "55P03", "53400", "53200"


class Fault:
    name = ""
    timed = True  # fires at some time of the call
    lethal = False  # the session, or the server, does not survive it
    codes = frozenset()  # what the call may end with
    weight = 1.0
    tolerated = ()  # what the server itself says in its log when this happens to it

    def fits(self, _work):
        return True

    def prepare(self, run):
        """Before the transaction."""

    def arm(self, run):
        """Right before the call: what the session has to be told."""

    def fire(self, run):
        """At its time, with the call under way; sets run.sample, what the server was doing just then."""

    def disarm(self, run):
        """After the call, come what may."""


class Cancel(Fault):
    name, weight, codes = "cancel", 5, frozenset({CANCELED})

    def fire(self, run):
        run.sample_and("pg_cancel_backend(pid)")


class StatementTimeout(Fault):
    name, weight, timed, codes = "statement timeout", 4, False, frozenset({CANCELED})

    def arm(self, run):
        run.session.run(f"SET statement_timeout = {max(1, round(1000 * run.delay))}")

    def disarm(self, run):
        run.afterwards.append("SET statement_timeout = 0")


class LockTimeout(Fault):
    """Another session holds what the call needs, for longer than the call wants to wait, or not quite as long."""

    name, weight, timed, codes = "lock timeout", 2, True, frozenset({LOCK_TIMEOUT})

    def fits(self, work):
        return work.writes

    def prepare(self, run):
        run.block()

    def arm(self, run):
        run.session.run(f"SET lock_timeout = {run.random.randint(1, 12)}")
        run.delay = run.work.duration() * run.random.uniform(0.5, 1.5) + run.random.uniform(0.005, 0.03)

    def fire(self, run):
        run.unblock()

    def disarm(self, run):
        run.afterwards.append("SET lock_timeout = 0")


class Terminate(Fault):
    name, weight, lethal, codes = "terminate", 3, True, GONE | {"lost"}

    def fire(self, run):
        run.sample_and("pg_terminate_backend(pid)")


class Kill(Fault):
    """The backend dies on the spot; the server ends all others and recovers."""

    name, weight, lethal, codes = "SIGKILL", 0.5, True, GONE | {"lost"}

    def fire(self, run):
        run.sample_and()
        run.server.kill(run.session.pid)


class TemporaryFiles(Fault):
    name, weight, timed, codes = "temp_file_limit", 2, False, frozenset({FULL})

    def __init__(self):
        self.size = 0.0

    def fits(self, work):
        return work.spills

    def arm(self, run):
        self.size = max(1, run.random.uniform(0, 1.1) * run.work.learned.get("files", 1024))
        run.session.run(f"SET temp_file_limit = '{round(self.size)}kB'")

    def disarm(self, run):
        # How much the call needs is learned from what was enough and what was not.
        if run.outcome.ok:
            run.work.learned["files"] = min(run.work.learned.get("files", 1024), self.size)
        else:
            run.work.learned["files"] = max(run.work.learned.get("files", 1024), self.size * 1.05)
        run.afterwards.append("SET temp_file_limit = -1")


class Memory(Fault):
    """The backend's address space cannot grow as the call needs it, from the beginning or from some time on."""

    name, weight, codes = "out of memory", 3, frozenset({NO_MEMORY})
    # Any subtransaction that finds no memory to begin with ends so, that of a PL/pgSQL block too.
    tolerated = ("WARNING:  AbortSubTransaction while in START state",)

    def __init__(self):
        self.at_once, self.before = False, 0

    def prepare(self, run):
        # The stack has to be grown before: a stack that cannot grow is a crash, in any program.
        run.new_session()
        run.session.run("LOAD 'bulk_sync'; LOAD 'plpgsql'; SELECT " + "+".join(["1"] * 1500))

    def arm(self, run):
        self.before = pages_of(run.session.pid)
        self.at_once = run.random.random() < 0.6 and "memory" in run.work.learned
        if self.at_once:
            run.server.limit_memory(
                run.session.pid, self.before + int(run.random.uniform(0, 1.05) * run.work.learned["memory"])
            )

    def fire(self, run):
        run.sample_and()
        if not self.at_once:
            run.server.limit_memory(
                run.session.pid, pages_of(run.session.pid) + run.random.choice((0, 0, 16384, 262144))
            )

    def disarm(self, run):
        run.server.limit_memory(run.session.pid, -1)
        if run.outcome.ok:
            run.work.learned["memory"] = peak_of(run.session.pid) - self.before


class Vanish(Fault):
    """The client is gone. The server notices when it sends the result, or looks, and may have committed by then."""

    name, weight, lethal = "vanished client", 2, True

    def arm(self, run):
        run.session.run(f"SET client_connection_check_interval = {run.random.choice((0, 1, 1, 1))}")

    def fire(self, run):
        run.sample_and()
        run.session.vanish()


class Raise(Fault):
    """poke() raises an error at its nth call, in a filter, staging or trigger; by some codes a call tries again."""

    name, weight, timed = "error at a row", 3, False

    def __init__(self):
        self.place, self.nth = "", 0

    def fits(self, work):
        return bool(work.places)

    def arm(self, run):
        place = run.random.choice(run.work.places)
        code = run.random.choice(("P0001", "22012", "40001", "23505", "53200", "57014", "XX000"))
        self.nth = max(1, round(run.random.uniform(0, 1.05) * run.work.learned.get(place, 1.5 * run.work.ground.rows)))
        self.codes = frozenset({code})
        self.place = place
        settings = {"place": place, "code": code, "again": run.random.choice(("true", "false")), "nth": self.nth}
        run.session.run(
            "SELECT setval('pokes', 1, false), "
            + ", ".join(f"set_config('fault.{name}', '{value}', false)" for name, value in settings.items())
        )

    def disarm(self, run):
        called, learned = (
            run.control.one("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM pokes")[0],
            run.work.learned,
        )
        run.survived = run.outcome.ok and called >= self.nth
        if run.outcome.ok and not run.survived:
            learned[self.place] = max(1, called)
        else:
            learned[self.place] = max(learned.get(self.place, 1.5 * run.work.ground.rows), called)
        run.where = self.place
        run.afterwards.append("SET fault.nth = ''")


class Shutdown(Fault):
    """A fast shutdown of the whole server, and a start."""

    name, weight, lethal, codes = "shutdown", 0.4, True, GONE | {"lost"}

    def fire(self, run):
        run.sample_and()
        run.server.stop()

    def disarm(self, run):
        run.server.start()


KINDS = (Cancel, StatementTimeout, LockTimeout, Terminate, Kill, TemporaryFiles, Memory, Vanish, Raise, Shutdown)
