"""Decides whether a figure stays level. Pure."""

from collections.abc import Sequence
from statistics import median

WARM_UP_SHARE = 0.4
"""Rings and caches fill during the warm-up; later values must stay level."""


def growth(values: Sequence[float]) -> float:
    """The median of the last quarter minus the median of the first quarter after the warm-up; 0 for few values."""
    steady = values[int(len(values) * WARM_UP_SHARE) :]
    quarter = len(steady) // 4
    if quarter == 0:
        return 0.0
    return median(steady[-quarter:]) - median(steady[:quarter])


def is_flat(values: Sequence[float], *, share: float, slack: float) -> bool:
    """Whether the growth is at most `share` of the first steady value, or at most `slack` for small values."""
    steady = values[int(len(values) * WARM_UP_SHARE) :]
    return not steady or growth(values) <= max(slack, share * steady[0])
