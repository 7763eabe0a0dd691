"""The calm lane: `?pace=calm` leaves out what chat_server has marked, and says exactly what that was."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, cast

import orjson
import pytest

from chat_contract.events import MAX_REPLIED_TO
from load_tests.contract_checks import chat_contract
from publish_server.fanout.calm_pacer import (
    REACTIONS_EVERY_S,
    TAIL_S,
    THINNED_EVERY_S,
    THINNED_FOR_S,
    CalmPacer,
)
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.subscriber import Subscriber
from publish_server.rooms.calm_runs import CalmNews, SkippedRun
from publish_server.rooms.log_entry import LogEntry
from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.hub_fixtures import PLAIN, Core, event_record
from tests.publish.stored_rooms import StoredRooms, message_event
from tests.publish.stream_reader import StreamClient, StreamReader
from tests.publish.test_hub_machine import SocketTransport

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOWN = CalmNews(5, has_left_out=False, has_reactions=False)
THINNED = CalmNews(5, has_left_out=True, has_reactions=False)
ONLY_LEFT_OUT = CalmNews(None, has_left_out=True, has_reactions=False)
NOTHING = CalmNews(None, has_left_out=False, has_reactions=False)
REACTION = CalmNews(5, has_left_out=False, has_reactions=True)


class Pacer:
    """A pacer and its clock."""

    def __init__(self) -> None:
        self.pacer = CalmPacer()

    def due_s(self, news: CalmNews, now_s: float, *, has_signals: bool = False) -> float:
        self.pacer.note(news, now_s)
        return max(now_s, self.pacer.due_s(news, now_s, has_signals=has_signals))

    def flush(self, news: CalmNews, now_s: float, *, has_tail: bool = False) -> None:
        self.pacer.note(news, now_s)
        self.pacer.flushed(news, now_s, has_tail=has_tail)


async def test_a_lane_that_leaves_nothing_out_never_waits() -> None:
    pacer = Pacer()
    for now_s in (0.0, 0.01, 0.02):
        assert pacer.due_s(SHOWN, now_s) == now_s
        pacer.flush(SHOWN, now_s)
    assert pacer.due_s(NOTHING, 0.03, has_signals=True) == 0.03
    assert pacer.due_s(NOTHING, 0.03) == float("inf")


async def test_a_thinned_lane_flushes_twice_a_second_until_all_is_shown_again() -> None:
    pacer = Pacer()
    pacer.flush(THINNED, 1.0, has_tail=True)
    for news, has_signals in ((THINNED, False), (SHOWN, False), (ONLY_LEFT_OUT, True)):
        assert pacer.due_s(news, 1.1, has_signals=has_signals) == 1.0 + THINNED_EVERY_S
    pacer.flush(SHOWN, 1.6)
    later_s = 1.1 + THINNED_FOR_S + 0.1
    assert pacer.due_s(SHOWN, later_s) == later_s


async def test_flushes_with_reactions_are_a_second_apart_and_other_flushes_do_not_wait_for_them() -> None:
    pacer = Pacer()
    assert pacer.due_s(REACTION, 0.5) == 0.5
    pacer.flush(REACTION, 0.5)
    assert pacer.due_s(SHOWN, 0.6) == 0.6
    pacer.flush(SHOWN, 0.6)
    assert pacer.due_s(REACTION, 0.7) == 0.5 + REACTIONS_EVERY_S


async def test_a_run_without_a_later_row_is_announced_after_a_second() -> None:
    pacer = Pacer()
    assert pacer.due_s(ONLY_LEFT_OUT, 3.0) == 3.0 + TAIL_S
    assert pacer.due_s(ONLY_LEFT_OUT, 3.5) == 3.0 + TAIL_S
    assert not pacer.pacer.is_tail_due(3.9) and pacer.pacer.is_tail_due(4.0)
    pacer.flush(ONLY_LEFT_OUT, 4.0)
    assert pacer.due_s(NOTHING, 9.0) == float("inf")
    # What a flush with a later row leaves behind waits from that flush on.
    pacer.due_s(THINNED, 10.0)
    pacer.flush(THINNED, 10.6, has_tail=True)
    assert pacer.due_s(ONLY_LEFT_OUT, 10.7) == 10.6 + TAIL_S


async def test_a_skipped_run_names_some_of_the_people_who_were_answered() -> None:
    run = SkippedRun(4)
    assert run.end_before(5) == b""
    for seq in range(6, 6 + 2 * MAX_REPLIED_TO):
        run.add(seq, LogEntry(b"", b"message.created", None, is_left_out=True, replied_to=b"user-%d" % seq))
        run.add(seq, LogEntry(b"", b"reaction.changed", b"x", is_left_out=True))
    frame = run.end_before(6 + 2 * MAX_REPLIED_TO)
    skipped = orjson.loads(frame.split(b"data: ")[1])
    chat_contract().check_schema("StreamSkipped", skipped)
    assert (skipped["from_seq"], skipped["to_seq"]) == (5, 5 + 2 * MAX_REPLIED_TO)
    assert skipped["messages"] == 2 * MAX_REPLIED_TO
    assert skipped["replied_to"] == [f"user-{seq}" for seq in range(6, 6 + MAX_REPLIED_TO)]
    assert frame.startswith(b"id: %d\nevent: stream.skipped\n" % skipped["to_seq"])
    assert run.end_before(100) == b""


# A room without an event loop


class Reader:
    """A stream in one of the lanes, on a real socket."""

    def __init__(self, audience: RoomAudience, *, is_calm: bool) -> None:
        ours, self._sock = socket.socketpair()
        for end in (ours, self._sock):
            end.setblocking(False)
        self._transport = SocketTransport(ours)
        group = audience.group(PLAIN, is_calm=is_calm)
        subscriber = Subscriber(audience, cast(asyncio.Transport, self._transport), group, None)
        self._transport.protocol = subscriber
        audience.join(subscriber, b"HEAD", 2_000)
        self.read()

    def read(self) -> bytes:
        """What has arrived since the last call."""
        try:
            return self._sock.recv(1_000_000)
        except BlockingIOError:
            return b""

    def labels(self) -> list[str]:
        return [frame.label for frame in frames_of(self.read())]

    def close(self) -> None:
        self._transport.abort()
        self._sock.close()


class Lanes:
    """One reader of each lane of a room, whose clock is a number."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.core = Core(lambda: self.now_s)
        self.audience = self.core.follow_at(0)
        self.full = Reader(self.audience, is_calm=False)
        self.calm = Reader(self.audience, is_calm=True)
        self.seq = 0

    def post(self, *left_out: bool) -> None:
        events = [message(self.seq + number, is_left_out=each) for number, each in enumerate(left_out, 1)]
        self.seq += len(events)
        list(self.core.ingest(*map(event_record, events)))

    def react(self) -> None:
        self.seq += 1
        changed = {"message_id": "m", "kind": "heart", "count": self.seq, "added": [], "removed": []}
        event = {"type": "reaction.changed", "room_id": "lobby", "seq": self.seq, **changed}
        list(self.core.ingest(event_record(event, conflate="m:heart")))

    def pass_s(self, seconds: float) -> None:
        """As the periodic job does."""
        self.now_s += seconds
        list(self.core.followed_rooms.flush_calm_lanes())


