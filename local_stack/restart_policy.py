"""Decides whether a process that ended is started again. Pure: time is an argument."""

SHORT_LIFE_S = 10.0
MAX_SHORT_LIVES = 5


class RestartPolicy:
    """Counts consecutive short lives of one process."""

    def __init__(self) -> None:
        self._started_s = 0.0
        self._short_in_a_row = 0

    def begin(self, now_s: float) -> None:
        self._started_s = now_s

    def may_restart(self, now_s: float) -> bool:
        """Call when the process ends. False after MAX_SHORT_LIVES consecutive lives shorter than SHORT_LIFE_S."""
        is_short = now_s - self._started_s < SHORT_LIFE_S
        self._short_in_a_row = self._short_in_a_row + 1 if is_short else 0
        return self._short_in_a_row < MAX_SHORT_LIVES
