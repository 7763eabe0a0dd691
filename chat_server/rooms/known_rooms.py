"""The rooms that this process knows to exist. Only their fetches count: invented ids must not fill the counters."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MAX_KNOWN_ROOMS: Final = 100_000


class KnownRooms:
    """One per process, with each room's visibility when it was last read.

    `clock` is monotonic seconds. Overflow rule: LRU; a dropped room becomes known again by the next read of it.
    """

    def __init__(self, max_rooms: int = MAX_KNOWN_ROOMS, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._max_rooms = max_rooms
        self._private_since_s: OrderedDict[str, float] = OrderedDict()
        """0 for a room that everybody may read."""

    def __contains__(self, room_id: str) -> bool:
        if room_id not in self._private_since_s:
            return False
        self._private_since_s.move_to_end(room_id)
        return True

    def is_public(self, room_id: str) -> bool:
        """Whether the room is known, and everybody may read it."""
        return room_id in self and not self._private_since_s[room_id]

    def is_private(self, room_id: str) -> bool:
        """Whether the room is known, and only members may read it."""
        return bool(self._private_since_s.get(room_id))

    def add(self, room_id: str, *, is_private: bool, asked_at_s: float) -> None:
        """Report a read of the room that began at `asked_at_s` of `clock`.

        An older read that ends late does not make a private room public.
        """
        if is_private:
            self._private_since_s[room_id] = asked_at_s
        elif self._private_since_s.get(room_id, 0.0) <= asked_at_s:
            self._private_since_s[room_id] = 0.0
        self._private_since_s.move_to_end(room_id)
        if len(self._private_since_s) > self._max_rooms:
            self._private_since_s.popitem(last=False)

    def discard(self, room_id: str) -> None:
        """Call once the room is known not to exist, such as after its deletion."""
        self._private_since_s.pop(room_id, None)
