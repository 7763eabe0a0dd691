"""Arrival shapes: how many people are present after some seconds. Pure; the number never falls."""

import math
from collections.abc import Callable, Mapping
from typing import Final

Arrivals = Callable[[float], float]
"""Share of the run that has passed, 0 to 1 → share of the crowd that is present, 0 to 1."""

EARLY_SHARE: Final = 0.05
FLASH_AT: Final = 0.25
RAMP_UNTIL: Final = 0.8
KICK_OFF_AT: Final = 0.4
KICK_OFF_STEEPNESS: Final = 30.0


def flat(_: float) -> float:
    """Everybody is there from the start."""
    return 1.0


def ramp(passed: float) -> float:
    """They come evenly, until 80 % of the time."""
    return min(1.0, passed / RAMP_UNTIL)


def flash(passed: float) -> float:
    """A few are early; all others come at once after a quarter of the time."""
    return 1.0 if passed >= FLASH_AT else EARLY_SHARE


def kick_off(passed: float) -> float:
    """A broadcast: a few are early, most come around its start at 40 % of the time, some are late."""
    curve = 1 / (1 + math.exp(-KICK_OFF_STEEPNESS * (passed - KICK_OFF_AT)))
    return EARLY_SHARE + (1 - EARLY_SHARE) * curve if passed < 1 else 1.0


SHAPES: Final[Mapping[str, Arrivals]] = {"flat": flat, "ramp": ramp, "flash": flash, "kick-off": kick_off}


def present(shape: str, people: int, passed_s: float, seconds: float) -> int:
    """People present `passed_s` after the start of a run of `seconds`. Raises KeyError for an unknown shape."""
    passed = min(1.0, max(0.0, passed_s / seconds))
    return min(people, math.ceil(people * SHAPES[shape](passed)))
