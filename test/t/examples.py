#!/usr/bin/python3
"""Runs the examples of README.md and docs/*.md, and compares what they print with what the page says.

A page has a database of its own with the extension in it (unless the page creates it), and one session of psql for all
of its blocks, in their order. It runs in an empty folder, which both psql and the server can read: the pages call it
/srv/import. What counts in a page:

    ```sql                  is run, and must not fail. A block without language directly behind it is what psql prints,
                            messages among it and without the lines "(3 rows)". `..` in it stands for anything within
                            its line; in such an output the widths of columns do not count.
    ```python, ```js ..     must stand, word for word, between "docs: begin" and "docs: end" in a file of test/clients
                            that test/t/clients.sh runs; it may be a part of what stands there.
    ```sh                   is run only behind the mark <!-- run -->.
    <!-- file: a.csv -->    in front of a block: it is a file in that folder.
    <!-- setup              and the lines up to --> are SQL that is run and not shown.
    <!-- error 22023 -->    in front of a block: its last error must be this one.
    <!-- not run: why -->   in front of a block: leave it out.
    <!-- needs: file_fdw --> leave out the blocks up to the next heading when the server does not have this extension;
                            server-17 stands for a server of that version or newer.

A page that has SQL and no output compared has failed. Before the pages come those of examples/broken, to show that what
is wrong there is found out. Arguments are pages to run instead of all. Needs psql in PATH; PGHOST, PGPORT, PGUSER and
PGDATABASE give the server.
"""
import difflib
import os
import pathlib
import re
import shutil
import sys
import tempfile
import textwrap

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "test/examples"))

from database import Database, available_extensions, server_can_read  # noqa: E402
from page import MalformedPage, read_page  # noqa: E402

NO_PROGRAMS = ("", "sql", "setup", "sh", "text", "csv", "ini", "json")


def tidy(text):
    """Its lines, without what editors remove."""
    return [line.rstrip() for line in text.strip("\n").split("\n")]


def matches(expected, printed):
    if not any(".." in line for line in expected):
        return expected == printed

    def squeezed(line):
        return re.sub("-+", "-", re.sub(" +", " ", line))

    patterns = [".*".join(map(re.escape, squeezed(line).split(".."))) for line in expected]
    return len(patterns) == len(printed) and all(map(re.fullmatch, patterns, map(squeezed, printed)))


def difference(expected, printed):
    return "\n".join(difflib.unified_diff(expected, printed, "expected", "got", lineterm=""))


class Pages:
    """Runs pages and keeps count of what was found."""

    def __init__(self, folder):
        self.folder = folder
        self.extensions = available_extensions()
        self.shown = set()  # the regions of test/clients that a page shows
        self.complaints = []  # (page, line, what is wrong in a word, the facts)

    def complain(self, page, line, what, facts=""):
        self.complaints.append((page, line, what, facts))

    def check(self, path):
        """Runs one page; prints what was done."""
        page = os.path.relpath(path, TOP)
        try:
            blocks = read_page(path.read_text())
        except MalformedPage as error:
            self.complain(page, 0, "cannot be read", str(error))
            return
        for block in blocks:
            if block.language not in NO_PROGRAMS and "not run" not in block.marks:
                self.check_program(page, block)
        to_run, left_out = self.chosen(blocks)
        compared = self.run(page, to_run) if to_run else 0
        if not compared and any(block.language == "sql" and "not run" not in block.marks for block in blocks):
            self.complain(page, 0, "compares nothing")
        print(f"{page}: {len(to_run)} blocks run, {compared} outputs compared, {len(left_out)} left out")
        for line, why in left_out:
            print(f"    left out at line {line}: {why}")

    def chosen(self, blocks):
        """What is run, and lines and reasons of what is left out."""
        to_run, left_out = [], []
        for block in blocks:
            missing = [name for name in block.needs if name not in self.extensions]
            if "not run" in block.marks:
                left_out.append((block.line, block.marks["not run"] or "no reason given"))
            elif block.language in ("sql", "setup") or {"run", "file"} & block.marks.keys():
                if missing:
                    left_out.append((block.line, f"this server does not have {', '.join(missing)}"))
                else:
                    to_run.append(block)
        return to_run, left_out

    def run(self, page, blocks):
        """The number of outputs compared. Behind a block that psql stopped in, a new session goes on."""
        database, compared = Database(tempfile.mkdtemp(dir=self.folder)), 0
        os.chmod(database.folder, 0o755)
        creates = any(
            re.search(r"^CREATE EXTENSION (IF NOT EXISTS )?bulk_sync\b", block.text, re.MULTILINE) for block in blocks
        )
        try:
            database.create(with_extension=not creates)
            while blocks:
                outcomes = database.run(blocks)
                if not outcomes:
                    self.complain(page, blocks[0].line, "fails", "psql does not start")
                    break
                for block, outcome in zip(blocks, outcomes):
                    compared += self.judge(page, block, outcome)
                blocks = blocks[len(outcomes) :]
        finally:
            database.drop()
        return compared

    def judge(self, page, block, outcome):
        expected_error = block.marks.get("error", "00000")
        if not outcome.ended:
            self.complain(page, block.line, "fails", outcome.output)
        elif outcome.sqlstate != expected_error:
            self.complain(
                page,
                block.line,
                "has another error",
                f"SQLSTATE {outcome.sqlstate} instead of {expected_error}\n{outcome.output}",
            )
        elif block.output is not None:
            expected, printed = tidy(block.output), tidy(outcome.output)
            if not matches(expected, printed):
                self.complain(page, block.output_line, "prints something else", difference(expected, printed))
            return 1
        return 0

    def check_program(self, page, block):
        shown, regions = tidy(textwrap.dedent(block.text)), client_regions()
        found = {name for name, lines in regions.items() if is_part(shown, lines)}
        if found:
            self.shown |= found
            return
        nearest = max(
            regions.values(), key=lambda lines: difflib.SequenceMatcher(None, shown, lines).ratio(), default=[]
        )
        self.complain(page, block.line, "is not in test/clients", difference(nearest, shown))


