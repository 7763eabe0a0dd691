"""Plots of a comparison of policies, for docs/hot-rooms.md."""

from collections.abc import Sequence
from pathlib import Path

from load_tests.bench.outcome import Series
from load_tests.bench.plots import bars, draw
from load_tests.crowd.policies import BUSY_SHARE, SERVERS, STALE_GOAL_S
from load_tests.crowd.record import CrowdRecord

STEP = 5
"""Every fifth of 101 quantiles: the files stay small."""

LEAST_S = 0.01
"""A logarithmic axis has no zero."""


def draw_policies(records: Sequence[CrowdRecord], folder: Path) -> list[Path]:
    """One SVG for each question, in the order of the page."""
    names = [one.policy for one in records]
    percent = {"readers and refreshers": [100 * one.refused_share for one in records]}
    stale = {
        "notify readers": [max(LEAST_S, one.readers.staleness_s.greatest) for one in records],
        "refreshers": [max(LEAST_S, one.refreshers.staleness_s.greatest) for one in records],
    }
    cpu = {role: [100 * one.greatest_share(role) for one in records] for role in SERVERS}
    return [
        bars(folder / "refused.svg", names, percent, "refused or dropped, %"),
        bars(
            folder / "greatest-staleness.svg",
            names,
            stale,
            "greatest staleness, s",
            mark=STALE_GOAL_S,
            log=True,
        ),
        bars(
            folder / "servers-cpu.svg", names, cpu, "CPU of one core, %", mark=100 * BUSY_SHARE, stacked=True
        ),
        *draw(_staleness(records), folder),
    ]


def _staleness(records: Sequence[CrowdRecord]) -> list[Series]:
    lines = []
    for one in records:
        values = one.readers.staleness_values_s
        shares = [place / max(1, len(values) - 1) for place in range(len(values))]
        if values:
            lines.append(
                Series("staleness", one.policy, "share of samples", "seconds", shares[::STEP], values[::STEP])
            )
    return lines
