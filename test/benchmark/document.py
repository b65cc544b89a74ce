"""Writes what the documents say of a file of results, between <!-- figures: NAME --> and <!-- figures: end -->.

No number of a table or of a sentence there is written by hand; `check` finds what differs from the results.
"""
import re
import textwrap

from results import SUBJECT, Results, count, percent, seconds
from words import label

DOCUMENTS = ("README.md", "docs/performance.md")
BLOCK = re.compile(r"(<!-- figures: (?!end)(\w+) -->\n).*?(<!-- figures: end -->)", re.DOTALL)


def make(path, top):
    results = Results(path)
    for name in DOCUMENTS:
        document = top / name
        document.write_text(written(document.read_text(encoding="utf-8"), name, results), encoding="utf-8")


def check(path, top):
    """A line for each document or chart that is not of these results."""
    results = Results(path)
    wrong = []
    for name in DOCUMENTS:
        text = (top / name).read_text(encoding="utf-8")
        if not BLOCK.search(text):
            wrong.append(f"{name}: has no <!-- figures: .. -->")
        elif written(text, name, results) != text:
            wrong.append(f"{name}: differs from the results; test/bench figures make writes it anew")
    for chart in sorted((top / "docs" / "performance").glob("*.svg")):
        if f"results {results.digest}." not in chart.read_text(encoding="utf-8"):
            wrong.append(f"{chart.relative_to(top)}: is of other results; test/bench figures make draws it anew")
    return wrong


def written(text, name, results):
    folder = "docs/performance/" if name == "README.md" else "performance/"

    def block(found):
        lines = BLOCKS[found[2]](results, folder)
        return found[1] + "\n" + "\n".join(lines) + "\n\n" + found[3]

    return BLOCK.sub(block, text)


def filled(*sentences):
    """Lines of at most 120 characters."""
    lines = [""]
    for word in " ".join(sentences).split():
        if lines[-1] and len(lines[-1]) + len(word) >= 120:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def picture(folder, name, text):
    return [f"![{text}]({folder}{name}.svg)"]


def lead(results, folder):
    rows, permille, _ = results.base
    took = results.at_base()
    ours = took[SUBJECT]
    rival = results.fastest_rival(took)
    others = f"{times(took[rival], ours)} ({label(rival)})"
    slowest = max(results.rivals(took).values())
    merge = next(name for name in ("MERGE, NOT MATCHED BY SOURCE", "DELETE and MERGE") if name in took)
    more = "" if merge == rival else f", {label(merge)} {times(took[merge], ours)}"
    text = (
        f"With {percent(permille)} of {count(rows)} rows changed, bulk_sync took {seconds(ours)} s; the fastest other"
        f" way in SQL took {others}{more}, the slowest {times(slowest, ours)}"
    )
    page = "docs/performance.md#how-fast"
    sentence = filled(f"**{text}** ([how it was measured, and where others are faster]({page})).")
    return sentence + [""] + picture(folder, "lead", in_words(took))


def in_words(took):
    """For those who do not see the bars."""
    ordered = sorted(took.items(), key=lambda each: each[1])
    return "Bars: " + "; ".join(f"{label(name)} {seconds(value)} s" for name, value in ordered)


def times(value, ours):
    ratio = value / ours
    return f"{ratio:.0f} times as long" if ratio >= 9.95 else f"{ratio:.1f} times as long"


def machine(results, _):
    data = results.data
    rows, permille, memory = results.base
    settings = ", ".join(f"{name} {value}" for name, value in data["settings"].items())
    rounds = data["points"][0]["rounds"]
    return filled(
        f"Measured on {data['date']} with bulk_sync {data['bulk_sync']} and {data['server']} on {data['machine']}.",
        f"Where nothing else is said, {count(rows)} rows in each table, {percent(permille)} of them changed, and",
        f"`work_mem` {memory}; medians of {rounds} rounds, of more where there are fewer rows, of one less where there",
        f"are more or `work_mem` is another. Settings: {settings}.",
        *[f"Left out: {line}." for line in data["left_out"]],
    )


def shares(results, folder):
    series = results.shares()
    faster = []
    for share, took in series:
        for rival, value in results.rivals(took).items():
            if value < took[SUBJECT]:
                faster.append(f"{label(rival)} at {percent(share)} ({seconds(value)} s to {seconds(took[SUBJECT])} s)")
    said = f"Faster than bulk_sync: {'; '.join(faster)}." if faster else "No other method was faster at any share."
    return [
        *picture(folder, "shares", "Seconds of each method by the share of changed rows, as in the table below"),
        "",
        *table("changed", [percent(share) for share, _ in series], [took for _, took in series]),
        "",
        *filled(said),
    ]


def rows(results, folder):
    series = results.sizes()
    return [
        *picture(folder, "rows", "Seconds of each method by the number of rows, as in the table below"),
        "",
        *table("rows", [count(size) for size, _ in series], [took for _, took in series]),
    ]


def memory(results, folder):
    series = results.memories()
    return [
        *picture(folder, "memory", "Seconds of each method by work_mem, as in the table below"),
        "",
        *table("`work_mem`", [name for name, _ in series], [took for _, took in series]),
    ]


def table(corner, heads, columns):
    """Seconds, a line for each method and a column for each point; the fastest of a column is in bold."""
    methods = list(dict.fromkeys(name for took in columns for name in took))
    lines = [f"| {corner} | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for method in methods:
        cells = []
        for took in columns:
            cell = seconds(took[method]) if method in took else "-"
            cells.append(f"**{cell}**" if took.get(method) == min(took.values()) else cell)
        lines.append(f"| {label(method)} | " + " | ".join(cells) + " |")
    return lines


def part(name, text):
    def lines(results, folder):
        took = results.part(name)
        if not took:
            return ["Not measured."]
        size = count(results.data[name]["rows"])
        return [*filled(text.format(rows=size)), "", *picture(folder, name, in_words(took))]

    return lines


def methods(results, _):
    """The SQL of each."""
    lines = ["<details><summary>The statements of each method</summary>", "", "```text"]
    for name, method in results.data["methods"].items():
        statements = method["statements"] or ["a program of the client"]
        lines.append(f"-- {label(name)}")
        for statement in statements:
            lines += textwrap.wrap(f"{statement};", 116, subsequent_indent="    ", break_long_words=False)
        lines.append("")
    return [*lines[:-1], "```", "", "</details>"]


BLOCKS = {
    "lead": lead,
    "machine": machine,
    "shares": shares,
    "rows": rows,
    "memory": memory,
    "file": part("file", "From a CSV file of {rows} rows, with the time of COPY or file_fdw:"),
    "django": part("django", "From a CSV file of {rows} rows, with the making of Django's objects:"),
    "methods": methods,
}
