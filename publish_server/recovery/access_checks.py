"""Asks chat_server who may read private rooms: before a stream opens, and after each change of a room's access."""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from chat_contract.internal_api import MAX_ACCESS_PAIRS, RoomReaders
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from publish_server.rooms.room import Room
from publish_server.scheduling.time_slices import in_slices, run_in_slices

RETRY_S: Final = 0.5
MAX_WAITING: Final = 10_000
"""Streams that wait to be checked before they open. Overflow rule: REFUSE."""

MAX_PAIRS_OF_STREAMS: Final = 5_000
"""Pairs of a room and a stream that one call covers. Streams of one person share a pair."""

MAX_ROOMS_OF_CALL: Final = MAX_ACCESS_PAIRS
"""Rooms that one call rechecks; one without readers costs chat_server nothing."""

NOBODY: Final = UUID(int=2**128 - 1)
"""Stands for a ticket without a user, which covers public rooms only. Neither a user nor the operator has this id."""


class AccessListener(Protocol):
    """The streams of this process. FollowedRooms implements it."""

    def readers_of(self, room: Room) -> Collection[UUID]:
        """The people with streams that show the room."""

    def access_checked(self, room: Room, version: int, lost: Collection[UUID]) -> None:
        """The people in `lost` may not read the room at that access version, nor does anybody without a ticket."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A stream that opens. `found` gets those of the rooms that its reader may read."""

    reader: UUID
    room_ids: Collection[str]
    found: asyncio.Future[dict[str, RoomReaders]]


class _Recheck(NamedTuple):
    """The people with streams of a room, at an access version."""

    room: Room
    version: int
    people: list[UUID]


class AccessChecks:
    """One call at a time checks streams that open, another one rechecks rooms, each of at most MAX_ACCESS_PAIRS pairs.

    Each call covers as many of those that wait as it may, so that a crowd or a change of many rooms costs few calls.
    """

    def __init__(self, client: ChatClient) -> None:
        self._client = client
        self._waiting: deque[_Waiting] = deque()
        self._has_waiting = asyncio.Event()
        self._rooms: dict[Room, None] = {}
        self._wake = asyncio.Event()

    async def readable(self, user_id: UUID | None, room_ids: Collection[str]) -> dict[str, RoomReaders]:
        """Those of these rooms that this person may read, at most MAX_LISTED_ROOMS. Raises ChatUnavailable."""
        if len(self._waiting) >= MAX_WAITING:
            raise ChatUnavailable("too many streams wait to be checked")
        found: asyncio.Future[dict[str, RoomReaders]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(NOBODY if user_id is None else user_id, room_ids, found))
        self._has_waiting.set()
        return await found

    async def check_waiting(self) -> None:
        """Check the streams that wait, until cancelled."""
        while True:
            await self._has_waiting.wait()
            self._has_waiting.clear()
            while batch := self._next_batch():
                await self._check(batch)

    def _next_batch(self) -> list[_Waiting]:
        """The streams that have waited longest, as many as one call covers."""
        batch: list[_Waiting] = []
        pairs: set[tuple[str, UUID]] = set()
        covered = 0
        while self._waiting and covered < MAX_PAIRS_OF_STREAMS:
            each = self._waiting[0]
            new = {(room_id, each.reader) for room_id in each.room_ids} - pairs
            if len(pairs) + len(new) > MAX_ACCESS_PAIRS:
                break
            self._waiting.popleft()
            if not each.found.done():  # else its stream no longer waits
                pairs |= new
                covered += len(each.room_ids)
                batch.append(each)
        return batch

    async def _check(self, batch: Collection[_Waiting]) -> None:
        people: dict[str, set[UUID]] = {}
        for each in batch:
            for room_id in each.room_ids:
                people.setdefault(room_id, set()).add(each.reader)
        try:
            rooms = await self._client.access({room_id: list(readers) for room_id, readers in people.items()})
        except ChatUnavailable as error:
            for each in batch:
                if not each.found.done():
                    each.found.set_exception(error)
            return
        readers = {room_id: frozenset(map(UUID, room["readers"])) for room_id, room in rooms.items()}
        for each in batch:
            if not each.found.done():
                each.found.set_result(_readable(each, rooms, readers))

    def recheck(self, room: Room) -> None:
        """Check everybody who has a stream of the room, soon."""
        self._rooms[room] = None
        self._wake.set()

    async def run(self, listener: AccessListener) -> None:
        """Recheck rooms until cancelled. While chat_server does not respond, the rooms' streams are withheld."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            failed: dict[Room, None] = {}
            while self._rooms:
                batch = self._next_rechecks(listener)
                try:
                    await self._recheck(batch, listener)
                except ChatUnavailable:
                    failed.update(dict.fromkeys(each.room for each in batch))
            if failed:
                await asyncio.sleep(RETRY_S)
                self._rooms.update(failed)
                self._wake.set()

    def _next_rechecks(self, listener: AccessListener) -> list[_Recheck]:
        """The rooms that have waited longest, as many as one call covers; a room with more people is alone."""
        batch: list[_Recheck] = []
        pairs = 0
        while self._rooms and len(batch) < MAX_ROOMS_OF_CALL:
            room = next(iter(self._rooms))
            people = list(listener.readers_of(room))
            pairs += len(people)
            if batch and pairs > MAX_ACCESS_PAIRS:
                break
            del self._rooms[room]
            batch.append(_Recheck(room, room.access_version, people))
        return batch

    async def _recheck(self, batch: Sequence[_Recheck], listener: AccessListener) -> None:
        """Raises ChatUnavailable; then no room of the batch has changed."""
        readers: dict[str, set[UUID]] = {each.room.id: set() for each in batch}
        most = max(len(each.people) for each in batch)
        for start in range(0, most, MAX_ACCESS_PAIRS):
            end = start + MAX_ACCESS_PAIRS
            people = {each.room.id: part for each in batch if (part := each.people[start:end])}
            for room_id, found in (await self._client.access(people)).items():
                readers[room_id].update(map(UUID, found["readers"]))

        def report(each: _Recheck) -> None:
            listener.access_checked(each.room, each.version, set(each.people) - readers[each.room.id])

        await run_in_slices(in_slices(batch, report, asyncio.get_running_loop().time))


def _readable(
    waiting: _Waiting, rooms: Mapping[str, RoomReaders], readers: Mapping[str, Collection[UUID]]
) -> dict[str, RoomReaders]:
    return {
        room_id: rooms[room_id]
        for room_id in waiting.room_ids
        if room_id in rooms and waiting.reader in readers[room_id]
    }
