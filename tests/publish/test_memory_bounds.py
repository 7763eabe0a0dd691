"""All data that publish_server holds is bounded in bytes from its arrival."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from random import Random

import httpx
import pytest
import pytest_asyncio

from chat_contract.limits import EVENTS_PAGE_MAX
from local_stack.ports import free_port
from publish_server.fanout.catch_up import MAX_PIECES_BYTES, Piece, size_of
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.subscriber import Subscriber
from publish_server.recovery.catch_up_pages import KEEP_UNUSED_S, MAX_PAGE_BYTES, MAX_READS, CatchUpPages
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable
from publish_server.recovery.head_checks import HEADS_PER_CALL, HeadChecks
from publish_server.rooms.log_entry import LogEntry
from publish_server.rooms.room_registry import MAX_UNCONFIRMED
from tests.publish.hub_fixtures import Core, CountingTransport, event_record, subscriber_of
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S
from tests.support.chat_stack import SECRET

LONG = "x" * 16_000


@pytest_asyncio.fixture
async def rooms() -> AsyncIterator[StoredRooms]:
    rooms = StoredRooms()
    await rooms.start(free_port())
    yield rooms
    rooms.replies.set()
    await rooms.stop()


@contextlib.asynccontextmanager
async def chat_client(rooms: StoredRooms) -> AsyncIterator[ChatClient]:
    async with httpx.AsyncClient(timeout=DEADLINE_S, trust_env=False) as http:
        yield ChatClient(http, [rooms.base_url], [SECRET])


class Replay:
    """Catch-up pages of rooms, and subscribers that read them to the end."""

    def __init__(self, client: ChatClient, max_bytes: int) -> None:
        self.resumed = asyncio.Event()
        self.passed_s = 0.0
        now_s = asyncio.get_running_loop().time
        self.pages: CatchUpPages[Subscriber] = CatchUpPages(
            client,
            lambda *_: self.resumed.set(),
            clock=lambda: now_s() + self.passed_s,
            max_bytes=max_bytes,
        )
        self._sock = socket.socket()

    def subscriber(self, audience: RoomAudience) -> Subscriber:
        return subscriber_of(audience, CountingTransport(self._sock), 0)

    async def read_to_end(self, audience: RoomAudience) -> int:
        """Returns the number of events read. Checks the bound after each page."""
        room = audience.room
        subscriber = self.subscriber(audience)
        cursor = events = 0
        async with asyncio.timeout(DEADLINE_S):
            while cursor < room.server_head:
                page = self.pages.page(room, cursor)
                if page is None:
                    self.resumed.clear()
                    self.pages.read(room, cursor, subscriber)
                    await self.resumed.wait()
                    continue
                joined = page.since(cursor, page.head, 2**30)
                assert joined is not None
                assert joined.to_seq > cursor
                events += joined.body.count(b"event: message.created")
                cursor = joined.to_seq
                assert page.bytes_held <= MAX_PAGE_BYTES + len(LONG) + 1_000
        return events

    async def close(self) -> None:
        await self.pages.close()
        self._sock.close()


@pytest.mark.asyncio
async def test_pages_of_long_messages_are_bounded_in_bytes_and_hold_every_event(rooms: StoredRooms) -> None:
    """Without a bound in bytes, 64 pages of 500 events of 16 KB each took 512 MB."""
    max_bytes = (MAX_READS + 4) * MAX_PAGE_BYTES
    async with chat_client(rooms) as client:
        core = Core()
        names = [f"room-{number}" for number in range(3)]
        for name in names:
            rooms.store(name, 2 * EVENTS_PAGE_MAX + 10, text=LONG)
        replay = Replay(client, max_bytes)
        read = 0
        for name in names:
            read += await replay.read_to_end(core.follow_at(rooms.rooms[name].last_seq, name))
            assert 0 < replay.pages.bytes_held <= max_bytes + MAX_PAGE_BYTES
        assert read == 3 * (2 * EVENTS_PAGE_MAX + 10)
        await replay.close()


@pytest.mark.asyncio
async def test_pages_that_nobody_uses_any_more_free_their_memory(rooms: StoredRooms) -> None:
    async with chat_client(rooms) as client:
        rooms.store("lobby", 2 * EVENTS_PAGE_MAX, text="short")
        audience = Core().follow_at(2 * EVENTS_PAGE_MAX)
        replay = Replay(client, 64 * MAX_PAGE_BYTES)
        await replay.read_to_end(audience)
        both = replay.pages.bytes_held
        replay.passed_s += KEEP_UNUSED_S - 10
        assert replay.pages.page(audience.room, 0) is not None
        replay.passed_s += 15
        for _ in replay.pages.drop_unused():
            pass
        assert replay.pages.page(audience.room, EVENTS_PAGE_MAX) is None
        assert 0 < replay.pages.bytes_held < both
        replay.passed_s += KEEP_UNUSED_S + 1
        for _ in replay.pages.drop_unused():
            pass
        assert replay.pages.bytes_held == 0
        await replay.close()


@pytest.mark.asyncio
async def test_pages_that_are_being_read_count_as_full(rooms: StoredRooms) -> None:
    async with chat_client(rooms) as client:
        rooms.store("lobby", 50 * EVENTS_PAGE_MAX, text="short")
        audience = Core().follow_at(50 * EVENTS_PAGE_MAX)
        replay = Replay(client, 64 * MAX_PAGE_BYTES)
        rooms.replies.clear()
        for number in range(50):
            replay.pages.read(audience.room, number * EVENTS_PAGE_MAX, replay.subscriber(audience))
        async with asyncio.timeout(DEADLINE_S):
            while rooms.calls["events"] == 0:
                await asyncio.sleep(0)
        assert replay.pages.bytes_held == MAX_READS * MAX_PAGE_BYTES
        rooms.replies.set()
        async with asyncio.timeout(DEADLINE_S):
            while replay.pages.page(audience.room, 49 * EVENTS_PAGE_MAX) is None:
                await asyncio.sleep(0)
        assert replay.pages.bytes_held < 50 * MAX_PAGE_BYTES
        await replay.close()


@pytest.mark.asyncio
async def test_a_message_deleted_while_its_page_is_read_is_not_in_the_page(rooms: StoredRooms) -> None:
    async with chat_client(rooms) as client:
        event, *_ = rooms.store("lobby", 100, text="a secret")
        replay = Replay(client, 64 * MAX_PAGE_BYTES)
        core = Core(pages=replay.pages)
        audience = core.follow_at(100)
        rooms.replies.clear()
        replay.pages.read(audience.room, 0, replay.subscriber(audience))
        async with asyncio.timeout(DEADLINE_S):
            while rooms.calls["events"] == 0:
                await asyncio.sleep(0)
            message = event["message"] | {"text": "", "deleted": True}
            deletion = {"type": "message.deleted", "room_id": "lobby", "seq": 101, "message": message}
            list(core.ingest(event_record(deletion)))
            rooms.replies.set()
            await replay.resumed.wait()
        page = replay.pages.page(audience.room, 0)
        assert page is not None
        joined = page.since(0, 100, 2**30)
        assert joined is not None
        assert joined.body.count(b"a secret") == 99
        await replay.close()


@pytest.mark.asyncio
async def test_a_reply_above_its_bound_is_refused(rooms: StoredRooms) -> None:
    rooms.page_characters = 2**40
    rooms.store("lobby", EVENTS_PAGE_MAX, text="x" * 20_000)
    async with chat_client(rooms) as client:
        with pytest.raises(ChatUnavailable, match="8388608 bytes"):
            await client.events("lobby", 0, EVENTS_PAGE_MAX)
        assert len((await client.events("lobby", 0, 100)).events) == 100


def test_all_rings_together_are_bounded() -> None:
    now = 0.0
    total = 1_000_000
    core = Core(lambda: now, ring_events=10_000, rings_total_bytes=total)
    frame = LogEntry(b"x" * 1_000, b"message.created", None)
    rooms = [core.follow_at(0, f"room-{number}").room for number in range(20)]
    for room in rooms:
        for seq in range(1, 201):
            core.hub.offer(room, seq, frame)
            now += 0.01
    held = [room.log.bytes_held for room in rooms]
    assert sum(held) <= total + 100 * 1_000, "at most the events of one second exceed the bound"
    assert min(held) >= total // len(rooms) * 7 // 8 - 1_000, "every room keeps about an equal share"


def stuck_subscriber(audience: RoomAudience, sock: socket.socket) -> Subscriber:
    """A live subscriber whose client stops reading."""
    transport = CountingTransport(sock)
    subscriber = subscriber_of(audience, transport, 5)
    audience.join(subscriber, b"", 2_000)
    transport.stuck = subscriber
    return subscriber


def test_bytes_of_stalled_clients_are_bounded_and_shared_bytes_count_once(sock: socket.socket) -> None:
    size = 10_000
    core = Core(max_buffered_bytes=5 * size)
    audience = core.follow_at(5)
    shared = b"s" * size
    crowd = [stuck_subscriber(audience, sock) for _ in range(100)]
    for subscriber in crowd:
        subscriber.write(memoryview(shared)[1_000:])
    assert core.stalled.buffered_bytes == size - 1_000
    alone = [stuck_subscriber(audience, sock) for _ in range(50)]
    for number, subscriber in enumerate(alone):
        subscriber.write(b"%05d" % number * (size // 5))
        assert core.stalled.buffered_bytes <= 5 * size
    assert not any(subscriber.is_closed for subscriber in crowd)
    assert [subscriber.is_closed for subscriber in alone] == [True] * 46 + [False] * 4
    for subscriber in (*crowd, *alone):
        audience.lost(subscriber)
    assert core.stalled.buffered_bytes == 0


def test_kept_pieces_are_bounded_in_bytes(sock: socket.socket) -> None:
    core = Core(ring_events=10_000)
    audience = core.follow_at(0)
    room = audience.room
    for seq in range(1, 2_001):
        core.hub.offer(room, seq, LogEntry(b"x" * 60_000, b"message.created", None))
    subscriber = stuck_subscriber(audience, sock)
    for cursor in range(2_000):
        assert isinstance(core.catch_up.next_piece(room, subscriber, cursor, room.log.head), Piece)
    kept = core.catch_up._pieces.values()
    assert sum(map(size_of, kept)) == core.catch_up.piece_bytes <= MAX_PIECES_BYTES


@pytest.mark.asyncio
async def test_heads_are_requested_for_a_thousand_rooms_at_a_time(rooms: StoredRooms) -> None:
    core = Core(max_rooms=5_000)
    names = [f"room-{number}" for number in range(2_500)]
    for start in range(0, len(names), MAX_UNCONFIRMED):
        for name in names[start : start + MAX_UNCONFIRMED]:
            rooms.store(name)
            core.followed_rooms.follow(name)
        async with chat_client(rooms) as client:
            checks = HeadChecks(
                core.hub,
                core.registry,
                core.head_check_queue,
                client,
                interval_s=2,
                clock=asyncio.get_running_loop().time,
                rng=Random(1),
            )
            await checks._check(list(core.registry.rooms.values()), 1)
    assert len(core.registry.rooms) == 2_500
    assert all(room.log.is_started for room in core.registry.rooms.values())
    assert rooms.largest_heads == HEADS_PER_CALL
    assert rooms.calls["heads"] == 2 + 3
