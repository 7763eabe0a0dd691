"""When each person of a room has a turn, while the wait may change at any time. Pure.

The clock of a room advances by one turn in each wait: twice as fast when the wait is halved. A person has a turn
whenever it passes a whole number, shifted by the person's own fraction. So a crowd that waits neither writes in the
same second, nor all at once when the wait changes.
"""

from math import floor
from typing import Final, NamedTuple, Self
from uuid import UUID

MAX_WAIT_S: Final = 300
"""The longest wait that the governor may set."""

_FRACTIONS: Final = 1_000_000
"""The last bits of a user id are random."""


class TurnClock(NamedTuple):
    """`turns`: how many each person has had since the clock began; it stops while nobody waits. `since`: its reading
    when people began to wait."""

    turns: float = 0.0
    since: float = 0.0

    def advanced(self, wait_s: int, elapsed_s: float) -> Self:
        if not wait_s:
            return self._replace(since=self.turns)
        return self._replace(turns=self.turns + elapsed_s / wait_s)


def fraction_of(user_id: UUID) -> float:
    """From 0 to 1, the same for a person at all times."""
    return user_id.int % _FRACTIONS / _FRACTIONS


def has_turn(last: float | None, clock: TurnClock, fraction: float) -> bool:
    """Whether a person may write. slow_mode_store.py decides the same in Redis.

    `last`: the reading of the clock at their last post. Without one, they count as having written when people began to
    wait. The same holds if the reading is far ahead, because the clock was then reset.
    """
    if last is None or last > clock.turns + 1:
        last = clock.since
    return floor(clock.turns + fraction) > floor(last + fraction)


def turn_in_s(clock: TurnClock, wait_s: int, fraction: float) -> float:
    """Seconds until the person's next turn, if the wait stays as it is."""
    return wait_s * (1 - (clock.turns + fraction) % 1)
