"""Whether a dependency (Postgres, Redis, Kafka) responds, by the last call of one of its users.

Logs one line when it becomes unavailable and one when it responds again, however many calls fail in between.
"""

from logging import Logger

from prometheus_client import Counter, Gauge

STORE_ERRORS = Counter("hotchat_store_errors_total", "Failed calls to a store", ["store", "part"])
STORE_DOWN = Gauge(
    "hotchat_store_down", "1 while the last call of this part to the store failed", ["store", "part"]
)


class DependencyStatus:
    """`store` is the dependency and `part` its user. Both are labels of the metrics and appear in log lines."""

    def __init__(self, log: Logger, *, store: str, part: str) -> None:
        self._log = log
        self._store = store
        self._part = part
        self._errors = STORE_ERRORS.labels(store, part)
        self._down = STORE_DOWN.labels(store, part)
        self.is_down = False

    def failed(self, error: BaseException) -> None:
        """Report a failed call."""
        self._errors.inc()
        if not self.is_down:
            self.is_down = True
            self._down.set(1)
            self._log.warning(
                "%s is unavailable to %s: %s: %s", self._store, self._part, type(error).__name__, error
            )

    def succeeded(self) -> None:
        """Report a successful call."""
        if self.is_down:
            self.is_down = False
            self._down.set(0)
            self._log.info("%s is available to %s again", self._store, self._part)
