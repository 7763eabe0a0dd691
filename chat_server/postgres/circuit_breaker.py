"""Whether Postgres is worth asking: after failures in a row only one read every half second tries."""

from typing import Final

FAILURES_TO_OPEN: Final = 2
RETRY_EVERY_S: Final = 0.5


class StoreCircuit:
    """Times are monotonic seconds, given by the caller."""

    def __init__(self) -> None:
        self._failures = 0
        self._retry_at_s = 0.0

    @property
    def is_open(self) -> bool:
        """True after failures in a row, until a read succeeds: what is in memory is better than a wait."""
        return self._failures >= FAILURES_TO_OPEN

    def may_try(self, now_s: float) -> bool:
        """True when closed; when open, for one caller every RETRY_EVERY_S."""
        if not self.is_open:
            return True
        if now_s < self._retry_at_s:
            return False
        self._retry_at_s = now_s + RETRY_EVERY_S
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, now_s: float) -> None:
        self._failures += 1
        self._retry_at_s = now_s + RETRY_EVERY_S
