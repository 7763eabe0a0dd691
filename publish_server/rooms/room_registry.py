"""The rooms that this process watches, by id."""

from typing import Final

from publish_server.metrics import ROOMS
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import RoomLog

MAX_UNCONFIRMED: Final = 2_000

LISTED_PART: Final = 0.75
"""The part of all rooms that room lists may add, so that a stream of one room still opens."""

LISTED_PART_UNCONFIRMED: Final = 0.5
"""The part of the unconfirmed rooms that room lists may add."""


class RegistryFull(Exception):
    """No further room can be watched for now."""


class RoomRegistry:
    """Bounds: `max_rooms` rooms, of which MAX_UNCONFIRMED are not yet confirmed by chat_server. Overflow rule REFUSE.

    `is_listed`: the room is wanted by a room list, for which the bounds are lower.

    `by_key` maps Kafka keys to rooms, so that a record of any other room costs a dictionary miss.
    """

    def __init__(self, *, ring_events: int, ring_bytes: int, max_rooms: int) -> None:
        self.rooms: dict[str, Room] = {}
        self.by_key: dict[bytes | None, Room] = {}
        self._ring_events = ring_events
        self._ring_bytes = ring_bytes
        self._max_rooms = max_rooms
        self._max_rooms_for_lists = int(max_rooms * LISTED_PART)
        self._max_unconfirmed_for_lists = int(MAX_UNCONFIRMED * LISTED_PART_UNCONFIRMED)
        self._unconfirmed = 0

    def is_full(self, *, is_listed: bool = False) -> bool:
        if is_listed:
            return (
                len(self.rooms) >= self._max_rooms_for_lists
                or self._unconfirmed >= self._max_unconfirmed_for_lists
            )
        return len(self.rooms) >= self._max_rooms or self._unconfirmed >= MAX_UNCONFIRMED

    def add(self, room_id: str, *, is_listed: bool = False) -> Room:
        """A new room whose head is not known yet. Raises RegistryFull."""
        if self.is_full(is_listed=is_listed):
            raise RegistryFull
        room = Room(room_id, RoomLog(self._ring_events, self._ring_bytes))
        self.rooms[room_id] = self.by_key[room_id.encode()] = room
        self._unconfirmed += 1
        ROOMS.set(len(self.rooms))
        return room

    def confirm(self, room: Room) -> None:
        """chat_server has reported the room's first head."""
        if self.rooms.get(room.id) is room:
            self._unconfirmed -= 1

    def remove(self, room: Room) -> None:
        if self.rooms.get(room.id) is room:
            del self.rooms[room.id]
            del self.by_key[room.id.encode()]
            self._unconfirmed -= not room.log.is_started
            ROOMS.set(len(self.rooms))
