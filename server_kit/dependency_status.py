"""One log line when a store goes away and one when it is back, however many calls failed in between."""

from logging import Logger

from prometheus_client import Counter, Gauge

STORE_ERRORS = Counter("hotchat_store_errors_total", "Failed calls to a store", ["store", "part"])
STORE_DOWN = Gauge(
    "hotchat_store_down", "1 while the last call of this part to the store failed", ["store", "part"]
)


class Outage:
    """The state of one part's link to one store, as that part saw it last."""

    def __init__(self, log: Logger, *, store: str, part: str) -> None:
        self._log = log
        self._store = store
        self._part = part
        self._errors = STORE_ERRORS.labels(store, part)
        self._down = STORE_DOWN.labels(store, part)
        self.is_on = False

    def failed(self, error: BaseException) -> None:
        self._errors.inc()
        if not self.is_on:
            self.is_on = True
            self._down.set(1)
            self._log.warning(
                "%s is unavailable to %s: %s: %s", self._store, self._part, type(error).__name__, error
            )

    def succeeded(self) -> None:
        if self.is_on:
            self.is_on = False
            self._down.set(0)
            self._log.info("%s is back for %s", self._store, self._part)
