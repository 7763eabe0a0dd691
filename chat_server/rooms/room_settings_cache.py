"""Caches the owner and slow mode of rooms for a second, so that most writes need no query for their room."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from chat_server.http.errors import room_not_found
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.repository import RoomRepository, RoomSettings
from server_kit.http.problem import ChatError
from server_kit.limits.fair_semaphore import FairSemaphore
from server_kit.limits.fair_single_flight import FairSingleFlight

T = TypeVar("T")

MAX_ROOMS: Final = 10_000
MAX_MISSING: Final = 10_000
FRESH_S: Final = 1.0
LOAD_WITHIN_S: Final = 0.5
"""The longest wait for the query of a room's settings, once it has a permit: Postgres may neither answer nor fail."""


class RoomSettingsCache:
    """At most MAX_ROOMS entries (overflow rule: LRU), each FRESH_S old, loaded once for all concurrent callers.

    Addresses take turns to load, so that invented ids do not delay real rooms of other addresses. Older entries serve
    while Postgres is down or slow and while there is no permit. Ids without a room are cached for FRESH_S too, at
    most MAX_MISSING (overflow rule: OLDEST).
    """

    def __init__(
        self, rooms: RoomRepository, known: KnownRooms, semaphore: FairSemaphore, clock: Callable[[], float]
    ) -> None:
        """`semaphore` bounds the look-ups; `clock` is monotonic seconds."""
        self._rooms = rooms
        self._known = known
        self._clock = clock
        self._flights: FairSingleFlight[str, RoomSettings | None] = FairSingleFlight(semaphore)
        self._entries: OrderedDict[str, tuple[RoomSettings, float]] = OrderedDict()
        self._missing: OrderedDict[str, float] = OrderedDict()

    def knows(self, room_id: str) -> bool:
        """Whether the room is known to exist, or not to exist."""
        return room_id in self._known or self._is_missing(room_id)

    def _is_missing(self, room_id: str) -> bool:
        checked_at_s = self._missing.get(room_id)
        return checked_at_s is not None and self._clock() - checked_at_s < FRESH_S

    def fresh(self, room_id: str) -> RoomSettings | None:
        """The room's settings if they need no query."""
        entry = self._entries.get(room_id)
        return entry[0] if entry is not None and self._clock() - entry[1] < FRESH_S else None

    async def get(self, room_id: str, address: str) -> RoomSettings:
        """Raises ChatError `room_not_found`, an error of the semaphore, or an error of the store.

        `address` is the client's; a query takes one of its permits.
        """
        fresh = self.fresh(room_id)
        if fresh is not None:
            return fresh
        if self._is_missing(room_id):
            raise room_not_found(room_id)
        entry = self._entries.get(room_id)
        try:
            query = await self._flights.start(room_id, address, lambda: self._query(room_id))
            async with asyncio.timeout(LOAD_WITHIN_S):
                settings = await asyncio.shield(query)
        except (ChatError, *STORE_ERRORS):
            if entry is None:
                raise
            return entry[0]
        if settings is None:
            raise room_not_found(room_id)
        return settings

    def invalidate(self, room_id: str) -> None:
        """Call after the room was changed or created."""
        self._entries.pop(room_id, None)
        self._missing.pop(room_id, None)

    async def _query(self, room_id: str) -> RoomSettings | None:
        asked_at_s, known_at_s = self._clock(), self._known.clock()
        settings = await self._rooms.settings(room_id)
        if settings is None:
            self._known.discard(room_id)
            self._entries.pop(room_id, None)
            _put(self._missing, room_id, asked_at_s, MAX_MISSING)
        else:
            self._known.add(room_id, is_private=settings.is_private, asked_at_s=known_at_s)
            self._missing.pop(room_id, None)
            _put(self._entries, room_id, (settings, asked_at_s), MAX_ROOMS)
        return settings


def _put(rooms: OrderedDict[str, T], room_id: str, value: T, max_rooms: int) -> None:
    rooms[room_id] = value
    rooms.move_to_end(room_id)
    if len(rooms) > max_rooms:
        rooms.popitem(last=False)
