#!/usr/bin/env python3
"""Every link of the documents leads somewhere.

Looks at each [text](target) in each *.md file, outside of code. A target in the repository has to exist, and what
follows # has to be a heading there, in the form that hosts of repositories give it: lower case, no punctuation, hyphens
for blanks. Links to other hosts are not followed. Needs no server.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def documents():
    return [
        file for file in sorted(TOP.rglob("*.md")) if not {"build", "node_modules"} & set(file.relative_to(TOP).parts)
    ]


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(file):
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *$", without_code(file.read_text()), flags=re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        copies = (f"{name}-{number}" for number in range(1, 1000))
        found.add(name if name not in found else next(copy for copy in copies if copy not in found))
    return found


def links(file):
    text = re.sub(r"`[^`]*`", "", without_code(file.read_text()))
    return [link for link in re.findall(r"\]\(\s*([^)\s]+)\s*\)", text) if "://" not in link]


def complaint(file, link):
    """What is wrong with a link in a file, or None."""
    path, _, anchor = link.partition("#")
    target = (file.parent / path).resolve() if path else file
    if not target.exists():
        return f"{file.relative_to(TOP)}: {link}: there is no such file"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target)):
        return f"{file.relative_to(TOP)}: {link}: there is no such heading"
    return None


def main():
    found = [(file, link) for file in documents() for link in links(file)]
    wrong = [text for text in (complaint(file, link) for file, link in found) if text]
    # A check that finds whatever it is asked for would say nothing.
    for link in "README.md#no-such-heading", "no-such-file.md", "#no-such-heading":
        if complaint(TOP / "README.md", link) is None:
            wrong.append(f"the check takes {link} for a good link")
    if len(found) < 20:
        wrong.append(f"only {len(found)} links found")
    print("\n".join(wrong) if wrong else f"{len(found)} links, all of them good")
    return 1 if wrong else 0


sys.exit(main())
