"""A bound on log lines that clients can cause."""

import logging
from collections.abc import Callable
from typing import Final

INTERVAL_S: Final = 60.0


class LimitedLog:
    """One line for each kind and INTERVAL_S. Overflow rule: DROP, and the next line says how many were dropped.

    A kind is a word of ours, so the code bounds how many there are.
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
    """Lets one line of each message through in INTERVAL_S. For libraries that log what strangers cause.

    Overflow rule: DROP. Messages count before their arguments are put in, so the library bounds how many there are.
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
