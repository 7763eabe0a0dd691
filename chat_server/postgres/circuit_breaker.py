"""A circuit breaker for reads: after repeated failures only one read every half second tries Postgres."""

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
        """True after FAILURES_TO_OPEN failures in a row until a read succeeds; callers then serve from memory."""
        return self._failures >= FAILURES_TO_OPEN

    def may_try(self, now_s: float) -> bool:
        """Always True while closed. While open, True for one caller every RETRY_EVERY_S."""
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
