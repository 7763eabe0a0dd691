"""The slots of this process for open streams. Synchronous throughout."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

RESERVED_S: Final = 5.0
"""The slot of a stream that the server ended waits this long for its client, which returns within 3.5 s."""

NEARLY_FULL_PART: Final = 0.9


class StreamSlots:
    """`max_streams` slots. A slot is free unless a stream is open in it, is being opened, or it is reserved."""

    def __init__(
        self,
        max_streams: int,
        open_streams: Callable[[], int],
        is_draining: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._max_streams = max_streams
        self._open_streams = open_streams
        self.is_draining = is_draining
        self._clock = clock
        self._opening = 0
        self._reserved: OrderedDict[str, float] = OrderedDict()
        """Ids of places, each with the time at which its slot is free again. Bounded by the slots."""

    def free(self) -> int:
        """Free slots, never negative; 0 while the process drains."""
        if self.is_draining():
            return 0
        return max(0, self._max_streams - self._taken())

    def is_nearly_full(self) -> bool:
        return self._taken() >= self._max_streams * NEARLY_FULL_PART

    def begin_opening(self) -> None:
        self._opening += 1

    def end_opening(self) -> None:
        """The stream is open, or will not be."""
        self._opening -= 1

    def reserve(self, place_id: str) -> None:
        """Keep a slot that has just become free for the holder of this place. Overflow rule: none beyond the slots."""
        if self.free() > 0:
            self._reserved[place_id] = self._clock() + RESERVED_S

    def is_reserved_for(self, place_id: str) -> bool:
        return self._reserved.get(place_id, 0.0) > self._clock()

    def claim(self, place_id: str) -> bool:
        """Free the slot that is reserved for this place; False if there is none."""
        return self._reserved.pop(place_id, 0.0) > self._clock()

    def _taken(self) -> int:
        now_s = self._clock()
        while self._reserved and next(iter(self._reserved.values())) <= now_s:
            self._reserved.popitem(last=False)
        return self._open_streams() + self._opening + len(self._reserved)
