"""Long work is cut: what one step does has a bound, however many rooms, streams and events there are."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import cast

import orjson
import pytest

from chat_contract.topics import event_headers
from publish_server.encoding.stream_encoding import Wire
from publish_server.fanout.timer_wheel import STREAMS_AT_ONCE, StreamTimer
from publish_server.recovery.chat_client import StoredEvents, stored_event
from publish_server.rooms.hub import EVENTS_AT_ONCE, ROOMS_AT_ONCE, Hub, Record
from publish_server.rooms.room import Room
from publish_server.scheduling.time_slices import Turns
from publish_server.streams.connection import StreamConnection
from tests.publish.hub_fixtures import CountingTransport, a_hub, room_at
from tests.publish.stored_rooms import message_event
from tests.publish.test_hub_machine import KafkaRecord

CROWD = 1_000


class Ticking:
    """A clock on which every look takes a tenth of a millisecond."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.0001
        return self.now


@pytest.fixture
def sock() -> Iterable[socket.socket]:
    with socket.socket() as sock:
        yield sock


def stream(hub: Hub, room: Room, sock: socket.socket, cursor: int | None = None) -> StreamConnection:
    transport = CountingTransport(sock)
    audience = room.audience(Wire(is_chunked=False), is_notify=False)
    connection = StreamConnection(hub.subscribers, cast(asyncio.Transport, transport), audience, cursor)
    connection.descriptor = id(connection)  # all of them use the test's one socket
    return connection


def most_a_step(steps: Iterator[None], count: Callable[[], int]) -> int:
    """Run the work; the largest growth of that number within one step."""
    most, before = 0, count()
    for _ in steps:
        now = count()
        most, before = max(most, now - before), now
    return max(most, count() - before)


def test_healing_offers_a_page_of_events_in_slices() -> None:
    hub = a_hub()
    room = room_at(hub, 0)
    events = [stored_event(orjson.dumps(message_event("lobby", seq, "hello"))) for seq in range(1, 501)]
    steps = hub.heal(room, 0, 500, StoredEvents(events, 500, has_more=False))
    assert most_a_step(steps, lambda: room.log.head) <= EVENTS_AT_ONCE
    assert room.log.head == 500


def test_a_room_may_go_on_by_itself_while_it_is_healed() -> None:
    hub = a_hub(ring_events=1_000)
    room = room_at(hub, 0)
    values = [orjson.dumps(message_event("lobby", seq, "hello")) for seq in range(1, 601)]
    events = [stored_event(value) for value in values[:500]]
    for _ in hub.heal(room, 0, 500, StoredEvents(events, 500, has_more=True)):
        head = room.log.head
        records = [
            KafkaRecord(b"lobby", values[seq - 1], event_headers("message.created", seq))
            for seq in range(head + 1, head + 51)
        ]
        list(hub.ingest([cast(Record, record) for record in records]))
    found = room.log.since(0, room.log.head, 2**30)
    assert found is not None
    seqs = [int(line[4:]) for line in found.body.split(b"\n") if line.startswith(b"id: ")]
    assert seqs == list(range(1, room.log.head + 1))
    assert room.log.head >= 500


def test_a_batch_of_records_is_taken_in_slices() -> None:
    hub = a_hub(ring_events=1_000)
    room = room_at(hub, 0)
    records = [
        KafkaRecord(
            b"lobby",
            orjson.dumps(message_event("lobby", seq, "hello")),
            event_headers("message.created", seq),
        )
        for seq in range(1, 501)
    ]
    assert (
        most_a_step(hub.ingest([cast(Record, record) for record in records]), lambda: room.log.head)
        <= EVENTS_AT_ONCE
    )
    assert room.log.head == 500


def test_idle_rooms_are_dropped_in_slices() -> None:
    now = 0.0
    hub = a_hub(lambda: now, max_rooms=10_000)
    for number in range(3 * ROOMS_AT_ONCE):
        room_at(hub, 0, f"room-{number}")
    now = 1_000.0
    assert most_a_step(hub.forget_idle(), lambda: -len(hub.rooms)) <= ROOMS_AT_ONCE
    assert not hub.rooms


@pytest.mark.parametrize("exists", [True, False])
def test_a_crowd_that_waited_for_its_room_is_opened_or_ended_by_the_pump(
    sock: socket.socket, exists: bool
) -> None:
    clock = Ticking()
    hub = a_hub(clock)
    room = hub.watch("lobby")
    crowd = [stream(hub, room, sock) for _ in range(CROWD)]
    for connection in crowd:
        hub.subscribers.join(connection, b"", 2_000)
    if exists:
        room_at(hub, 5)
    else:
        hub.take_heads([room], {}, 1)

    def served() -> int:
        return sum(connection.is_opened or connection.is_closed for connection in crowd)

    assert served() == 0, "the answer itself serves nobody"
    most = before = 0
    while hub.subscribers.advance_some(clock.now + 0.002):
        now = served()
        most, before = max(most, now - before), now
    assert served() == CROWD
    assert most <= 25
    assert all(connection.is_opened is exists for connection in crowd)


