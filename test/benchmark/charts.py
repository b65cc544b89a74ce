"""The charts of a file of results, as SVG: the same file from the same results and the same matplotlib."""
import io
import re

import drawing
from results import Results, count, percent


def make(path, top):
    results = Results(path)
    folder = top / "docs" / "performance"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (draw, title) in CHARTS.items():
        with drawing.style():
            figure = draw(results)
            if figure:
                (folder / f"{name}.svg").write_text(svg_of(figure, title, results), encoding="utf-8")


def svg_of(figure, title, results):
    """Its text, which tells what it shows and of which results, and no date or program."""
    file = io.StringIO()
    figure.savefig(file, format="svg", facecolor="white", metadata={"Date": None})
    about = f"<title>{title}</title>\n <desc>Drawn from the results {results.digest}.</desc>"
    text = re.sub(r"<metadata>.*?</metadata>", about, file.getvalue(), count=1, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def subtitle(results, *more):
    data = results.data
    return ", ".join([*more, data["server"], data["date"]])


def base_words(results):
    rows, permille, memory = results.base
    return count(rows), percent(permille), f"work_mem {memory}"


def lead(results):
    rows, changed, memory = base_words(results)
    took = dict(sorted(results.at_base().items(), key=lambda each: each[1]))
    title = f"{rows} rows, {changed} of them changed: seconds until the table matches"
    return drawing.bars(results, title, subtitle(results, "less is better", memory), took, 0.33, took["bulk_sync"])


def shares(results):
    rows, _, memory = base_words(results)
    series = results.shares()
    return drawing.lines(
        results,
        f"Time by the share of changed rows, {rows} rows",
        subtitle(results, memory),
        series,
        [percent(share) for share, _ in series],
        "share of changed rows (steps not to scale)",
    )


def rows(results):
    _, changed, memory = base_words(results)
    series = results.sizes()
    return drawing.lines(
        results,
        f"Time by the number of rows, {changed} changed",
        subtitle(results, memory),
        series,
        [count(size) for size, _ in series],
        "rows in each table, logarithmic",
        [size for size, _ in series],
    )


def memory(results):
    size, changed, _ = base_words(results)
    series = results.memories()
    return drawing.lines(
        results,
        f"Time by work_mem, {size} rows, {changed} changed",
        subtitle(results),
        series,
        [name for name, _ in series],
        "work_mem (steps not to scale)",
    )


def file(results):
    took = results.part("file")
    if not took:
        return None
    _, changed, _ = base_words(results)
    title = f"From a CSV file of {count(results.data['file']['rows'])} rows to the table, {changed} changed"
    return drawing.bars(results, title, subtitle(results, "seconds, COPY and all"), took, 0.35)


def django(results):
    took = results.part("django")
    if not took:
        return None
    _, changed, _ = base_words(results)
    title = f"From Django: a CSV file of {count(results.data['django']['rows'])} rows, {changed} changed"
    return drawing.bars(results, title, subtitle(results, "seconds with the making of the objects"), took, 0.35)


CHARTS = {
    "lead": (lead, "Seconds that each method takes when few rows have changed"),
    "shares": (shares, "Seconds that each method takes, by the share of changed rows"),
    "rows": (rows, "Seconds that each method takes, by the number of rows"),
    "memory": (memory, "Seconds that each method takes, by work_mem"),
    "file": (file, "Seconds from a CSV file to the table"),
    "django": (django, "Seconds from Django"),
}
