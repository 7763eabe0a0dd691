"""Which rooms exist and how they are set, remembered for a moment: a write costs no look-up of its room."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from chat_server.http.errors import room_not_found, store_unavailable
from chat_server.postgres.pools import STORE_ERRORS
from chat_server.rooms.repository import RoomMeta, RoomRepository

T = TypeVar("T")

MAX_ROOMS: Final = 10_000
MAX_MISSING: Final = 10_000
FRESH_S: Final = 1.0
UNKNOWN_AT_ONCE: Final = 2
MAX_UNKNOWN_WAITING: Final = 500
"""Look-ups of rooms not met before. Overflow rule: REFUSE, 503. Made-up ids do not delay real rooms."""

LOAD_WITHIN_S: Final = 0.5
"""A write waits no longer for its room's settings; Postgres that neither answers nor refuses would hold it."""


class RoomDirectory:
    """At most MAX_ROOMS entries (overflow rule: LRU), each FRESH_S old, loaded once for all who ask.

    Older ones serve while Postgres is away or slow. For FRESH_S it also remembers that a room does not exist; at most
    MAX_MISSING ids, overflow rule: the oldest is forgotten.
    """

    def __init__(self, rooms: RoomRepository, clock: Callable[[], float]) -> None:
        self._rooms = rooms
        self._clock = clock
        self._flights: dict[str, asyncio.Task[RoomMeta | None]] = {}
        self._entries: OrderedDict[str, tuple[RoomMeta, float]] = OrderedDict()
        self._missing: OrderedDict[str, float] = OrderedDict()
        self._unknown = asyncio.Semaphore(UNKNOWN_AT_ONCE)
        self._unknown_waiting = 0

    def remembers(self, room_id: str) -> bool:
        """Whether `get` answers without Postgres, or only refreshes what it knows."""
        return room_id in self._entries or self._is_missing(room_id)

    def _is_missing(self, room_id: str) -> bool:
        asked_at_s = self._missing.get(room_id)
        return asked_at_s is not None and self._clock() - asked_at_s < FRESH_S

    async def get(self, room_id: str) -> RoomMeta:
        """Raises ChatError `room_not_found`."""
        entry = self._entries.get(room_id)
        now_s = self._clock()
        if entry is not None and now_s - entry[1] < FRESH_S:
            return entry[0]
        if self._is_missing(room_id):
            raise room_not_found(room_id)
        flight = self._flights.get(room_id)
        if flight is None:
            flight = asyncio.create_task(self._load(room_id))
            self._flights[room_id] = flight
            flight.add_done_callback(lambda done: self._landed(room_id, done))
        try:
            async with asyncio.timeout(LOAD_WITHIN_S):
                meta = await asyncio.shield(flight)
        except STORE_ERRORS:
            if entry is None:
                raise
            return entry[0]
        if meta is None:
            raise room_not_found(room_id)
        return meta

    async def _load(self, room_id: str) -> RoomMeta | None:
        if room_id in self._entries:
            return await self._ask(room_id)
        if self._unknown_waiting >= MAX_UNKNOWN_WAITING:
            raise store_unavailable()
        self._unknown_waiting += 1
        try:
            async with self._unknown:
                return await self._ask(room_id)
        finally:
            self._unknown_waiting -= 1

    async def _ask(self, room_id: str) -> RoomMeta | None:
        asked_at_s = self._clock()
        meta = await self._rooms.meta(room_id)
        if meta is None:
            _remember(self._missing, room_id, asked_at_s, MAX_MISSING)
        else:
            self._missing.pop(room_id, None)
            _remember(self._entries, room_id, (meta, asked_at_s), MAX_ROOMS)
        return meta

    def _landed(self, room_id: str, flight: asyncio.Task[RoomMeta | None]) -> None:
        self._flights.pop(room_id, None)
        if not flight.cancelled():
            flight.exception()  # all who waited may have given up

    def forget(self, room_id: str) -> None:
        """After a change of the room, or when it was made."""
        self._entries.pop(room_id, None)
        self._missing.pop(room_id, None)


def _remember(rooms: OrderedDict[str, T], room_id: str, value: T, max_rooms: int) -> None:
    rooms[room_id] = value
    rooms.move_to_end(room_id)
    if len(rooms) > max_rooms:
        rooms.popitem(last=False)
