"""Come and fetch: notify mode of one room, and the stream of a room list."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S, Tab, Tabs
from tests.publish.test_connections import metric, raw_stream, until_metric

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


async def test_a_list_costs_no_task_and_is_one_of_the_servers_streams(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, MAX_STREAMS="20")
    async with Tabs.of(base_url) as tabs, contextlib.AsyncExitStack() as stack:
        async with room_list(tabs, room) as tab:
            await tab.next_event()
        await until_metric(base_url, "hotchat_streams_open", 0)
        before = await metric(base_url, "hotchat_asyncio_tasks")
        opened = [await stack.enter_async_context(room_list(tabs, room)) for _ in range(20)]
        for tab in opened:
            assert (await tab.next_event()).data["room_id"] == room
        assert await metric(base_url, "hotchat_streams_open") == 20
        assert await metric(base_url, "hotchat_asyncio_tasks") <= before
        for refused in (room_list(tabs, room), tabs.open(room)):
            async with refused as tab:
                assert tab.response.status_code == 503
                await tab.response.aread()
                assert tab.response.json()["code"] == "server_full"


async def test_a_list_that_reads_nothing_is_cut(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    rooms = [f"{room}-{number}" for number in range(100)]
    for name in rooms:
        stored.store(name)
    base_url = await started(start_publish, STREAM_STALL_S="1", STREAM_SEND_BUFFER_BYTES="4096")
    target = "?" + "&".join(f"room={name}" for name in rooms)
    async with (
        raw_stream(base_url, target, receive_buffer=4_096, prefix="/stream/v1/rooms") as (reader, _),
        Tabs.of(base_url) as tabs,
        room_list(tabs, *rooms) as quick,
    ):
        await reader.readuntil(b"retry: ")
        for name in rooms:
            await broker.send(*stored.store(name, text="x" * 500))
        async with asyncio.timeout(DEADLINE_S):
            while await metric(base_url, 'hotchat_streams_closed_total{reason="stalled"}') < 1:
                await quick.next_frame()
    assert await metric(base_url, "hotchat_streams_stalled") == 0


async def test_a_second_request_on_a_lists_socket_ends_it(tabs: Tabs, stored: StoredRooms, room: str) -> None:
    stored.store(room)
    async with raw_stream(tabs.base_url, f"?room={room}", prefix="/stream/v1/rooms") as (reader, writer):
        await reader.readuntil(b"room.updated")
        writer.write(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(DEADLINE_S):
            with contextlib.suppress(ConnectionResetError):
                while await reader.read(4_096):
                    pass
    await until_metric(tabs.base_url, "hotchat_streams_open", 0)


async def test_a_list_of_thousands_of_rooms_is_refused_unread(tabs: Tabs) -> None:
    query = "room=a&" * 3_000  # less than the bound of a request head
    for path in ("/stream/v1/rooms", "/stream/v1/rooms/lobby"):
        response = await tabs.client.get(f"{tabs.base_url}{path}?{query}")
        assert response.status_code == 422
        assert response.json()["errors"] == [{"field": "query", "message": "at most 16384 bytes"}]


async def test_only_get_opens_a_list(tabs: Tabs) -> None:
    for method in ("HEAD", "POST", "OPTIONS"):
        response = await tabs.client.request(method, f"{tabs.base_url}/stream/v1/rooms?room=lobby")
        assert response.status_code == 405


async def test_rooms_that_do_not_exist_are_not_followed(tabs: Tabs, stored: StoredRooms, room: str) -> None:
    stored.store(room)
    async with room_list(tabs, room, *(f"{room}-{number}" for number in range(99))) as tab:
        assert (await tab.next_event()).data["room_id"] == room
        watched = await metric(tabs.base_url, "hotchat_hub_rooms_watched")
    async with room_list(tabs, *(f"{room}-x{number}" for number in range(100))) as tab:
        assert tab.response.status_code == 200
        assert await metric(tabs.base_url, "hotchat_hub_rooms_watched") <= watched