def is_part(lines, whole):
    return any(whole[start : start + len(lines)] == lines for start in range(len(whole)))


def client_regions():
    """The lines between "docs: begin" and "docs: end" by (file, line)."""
    regions = {}
    for path in sorted((TOP / "test/clients").glob("*.*")):
        text = path.read_text()
        for found in re.finditer(r"^[^\n]*docs: begin\n(.*?)^[^\n]*docs: end$", text, re.MULTILINE | re.DOTALL):
            regions[path.name, text.count("\n", 0, found.start(1))] = tidy(textwrap.dedent(found[1]))
    return regions


def check_clients(pages):
    """What test/clients has for the pages is shown by one, and run."""
    runs = (TOP / "test/t/clients.sh").read_text()
    for file, line in client_regions():
        if file not in runs:
            pages.complain(f"test/clients/{file}", line, "is not run by test/t/clients.sh")
        elif (file, line) not in pages.shown:
            pages.complain(f"test/clients/{file}", line, "is shown by no page")


def can_fail(folder):
    """Is all that is wrong in the pages of examples/broken found out, and nothing else?"""
    honest = True
    for path in sorted((TOP / "test/examples/broken").glob("*.md")):
        expected = re.findall("<!-- complaint: (.*) -->", path.read_text())
        pages = Pages(folder)
        pages.check(path)
        found = [what for _, _, what, _ in sorted(pages.complaints)]
        if found != expected:
            honest = False
            print(difference(expected, found))
    return honest


def make_folder():
    """A temporary folder that the server's user can read."""
    folder = tempfile.mkdtemp(prefix="bulk_sync.")
    os.chmod(folder, 0o755)
    if not server_can_read(folder):
        os.rmdir(folder)
        folder = tempfile.mkdtemp(prefix="bulk_sync.", dir="/tmp")
        os.chmod(folder, 0o755)
    return folder


def main():
    os.umask(0o022)
    paths = [pathlib.Path(argument).resolve() for argument in sys.argv[1:]]
    folder = make_folder()
    try:
        honest = can_fail(folder)
        pages = Pages(folder)
        for path in paths or [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]:
            pages.check(path)
        if not paths:
            check_clients(pages)
    finally:
        shutil.rmtree(folder)
    for page, line, what, facts in pages.complaints:
        print(f"\n{page}:{line}: {what}")
        if facts:
            print(textwrap.indent(facts.rstrip("\n"), "    "))
    return 0 if honest and not pages.complaints else 1


sys.exit(main())
