"""A deleted room ends its streams, whichever way publish_server learns of the deletion. Without sockets."""

import socket
from collections.abc import Iterator

import pytest

from publish_server.fanout.flush import flush_steps
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.subscriber import Subscriber
from publish_server.rooms.log_entry import LogEntry
from tests.publish.hub_fixtures import Core, CountingTransport, event_record, subscriber_of
from tests.publish.stored_rooms import message_event
from tests.publish.test_room_lists import Lists

HEAD = 5


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


class DeletedRoom:
    """A room with subscribers of every kind: live, behind the others, and not reading."""

    def __init__(self, sock: socket.socket) -> None:
        self.core = Core()
        self.audience: RoomAudience = self.core.follow_at(HEAD)
        self._sock = sock
        self.live, self.stalled, self.waiting = self.join(), self.join(), self.join(HEAD + 10)
        self.stalled.pause_writing()
        assert self.live.is_live and not self.waiting.is_opened

    def join(self, cursor: int | None = None) -> Subscriber:
        subscriber = subscriber_of(self.audience, CountingTransport(self._sock), cursor)
        if not self.audience.subscriber_count:
            subscriber.descriptor = self._sock.fileno()  # a flush writes to it
        self.audience.join(subscriber, b"", 2_000)
        return subscriber

    @property
    def subscribers(self) -> list[Subscriber]:
        return [self.live, self.stalled, self.waiting]

    def delete_by_signal(self) -> None:
        list(self.core.ingest(event_record({"type": "room.deleted", "room_id": "lobby"})))

    def delete_by_head_check(self) -> None:
        self.core.no_heads([self.audience.room])

    def run(self) -> None:
        while self.core.replay_queue.run_until(1.0):
            pass


def written_to(subscriber: Subscriber) -> bytes:
    transport = subscriber.transport
    assert isinstance(transport, CountingTransport)
    return b"".join(bytes(part) for part in transport.written)


@pytest.mark.parametrize("way", ["signal", "head_check"])
def test_every_stream_of_a_deleted_room_ends(sock: socket.socket, way: str) -> None:
    room = DeletedRoom(sock)
    getattr(room, f"delete_by_{way}")()
    room.run()
    assert all(each.is_closed for each in room.subscribers)
    for each in (room.live, room.waiting):
        assert b'event: stream.closing\ndata: {"reason":"room_deleted"}' in written_to(each)
    assert not room.core.registry.rooms
    assert room.core.open_streams.count == 0


def test_a_second_notice_of_the_deletion_changes_nothing(sock: socket.socket) -> None:
    room = DeletedRoom(sock)
    room.delete_by_signal()
    room.delete_by_signal()
    room.delete_by_head_check()
    room.run()
    assert all(each.is_closed for each in room.subscribers)


def test_a_flush_in_progress_ends_before_its_streams_do(sock: socket.socket) -> None:
    """A compressed stream that is left out of a started flush would have a wrong checksum."""
    room = DeletedRoom(sock)
    room.audience.log.offer(HEAD + 1, LogEntry(b"data: x\n\n", b"message.created", None))
    steps = flush_steps(room.audience.full, room.core.replay_queue, 1)
    next(steps)
    room.delete_by_signal()
    room.run()
    assert not room.live.is_closed
    list(steps)
    room.run()
    assert room.live.is_closed


def test_events_of_a_deleted_room_are_neither_taken_nor_missed(sock: socket.socket) -> None:
    room = DeletedRoom(sock)
    early = event_record(message_event("lobby", HEAD + 3, "early"))
    deleted = event_record({"type": "room.deleted", "room_id": "lobby"})
    list(room.core.ingest(early, deleted, early))
    assert room.audience.room not in room.core.tracker


def test_a_list_does_not_show_the_last_message_of_a_deleted_room() -> None:
    lists = Lists()
    audience = lists.core.follow_at(HEAD)
    _, transport = lists.open(audience)
    lists.run()
    transport.written.clear()
    lists.now += 2
    lists.receive(audience, [HEAD + 1])
    list(lists.core.ingest(event_record({"type": "room.deleted", "room_id": "lobby"})))
    lists.send_updates()
    lists.run()
    assert not any(b"room.updated" in bytes(part) for part in transport.written)
    lists.close()
