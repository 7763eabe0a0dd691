"""Which rooms this process has seen to exist: only their fetches are counted, or a stranger could fill the counters."""

from collections import OrderedDict


class KnownRooms:
    """Overflow rule: LRU, the room not asked for the longest time is found again in Postgres."""

    def __init__(self, max_rooms: int) -> None:
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