def test_stalled_clients_are_cut_in_slices(sock: socket.socket) -> None:
    now = 0.0
    hub = a_hub(lambda: now)
    room = room_at(hub, 5)
    timer = StreamTimer(
        hub.open_streams, ping_s=15, lifetime_s=900, stall_s=30, clock=lambda: now, rng=Random(1)
    )
    hub.open_streams.on_left = timer.remove
    for _ in range(CROWD):
        connection = stream(hub, room, sock)
        timer.add(connection)
        hub.subscribers.join(connection, b"", 2_000)
        connection.pause_writing()
    now = 31.0
    assert most_a_step(timer.tick(), lambda: -hub.open_streams.count) <= STREAMS_AT_ONCE
    assert hub.open_streams.count == 0


@pytest.mark.asyncio
async def test_a_crowd_passes_a_few_in_each_round_of_the_loop_and_in_order() -> None:
    turns, passed, waves = Turns(at_once=10), list[int](), list[int]()

    async def comes(number: int) -> None:
        await turns.take()
        passed.append(number)

    crowd = [asyncio.create_task(comes(number)) for number in range(CROWD)]
    crowd[500].cancel()
    while len(passed) < CROWD - 1:
        before = len(passed)
        await asyncio.sleep(0)
        waves.append(len(passed) - before)
    assert max(waves) <= 10
    assert passed == [number for number in range(CROWD) if number != 500]
    await asyncio.wait_for(turns.take(), 1)


def test_a_crowd_that_resumes_is_sent_its_pieces_by_the_pump(sock: socket.socket) -> None:
    clock = Ticking()
    hub = a_hub(clock, ring_events=1_000)
    room = room_at(hub, 0)
    events = [stored_event(orjson.dumps(message_event("lobby", seq, "hello"))) for seq in range(1, 501)]
    list(hub.heal(room, 0, 500, StoredEvents(events, 500, has_more=False)))
    room.flushed = 500
    crowd = [stream(hub, room, sock, cursor=number % 500) for number in range(CROWD)]
    for connection in crowd:
        hub.subscribers.join(connection, b"", 2_000)
    assert not any(connection.is_live for connection in crowd)
    most = before = 0
    while hub.subscribers.advance_some(clock.now + 0.002):
        now = sum(connection.is_live for connection in crowd)
        most, before = max(most, now - before), now
    assert all(connection.is_live for connection in crowd)
    assert most <= 25


def test_a_crowd_that_resumes_in_one_room_holds_up_nobody_in_another(sock: socket.socket) -> None:
    hub = a_hub(Ticking())
    crowded, other = room_at(hub, 5, "crowded"), room_at(hub, 5, "other")
    for room in (crowded, other):
        event = stored_event(orjson.dumps(message_event(room.id, 6, "hello")))
        list(hub.heal(room, 5, 6, StoredEvents([event], 6, has_more=False)))
        room.flushed = 6
    crowd = [stream(hub, crowded, sock, cursor=5) for _ in range(CROWD)]
    bystander = stream(hub, other, sock, cursor=5)
    for connection in (*crowd, bystander):
        hub.subscribers.join(connection, b"", 2_000)
    hub.subscribers.advance_some(0)
    hub.subscribers.advance_some(0)
    assert bystander.is_live
    assert sum(connection.is_live for connection in crowd) == 1


def test_a_crowd_that_reads_again_is_caught_up_by_the_pump(sock: socket.socket) -> None:
    clock = Ticking()
    hub = a_hub(clock)
    room = room_at(hub, 5)
    crowd = [stream(hub, room, sock) for _ in range(CROWD)]
    for connection in crowd:
        hub.subscribers.join(connection, b"", 2_000)
        connection.pause_writing()
    event = stored_event(orjson.dumps(message_event("lobby", 6, "hello")))
    list(hub.heal(room, 5, 6, StoredEvents([event], 6, has_more=False)))
    room.flushed = 6
    for connection in crowd:
        connection.resume_writing()
    assert not any(connection.is_live for connection in crowd)
    most = before = 0
    while hub.subscribers.advance_some(clock.now + 0.002):
        now = sum(connection.is_live for connection in crowd)
        most, before = max(most, now - before), now
    assert all(connection.is_live for connection in crowd)
    assert most <= 25
