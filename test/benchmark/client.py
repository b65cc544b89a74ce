"""A contender that is a program of a client: in a process of its own, which does its round when it is told to."""
import decimal
import json
import os
import subprocess
import sys

from runner import Figures, Wrong

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "django_client.py")
CANNOT_RUN = 77


def why_not(program):
    """None where it can run here, else the reason."""
    command = [sys.executable, PROGRAM, program]
    found = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return None
    lines = (found.stdout + found.stderr).strip().splitlines()
    if found.returncode != CANNOT_RUN:
        raise Wrong(f"{program}: {lines[-1] if lines else found.returncode}")
    return lines[-1]


class Client:
    """Has what runner.Runner has. The client's clock is the only one."""

    def __init__(self, database, scenario, contender, first_counts=False):
        self.database = database
        self.scenario = scenario
        self.contender = contender
        self.first_counts = first_counts
        self.figures = Figures()
        settings = {**database.settings, **scenario.settings, **contender.settings}
        arguments = json.dumps({"database": database.name, "settings": settings, "file": scenario.file})
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, contender.program, arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, *words):
        """What it answers to a line with these words, which it reads as JSON."""
        try:
            self.process.stdin.write(json.dumps(words) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline() or '{"error": "it has ended"}')
        except BrokenPipeError:
            answer = {"error": "it has ended"}
        if "error" in answer:
            raise Wrong(answer["error"])
        return answer

    def warm_up(self):
        try:
            seconds = self.ask("run")["seconds"]
            if self.first_counts:
                self.figures.add(seconds, None, None)
            rows, total = self.ask("state", self.scenario.state)["state"]
            return None, [(rows, decimal.Decimal(total))]
        finally:
            self.ask("rollback")

    def round(self):
        self.figures.add(self.ask("run")["seconds"], None, None)
        self.ask("rollback")

    def restore(self):
        self.database.execute(self.scenario.restore)

    def note_peak(self):
        pass
