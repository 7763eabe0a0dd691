"""Whether a figure stays where it is. Pure."""

from collections.abc import Sequence
from statistics import median

WARM_UP_SHARE = 0.4
"""Rings and caches fill first; what comes after must be flat."""


def growth(values: Sequence[float]) -> float:
    """How far the median of the last quarter lies above that of the quarter after the warm-up; 0 for few values."""
    steady = values[int(len(values) * WARM_UP_SHARE) :]
    quarter = len(steady) // 4
    if quarter == 0:
        return 0.0
    return median(steady[-quarter:]) - median(steady[:quarter])


def is_flat(values: Sequence[float], *, share: float, slack: float) -> bool:
    """At most `share` of its first steady value more, or `slack` where that is little."""
    steady = values[int(len(values) * WARM_UP_SHARE) :]
    return not steady or growth(values) <= max(slack, share * steady[0])
