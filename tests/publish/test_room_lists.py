"""Room-list streams and the rooms that they hold, step by step and without sockets."""

import asyncio
import socket
from collections.abc import Iterable
from typing import cast

import pytest

from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.room_list_streams import PAUSE_S, STREAMS_PER_STEP, RoomListStream
from publish_server.rooms.room_registry import (
    LISTED_PART,
    LISTED_PART_UNCONFIRMED,
    MAX_UNCONFIRMED,
    RegistryFull,
)
from tests.publish.hub_fixtures import PLAIN, Core, CountingTransport, event_record


class Lists:
    """Open room-list streams, and a time that the test advances."""

    def __init__(self) -> None:
        self.now = 0.0
        self.core = Core(lambda: self.now, max_rooms=10_000)
        self._sock = socket.socket()

    def close(self) -> None:
        self._sock.close()

    def open(self, *audiences: RoomAudience) -> tuple[RoomListStream, CountingTransport]:
        transport = CountingTransport(self._sock)
        stream = RoomListStream(self.core.lists, cast(asyncio.Transport, transport), PLAIN, audiences)
        self.core.lists.join(stream, b"", 2_000)
        return stream, transport

    def run(self) -> int:
        """Do everything that is due; returns the number of portions."""
        list(self.core.lists.end_pauses())
        portions = 1
        while self.core.lists.run_until(self.now):
            portions += 1
        return portions

    def send_updates(self) -> None:
        list(self.core.followed_rooms.send_delayed_updates())

    def receive(self, audience: RoomAudience, seqs: Iterable[int]) -> None:
        """Messages with these seqs arrive in the room."""
        for seq in seqs:
            event = {"type": "message.created", "room_id": audience.room.id, "seq": seq}
            list(self.core.ingest(event_record(event)))


@pytest.fixture
def lists() -> Iterable[Lists]:
    lists = Lists()
    yield lists
    lists.close()


def test_a_change_reaches_many_streams_in_steps_and_each_in_one_write(lists: Lists) -> None:
    room, other = lists.core.follow_at(5), lists.core.follow_at(5, "other")
    opened = [lists.open(room, other)[1] for _ in range(3 * STREAMS_PER_STEP)]
    lists.run()
    for transport in opened:
        transport.written.clear()
    for round_number in range(4):
        lists.now += PAUSE_S
        lists.receive(room, range(6 + 10 * round_number, 16 + 10 * round_number))
        lists.receive(other, range(6 + 10 * round_number, 16 + 10 * round_number))
        lists.send_updates()
        assert lists.run() >= 2 * 3 + len(opened)
    lists.now += PAUSE_S
    lists.send_updates()
    lists.run()
    for transport in opened:
        assert len(transport.written) <= 5
        assert b'"seq":45' in bytes(transport.written[-1])


def test_a_stalled_list_gets_only_the_latest_state(lists: Lists) -> None:
    room = lists.core.follow_at(5)
    stream, transport = lists.open(room)
    lists.run()
    stream.pause_writing()
    transport.written.clear()
    for seq in range(6, 30):
        lists.now += PAUSE_S
        lists.receive(room, [seq])
        lists.send_updates()
        lists.run()
    assert not transport.written
    assert len(stream.changes) == 1
    stream.resume_writing()
    lists.run()
    assert len(transport.written) == 1
    assert bytes(transport.written[0]).count(b"room.updated") == 2  # the event's name and its type
    assert b'"seq":29' in bytes(transport.written[0])


def test_a_closed_list_is_removed_from_every_table(lists: Lists) -> None:
    room = lists.core.follow_at(5)
    stream, transport = lists.open(room)
    lists.run()
    transport.written.clear()
    stream.connection_lost(None)
    lists.now += PAUSE_S
    lists.receive(room, [6])
    lists.run()
    assert not transport.written
    assert not room.is_watched()
    assert lists.core.open_streams.count == 0


def test_unconfirmed_rooms_are_bounded(lists: Lists) -> None:
    for number in range(MAX_UNCONFIRMED):
        lists.core.followed_rooms.follow(f"unknown-{number}").list_joined()
    with pytest.raises(RegistryFull):
        lists.core.followed_rooms.follow("one-more")
    lists.core.no_heads(list(lists.core.registry.rooms.values()))
    assert not lists.core.registry.rooms
    lists.core.follow_at(5)


def test_lists_leave_unconfirmed_capacity_for_streams_of_one_room(lists: Lists) -> None:
    follow = lists.core.followed_rooms.follow
    for number in range(int(MAX_UNCONFIRMED * LISTED_PART_UNCONFIRMED)):
        follow(f"listed-{number}", is_listed=True).list_joined()
    with pytest.raises(RegistryFull):
        follow("one-more", is_listed=True)
    follow("one-more")
    follow("one-more", is_listed=True)  # it is already followed, so it takes no capacity


def test_lists_leave_rooms_for_streams_of_one_room() -> None:
    core = Core(max_rooms=100)
    for number in range(int(100 * LISTED_PART)):
        core.follow_at(5, f"listed-{number}").list_joined()
    with pytest.raises(RegistryFull):
        core.followed_rooms.follow("one-more", is_listed=True)
    for number in range(100 - int(100 * LISTED_PART)):
        core.follow_at(5, f"single-{number}").list_joined()
    with pytest.raises(RegistryFull):
        core.followed_rooms.follow("one-more")


def test_a_full_registry_drops_unwatched_rooms_and_then_refuses() -> None:
    now = 0.0
    core = Core(lambda: now, max_rooms=3)
    for number in range(9):
        core.follow_at(5, f"room-{number}")
        now += 1.0
        assert len(core.registry.rooms) <= 3
    for room_id in list(core.registry.rooms):
        core.followed_rooms.follow(room_id).list_joined()
    for number in range(3):
        with pytest.raises(RegistryFull):
            while True:
                core.follow_at(5, f"watched-{len(core.registry.rooms)}-{number}").list_joined()
        now += 1.0
    assert len(core.registry.rooms) == 3
