"""What waits for a flush while the process is short of CPU, with a clock that the test moves."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any, cast

import orjson
import pytest
from prometheus_client import REGISTRY

from publish_server.fanout.flush_priority import PAUSE_S, Waiting, earliest_flush_s
from publish_server.fanout.flush_queue import FlushQueue
from publish_server.fanout.lane import MAX_FLUSH_BYTES, Lane
from server_kit.overload_policy import ShedLevel
from tests.publish.hub_fixtures import Core, CountingTransport, KafkaRecord, event_record, subscriber_of

AUTHOR = {"id": "0190a1b2-0000-7000-8000-000000000001", "nickname": "ada"}


def message(seq: int, event_type: str = "message.created") -> dict[str, Any]:
    view = {"id": f"message-{seq}", "seq": seq, "author": AUTHOR, "text": "hello", "deleted": False}
    return {"type": event_type, "room_id": "lobby", "seq": seq, "message": view}


def reaction(seq: int, message_id: str = "message-1") -> dict[str, Any]:
    return {
        "type": "reaction.changed",
        "room_id": "lobby",
        "seq": seq,
        "message_id": message_id,
        "kind": "heart",
    }


def record(event: dict[str, Any]) -> KafkaRecord:
    is_reaction = event["type"] == "reaction.changed"
    return event_record(event, conflate=f"{event['message_id']}:{event['kind']}" if is_reaction else None)


def purge(seq: int) -> dict[str, Any]:
    return {"type": "messages.purged", "room_id": "lobby", "seq": seq, "author_ids": [], "up_to_seq": 0}


def viewers(count: int) -> dict[str, Any]:
    return {"type": "room.viewers", "room_id": "lobby", "viewers": count}


TYPING = {"type": "room.typing", "room_id": "lobby", "users": [AUTHOR]}
HEAT = {"type": "room.heat", "room_id": "lobby", "heat": {"hot": True, "since": None, "fetches_per_s": 1.0}}


def counted(what: str) -> float:
    return REGISTRY.get_sample_value("hotchat_shed_total", {"what": what}) or 0.0


class ShortRoom:
    """A room with one stream in a process at that level. Its first flush was just now."""

    def __init__(self, level: ShedLevel, ours: socket.socket, clients: socket.socket) -> None:
        self.now_s = 100.0
        self.core = Core(lambda: self.now_s, shed_level=level)
        self.audience = self.core.follow_at(0)
        self._clients = clients
        self._clients.setblocking(False)
        stream = subscriber_of(self.audience, CountingTransport(ours))
        stream.descriptor = ours.fileno()
        self.audience.join(stream, b"", 1_000)
        self.receive(message(1))
        assert self.seqs_of_next_flush() == [1]

    def receive(self, *events: dict[str, Any]) -> None:
        list(self.core.ingest(*map(record, events)))

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        list(self.core.broadcaster.wake_postponed())

    def frames(self) -> list[dict[str, Any]]:
        """What the stream got since the last call."""
        data = b""
        with suppress(BlockingIOError):
            while True:
                data += self._clients.recv(2**20)
        return [orjson.loads(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]

    def seqs_of_next_flush(self) -> list[int]:
        return [frame["seq"] for frame in self.frames()]


StartShortRoom = Callable[[ShedLevel], ShortRoom]


@pytest.fixture
def short_room() -> Iterator[StartShortRoom]:
    with ExitStack() as stack:

        def start(level: ShedLevel) -> ShortRoom:
            ours, clients = socket.socketpair()
            return ShortRoom(level, stack.enter_context(ours), stack.enter_context(clients))

        yield start


@pytest.mark.parametrize(
    ("event", "what", "level"),
    [(viewers(7), "viewers", "2"), (reaction(2), "reactions", "3"), (message(2), "messages", "4")],
)
def test_what_a_level_leaves_out_waits_for_a_later_flush_and_is_counted(
    short_room: StartShortRoom, event: dict[str, Any], what: str, level: ShedLevel
) -> None:
    before = counted(what)
    at_once = short_room(cast(ShedLevel, str(int(level) - 1)))
    at_once.receive(event)
    assert [frame["type"] for frame in at_once.frames()] == [event["type"]]
    assert counted(what) == before

    short = short_room(level)
    short.receive(event)
    pause_s = PAUSE_S[Waiting[what.upper()]]
    short.pass_s(pause_s - 0.01)
    assert short.frames() == []
    short.pass_s(0.01)
    assert [frame["type"] for frame in short.frames()] == [event["type"]]
    assert counted(what) == before + 1


def test_typing_is_dropped_and_counted(short_room: StartShortRoom) -> None:
    before = counted("typing")
    short = short_room("1")
    short.receive(TYPING, TYPING)
    short.pass_s(100)
    assert short.frames() == []
    assert counted("typing") == before + 2


@pytest.mark.parametrize("removal", [message(4, "message.deleted"), purge(4)])
def test_a_removal_takes_the_backlog_of_messages_with_it_at_once_and_in_order(
    short_room: StartShortRoom, removal: dict[str, Any]
) -> None:
    short = short_room("4")
    short.receive(message(2), message(3))
    assert short.frames() == []
    short.receive(removal)
    assert short.seqs_of_next_flush() == [2, 3, 4]


def test_at_level_three_messages_are_sent_at_once_and_take_reactions_along(
    short_room: StartShortRoom,
) -> None:
    short = short_room("3")
    short.receive(reaction(2))
    assert short.frames() == []
    short.receive(message(3))
    assert short.seqs_of_next_flush() == [2, 3]


def test_reactions_that_wait_are_merged_by_message_and_kind_and_counted(short_room: StartShortRoom) -> None:
    merged = "hotchat_flush_reactions_merged_total"
    short = short_room("3")
    before = REGISTRY.get_sample_value(merged) or 0.0
    for seq in range(2, 12):
        short.receive(reaction(seq))
    short.receive(reaction(12, "message-9"))
    short.pass_s(PAUSE_S[Waiting.REACTIONS])
    assert short.seqs_of_next_flush() == [11, 12]
    assert (REGISTRY.get_sample_value(merged) or 0.0) - before == 9


def test_something_more_urgent_ends_a_long_wait(short_room: StartShortRoom) -> None:
    short = short_room("3")
    short.receive(viewers(7))
    short.receive(reaction(2))
    short.pass_s(PAUSE_S[Waiting.REACTIONS])
    assert [frame["type"] for frame in short.frames()] == ["reaction.changed", "room.viewers"]


def test_heat_does_not_wait_below_the_level_of_messages(short_room: StartShortRoom) -> None:
    short = short_room("3")
    short.receive(HEAT)
    assert [frame["type"] for frame in short.frames()] == ["room.heat"]


def test_a_stream_that_resumes_while_messages_wait_gets_each_of_them_once(short_room: StartShortRoom) -> None:
    short = short_room("4")
    short.receive(message(2))
    ours, clients = socket.socketpair()
    with ours, clients:
        resumed = subscriber_of(short.audience, CountingTransport(ours), cursor=1)
        resumed.descriptor = ours.fileno()
        short.audience.join(resumed, b"", 1_000)
        short.receive(message(3))
        short.pass_s(PAUSE_S[Waiting.MESSAGES])
        assert short.seqs_of_next_flush() == [2, 3]
        assert [line for line in clients.recv(2**16).split(b"\n") if line.startswith(b"id: ")] == [
            b"id: 2",
            b"id: 3",
        ]


async def test_a_backlog_larger_than_a_flush_is_sent_without_further_pauses(
    short_room: StartShortRoom,
) -> None:
    short = short_room("4")
    long_messages = [message(seq) for seq in range(2, 6)]
    for each in long_messages:
        each["message"]["text"] = "x" * (MAX_FLUSH_BYTES // 3)
    short.receive(*long_messages)
    broadcasting = asyncio.create_task(short.core.broadcaster.run())
    short.pass_s(PAUSE_S[Waiting.MESSAGES])
    assert short.audience.full.is_queued
    await short.core.broadcaster.settled()
    broadcasting.cancel()
    assert short.seqs_of_next_flush() == [2, 3, 4, 5]


def test_a_removal_has_no_pause() -> None:
    assert earliest_flush_s(Waiting.REMOVAL, 7.0) == 7.0


def lanes(count: int) -> list[Lane]:
    core = Core()
    return [core.follow_at(0, f"room-{number}").full for number in range(count)]


def test_rooms_with_removals_overtake_others_every_other_turn() -> None:
    queue = FlushQueue()
    rooms = lanes(5)
    for room in rooms[:3]:
        queue.push(room, is_removal=False)
    for room in rooms[3:]:
        queue.push(room, is_removal=True)
    assert len(queue) == 5
    assert [rooms.index(queue.pop()) for _ in rooms] == [3, 0, 4, 1, 2]


def test_a_queued_room_moves_ahead_once_and_only_with_a_removal() -> None:
    queue = FlushQueue()
    rooms = lanes(3)
    for room in rooms:
        queue.push(room, is_removal=False)
    queue.push(rooms[0], is_removal=False)
    queue.push(rooms[2], is_removal=True)
    queue.push(rooms[2], is_removal=False)
    assert [rooms.index(queue.pop()) for _ in rooms] == [2, 0, 1]
    assert not any(room.is_queued for room in rooms)
