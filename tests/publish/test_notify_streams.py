"""Come and fetch: notify mode of one room, and the stream of a room list."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.tab import Tab, Tabs

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def room_list(tabs: Tabs, *rooms: str) -> AsyncIterator[Tab]:
    async with tabs.client.stream(
        "GET", f"{tabs.base_url}/stream/v1/rooms", params=httpx.QueryParams({"room": list(rooms)})
    ) as response:
        yield Tab(response)


async def test_notify_mode_says_only_that_the_room_moved(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 5)
    async with tabs.open(room, mode="notify") as tab:
        assert (await tab.next_frame()).type == "stream.opened"
        await broker.send(*stored.store(room))
        first = await tab.next_event()
        assert first.data == {"type": "room.updated", "room_id": room, "seq": 6, "message_count": 6}
        await broker.send(*stored.store(room, 50))
        while (frame := await tab.next_event()).data["seq"] < 56:
            assert frame.type == "room.updated"
        assert frame.data["message_count"] == 56


async def test_a_notify_tab_that_returns_is_told_at_once_when_the_room_moved(
    tabs: Tabs, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    async with tabs.open(room, mode="notify", cursor=2) as tab:
        assert (await tab.next_event()).data["seq"] == 5


async def test_a_room_list_is_told_where_each_room_is_and_when_it_moves(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    other = f"{room}-2"
    stored.store(room, 3)
    stored.store(other, 4)
    async with room_list(tabs, room, other, "no-such-room", "Not an id") as tab:
        first = {(await tab.next_event()).data["room_id"] for _ in range(2)}
        assert first == {room, other}
        await broker.send(*stored.store(other))
        moved = await tab.next_event()
        assert (moved.type, moved.data["room_id"], moved.data["seq"]) == ("room.updated", other, 5)
        assert moved.data["message_count"] == 5
        assert moved.data["last_message"]["seq"] == 5
        assert moved.data["last_message"]["text"] == "hello"
        heat = {"hot": True, "since": "2026-01-01T00:00:00.000Z", "fetches_per_s": 9.0}
        stored.rooms[room].heat = heat  # else a check of heads in the same moment takes it back
        await broker.send({"type": "room.heat", "room_id": room, "heat": heat})
        while (await tab.wait_for("room.heat")).data["heat"] != heat:
            pass  # a check of heads may tell the heat from before
        await broker.send({"type": "room.viewers", "room_id": room, "viewers": 12})  # no head tells these
        assert (await tab.wait_for("room.viewers")).data["viewers"] == 12


async def test_a_room_list_has_between_1_and_100_rooms(tabs: Tabs) -> None:
    for rooms in ([], [f"room-{number}" for number in range(101)]):
        async with room_list(tabs, *rooms) as tab:
            await tab.response.aread()
            assert tab.response.status_code == 422
            assert tab.response.json()["code"] == "validation_failed"
            assert tab.response.headers["x-request-id"]


async def test_a_room_list_is_pinged(start_publish: StartPublish, stored: StoredRooms, room: str) -> None:
    stored.store(room)
    base_url = await started(start_publish, STREAM_PING_S="1")
    async with Tabs.of(base_url) as tabs, room_list(tabs, room) as tab:
        assert (await tab.wait_for("stream.ping")).type == "stream.ping"
