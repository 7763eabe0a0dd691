"""Which messages of a busy room its calm lane shows. Pure: the room's state and the time are arguments.

The writer decides once, under the room's lock, and marks what is left out. Everything else reads the mark.
"""

from datetime import datetime, timedelta
from typing import Final

from chat_contract.limits import CALM_ROWS_PER_S

BURST: Final = 2 * CALM_ROWS_PER_S
"""Messages that a room shows at once after a quiet time."""

_ROW: Final = timedelta(seconds=1 / CALM_ROWS_PER_S)
_LONGEST: Final = BURST * _ROW


def take_calm_row(full_at: datetime | None, now: datetime, *, is_host: bool) -> tuple[bool, datetime]:
    """Whether the calm lane shows a message posted at `now`, and the new `full_at`.

    A token bucket of BURST messages at CALM_ROWS_PER_S. `full_at` is its whole state: when it is full again; None: it
    is full. Messages of hosts are always shown, and take a token if one is left. If the clock was set back, the bucket
    is at most empty.
    """
    latest = now + _LONGEST
    next_full_at = (now if full_at is None or full_at < now else min(full_at, latest)) + _ROW
    if next_full_at <= latest:
        return True, next_full_at
    return is_host, latest if is_host else min(full_at or latest, latest)