def message(seq: int, *, is_left_out: bool = False) -> dict[str, Any]:
    event = message_event("lobby", seq, f"text {seq}")
    return {**event, "calm": False} if is_left_out else event


class Shown(NamedTuple):
    label: str
    type: str
    id: int
    data: dict[str, Any]


def frames_of(stream: bytes) -> list[Shown]:
    shown = []
    for frame in stream.split(b"\n\n"):
        fields = dict(line.split(b": ", 1) for line in frame.split(b"\n") if line)
        event_type = fields.get(b"event", b"").decode()
        if not event_type or event_type in ("stream.opened", "stream.ping", "stream.closing"):
            continue
        data, id_ = orjson.loads(fields[b"data"]), int(fields.get(b"id", b"0"))
        label = f"{data['from_seq']}-{data['to_seq']}" if event_type == "stream.skipped" else str(id_)
        shown.append(Shown(label, event_type, id_, data))
    return shown


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    lanes = Lanes()
    yield lanes
    lanes.full.close()
    lanes.calm.close()


async def test_below_the_rate_both_lanes_send_the_same_bytes(lanes: Lanes) -> None:
    for _ in range(5):
        lanes.post(False, False)
        lanes.react()
        list(lanes.core.ingest(event_record({"type": "room.viewers", "room_id": "lobby", "viewers": 7})))
        lanes.pass_s(REACTIONS_EVERY_S)
        full = lanes.full.read()
        assert full and lanes.calm.read() == full


async def test_left_out_events_become_one_frame_before_the_next_row(lanes: Lanes) -> None:
    lanes.post(False, True, True, False, True)
    assert lanes.full.labels() == ["1", "2", "3", "4", "5"]
    assert lanes.calm.labels() == ["1", "1-3", "4"]
    lanes.post(True, False)
    assert lanes.calm.labels() == []
    lanes.pass_s(THINNED_EVERY_S)
    assert lanes.calm.labels() == ["4-6", "7"]
    lanes.post(True)
    lanes.pass_s(TAIL_S - 0.1)
    assert lanes.calm.labels() == []
    lanes.pass_s(0.2)
    assert lanes.calm.labels() == ["7-8"]
    assert not lanes.audience.calm.has_news()


async def test_many_reactions_to_a_message_come_once_a_second(lanes: Lanes) -> None:
    shown = []
    for _ in range(30):
        lanes.react()
        lanes.pass_s(0.1)
        shown += lanes.calm.labels()
    lanes.pass_s(REACTIONS_EVERY_S)
    shown += lanes.calm.labels()
    assert shown[0] == "1" and shown[-1] == "30"
    assert len(shown) <= 5


