"""Lists of rooms, step by step, without sockets."""

import asyncio
import socket
from collections.abc import Iterable
from typing import cast

import pytest

from chat_contract.topics import event_headers
from publish_server.encoding.stream_encoding import Wire
from publish_server.fanout.room_list_streams import MARKS_AT_ONCE, PAUSE_S, ListConnection
from publish_server.rooms.hub import MAX_UNKNOWN, Hub, HubFull, Record
from publish_server.rooms.room import Room
from tests.publish.hub_fixtures import CountingTransport, a_hub, room_at
from tests.publish.test_hub_machine import KafkaRecord


class Lists:
    """A hub with a time that a test moves on, and open lists."""

    def __init__(self) -> None:
        self.now = 0.0
        self.hub: Hub = a_hub(lambda: self.now, max_rooms=10_000)
        self._sock = socket.socket()

    def close(self) -> None:
        self._sock.close()

    def open(self, *rooms: Room) -> tuple[ListConnection, CountingTransport]:
        transport = CountingTransport(self._sock)
        connection = ListConnection(
            self.hub.lists, cast(asyncio.Transport, transport), Wire(is_chunked=False), rooms
        )
        self.hub.lists.join(connection, b"", 2_000)
        return connection, transport

    def run(self) -> int:
        """Everything that is due; returns the number of steps of the pump."""
        self.hub.lists.resume_due()
        steps = 1
        while self.hub.lists.advance_some(self.now):
            steps += 1
        return steps

    def moves(self, room: Room, seqs: Iterable[int]) -> None:
        for seq in seqs:
            value = b'{"type":"message.created","room_id":"%b","seq":%d}' % (room.id.encode(), seq)
            record = KafkaRecord(room.id.encode(), value, event_headers("message.created", seq))
            list(self.hub.ingest([cast(Record, record)]))


@pytest.fixture
def lists() -> Iterable[Lists]:
    lists = Lists()
    yield lists
    lists.close()


def test_a_rooms_news_reach_many_lists_in_slices_and_each_list_in_one_write(lists: Lists) -> None:
    room, other = room_at(lists.hub, 5), room_at(lists.hub, 5, "other")
    opened = [lists.open(room, other)[1] for _ in range(3 * MARKS_AT_ONCE)]
    lists.run()
    for transport in opened:
        transport.written.clear()
    for round_number in range(4):
        lists.now += PAUSE_S
        lists.moves(room, range(6 + 10 * round_number, 16 + 10 * round_number))
        lists.moves(other, range(6 + 10 * round_number, 16 + 10 * round_number))
        list(lists.hub.tell_due())
        assert lists.run() >= 2 * 3 + len(opened)
    lists.now += PAUSE_S
    list(lists.hub.tell_due())
    lists.run()
    for transport in opened:
        assert len(transport.written) <= 5
        assert b'"seq":45' in bytes(transport.written[-1])


def test_a_list_that_cannot_be_written_to_is_told_the_latest_only(lists: Lists) -> None:
    room = room_at(lists.hub, 5)
    connection, transport = lists.open(room)
    lists.run()
    connection.pause_writing()
    transport.written.clear()
    for seq in range(6, 30):
        lists.now += PAUSE_S
        lists.moves(room, [seq])
        list(lists.hub.tell_due())
        lists.run()
    assert not transport.written
    assert len(connection.news) == 1
    connection.resume_writing()
    lists.run()
    assert len(transport.written) == 1
    assert bytes(transport.written[0]).count(b"room.updated") == 2  # the event's name and its type
    assert b'"seq":29' in bytes(transport.written[0])


def test_a_list_that_left_is_in_no_table(lists: Lists) -> None:
    room = room_at(lists.hub, 5)
    connection, transport = lists.open(room)
    lists.run()
    transport.written.clear()
    connection.connection_lost(None)
    lists.now += PAUSE_S
    lists.moves(room, [6])
    lists.run()
    assert not transport.written
    assert not room.is_watched()
    assert lists.hub.open_streams.count == 0


def test_rooms_that_nobody_knows_cannot_fill_the_hub(lists: Lists) -> None:
    for number in range(MAX_UNKNOWN):
        lists.hub.watch(f"unknown-{number}").streams = 1
    with pytest.raises(HubFull):
        lists.hub.watch("one-more")
    lists.hub.take_heads(list(lists.hub.rooms.values()), {}, 1)
    assert not lists.hub.rooms
    room_at(lists.hub, 5)


def test_a_full_hub_drops_rooms_that_nobody_watches_and_refuses_when_there_are_none() -> None:
    now = 0.0
    hub = a_hub(lambda: now, max_rooms=3)
    for number in range(9):
        room_at(hub, 5, f"room-{number}")
        now += 1.0
        assert len(hub.rooms) <= 3
    for room_id in list(hub.rooms):
        hub.rooms[room_id].streams = 1
    for number in range(3):
        with pytest.raises(HubFull):
            while True:
                room_at(hub, 5, f"watched-{len(hub.rooms)}-{number}").streams = 1
        now += 1.0
    assert len(hub.rooms) == 3
