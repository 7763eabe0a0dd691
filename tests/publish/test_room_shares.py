"""Shares of rooms that the streams of one address may follow."""

from contextlib import AbstractAsyncContextManager, AsyncExitStack

import httpx
import pytest

from tests.publish.conftest import StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import StreamClient, StreamReader
from tests.publish.test_connections import metric, until_metric

pytestmark = pytest.mark.asyncio(loop_scope="module")

WATCHED = "hotchat_hub_rooms_watched"


class Visitor:
    """Opens streams and keeps them open."""

    def __init__(self, stream_client: StreamClient, stack: AsyncExitStack) -> None:
        self._client = stream_client.client
        self._url = f"{stream_client.base_url}/stream/v1/rooms"
        self._stack = stack

    async def open_list(self, room_ids: list[str]) -> StreamReader:
        return await self._open(self._client.stream("GET", self._url, params={"room": room_ids}))

    async def open_room(self, room_id: str) -> StreamReader:
        return await self._open(self._client.stream("GET", f"{self._url}/{room_id}"))

    async def _open(self, stream: AbstractAsyncContextManager[httpx.Response]) -> StreamReader:
        return StreamReader(await self._stack.enter_async_context(stream))


def stored_rooms(stored: StoredRooms, prefix: str, count: int) -> list[str]:
    room_ids = [f"{prefix}-{number}" for number in range(count)]
    for room_id in room_ids:
        stored.store(room_id)
    return room_ids


async def problem_code(stream: StreamReader) -> str:
    await stream.response.aread()
    return str(stream.response.json()["code"])


async def test_missing_rooms_of_a_list_take_no_capacity(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish)
    async with StreamClient.of(base_url) as client, AsyncExitStack() as stack:
        stream = await Visitor(client, stack).open_list([room, *(f"none-{number}" for number in range(99))])
        assert (await stream.next_event()).data["room_id"] == room
        assert await metric(base_url, WATCHED) == 1


async def test_the_distinct_rooms_of_one_address_are_limited(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    """Addresses without an older session may use three quarters of 40."""
    first, second = stored_rooms(stored, f"{room}-a", 30), stored_rooms(stored, f"{room}-b", 30)
    base_url = await started(start_publish, FOLLOWED_ROOMS_PER_ADDRESS="40")
    async with StreamClient.of(base_url) as client:
        async with AsyncExitStack() as stack:
            visitor = Visitor(client, stack)
            for _ in range(3):
                stream = await visitor.open_list(first)
                assert (await stream.next_event()).data["room_id"] in first
            for refused in (await visitor.open_list(second), await visitor.open_room(second[0])):
                assert refused.response.status_code == 429
                assert await problem_code(refused) == "rate_limited"
            assert await metric(base_url, WATCHED) == 30
        await until_metric(base_url, "hotchat_streams_open", 0)
        async with AsyncExitStack() as stack:
            assert (await Visitor(client, stack).open_list(second)).response.status_code == 200


async def test_the_unknown_rooms_of_one_address_are_limited(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    room_ids = stored_rooms(stored, room, 9)
    base_url = await started(start_publish, UNKNOWN_ROOMS_PER_ADDRESS="8")
    async with StreamClient.of(base_url) as client, AsyncExitStack() as stack:
        visitor = Visitor(client, stack)
        refused = await visitor.open_list(room_ids)
        assert refused.response.status_code == 429
        assert await problem_code(refused) == "rate_limited"
        assert await metric(base_url, WATCHED) == 0
        for few in (room_ids[:6], room_ids[3:], room_ids):  # followed rooms are known
            assert (await visitor.open_list(few)).response.status_code == 200


async def test_lists_cannot_fill_the_server_for_streams_of_one_room(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    room_ids = stored_rooms(stored, room, 100)
    base_url = await started(start_publish, MAX_ROOMS="100")
    async with StreamClient.of(base_url) as client, AsyncExitStack() as stack:
        visitor = Visitor(client, stack)
        stream = await visitor.open_list(room_ids[:75])
        assert stream.response.status_code == 200
        full = await visitor.open_list(room_ids[75:])
        assert full.response.status_code == 503
        assert await problem_code(full) == "server_full"
        for room_id in room_ids[75:]:
            stream = await visitor.open_room(room_id)
            assert (await stream.next_frame()).type == "stream.opened"
