"""Draws the series of a run as SVG, one file per plot, for docs/performance.md."""

from collections.abc import Iterable
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
    for plot, lines in groupby(sorted(series, key=lambda one: one.plot), key=lambda one: one.plot):
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
        path = folder / f"{plot}.svg"
        figure.savefig(path, metadata={"Date": None})
        drawn.append(path)
    return drawn
