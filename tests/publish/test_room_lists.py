"""Room-list streams and the rooms that they hold, step by step and without sockets."""

import asyncio
import socket
from collections.abc import Iterable
from typing import Any, cast

import orjson
import pytest

from chat_contract.internal_api import RoomHead
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.room_list_streams import (
    NEW_ROOMS_KEPT_S,
    NEW_ROOMS_MAX,
    PAUSE_S,
    STREAMS_PER_STEP,
    RoomListStream,
)
from publish_server.rooms.room import MAX_RECENT, RECENT_S
from publish_server.rooms.room_registry import (
    LISTED_PART,
    LISTED_PART_UNCONFIRMED,
    MAX_UNCONFIRMED,
    RegistryFull,
)
from tests.publish.hub_fixtures import PLAIN, Core, CountingTransport, event_record, head_at
from tests.publish.stored_rooms import message_event


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
        """Do everything that is due; returns the number of slices."""
        list(self.core.lists.end_pauses())
        slices = 1
        while self.core.lists.run_until(self.now):
            slices += 1
        return slices

    def create(self, name: str, room_id: str = "a-room-that-nobody-follows") -> None:
        event = {"type": "room.created", "room_id": room_id, "name": name}
        list(self.core.ingest(event_record(event)))

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


def received(transport: CountingTransport) -> bytes:
    data = b"".join(bytes(piece) for piece in transport.written)
    transport.written.clear()
    return data


def new_rooms(data: bytes) -> list[str]:
    """The names of the announced rooms."""
    events = [line.removeprefix(b"data: ") for line in data.splitlines() if line.startswith(b"data: ")]
    parsed = [orjson.loads(event) for event in events]
    return [event["name"] for event in parsed if event.get("type") == "room.created"]


def test_a_new_room_is_announced_to_every_list_in_steps(lists: Lists) -> None:
    room = lists.core.follow_at(5)
    opened = [lists.open(room)[1] for _ in range(2 * STREAMS_PER_STEP)]
    lists.run()
    for transport in opened:
        received(transport)
    lists.now += PAUSE_S
    lists.create("first")
    lists.create("second")
    assert lists.run() >= 2 + len(opened)
    assert all(new_rooms(received(transport)) == ["first", "second"] for transport in opened)
    lists.now += PAUSE_S
    lists.run()
    assert not any(transport.written for transport in opened)


def test_a_new_list_stream_gets_the_rooms_created_in_the_last_minute(lists: Lists) -> None:
    room = lists.core.follow_at(5)
    lists.create("old")
    lists.now += NEW_ROOMS_KEPT_S + 1
    lists.create("recent")
    _, transport = lists.open(room)
    lists.run()
    assert new_rooms(received(transport)) == ["recent"]


@pytest.mark.parametrize("signal", ["room.access", "room.deleted"])
@pytest.mark.parametrize("is_followed", [False, True])
def test_a_new_room_that_was_hidden_again_is_announced_to_nobody_else(
    lists: Lists, signal: str, is_followed: bool
) -> None:
    room = lists.core.follow_at(5)
    if is_followed:
        lists.core.follow_at(5, "new")
    lists.create("hidden", room_id="new")
    lists.create("kept")
    list(lists.core.ingest(event_record({"type": signal, "room_id": "new"})))
    _, transport = lists.open(room)
    lists.run()
    assert new_rooms(received(transport)) == ["kept"]


def test_a_stalled_list_lacks_at_most_the_newest_rooms(lists: Lists) -> None:
    stream, transport = lists.open(lists.core.follow_at(5))
    lists.run()
    received(transport)
    stream.pause_writing()
    for number in range(3 * NEW_ROOMS_MAX):
        lists.now += PAUSE_S
        lists.create(f"room {number}")
        lists.run()
    assert not transport.written
    stream.resume_writing()
    lists.run()
    assert new_rooms(received(transport)) == [
        f"room {number}" for number in range(2 * NEW_ROOMS_MAX, 3 * NEW_ROOMS_MAX)
    ]


def test_the_announcement_of_a_followed_room_is_no_signal_of_that_room(lists: Lists) -> None:
    room = lists.core.follow_at(5, "new")
    _, transport = lists.open(room)
    lists.run()
    received(transport)
    lists.now += PAUSE_S
    lists.create("again", room_id="new")
    lists.run()
    assert new_rooms(received(transport)) == ["again"]
    assert b"room.created" not in room.room.latest_signals


