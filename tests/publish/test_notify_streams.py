"""Notifications: notify mode of one room, and room-list streams."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S, StreamClient, StreamReader
from tests.publish.test_connections import metric, raw_stream, until_metric

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def room_list(stream_client: StreamClient, *rooms: str) -> AsyncIterator[StreamReader]:
    async with stream_client.client.stream(
        "GET", f"{stream_client.base_url}/stream/v1/rooms", params=httpx.QueryParams({"room": list(rooms)})
    ) as response:
        yield StreamReader(response)


async def test_notify_mode_sends_only_room_updated(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 5)
    async with stream_client.open(room, mode="notify") as stream:
        assert (await stream.next_frame()).type == "stream.opened"
        await broker.send(*stored.store(room))
        first = await stream.next_event()
        assert first.data == {"type": "room.updated", "room_id": room, "seq": 6, "message_count": 6}
        await broker.send(*stored.store(room, 50))
        while (frame := await stream.next_event()).data["seq"] < 56:
            assert frame.type == "room.updated"
        assert frame.data["message_count"] == 56


async def test_a_resumed_notify_stream_is_notified_at_once_if_the_room_moved(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    async with stream_client.open(room, mode="notify", cursor=2) as stream:
        assert (await stream.next_event()).data["seq"] == 5


async def test_a_room_list_gets_the_state_of_each_room_and_its_changes(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    other = f"{room}-2"
    stored.store(room, 3)
    stored.store(other, 4)
    async with room_list(stream_client, room, other, "no-such-room", "Not an id") as stream:
        first = {(await stream.next_event()).data["room_id"] for _ in range(2)}
        assert first == {room, other}
        await broker.send(*stored.store(other))
        moved = await stream.next_event()
        assert (moved.type, moved.data["room_id"], moved.data["seq"]) == ("room.updated", other, 5)
        assert moved.data["message_count"] == 5
        assert moved.data["last_message"]["seq"] == 5
        assert moved.data["last_message"]["text"] == "hello"
        heat = {"hot": True, "since": "2026-01-01T00:00:00.000Z", "fetches_per_s": 9.0}
        stored.rooms[room].heat = heat  # otherwise a simultaneous head check reverts it
        await broker.send({"type": "room.heat", "room_id": room, "heat": heat})
        while (await stream.wait_for("room.heat")).data["heat"] != heat:
            pass  # a head check may report the previous heat
        await broker.send({"type": "room.viewers", "room_id": room, "viewers": 12})  # not part of a head
        assert (await stream.wait_for("room.viewers")).data["viewers"] == 12


async def test_a_room_list_has_1_to_100_rooms(stream_client: StreamClient) -> None:
    for rooms in ([], [f"room-{number}" for number in range(101)]):
        async with room_list(stream_client, *rooms) as stream:
            await stream.response.aread()
            assert stream.response.status_code == 422
            assert stream.response.json()["code"] == "validation_failed"
            assert stream.response.headers["x-request-id"]


async def test_a_room_list_is_pinged_with_seq_0(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, STREAM_PING_S="1")
    async with StreamClient.of(base_url) as stream_client, room_list(stream_client, room) as stream:
        ping = await stream.wait_for("stream.ping")
        assert (ping.id, ping.data) == ("", {"seq": 0})


async def test_a_list_costs_no_task_and_counts_as_a_stream(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, MAX_STREAMS="20")
    async with StreamClient.of(base_url) as stream_client, contextlib.AsyncExitStack() as stack:
        async with room_list(stream_client, room) as stream:
            await stream.next_event()
        await until_metric(base_url, "hotchat_streams_open", 0)
        before = await metric(base_url, "hotchat_asyncio_tasks")
        opened = [await stack.enter_async_context(room_list(stream_client, room)) for _ in range(20)]
        for stream in opened:
            assert (await stream.next_event()).data["room_id"] == room
        assert await metric(base_url, "hotchat_streams_open") == 20
        async with asyncio.timeout(DEADLINE_S):
            while await metric(base_url, "hotchat_asyncio_tasks") > before:  # other tasks come and go
                await asyncio.sleep(0.02)
        for refused in (room_list(stream_client, room), stream_client.open(room)):
            async with refused as stream:
                assert stream.response.status_code == 503
                await stream.response.aread()
                assert stream.response.json()["code"] == "server_full"


async def read_until(stream: StreamReader, room_id: str, seq: int) -> None:
    """Read the stream, so that it does not stall, until it shows that seq of the room."""
    shown: dict[str, int] = {}
    while shown.get(room_id, 0) < seq:
        update = (await stream.wait_for("room.updated")).data
        shown[update["room_id"]] = update["seq"]


async def test_a_list_that_reads_nothing_is_disconnected(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    rooms = [f"{room}-{number}" for number in range(100)]
    for name in rooms:
        stored.store(name)
    base_url = await started(start_publish, STREAM_STALL_S="1", STREAM_SEND_BUFFER_BYTES="4096")
    target = "?" + "&".join(f"room={name}" for name in rooms)
    async with (
        raw_stream(base_url, target, receive_buffer=4_096, prefix="/stream/v1/rooms") as (reader, _),
        StreamClient.of(base_url) as stream_client,
        room_list(stream_client, *rooms) as quick,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(read_until(quick, rooms[0], seq=3))
        await reader.readuntil(b"retry: ")
        for name in rooms:
            await broker.send(*stored.store(name, text="x" * 500))
        await until_metric(base_url, 'hotchat_streams_closed_total{reason="stalled"}', 1)
        await broker.send(*stored.store(rooms[0]))
    assert await metric(base_url, "hotchat_streams_stalled") == 0


async def test_a_second_request_on_a_lists_socket_ends_the_stream(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    async with raw_stream(stream_client.base_url, f"?room={room}", prefix="/stream/v1/rooms") as (
        reader,
        writer,
    ):
        await reader.readuntil(b"room.updated")
        writer.write(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(DEADLINE_S):
            with contextlib.suppress(ConnectionResetError):
                while await reader.read(4_096):
                    pass
    await until_metric(stream_client.base_url, "hotchat_streams_open", 0)


async def test_a_query_of_thousands_of_rooms_is_refused_unparsed(stream_client: StreamClient) -> None:
    query = "room=a&" * 3_000  # below the bound of a request head
    for path in ("/stream/v1/rooms", "/stream/v1/rooms/lobby"):
        response = await stream_client.client.get(f"{stream_client.base_url}{path}?{query}")
        assert response.status_code == 422
        assert response.json()["errors"] == [{"field": "query", "message": "at most 16384 bytes"}]


@pytest.mark.parametrize("path", ["/stream/v1/rooms?room=lobby", "/stream/v1/rooms/lobby"])
async def test_only_get_opens_a_stream(stream_client: StreamClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = await stream_client.client.request(method, f"{stream_client.base_url}{path}")
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, HEAD"
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "method_not_allowed"


async def test_rooms_that_do_not_exist_are_not_kept(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    async with room_list(stream_client, room, *(f"{room}-{number}" for number in range(99))) as stream:
        assert (await stream.next_event()).data["room_id"] == room
        watched = await metric(stream_client.base_url, "hotchat_hub_rooms_watched")
    async with room_list(stream_client, *(f"{room}-x{number}" for number in range(100))) as stream:
        assert stream.response.status_code == 200
        assert await metric(stream_client.base_url, "hotchat_hub_rooms_watched") <= watched
