"""What publish_server sends of a private room, step by step: only while it knows well enough who may read."""

import socket
from collections.abc import Iterator
from uuid import UUID

import pytest

from chat_contract.internal_api import RoomHead
from publish_server.fanout.room_audience import HEAD_GOOD_FOR_S, VERIFY_WITHIN_S
from publish_server.fanout.subscriber import Subscriber
from tests.publish.hub_fixtures import Core, CountingTransport, event_record, head_at, subscriber_of
from tests.publish.stored_rooms import message_event

HEAD = 5
ANN, BEN = UUID(int=1), UUID(int=2)


def private_head(seq: int = HEAD, version: int = 1) -> RoomHead:
    head = head_at(seq)
    head["visibility"] = "private"
    head["access_version"] = version
    return head


class PrivateRoom:
    """A private room with a stream of Ann and one of Ben, and a time that the test advances."""

    def __init__(self, sock: socket.socket) -> None:
        self.now_s = 100.0
        self.core = Core(lambda: self.now_s)
        self.audience = self.core.followed_rooms.follow("secret")
        self.room = self.audience.room
        self._sock = sock
        self._check = 0
        self.take_head()
        self.ann, self.ben = self.join(ANN), self.join(BEN)
        self.seq = HEAD

    def take_head(self, version: int = 1) -> None:
        self._check += 1
        head = private_head(getattr(self, "seq", HEAD), version)
        self.core.hub.take_heads([self.room], {"secret": head}, self._check)
        self.run()

    def join(self, reader: UUID | None) -> Subscriber:
        subscriber = subscriber_of(self.audience, CountingTransport(self._sock))
        subscriber.reader = reader
        subscriber.descriptor = self._sock.fileno() + 1_000 * (1 + self.audience.subscriber_count)
        self.audience.join(subscriber, b"", 2_000)
        if subscriber.is_live:  # a test has no socket for each: it catches up as a stalled one does
            subscriber.group.remove(subscriber)
            subscriber.cursor = self.audience.full.flushed
            self.audience.full.catching_up.add(subscriber)
        return subscriber

    def post(self) -> None:
        self.seq += 1
        list(self.core.ingest(event_record(message_event("secret", self.seq, f"message {self.seq}"))))
        self.run()

    def run(self) -> None:
        while self.core.replay_queue.run_until(self.now_s + 1):
            pass


def texts(subscriber: Subscriber) -> int:
    transport = subscriber.transport
    assert isinstance(transport, CountingTransport)
    return b"".join(bytes(part) for part in transport.written).count(b"event: message.created")


def closing(subscriber: Subscriber) -> bool:
    transport = subscriber.transport
    assert isinstance(transport, CountingTransport)
    return b'{"reason":"access_lost"}' in b"".join(bytes(part) for part in transport.written)


@pytest.fixture
def room() -> Iterator[PrivateRoom]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield PrivateRoom(ours)


def test_without_a_recent_head_a_private_room_sends_nothing(room: PrivateRoom) -> None:
    room.now_s += HEAD_GOOD_FOR_S + 0.1
    room.post()
    assert not room.audience.full.needs_flush()
    room.audience.ping(room.ann)
    assert texts(room.ann) == 0
    transport = room.ann.transport
    assert isinstance(transport, CountingTransport)
    assert not any(b"stream.ping" in bytes(part) for part in transport.written)
    room.take_head()
    assert texts(room.ann) == 1, "what was withheld follows"


def test_a_room_that_everybody_may_read_needs_no_new_head(room: PrivateRoom) -> None:
    core = room.core
    audience = core.follow_at(HEAD)
    room.now_s += 100 * HEAD_GOOD_FOR_S
    list(core.ingest(event_record({"type": "room.viewers", "room_id": "lobby", "viewers": 3})))
    assert not audience.is_withheld()


def test_a_change_of_access_is_checked_and_withholds_the_room_until_it_is(room: PrivateRoom) -> None:
    room.take_head(version=2)
    assert room.core.followed_rooms.readers_of(room.room) == {ANN, BEN}
    assert not room.audience.is_withheld()
    room.now_s += VERIFY_WITHIN_S + 0.1
    room.take_head(version=2)
    assert room.audience.is_withheld()
    room.post()
    assert texts(room.ann) == 0
    room.core.followed_rooms.access_checked(room.room, 2, {BEN})
    room.run()
    assert (texts(room.ann), closing(room.ann)) == (1, False)
    assert closing(room.ben) and room.ben.is_closed


def test_a_check_of_an_earlier_version_does_not_suffice(room: PrivateRoom) -> None:
    room.take_head(version=2)
    room.take_head(version=3)
    room.now_s += VERIFY_WITHIN_S + 0.1
    room.core.followed_rooms.access_checked(room.room, 2, set())
    assert room.audience.is_withheld()
    room.core.followed_rooms.access_checked(room.room, 3, set())
    room.take_head(version=3)
    assert not room.audience.is_withheld()


def test_a_stream_that_opened_before_the_room_was_known_to_be_private_ends(room: PrivateRoom) -> None:
    core = room.core
    audience = core.followed_rooms.follow("unconfirmed")
    transport = CountingTransport(room._sock)
    early = subscriber_of(audience, transport)
    audience.join(early, b"", 2_000)
    core.hub.take_heads([audience.room], {"unconfirmed": private_head()}, 1)
    room.run()
    assert early.is_closed
    assert b'{"reason":"room_not_found"}' in b"".join(bytes(part) for part in transport.written)


def test_heads_of_private_rooms_are_asked_for_more_often_than_others(room: PrivateRoom) -> None:
    room.core.follow_at(HEAD)
    room.core.head_check_queue.take_rooms()
    list(room.core.followed_rooms.check_private_heads())
    assert room.core.head_check_queue.take_rooms() == [room.room]


def test_a_signal_of_changed_access_is_not_sent_to_streams(room: PrivateRoom) -> None:
    room.core.head_check_queue.take_rooms()
    list(room.core.ingest(event_record({"type": "room.access", "room_id": "secret"})))
    assert not room.room.pending_signals and not room.room.latest_signals
    assert room.core.head_check_queue.take_rooms() == [room.room]
