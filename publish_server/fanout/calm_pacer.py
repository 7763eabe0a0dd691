"""When the calm lane of a room flushes. Pure: time is an argument, in seconds of any monotonic clock."""

from typing import Final

from publish_server.rooms.calm_runs import CalmNews

THINNED_EVERY_S: Final = 0.5
"""While events are left out, a flush comes this often: a large crowd then costs two writes a second for each stream."""

THINNED_FOR_S: Final = 1.0
"""A lane counts as thinned for this long after an event that is left out."""

REACTIONS_EVERY_S: Final = 1.0

TAIL_S: Final = 1.0
"""Events that are left out are announced alone after this long, so that a stream which resumes repeats little."""

LONG_AGO: Final = float("-inf")


class CalmPacer:
    """Below the rate of the lane everything is sent at once, as in the full lane.

    Above it flushes are THINNED_EVERY_S apart. Flushes with reactions are always REACTIONS_EVERY_S apart; what follows
    a reaction waits with it, because ids never go back.
    """

    def __init__(self) -> None:
        self._flushed_at = LONG_AGO
        self._reactions_at = LONG_AGO
        self._thinned_at = LONG_AGO
        self._tail_since: float | None = None

    def note(self, news: CalmNews, now_s: float) -> None:
        """Note what is not sent yet. Call this before `due_s`."""
        if news.has_left_out:
            self._thinned_at = now_s
            if self._tail_since is None:
                self._tail_since = now_s

    def due_s(self, news: CalmNews, now_s: float, *, has_signals: bool) -> float:
        """When the next flush should begin, at the earliest; infinite if there is nothing to send."""
        due_s = LONG_AGO
        if now_s - self._thinned_at < THINNED_FOR_S:
            due_s = self._flushed_at + THINNED_EVERY_S
        if news.shown_seq is None:
            if has_signals:
                return due_s
            return float("inf") if self._tail_since is None else max(due_s, self._tail_since + TAIL_S)
        if news.has_reactions:
            due_s = max(due_s, self._reactions_at + REACTIONS_EVERY_S)
        return due_s

    def is_tail_due(self, now_s: float) -> bool:
        """Whether events that are left out should be announced, although no event follows them."""
        return self._tail_since is not None and now_s - self._tail_since >= TAIL_S

    def flushed(self, news: CalmNews, now_s: float, *, has_tail: bool) -> None:
        """A flush took `news`. `has_tail`: some events that are left out wait for the next one."""
        self._flushed_at = now_s
        if news.has_reactions:
            self._reactions_at = now_s
        if not has_tail:
            self._tail_since = None
        elif news.shown_seq is not None:
            self._tail_since = now_s
