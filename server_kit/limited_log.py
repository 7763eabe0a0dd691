"""Bounds the log lines that clients can cause."""

import logging
from collections.abc import Callable
from typing import Final

INTERVAL_S: Final = 60.0


class LimitedLog:
    """At most one line of each kind per INTERVAL_S. Overflow rule: DROP; the next line reports the number dropped.

    Kinds are constants in our code, so their number is bounded.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._next_s: dict[str, float] = {}
        self._dropped: dict[str, int] = {}

    def warning(
        self, kind: str, message: str, *arguments: object, exc_info: BaseException | None = None
    ) -> None:
        now_s = self._clock()
        if now_s < self._next_s.get(kind, now_s):
            self._dropped[kind] = self._dropped.get(kind, 0) + 1
            return
        self._next_s[kind] = now_s + INTERVAL_S
        self._log.warning(message, *arguments, exc_info=exc_info)
        if dropped := self._dropped.pop(kind, 0):
            self._log.warning("That happened %d more times since it was last logged", dropped)


class RepeatsFilter(logging.Filter):
    """Passes at most one line of each message per INTERVAL_S. For libraries that log what clients cause.

    Overflow rule: DROP. Messages are compared without their arguments, so their number is bounded by the library.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._next_s: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now_s = self._clock()
        if now_s < self._next_s.get(str(record.msg), now_s):
            return False
        self._next_s[str(record.msg)] = now_s + INTERVAL_S
        return True
