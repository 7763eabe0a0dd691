"""Every path on which a reader can see messages of a room, straight from the database."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis

from chat_contract.limits import MAX_SEQ
from chat_server.fetch.read_repository import ReadRepository
from chat_server.fetch.rows import EventRows, MessageRows
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.postgres.read_lane import ReadLane, open_read_lane
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.room_list import FIRST_PAGE, RoomLists
from chat_server.search.message_search import MessageSearch

ALL = 500


@asynccontextmanager
async def open_read_paths(dsn: str, redis_url: str) -> AsyncIterator["ReadPaths"]:
    async with (
        Redis.from_url(redis_url) as redis,
        open_read_lane(dsn, 2, "reads", clock=time.monotonic, timeout_s=5) as lane,
    ):
        yield ReadPaths(lane, redis)


class ReadPaths:
    """Methods return messages as JSON objects, oldest first."""

    def __init__(self, lane: ReadLane, redis: Redis) -> None:
        self.repository = ReadRepository(lane, KnownRooms())
        self._search = MessageSearch(lane, clock=time.monotonic)
        self._lane = lane
        self._redis = redis

    async def newest(self, room: str) -> list[dict[str, Any]]:
        return _messages(await self.repository.newest(room, ALL))

    async def pinned(self, room: str) -> list[dict[str, Any]]:
        page = await self.repository.newest(room, ALL)
        assert page is not None
        return [orjson.loads(message.json) for message in page.pinned]

    async def events(self, room: str) -> list[dict[str, Any]]:
        return _events(await self.repository.events(room, 0, ALL))

    async def found(self, room: str, word: str) -> list[dict[str, Any]]:
        page = await self._search.find(room, [word], ALL)
        return [dict(message) for message in page["messages"]]

    async def last_message(self, room: str) -> dict[str, Any]:
        lists = RoomLists(self._lane, HotRooms(self._redis, clock=time.monotonic), clock=time.monotonic)
        rooms = orjson.loads((await lists.get(FIRST_PAGE, 100)).answer.body)["rooms"]
        last: dict[str, Any] = next(each["last_message"] for each in rooms if each["id"] == room)
        return last

    async def reactors(self, room: str, message_id: str) -> dict[str, Any]:
        rows = await self.repository.reactors(room, UUID(message_id), 20)
        assert rows is not None and rows.kinds is not None
        return dict(rows.kinds)

    async def mine(self, room: str, user_id: UUID) -> dict[str, list[str]]:
        rows = await self.repository.mine(room, user_id, 0, MAX_SEQ)
        assert rows is not None
        return rows.mine

    async def everywhere(self, room: str) -> dict[str, list[dict[str, Any]]]:
        """The room's messages by the path that shows them."""
        newest = await self.newest(room)
        single = [await self.repository.message(room, UUID(message["id"])) for message in newest]
        events = await self.events(room)
        recent = _events(await self.repository.recent_events(room, ALL))
        assert recent == events
        return {
            "newest": newest,
            "before": _messages(await self.repository.before(room, MAX_SEQ, ALL)),
            "after": _messages(await self.repository.after(room, 0, ALL)),
            "around": _messages(await self.repository.around(room, 1, ALL)),
            "single": [each for page in single for each in _messages(page)],
            "pinned": await self.pinned(room),
            "events": [event["message"] for event in events if "message" in event],
        }


def _messages(page: MessageRows | None) -> list[dict[str, Any]]:
    assert page is not None
    return [orjson.loads(message.json) for message in page.messages]


def _events(page: EventRows | None) -> list[dict[str, Any]]:
    assert page is not None
    return [orjson.loads(event.payload) for event in page.events]
