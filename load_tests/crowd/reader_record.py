"""What one notify reader knows, and since when it knows too little. Pure: time is an argument."""

from collections import deque
from typing import Final

from load_tests.crowd.fixed_sample import FixedSample

MAX_SIGNS: Final = 1_024


class ReaderRecord:
    """A sign is a `room.updated` with a head above the cursor. A reader is stale from the sign until its cursor has
    that head, also from a dropped sign, after which it does not fetch.

    Overflow rule: of more than MAX_SIGNS uncovered signs the later ones are left out; the oldest counts.
    """

    def __init__(self, cursor: int, staleness_s: FixedSample, until_current_s: FixedSample) -> None:
        self.cursor = cursor
        self.head = cursor
        self.fetches = 0
        self.refused = 0
        self.dropped_signs = 0
        self._staleness_s = staleness_s
        self._until_current_s = until_current_s
        self._signs: deque[tuple[int, float]] = deque()
        self._refused_since_s: float | None = None

    @property
    def is_current(self) -> bool:
        return self.cursor >= self.head

    def signed(self, head: int, at_s: float, *, is_dropped: bool = False) -> None:
        if is_dropped:
            self.dropped_signs += 1
        else:
            self.head = max(self.head, head)
        if head > self.cursor and len(self._signs) < MAX_SIGNS:
            self._signs.append((head, at_s))

    def fetched(self, cursor: int, at_s: float, *, has_more: bool) -> None:
        self.fetches += 1
        self.cursor = max(self.cursor, cursor)
        if self._signs and self._signs[0][0] <= self.cursor:
            self._staleness_s.add(at_s - self._signs[0][1])
        while self._signs and self._signs[0][0] <= self.cursor:
            self._signs.popleft()
        if self._refused_since_s is not None and not has_more:
            self._until_current_s.add(at_s - self._refused_since_s)
            self._refused_since_s = None

    def was_refused(self, at_s: float) -> None:
        self.fetches += 1
        self.refused += 1
        if self._refused_since_s is None:
            self._refused_since_s = at_s

    def end(self, at_s: float) -> None:
        """Count a reader that is still stale or refused with the time until now."""
        if self._signs:
            self._staleness_s.add(at_s - self._signs[0][1])
        if self._refused_since_s is not None:
            self._until_current_s.add(at_s - self._refused_since_s)
