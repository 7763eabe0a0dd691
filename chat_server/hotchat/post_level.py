"""Decides how fast people write in a room, in four levels. Pure functions: no Redis, clock or scheduler."""

from math import exp
from typing import Final, NamedTuple

from chat_contract.events import HeatLevel

LEVELS_PER_S: Final = (1.0, 5.0, 20.0)
"""Posts a second from which a room is warm, hot and blazing. At 5 a fast reader is lost; 20 pass unread."""

EXIT_SHARE: Final = 0.7
CALM_TICKS: Final = 5
"""A level ends after so many seconds below EXIT_SHARE of its rate."""

SMOOTHING_S: Final = 3.0
"""The time constant of the rate: what is written at random must not change the level."""


class LevelState(NamedTuple):
    """`posts_per_s` is the smoothed rate."""

    posts_per_s: float = 0.0
    level: HeatLevel = 0
    calm_ticks: int = 0


def smoothed(posts_per_s: float, posts: int, elapsed_s: float) -> float:
    """The rate after `posts` more in `elapsed_s`."""
    weight = 1 - exp(-elapsed_s / SMOOTHING_S)
    rate = posts_per_s + weight * (posts / elapsed_s - posts_per_s)
    return rate if rate >= 0.05 else 0.0


def next_level(previous: LevelState, posts_per_s: float) -> LevelState:
    """Rise at once, by any number of levels; fall slowly, one level at a time."""
    reached = sum(posts_per_s >= limit for limit in LEVELS_PER_S)
    if reached >= previous.level:
        return LevelState(posts_per_s, _LEVELS[reached])
    if posts_per_s >= LEVELS_PER_S[previous.level - 1] * EXIT_SHARE:
        return LevelState(posts_per_s, previous.level)
    calm_ticks = previous.calm_ticks + 1
    if calm_ticks < CALM_TICKS:
        return LevelState(posts_per_s, previous.level, calm_ticks)
    return LevelState(posts_per_s, _LEVELS[previous.level - 1])


_LEVELS: Final[tuple[HeatLevel, ...]] = (0, 1, 2, 3)
