"""When a part that dies should live again, and when it keeps dying: pure, told the time."""

SHORT_LIFE_S = 10.0
MAX_SHORT_LIVES = 5


class RestartPolicy:
    """Counts the short lives of one part in a row."""

    def __init__(self) -> None:
        self._born_s = 0.0
        self._short_in_a_row = 0

    def begin(self, now_s: float) -> None:
        self._born_s = now_s

    def may_live_again(self, now_s: float) -> bool:
        """Call at a death. False after MAX_SHORT_LIVES lives in a row, none as long as SHORT_LIFE_S."""
        is_short = now_s - self._born_s < SHORT_LIFE_S
        self._short_in_a_row = self._short_in_a_row + 1 if is_short else 0
        return self._short_in_a_row < MAX_SHORT_LIVES
