"""What publish_server holds is bounded by its bytes, from the moment when they are taken."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable
from random import Random
from typing import cast

import httpx
import pytest
import pytest_asyncio

from chat_contract.limits import EVENTS_PAGE_MAX
from local_stack.ports import free_port
from publish_server.encoding.stream_encoding import Wire
from publish_server.fanout.subscribers import MAX_PIECES_BYTES, Piece, size_of
from publish_server.recovery.catch_up_pages import MAX_PAGE_BYTES, MAX_PAGES_READ, History
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from publish_server.recovery.head_checks import HEADS_PER_CALL, HeadChecks
from publish_server.rooms.hub import MAX_UNKNOWN, Hub
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import Entry
from publish_server.streams.connection import StreamConnection
from tests.publish.hub_fixtures import CountingTransport, a_hub, room_at
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S
from tests.support.chat_stack import SECRET

LONG = "x" * 16_000


@pytest_asyncio.fixture
async def rooms() -> AsyncIterator[StoredRooms]:
    rooms = StoredRooms()
    await rooms.start(free_port())
    yield rooms
    rooms.answers.set()
    await rooms.stop()


@contextlib.asynccontextmanager
async def chat_client(rooms: StoredRooms) -> AsyncIterator[ChatClient]:
    async with httpx.AsyncClient(timeout=DEADLINE_S, trust_env=False) as http:
        yield ChatClient(http, [rooms.base_url], [SECRET])


class Replay:
    """A history of a room, and one stream that reads it to the end."""

    def __init__(self, hub: Hub, client: ChatClient, max_bytes: int) -> None:
        self.resumed = asyncio.Event()
        self.history = History(
            client, lambda *_: self.resumed.set(), asyncio.get_running_loop().time, max_bytes
        )
        self._sock = socket.socket()
        self.hub = hub

    def connection(self, room: Room) -> StreamConnection:
        transport = cast(asyncio.Transport, CountingTransport(self._sock))
        audience = room.audience(Wire(is_chunked=False), is_notify=False)
        return StreamConnection(self.hub.subscribers, transport, audience, 0)

    async def read_to_end(self, room: Room) -> int:
        """Returns the number of events read; checks the bound whenever something was read."""
        connection = self.connection(room)
        cursor = events = 0
        async with asyncio.timeout(DEADLINE_S):
            while cursor < room.reported:
                page = self.history.page(room.id, cursor)
                if page is None:
                    self.resumed.clear()
                    self.history.want(room, cursor, connection)
                    await self.resumed.wait()
                    continue
                part = page.since(cursor, page.head, 2**30)
                assert part is not None
                assert part.to_seq > cursor
                events += part.body.count(b"event: message.created")
                cursor = part.to_seq
                assert page.bytes_held <= MAX_PAGE_BYTES + len(LONG) + 1_000
        return events

    async def close(self) -> None:
        await self.history.close()
        self._sock.close()


@pytest.mark.asyncio
async def test_pages_of_long_messages_are_bounded_by_bytes_and_bring_every_event(rooms: StoredRooms) -> None:
    """Issue 11, M1: 64 pages of 500 events of 16 KB each were 512 MB."""
    max_bytes = (MAX_PAGES_READ + 4) * MAX_PAGE_BYTES
    async with chat_client(rooms) as client:
        hub = a_hub()
        names = [f"room-{number}" for number in range(3)]
        for name in names:
            rooms.store(name, 2 * EVENTS_PAGE_MAX + 10, text=LONG)
        replay = Replay(hub, client, max_bytes)
        read = 0
        for name in names:
            room = room_at(hub, rooms.rooms[name].last_seq, name)
            read += await replay.read_to_end(room)
            assert 0 < replay.history.bytes_held <= max_bytes + MAX_PAGE_BYTES
        assert read == 3 * (2 * EVENTS_PAGE_MAX + 10)
        await replay.close()


@pytest.mark.asyncio
async def test_pages_that_are_being_read_count_as_full_ones(rooms: StoredRooms) -> None:
    async with chat_client(rooms) as client:
        hub = a_hub()
        rooms.store("lobby", 50 * EVENTS_PAGE_MAX, text="short")
        room = room_at(hub, 50 * EVENTS_PAGE_MAX)
        replay = Replay(hub, client, 64 * MAX_PAGE_BYTES)
        rooms.answers.clear()
        for number in range(50):
            replay.history.want(room, number * EVENTS_PAGE_MAX, replay.connection(room))
        async with asyncio.timeout(DEADLINE_S):
            while rooms.calls["events"] == 0:
                await asyncio.sleep(0)
        assert replay.history.bytes_held == MAX_PAGES_READ * MAX_PAGE_BYTES
        rooms.answers.set()
        async with asyncio.timeout(DEADLINE_S):
            while replay.history.page("lobby", 49 * EVENTS_PAGE_MAX) is None:
                await asyncio.sleep(0)
        assert replay.history.bytes_held < 50 * MAX_PAGE_BYTES
        await replay.close()


@pytest.mark.asyncio
async def test_a_message_deleted_while_its_page_is_read_is_not_in_the_page(rooms: StoredRooms) -> None:
    async with chat_client(rooms) as client:
        hub = a_hub()
        event, *_ = rooms.store("lobby", 100, text="a secret")
        room = room_at(hub, 100)
        replay = Replay(hub, client, 64 * MAX_PAGE_BYTES)
        hub.subscribers.pages = replay.history
        rooms.answers.clear()
        replay.history.want(room, 0, replay.connection(room))
        async with asyncio.timeout(DEADLINE_S):
            while rooms.calls["events"] == 0:
                await asyncio.sleep(0)
            hub.subscribers.mark_deleted(room, event["message"]["id"].encode())
            rooms.answers.set()
            await replay.resumed.wait()
        page = replay.history.page("lobby", 0)
        assert page is not None
        part = page.since(0, 100, 2**30)
        assert part is not None
        assert part.body.count(b"a secret") == 99
        await replay.close()


@pytest.mark.asyncio
async def test_an_answer_without_end_is_given_up(rooms: StoredRooms) -> None:
    rooms.page_characters = 2**40
    rooms.store("lobby", EVENTS_PAGE_MAX, text="x" * 20_000)
    async with chat_client(rooms) as client:
        with pytest.raises(ChatUnavailable, match="8388608 bytes"):
            await client.events("lobby", 0, EVENTS_PAGE_MAX)
        assert len((await client.events("lobby", 0, 100)).events) == 100


def test_all_rings_together_are_bounded() -> None:
    now = 0.0
    total = 1_000_000
    hub = a_hub(lambda: now, ring_events=10_000, rings_total_bytes=total)
    frame = Entry(b"x" * 1_000, b"message.created", None)
    names = [f"room-{number}" for number in range(20)]
    for name in names:
        room = room_at(hub, 0, name)
        for seq in range(1, 201):
            hub._offer(room, seq, frame)
            now += 0.01
    held = [hub.rooms[name].log.bytes_held for name in names]
    assert sum(held) <= total + 100 * 1_000, "what came in a second, at most, is above it"
    assert min(held) >= total // len(names) * 7 // 8 - 1_000, "nobody is left with less than an equal share"


@pytest.fixture
def sock() -> Iterable[socket.socket]:
    with socket.socket() as sock:
        yield sock


def stuck_stream(hub: Hub, room: Room, sock: socket.socket) -> StreamConnection:
    """A live stream whose client takes nothing from now on."""
    transport = CountingTransport(sock)
    audience = room.audience(Wire(is_chunked=False), is_notify=False)
    connection = StreamConnection(hub.subscribers, cast(asyncio.Transport, transport), audience, 5)
    connection.descriptor = id(connection)  # all of them use the test's one socket
    hub.subscribers.join(connection, b"", 2_000)
    transport.stuck = connection
    return connection


def test_bytes_that_stalled_clients_hold_are_bounded_and_shared_ones_count_once(sock: socket.socket) -> None:
    size = 10_000
    hub = a_hub(max_held_bytes=5 * size)
    room = room_at(hub, 5)
    shared = b"s" * size
    crowd = [stuck_stream(hub, room, sock) for _ in range(100)]
    for connection in crowd:
        connection.write(memoryview(shared)[1_000:])
    assert hub.open_streams.held_bytes == size - 1_000
    alone = [stuck_stream(hub, room, sock) for _ in range(50)]
    for number, connection in enumerate(alone):
        connection.write(b"%05d" % number * (size // 5))
        assert hub.open_streams.held_bytes <= 5 * size
    assert not any(connection.is_closed for connection in crowd)
    assert [connection.is_closed for connection in alone] == [True] * 46 + [False] * 4
    for connection in (*crowd, *alone):
        hub.subscribers.lost(connection)
    assert hub.open_streams.held_bytes == 0


def test_pieces_that_are_kept_for_others_are_bounded_by_bytes(sock: socket.socket) -> None:
    hub = a_hub(ring_events=10_000)
    room = room_at(hub, 0)
    for seq in range(1, 2_001):
        hub._offer(room, seq, Entry(b"x" * 60_000, b"message.created", None))
    room.flushed = room.log.head
    connection = stuck_stream(hub, room, sock)
    subscribers = hub.subscribers
    for cursor in range(2_000):
        assert isinstance(subscribers._piece(room, connection, cursor), Piece)
    assert sum(map(size_of, subscribers._pieces.values())) == subscribers._piece_bytes <= MAX_PIECES_BYTES


@pytest.mark.asyncio
async def test_heads_of_many_rooms_are_asked_for_a_thousand_at_a_time(rooms: StoredRooms) -> None:
    hub = a_hub(max_rooms=5_000)
    names = [f"room-{number}" for number in range(2_500)]
    for start in range(0, len(names), MAX_UNKNOWN):
        for name in names[start : start + MAX_UNKNOWN]:
            rooms.store(name)
            hub.watch(name)
        async with chat_client(rooms) as client:
            checks = HeadChecks(hub, client, 2.0, Random(1))
            await checks._check(list(hub.rooms.values()), 1)
    assert len(hub.rooms) == 2_500
    assert all(room.log.started for room in hub.rooms.values())
    assert rooms.largest_heads == HEADS_PER_CALL
    assert rooms.calls["heads"] == 2 + 3
