#!/usr/bin/env python3
"""The table of errors in docs/reference.md has each error that the sources raise, and no other.

Finds each ereport(ERROR, ..) and each failure with .sqlstate and .message under src, and the rows of the table with
| SQLSTATE | message |, where each message is between backticks. Whatever a message fills in (%s, UINT64_FORMAT) is
written there as .. or in any other words. The SQLSTATE and the whole message have to agree, in both directions:

- An error that is missing: add a row that says what to do about it.
- A message that nothing raises: correct it, or remove it. What the server raises belongs in the next table.

Needs no server.
"""
import pathlib
import re
import subprocess
import sys
import os

TOP = pathlib.Path(__file__).resolve().parents[2]


def arguments(text, start):
    """The arguments of a call, as source text; `start` is behind its opening parenthesis."""
    found, depth, begin, position, quoted = [], 0, start, start, False
    while True:
        character = text[position]
        if quoted:
            if character == "\\":
                position += 1
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "([{":
            depth += 1
        elif character in ")]}" and depth == 0:
            return found + [text[begin:position]]
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            found.append(text[begin:position])
            begin = position + 1
        position += 1


def pattern(source):
    """A message as a regular expression, from its pieces: string literals, and macros such as INT64_FORMAT."""
    pieces = []
    for literal, macro in re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', source):
        pieces.append("%d" if macro else literal.replace('\\"', '"'))
    words = re.split(r"%[-+ #0-9.]*(?:ll|l|z|h)?[a-zA-Z]", "".join(pieces))
    return ".+?".join(re.escape(part) for part in words)


def format_of(source):
    """The format string of a message: of pg::format(..) the first argument, of pg::counted(..) that of many."""
    call = re.match(r"\s*(?:pg::)?(format|psprintf|counted)\s*\(", source)
    if not call:
        return source
    return arguments(source, call.end())[2 if call[1] == "counted" else 0]


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment[0]), text, flags=re.S)


def errors(text):
    """(name of the code or None, source of the message, position) of each error."""
    for call in re.finditer(r"\bereport\s*\(\s*(?:ERROR|FATAL)\b", text):
        inside = ",".join(arguments(text, text.index("(", call.start()) + 1))
        code = re.search(r"\berrcode\s*\(\s*(ERRCODE_\w+)", inside)
        for message in re.finditer(r"\berrmsg(_plural|_internal)?\s*\(", inside):
            parts = arguments(inside, message.end())
            yield code and code[1], parts[1 if message[1] == "_plural" else 0], call.start()
    for failure in re.finditer(r"\.sqlstate\s*=\s*(ERRCODE_\w+)\s*,\s*\.message\s*=", text):
        yield failure[1], format_of(arguments(text, failure.end())[0]), failure.start()


def sqlstates():
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    headers = subprocess.run(
        [pg_config, "--includedir-server"], check=True, capture_output=True, text=True
    ).stdout.strip()
    codes = (pathlib.Path(headers) / "utils/errcodes.h").read_text()
    return {
        name: "".join(re.findall("'(.)'", letters))
        for name, letters in re.findall(r"#define (ERRCODE_\w+) MAKE_SQLSTATE\((.*?)\)", codes)
    }


def documented(reference):
    """(SQLSTATEs, message) of each message in the table."""
    found, inside = [], False
    for line in reference.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if cells[:2] == ["SQLSTATE", "message"]:
            inside = True
        elif not cells:
            inside = False
        elif inside:
            found += [(cells[0], message) for message in re.findall("`(.*?)`", cells[1])]
    return found


def raised(codes):
    """(SQLSTATE or None, source of the message, place) of each error in the sources."""
    for file in sorted((TOP / "src").rglob("*.?pp")):
        text = without_comments(file.read_text())
        for name, message, position in errors(text):
            place = f"{file.relative_to(TOP)}:{text.count(chr(10), 0, position) + 1}"
            yield codes[name] if name else None, message, place


def literals():
    """All string literals of the sources: some functions are handed the whole message."""
    text = "".join(file.read_text() for file in (TOP / "src").rglob("*.?pp"))
    return set(re.findall(r'"((?:[^"\\]|\\.)*)"', text))


def says(message, source):
    return re.fullmatch(pattern(source), message) is not None


def agrees(entry, error):
    return (error[0] is None or error[0] in entry[0]) and says(entry[1], error[1])


def is_raised(entry, found, texts):
    """Whether an error has this code and message; one whose message is handed to it has only the code to tell."""
    return any(agrees(entry, error) and (pattern(error[1]) != ".+?" or entry[1] in texts) for error in found)


def complaints(table, found, texts):
    for error in found:
        code, message, place = error
        if not re.search(r'"[^"]', message):
            yield f"{place}: the message is no literal: {message.strip()}"
        elif not any(agrees(entry, error) for entry in table):
            yield f"{place}: not in the table of docs/reference.md: {code or 'any code'} {' '.join(message.split())}"
    for entry in table:
        if not is_raised(entry, found, texts):
            yield f"docs/reference.md: nothing in src raises {entry[0]} {entry[1]}"


def main():
    table, found, texts = documented((TOP / "docs/reference.md").read_text()), list(raised(sqlstates())), literals()
    wrong = list(complaints(table, found, texts))
    # A check that finds whatever it is asked for would say nothing.
    for code, message in [
        ("22023", 'argument ".." must not be purple'),
        ("99999", 'argument ".." must not be null'),
        ("0A000", "purple functions are not allowed in the filter"),
    ]:
        if is_raised((code, message), found, texts):
            wrong.append(f"the sources cannot raise {code} {message}")
    if len(found) < 30 or len(table) < 30:
        wrong.append(f"only {len(found)} errors found in src and {len(table)} in the table")
    print("\n".join(wrong) if wrong else f"{len(found)} errors and {len(table)} messages agree")
    return 1 if wrong else 0


sys.exit(main())