def test_a_malformed_announcement_is_skipped(lists: Lists) -> None:
    _, transport = lists.open(lists.core.follow_at(5))
    lists.run()
    received(transport)
    record = event_record({"type": "room.created", "room_id": "new", "name": "x"})
    list(lists.core.ingest(record._replace(value=b"not json"), record._replace(value=None)))
    lists.now += PAUSE_S
    lists.run()
    assert not transport.written


@pytest.mark.parametrize("way", ["signal", "head"])
def test_a_renamed_room_has_its_new_name_in_lists_and_streams(lists: Lists, way: str) -> None:
    named: RoomHead = {**head_at(5), "name": "Before"}
    audience = lists.core.followed_rooms.follow("lobby")
    lists.core.hub.take_heads([audience.room], {"lobby": named}, 1)
    _, transport = lists.open(audience)
    lists.run()
    assert b'"name":"Before"' in received(transport)
    lists.now += PAUSE_S
    if way == "signal":
        event = {"type": "room.name", "room_id": "lobby", "name": "After"}
        list(lists.core.ingest(event_record(event)))
    else:  # the signal was lost
        lists.core.hub.take_heads([audience.room], {"lobby": {**named, "name": "After"}}, 2)
    lists.run()
    assert b'"name":"After"' in received(transport)
    assert b'"name":"After"' in audience.room.latest_signals[b"room.name"]


def post(lists: Lists, seq: int, author_id: str) -> dict[str, Any]:
    event = message_event("lobby", seq, f"text {seq}")
    event["message"]["author"] = {"id": author_id, "nickname": author_id}
    list(lists.core.ingest(event_record(event)))
    return event


def delete(lists: Lists, seq: int, created: dict[str, Any]) -> None:
    message = {**created["message"], "text": "", "deleted": True}
    event = {"type": "message.deleted", "room_id": "lobby", "seq": seq, "message": message}
    list(lists.core.ingest(event_record(event)))


def updates(data: bytes) -> list[Any]:
    events = [line.removeprefix(b"data: ") for line in data.splitlines() if line.startswith(b"data: ")]
    return [event for event in map(orjson.loads, events) if event.get("type") == "room.updated"]


def test_one_update_names_every_message_that_it_stands_for(lists: Lists) -> None:
    """A client counts neither its reader's own messages nor deleted ones, also if another message is the last one."""
    _, transport = lists.open(lists.core.follow_at(5))
    lists.run()
    received(transport)
    lists.now += PAUSE_S
    post(lists, 6, "bob")
    mistake = post(lists, 7, "ann")
    post(lists, 8, "ann")
    delete(lists, 9, mistake)
    lists.run()
    (update,) = updates(received(transport))
    assert update["last_message"]["seq"] == 8
    assert update["recent"] == [
        {"seq": 7, "author_id": "ann", "deleted": True},
        {"seq": 8, "author_id": "ann", "deleted": False},
        {"seq": 6, "author_id": "bob", "deleted": False},
    ]


def test_every_list_learns_of_every_message_whenever_it_is_written_to(lists: Lists) -> None:
    room = lists.core.follow_at(5)
    opened = []
    for _ in range(4):
        opened.append(lists.open(room)[1])
        lists.run()
        lists.now += PAUSE_S / 4
    for transport in opened:
        received(transport)
    for step in range(26):
        if step < 20:
            post(lists, 6 + step, "bob")
        lists.send_updates()
        lists.run()
        lists.now += PAUSE_S / 3
    for transport in opened:
        sent = updates(received(transport))
        seqs = {update["last_message"]["seq"] for update in sent}
        seqs |= {message["seq"] for update in sent for message in update.get("recent", [])}
        assert seqs == set(range(6, 26))


def test_an_update_names_only_the_newest_messages_and_a_single_message_once(lists: Lists) -> None:
    _, transport = lists.open(lists.core.follow_at(5))
    lists.run()
    received(transport)
    lists.now += RECENT_S
    for seq in range(6, 66):
        post(lists, seq, "bob")
    lists.run()
    (update,) = updates(received(transport))
    assert [message["seq"] for message in update["recent"]] == list(range(65, 65 - MAX_RECENT, -1))
    for seq in (66, 67):
        lists.now += RECENT_S
        post(lists, seq, "bob")
        lists.run()
    last = updates(received(transport))[-1]
    assert last["last_message"]["seq"] == 67
    assert "recent" not in last


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
