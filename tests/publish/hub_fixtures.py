"""The core of publish_server without an event loop. Time is a number, and the test replaces chat_server and Kafka."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import NamedTuple, cast

import orjson

from chat_contract.internal_api import RoomHead
from chat_contract.topics import event_headers
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.broadcaster import Broadcaster
from publish_server.fanout.catch_up import CatchUp, Pages
from publish_server.fanout.flush_pacer import FlushPacer
from publish_server.fanout.followed_rooms import FollowedRooms
from publish_server.fanout.open_streams import OpenStreams
from publish_server.fanout.replay_queue import ReplayQueue
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.room_list_streams import RoomListStreams
from publish_server.fanout.stalled_streams import StalledStreams
from publish_server.fanout.stream import Stream
from publish_server.fanout.subscriber import Subscriber
from publish_server.fanout.timer_wheel import TimerWheel
from publish_server.recovery.access_checks import AccessChecks
from publish_server.recovery.chat_client import ChatClient, StoredEvents
from publish_server.recovery.head_check_queue import HeadCheckQueue
from publish_server.recovery.missing_events import restore
from publish_server.rooms.hub import Hub
from publish_server.rooms.missing_tracker import MissingTracker
from publish_server.rooms.record_parser import Record
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import RoomLog
from publish_server.rooms.room_registry import RoomRegistry
from server_kit.load_shedder import LoadShedder
from server_kit.overload_policy import ShedLevel

PLAIN = StreamEncoding(is_chunked=False)


class KafkaRecord(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def event_record(event: Mapping[str, object], *, conflate: str | None = None) -> KafkaRecord:
    """The record of an event, as chat_server produces it."""
    seq = event.get("seq")
    assert seq is None or isinstance(seq, int)
    headers = event_headers(
        str(event["type"]), seq, conflate=conflate, is_left_out=event.get("calm") is False
    )
    return KafkaRecord(str(event["room_id"]).encode(), orjson.dumps(event), headers)


class NoPages:
    """Catch-up pages that never hold any event."""

    def page(self, room: Room, cursor: int) -> RoomLog | None:
        return None

    def read(self, room: Room, cursor: int, stream: Subscriber) -> None:
        pass

    def mark_deleted(self, room: Room, message_id: bytes) -> list[int]:
        return []

    def report_purges(self, report: Callable[[Room, int], None]) -> None:
        pass


class Core:
    """Every object between Kafka and the sockets, wired as main.py does it."""

    def __init__(
        self,
        clock: Callable[[], float] = lambda: 0.0,
        *,
        ring_events: int = 100,
        ring_bytes: int = 2**30,
        max_rooms: int = 1_000,
        small_flush_s: float = 0.002,
        rings_total_bytes: int = 2**40,
        max_buffered_bytes: int = 2**40,
        stall_s: float = 30,
        pages: Pages | None = None,
        shed_level: ShedLevel = "0",
    ) -> None:
        self.registry = RoomRegistry(ring_events=ring_events, ring_bytes=ring_bytes, max_rooms=max_rooms)
        self.tracker = MissingTracker(clock)
        self.head_check_queue = HeadCheckQueue()
        self.stalled = StalledStreams(clock, stall_s=stall_s, max_buffered_bytes=max_buffered_bytes)
        self.wheel = TimerWheel(clock, Random(1), ping_s=15, lifetime_s=900)
        self.open_streams = OpenStreams(self.stalled, self.wheel)
        self.replay_queue = ReplayQueue(clock)
        self.lists = RoomListStreams(self.open_streams, clock)
        self.shedder = LoadShedder(shed_level, clock)
        self.broadcaster = Broadcaster(
            self.replay_queue, FlushPacer(small_flush_s=small_flush_s), self.shedder, clock
        )
        self.catch_up = CatchUp(NoPages() if pages is None else pages)
        self.access_checks = AccessChecks(cast(ChatClient, None))
        self.followed_rooms = FollowedRooms(
            self.registry,
            self.tracker,
            self.open_streams,
            self.lists,
            self.catch_up,
            self.replay_queue,
            self.head_check_queue,
            self.broadcaster,
            self.access_checks,
            clock,
        )
        self.hub = Hub(
            self.registry,
            self.tracker,
            self.followed_rooms,
            rings_total_bytes=rings_total_bytes,
            shedder=self.shedder,
            is_draining=lambda: False,
            clock=clock,
        )

    def ingest(self, *records: KafkaRecord) -> Iterator[None]:
        return self.hub.ingest([cast(Record, record) for record in records])

    def restore(self, room: Room, after_seq: int, server_head: int, stored: StoredEvents) -> Iterator[None]:
        return restore(self.hub, self.tracker, room, after_seq, server_head, stored)

    def follow_at(self, head: int, room_id: str = "lobby") -> RoomAudience:
        """Follow a room that has this head."""
        audience = self.followed_rooms.follow(room_id)
        self.hub.take_heads([audience.room], {room_id: head_at(head)}, 1)
        return audience

    def no_heads(self, rooms: Iterable[Room]) -> None:
        """chat_server does not know these rooms."""
        self.hub.take_heads(rooms, {}, 1)


def head_at(last_seq: int) -> RoomHead:
    return {
        "last_seq": last_seq,
        "oldest_seq": 1,
        "message_count": last_seq,
        "heat": {"hot": False, "since": None, "fetches_per_s": 0.0},
        "slow_mode_s": 0,
    }


class CountingTransport:
    """Records all writes. Once `stuck` is set, the client reads nothing."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.written: list[bytes | memoryview] = []
        self.stuck: Stream | None = None

    def get_extra_info(self, name: str) -> socket.socket:
        assert name == "socket"
        return self._sock

    def write(self, data: bytes | memoryview) -> None:
        self.written.append(data)
        if self.stuck is not None and not self.stuck.is_stalled:
            self.stuck.pause_writing()

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


def subscriber_of(
    audience: RoomAudience, transport: CountingTransport, cursor: int | None = None
) -> Subscriber:
    """A subscriber that has not joined yet. Several may share one socket."""
    group = audience.group(PLAIN, is_notify=False)
    subscriber = Subscriber(audience, cast(asyncio.Transport, transport), group, cursor)
    subscriber.descriptor = id(subscriber)
    return subscriber
