"""The rules of the queue for streams. Pure.

First come, first served among those who are present. A place that has not been renewed for a while lets others pass,
and is in front of them again once it is renewed. Newcomers without a place come after everybody who waits.
"""

from typing import Final, NamedTuple

FIRST_RENEWAL_S: Final = 1.0
RENEWAL_PER_PLACE_S: Final = 0.01
LONGEST_RENEWAL_S: Final = 15.0
"""10,000 people who wait renew about 850 times a second in all; the first in line asks every second."""

LATE_RENEWAL: Final = 1.25
GRACE_S: Final = 3.0
"""A client counts as present until its renewal is 25 % plus this many seconds overdue."""

RATE_WINDOW_S: Final = 120.0
MIN_RATE_WINDOW_S: Final = 10.0
LONGEST_ESTIMATE_S: Final = 3_600


class Standing(NamedTuple):
    """Where somebody stands. `admitted`: streams that opened from the queue in the last `window_s`."""

    ahead: int
    waiting: int
    admitted: int
    window_s: float


def may_enter(ahead: int, free_slots: int) -> bool:
    """Whether those ahead leave a slot."""
    return ahead < free_slots


def position(ahead: int, free_slots: int) -> int:
    """1 for the first in line; 0 once the turn has come."""
    return 0 if may_enter(ahead, free_slots) else ahead + 1


def estimate_s(position: int, standing: Standing) -> int:
    """Estimated seconds until the turn, from the rate of recent openings plus one, so that it is finite."""
    window_s = min(RATE_WINDOW_S, max(MIN_RATE_WINDOW_S, standing.window_s))
    return min(LONGEST_ESTIMATE_S, round(position * window_s / (standing.admitted + 1)))


def renew_in_s(ahead: int) -> float:
    """When to ask again: soon near the front, later in a long queue."""
    return min(LONGEST_RENEWAL_S, FIRST_RENEWAL_S + RENEWAL_PER_PLACE_S * ahead)


def present_for_s(ahead: int) -> float:
    """For how long somebody who has just asked counts as present. The same formula is in `redis_queue.py`'s script."""
    return renew_in_s(ahead) * LATE_RENEWAL + GRACE_S
