"""Draws the series of a run as SVG: files for pages of the documentation, text for reports in one file."""

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from itertools import groupby
from pathlib import Path

from matplotlib import rcParams
from matplotlib.figure import Figure

from load_tests.bench.outcome import Series


def draw(series: Iterable[Series], folder: Path) -> list[Path]:
    """One SVG for each `plot` name."""
    rcParams["svg.hashsalt"] = "hotchat"  # the same figures give the same bytes
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for plot, lines in _by_plot(series):
        path = folder / f"{plot}.svg"
        _figure(lines).savefig(path, metadata={"Date": None})
        drawn.append(path)
    return drawn


def inline_svgs(series: Iterable[Series]) -> dict[str, str]:
    """`plot` name → an svg element for an HTML page."""
    drawn = {}
    for plot, lines in _by_plot(series):
        rcParams["svg.hashsalt"] = plot  # the ids of two plots on one page must differ
        text = StringIO()
        _figure(lines).savefig(text, format="svg", metadata={"Date": None})
        drawn[plot] = text.getvalue()[text.getvalue().index("<svg") :]
    return drawn


def bars(
    path: Path,
    names: Sequence[str],
    groups: Mapping[str, Sequence[float]],
    label: str,
    *,
    mark: float | None = None,
    stacked: bool = False,
    log: bool = False,
) -> Path:
    """A bar for each name and group, from top to bottom, and a line at `mark`. `stacked`: groups add up."""
    rcParams["svg.hashsalt"] = "hotchat"
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    height = 0.8 if stacked else 0.8 / max(1, len(groups))
    left = [0.0] * len(names)
    for number, (group, values) in enumerate(groups.items()):
        places = [place + (0 if stacked else number * height) for place in range(len(names))]
        axes.barh(places, values, height, left=left if stacked else None, label=group)
        left = [before + value for before, value in zip(left, values, strict=True)]
    middle = 0 if stacked else (len(groups) - 1) * height / 2
    axes.set_yticks([place + middle for place in range(len(names))], names)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    if log:
        axes.set_xscale("log")
    if mark is not None:
        axes.axvline(mark, color="black", linewidth=1, linestyle="--")
    axes.grid(axis="x", alpha=0.3)
    if len(groups) > 1:
        figure.legend(frameon=False, loc="outside upper center", ncols=4)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    return path


def _by_plot(series: Iterable[Series]) -> Iterable[tuple[str, list[Series]]]:
    for plot, lines in groupby(sorted(series, key=lambda one: one.plot), key=lambda one: one.plot):
        yield plot, list(lines)


def _figure(lines: Iterable[Series]) -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    for line in lines:
        axes.plot(line.x, line.y, marker="o", markersize=3, label=line.label)
        axes.set_xlabel(line.x_label)
        axes.set_ylabel(line.y_label)
        if min(line.x) > 0 and max(line.x) / min(line.x) > 50:
            axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
