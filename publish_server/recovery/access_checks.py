"""Asks chat_server who may read private rooms: before a stream opens, and after each change of a room's access."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Final, Protocol
from uuid import UUID

from chat_contract.internal_api import MAX_ACCESS_PAIRS, RoomReaders
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from publish_server.rooms.room import Room

RETRY_S: Final = 0.5
CALLS_AT_ONCE: Final = 4
"""Of the 16 connections to chat_server. Further streams that open wait in order of arrival."""

NOBODY: Final = UUID(int=0)
"""Stands for a ticket without a user, which covers public rooms only."""


class AccessListener(Protocol):
    """The streams of this process. FollowedRooms implements it."""

    def readers_of(self, room: Room) -> Collection[UUID]:
        """The people with streams that show the room."""

    def access_checked(self, room: Room, version: int, lost: Collection[UUID]) -> None:
        """The people in `lost` may not read the room at that access version, nor does anybody without a ticket."""


class AccessChecks:
    """Bounds: one recheck for each room at a time, MAX_ACCESS_PAIRS people in one call."""

    def __init__(self, client: ChatClient) -> None:
        self._client = client
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)
        self._rooms: dict[Room, None] = {}
        self._wake = asyncio.Event()

    async def readable(self, user_id: UUID | None, room_ids: Iterable[str]) -> dict[str, RoomReaders]:
        """Those of these rooms that this person may read, at most MAX_LISTED_ROOMS. Raises ChatUnavailable."""
        reader = NOBODY if user_id is None else user_id
        async with self._calls:
            found = await self._client.access({room_id: [reader] for room_id in room_ids})
        return {room_id: room for room_id, room in found.items() if room["readers"]}

    def recheck(self, room: Room) -> None:
        """Check everybody who has a stream of the room, soon."""
        self._rooms[room] = None
        self._wake.set()

    async def run(self, listener: AccessListener) -> None:
        """Recheck rooms until cancelled. While chat_server does not respond, the room's streams are withheld."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            rooms = list(self._rooms)
            self._rooms.clear()
            for room in rooms:
                try:
                    await self._recheck(room, listener)
                except ChatUnavailable:
                    self._rooms[room] = None
            if self._rooms:
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    async def _recheck(self, room: Room, listener: AccessListener) -> None:
        version = room.access_version
        people = list(listener.readers_of(room))
        lost: set[UUID] = set()
        for start in range(0, len(people), MAX_ACCESS_PAIRS):
            part = people[start : start + MAX_ACCESS_PAIRS]
            found = (await self._client.access({room.id: part})).get(room.id)
            readers = set() if found is None else {UUID(reader) for reader in found["readers"]}
            lost.update(user_id for user_id in part if user_id not in readers)
        listener.access_checked(room, version, lost)