async def test_a_hot_lane_writes_twice_a_second_whatever_comes(lanes: Lanes) -> None:
    flushes = 0
    for tick in range(100):
        lanes.post(*[True] * 5, tick % 3 == 0)
        list(lanes.core.ingest(event_record({"type": "room.viewers", "room_id": "lobby", "viewers": tick})))
        lanes.pass_s(0.02)
        flushes += bool(lanes.calm.read())
    assert flushes == 4


async def test_a_lane_without_streams_keeps_nothing(lanes: Lanes) -> None:
    lanes.post(True)
    lanes.calm.close()
    list(lanes.core.ingest(event_record({"type": "room.viewers", "room_id": "lobby", "viewers": 7})))
    assert not lanes.audience.calm.has_news() and not lanes.audience.calm.signals
    lanes.post(False)
    lanes.calm = Reader(lanes.audience, is_calm=True)
    lanes.post(True, False)
    assert lanes.calm.labels() == ["2-3", "4"]


# Servers with real Kafka


def burst(stored: StoredRooms, room: str, *left_out: bool) -> list[dict[str, Any]]:
    """Store messages of which the calm lane leaves some out."""
    events = stored.store(room, len(left_out))
    for event, is_left_out in zip(events, left_out, strict=True):
        if is_left_out:
            event["calm"] = event["message"]["calm"] = False
    return events


async def read_to(stream: StreamReader, seq: int) -> list[Shown]:
    """The frames up to that seq, each checked to follow the one before exactly."""
    frames: list[Shown] = []
    at = (await stream.next_frame()).data["seq"]
    while at < seq:
        frame = await stream.next_event()
        if frame.type == "stream.skipped":
            chat_contract().check_schema("StreamSkipped", frame.data)
            assert frame.data["from_seq"] == at
        else:
            assert frame.data["seq"] == at + 1 and "calm" not in frame.data
        at = int(frame.id)
        frames.append(Shown("", frame.type, at, frame.data))
    assert at == seq
    return frames


def rows(frames: Sequence[Shown]) -> list[int]:
    return [frame.id for frame in frames if frame.type != "stream.skipped"]


def skipped(frames: Sequence[Shown]) -> list[int]:
    return [
        seq
        for frame in frames
        if frame.type == "stream.skipped"
        for seq in range(frame.data["from_seq"] + 1, frame.data["to_seq"] + 1)
    ]


async def test_every_reader_gets_the_same_rows_also_after_a_resume_on_another_server(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    pattern = [seq % 7 not in (1, 5) for seq in range(1, 301)]
    expected = [seq for seq, is_left_out in enumerate(pattern, 1) if not is_left_out]
    burst(stored, room, *pattern[:100])
    urls = [await started(start_publish) for _ in range(2)]
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(StreamClient.of(url)) for url in urls]
        stay = await stack.enter_async_context(one.open(room, cursor=0, pace="calm"))
        leave = await stack.enter_async_context(one.open(room, cursor=0, pace="calm"))
        await broker.send(*burst(stored, room, *pattern[100:200]))
        first = await read_to(leave, 166)
        resumed = await stack.enter_async_context(other.open(room, cursor=166, pace="calm"))
        await broker.send(*burst(stored, room, *pattern[200:]))
        second, whole = await read_to(resumed, 300), await read_to(stay, 300)
        again = await read_to(await stack.enter_async_context(other.open(room, cursor=3, pace="calm")), 300)
    assert rows(whole) == expected == rows(first) + rows(second)
    assert rows(again) == [seq for seq in expected if seq > 3]
    assert sorted(rows(whole) + skipped(whole)) == list(range(1, 301))
    assert sum(frame.data.get("messages", 0) for frame in whole) == 300 - len(expected)


async def test_a_compressed_calm_stream_shows_the_same(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    burst(stored, room, True, False, True)
    url = await started(start_publish, STREAM_GZIP="always")
    async with StreamClient.of(url) as client, AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(
                client.open(room, cursor=0, pace="calm", headers={"Accept-Encoding": encoding})
            )
            for encoding in ("gzip", "identity")
        ]
        assert [each.response.headers.get("content-encoding") for each in streams] == ["gzip", None]
        await broker.send(*burst(stored, room, True, False))
        compressed, plain = [await read_to(each, 5) for each in streams]
    assert compressed == plain
    assert rows(plain) == [2, 5]


async def test_an_unknown_pace_is_refused_and_calm_streams_are_counted(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    async with stream_client.open(room, pace="fast") as stream:
        assert stream.response.status_code == 422
    async with stream_client.open(room, pace="calm") as stream:
        await stream.next_frame()
        metrics = await stream_client.client.get(f"{stream_client.base_url}/metrics")
    assert 'hotchat_streams_open{kind="calm"} 1.0' in metrics.text
