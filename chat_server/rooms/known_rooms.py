"""The rooms that this process knows to exist. Only their fetches count: invented ids must not fill the counters."""

from collections import OrderedDict
from typing import Final

MAX_KNOWN_ROOMS: Final = 100_000


class KnownRooms:
    """One per process. Overflow rule: LRU; a dropped room becomes known again by the next read of it."""

    def __init__(self, max_rooms: int = MAX_KNOWN_ROOMS) -> None:
        self._max_rooms = max_rooms
        self._rooms: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, room_id: str) -> bool:
        if room_id not in self._rooms:
            return False
        self._rooms.move_to_end(room_id)
        return True

    def add(self, room_id: str) -> None:
        self._rooms[room_id] = None
        self._rooms.move_to_end(room_id)
        if len(self._rooms) > self._max_rooms:
            self._rooms.popitem(last=False)

    def discard(self, room_id: str) -> None:
        """Call once the room is known not to exist, such as after its deletion."""
        self._rooms.pop(room_id, None)
