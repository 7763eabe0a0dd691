"""Whether a dependency (Postgres, Redis, Kafka, a server) is down for one of its users, since when, when to retry.

One log line when it goes down and one when it is up again, however many calls fail in between.
"""

import time
from collections.abc import Callable
from logging import Logger

from prometheus_client import Counter, Gauge

_ERRORS = Counter("hotchat_store_errors_total", "Failed calls to a store", ["store", "part"])
_DOWN = Gauge("hotchat_store_down", "1 while the store is down for this part", ["store", "part"])


class DependencyStatus:
    """Down after `failures_to_be_down` unanswered calls in a row, until a call is answered.

    `store` is the dependency and `part` its user; both are labels of the metrics and words of the log lines. Callers
    that ask `may_try` make one call every `retry_every_s` while it is down. `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        log: Logger,
        *,
        store: str,
        part: str,
        failures_to_be_down: int = 1,
        retry_every_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_down = False
        self._log = log
        self._store = store
        self._part = part
        self._failures_to_be_down = failures_to_be_down
        self._retry_every_s = retry_every_s
        self._clock = clock
        self._errors = _ERRORS.labels(store, part)
        self._down = _DOWN.labels(store, part)
        self._failures = 0
        self._since_s = 0.0
        self._retry_at_s = 0.0
        self._is_error_logged = False

    def may_try(self) -> bool:
        """Whether to make a call now: True while it is up, and for one caller every `retry_every_s` while down."""
        if not self.is_down:
            return True
        now_s = self._clock()
        if now_s < self._retry_at_s:
            return False
        self._retry_at_s = now_s + self._retry_every_s
        return True

    def failed(self, error: BaseException) -> None:
        """Report a call that was not answered."""
        self._errors.inc()
        self._failures += 1
        now_s = self._clock()
        self._retry_at_s = now_s + self._retry_every_s
        if not self.is_down and self._failures >= self._failures_to_be_down:
            self.is_down = True
            self._since_s = now_s
            self._down.set(1)
            self._log.warning(
                "%s is down for %s: %s: %s", self._store, self._part, type(error).__name__, error
            )

    def answered(self) -> None:
        """Report a call that succeeded."""
        self._is_error_logged = False
        self._note_up()

    def answered_with(self, error: BaseException) -> None:
        """Report a call that got an error as its answer: it counts as an error, but the dependency is up."""
        self._errors.inc()
        if not self._is_error_logged:
            self._is_error_logged = True
            self._log.warning(
                "%s answers %s with an error: %s: %s", self._store, self._part, type(error).__name__, error
            )
        self._note_up()

    def _note_up(self) -> None:
        self._failures = 0
        if self.is_down:
            self.is_down = False
            self._down.set(0)
            down_s = self._clock() - self._since_s
            self._log.info("%s is up again for %s, after %.1f s", self._store, self._part, down_s)
