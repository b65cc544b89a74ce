"""Draws lines with their names at their ends, and bars, in one style.

The colours are those of Okabe and Ito or near them, which people with any sight of colours can tell apart; each line
has a marker of its own as well.
"""
import contextlib

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot, ticker  # noqa: E402

from results import SUBJECT, seconds  # noqa: E402
from words import label  # noqa: E402

STYLE = {
    "svg.hashsalt": "bulk_sync",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.axisbelow": True,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "axes.labelcolor": "#222222",
    "text.color": "#222222",
}
INK, GREY, GRID = "#222222", "#8a8a8a", "#e4e4e4"
BLUE = "#0072B2"  # ours alone
LINES = {  # colour, marker and dashes of each rival
    "temporary table, then by ctid": ("#D55E00", "s", "-"),
    "MERGE, NOT MATCHED BY SOURCE": ("#009E73", "^", "-"),
    "DELETE and MERGE": ("#CC79A7", "v", "-"),
    "DELETE, UPDATE, INSERT": ("#B8860B", ">", "--"),
    "DELETE and ON CONFLICT": ("#4FA3D9", "P", "--"),
    "DELETE all, INSERT all": ("#777777", "X", ":"),
    "TRUNCATE, INSERT all": ("#333333", "D", "-"),
}
SIZE = (9.2, 5.0)  # inches; 72 points each, so that it fits the width of a page
LINE_OF_TEXT = 15.5  # points from one label to the next, at least


@contextlib.contextmanager
def style():
    """What is drawn and written inside looks so. The figures are closed at the end."""
    with matplotlib.rc_context(STYLE):
        try:
            yield
        finally:
            pyplot.close("all")


def titled(figure, title, below):
    height = figure.get_size_inches()[1]
    figure.text(0.012, 1 - 0.13 / height, title, fontsize=13.5, fontweight="bold", va="top")
    figure.text(0.012, 1 - 0.44 / height, below, fontsize=10.5, color="#555555", va="top")


def lines(results, title, below, series, names, x_label, positions=None):
    """One line for each method. `series` are pairs of an x and what the methods took there."""
    figure, axes = pyplot.subplots(figsize=SIZE)
    figure.subplots_adjust(left=0.085, right=0.645, top=0.84, bottom=0.125)
    titled(figure, title, below)
    xs = positions or list(range(len(series)))
    methods = [method for method in [*LINES, SUBJECT] if any(method in took for _, took in series)]
    ends = []
    for method in methods:
        known = [(x, took[method]) for x, (_, took) in zip(xs, series) if method in took]
        ours = method == SUBJECT
        colour, marker, dashes = (BLUE, "o", "-") if ours else LINES[method]
        axes.plot(
            *zip(*known),
            color=colour,
            marker=marker,
            linestyle=dashes,
            markersize=8 if ours else 6.5,
            linewidth=3 if ours else 1.5,
            markeredgecolor="white",
            markeredgewidth=0.5,
            clip_on=False,
            zorder=4 if ours else 3,
        )
        ends.append((method, known[-1], colour))
    axes.set_yscale("log")
    if positions:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_xticks(xs, names)
    axes.set_xlabel(x_label)
    axes.set_ylabel("seconds, logarithmic")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if span(series) < 300 else (1,)))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.grid(axis="y", color=GRID)
    axes.tick_params(length=0)
    name_ends(figure, axes, ends)
    return figure


def span(series):
    values = [value for _, took in series for value in took.values()]
    return max(values) / min(values)


def name_ends(figure, axes, ends):
    """The names right of the lines' ends, pushed apart where they would overlap, with a hair line to the end."""
    figure.canvas.draw()
    scale = 72 / figure.dpi
    ends = sorted(ends, key=lambda end: end[1][1])
    heights = [axes.transData.transform(end[1])[1] * scale for end in ends]
    bottom, top = (edge * scale for edge in (axes.bbox.y0, axes.bbox.y1))
    right = axes.bbox.x1 * scale
    for (method, (x, y), colour), height in zip(ends, apart(heights, bottom, top)):
        at = figure.transFigure.inverted().transform(((right + 26) / scale, height / scale))
        axes.annotate(
            "",
            xy=(x, y),
            xytext=at,
            textcoords=figure.transFigure,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 5},
        )
        ours = method == SUBJECT
        figure.text(
            *at,
            f"{label(method)}, {seconds(y)} s",
            color=colour if ours else INK,
            fontsize=12 if ours else 10.2,
            fontweight="bold" if ours else "normal",
            va="center",
        )


def apart(heights, bottom, top):
    """The same heights in the same order, moved as little as needs be. They are ascending."""
    groups = []  # of labels that touch: their wanted heights
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and lowest(groups[-1]) - highest(groups[-2]) < LINE_OF_TEXT:
            last = groups.pop()
            groups[-1] += last
    placed = [lowest(group) + LINE_OF_TEXT * number for group in groups for number in range(len(group))]
    over = max(0, placed[-1] - top)
    placed = [height - over for height in placed]
    for number, height in enumerate(placed):
        placed[number] = max(height, bottom if number == 0 else placed[number - 1] + LINE_OF_TEXT)
    return placed


def lowest(group):
    """Of labels one above the other around the middle of where they should be."""
    return sum(group) / len(group) - LINE_OF_TEXT * (len(group) - 1) / 2


def highest(group):
    return lowest(group) + LINE_OF_TEXT * (len(group) - 1)


def bars(results, title, below, took, width, unit=None):
    """What each took, the fastest at the top, also as so many times `unit`. What does less than the job is hollow."""
    names = list(took)
    figure, axes = pyplot.subplots(figsize=(SIZE[0], 1.35 + 0.36 * len(names)))
    height = figure.get_size_inches()[1]
    figure.subplots_adjust(left=width, right=0.86 if unit else 0.93, top=1 - 0.88 / height, bottom=0.08 / height)
    titled(figure, title, below)
    for place, name in enumerate(reversed(names)):
        ours = SUBJECT in name
        floor = results.is_floor(name) and not ours
        colour = "white" if floor else BLUE if ours else "#b4b4b4"
        axes.barh(place, took[name], height=0.66, color=colour, edgecolor=GREY if floor else colour, linewidth=1)
        axes.annotate(
            f"{seconds(took[name])} s" + (f"  ({took[name] / unit:.1f} ×)" if unit and not ours else ""),
            (took[name], place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold" if ours else "normal",
            color=BLUE if ours else INK,
        )
        axes.annotate(
            label(name),
            (0, place),
            xytext=(-8, 0),
            textcoords="offset points",
            va="center",
            ha="right",
            fontweight="bold" if ours else "normal",
            color=BLUE if ours else INK,
        )
    axes.set_xlim(0, max(took.values()) * 1.04)
    axes.set_ylim(-0.5, len(names) - 0.5)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    return figure
