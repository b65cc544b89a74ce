#!/usr/bin/env python3
"""The README's table of errors says what the errors say.

Finds each ereport(ERROR, ..), fail({..}) and raise({..}) under src, and looks for a row of a table with | SQLSTATE | message | in README.md that has
its code in the first column and its message in the second. What is filled in (%s, UINT64_FORMAT) stands as .. there, or
as any other words. A message of which only the detail differs needs one row for each SQLSTATE. Needs no server.
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


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment[0]), text, flags=re.S)


def template(source):
    """Of the message of a fail() or raise(), the literal that is filled in, or "%s" for what comes from elsewhere."""
    call = re.fullmatch(r"(?:pg::)?(format|psprintf|counted)\s*\((.*)\)", source.strip(), re.S)
    if call:
        source = arguments(call[2] + ")", 0)[2 if call[1] == "counted" else 0]
    return '"%s"' if re.fullmatch(r"\w+", source.strip()) else re.sub(r"\b_\((.*)\)", r"\1", source, flags=re.S)


def errors(text):
    """(name of the code or None, source of the message, position) of each error."""
    for call in re.finditer(r"\b(?:fail|raise)\s*\(\s*\{", text):
        fields = (re.match(r"\s*\.(\w+) =(.*)", field, re.S) for field in arguments(text, call.end()))
        values = {field[1]: field[2] for field in fields if field}
        yield values["sqlstate"].strip(), template(values["message"]), call.start()
    for call in re.finditer(r"\bereport\s*\(\s*(?:ERROR|FATAL)\b", text):
        inside = ",".join(arguments(text, text.index("(", call.start()) + 1))
        code = re.search(r"\berrcode\s*\(\s*(ERRCODE_\w+)", inside)
        for message in re.finditer(r"\berrmsg(_plural|_internal)?\s*\(", inside):
            parts = arguments(inside, message.end())
            yield code and code[1], parts[1 if message[1] == "_plural" else 0], call.start()


def sqlstates():
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    headers = subprocess.run([pg_config, "--includedir-server"], check=True, capture_output=True, text=True).stdout.strip()
    codes = (pathlib.Path(headers) / "utils/errcodes.h").read_text()
    return {name: "".join(re.findall("'(.)'", letters)) for name, letters in
            re.findall(r"#define (ERRCODE_\w+) MAKE_SQLSTATE\((.*?)\)", codes)}


def table_rows(readme):
    """(SQLSTATEs, message) of each row."""
    rows, inside = [], False
    for line in readme.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if cells[:2] == ["SQLSTATE", "message"]:
            inside = True
        elif not cells:
            inside = False
        elif inside:
            rows.append((cells[0], cells[1].replace("`", "")))
    return rows


def is_there(rows, code, message):
    return any((code is None or code in codes) and re.search(pattern(message), text) for codes, text in rows)


def main():
    codes, rows, count, missing = sqlstates(), table_rows((TOP / "README.md").read_text()), 0, []
    for file in sorted((TOP / "src").rglob("*.?pp")):
        text = without_comments(file.read_text())
        for name, message, position in errors(text):
            count += 1
            code = codes[name] if name else None
            where = f"{file.relative_to(TOP)}:{text.count(chr(10), 0, position) + 1}"
            if not re.search(r'"[^"]', message):
                missing.append(f"{where}: the message is no literal: {message.strip()}")
            elif not is_there(rows, code, message):
                missing.append(f"{where}: not in the table of README.md: {code or 'any code'} {' '.join(message.split())}")
    # A check that finds whatever it is asked for would say nothing.
    if is_there(rows, "22023", '"argument \\"%s\\" must not be purple"') or is_there(rows, "99999", '"%s is empty"'):
        missing.append("the table has what it cannot have")
    if count < 30:
        missing.append(f"only {count} errors found in src")
    print("\n".join(missing) if missing else f"{count} errors, all in the table")
    return 1 if missing else 0


sys.exit(main())
