"""When Postgres neither answers nor refuses. Pure: time is an argument."""

from typing import Final

SILENT_AFTER_S: Final = 0.7
"""With LOOK_S twice on top, a write is refused within 0.9 s."""

LOOK_S: Final = 0.1

ASK_AFTER_S: Final = 0.3
"""Leaves the watchdog's question SILENT_AFTER_S - ASK_AFTER_S to be answered before anything is refused."""


class Silence:
    """Whether something was asked and nothing at all has been heard for SILENT_AFTER_S.

    `look` must say so twice, LOOK_S apart: when this process itself was held up, the answer may lie in the socket.
    """

    def __init__(self) -> None:
        self.is_on = False
        self._asking = 0
        self._heard_s = 0.0
        self._is_suspected = False

    def began(self, now_s: float) -> None:
        """A lane turns to Postgres."""
        if self._asking == 0:
            self._heard_s = now_s
        self._asking += 1

    def ended(self, now_s: float) -> None:
        """That lane is done, well or badly."""
        self._asking -= 1
        self.heard(now_s)

    def heard(self, now_s: float) -> None:
        """Postgres answered something to somebody."""
        self._heard_s = now_s
        self.is_on = self._is_suspected = False

    def is_quiet(self, now_s: float) -> bool:
        """Whether somebody should ask on another connection: one slow statement is no silence."""
        return self._asking > 0 and now_s - self._heard_s >= ASK_AFTER_S

    def look(self, now_s: float) -> bool:
        """To be called every LOOK_S; what is on afterwards."""
        is_late = self._asking > 0 and now_s - self._heard_s >= SILENT_AFTER_S
        self.is_on = is_late and self._is_suspected
        self._is_suspected = is_late
        return self.is_on
