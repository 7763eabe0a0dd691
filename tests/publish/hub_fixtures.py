"""Hubs without an event loop: time is a number, chat_server and Kafka are the test."""

import socket
from collections.abc import Callable

from chat_contract.internal_api import RoomHead
from publish_server.fanout.broadcaster import Broadcaster
from publish_server.fanout.open_streams import OpenStreams
from publish_server.fanout.pacer import FlushPacer
from publish_server.fanout.room_list_streams import RoomLists
from publish_server.fanout.subscribers import Subscribers
from publish_server.rooms.hub import Hub
from publish_server.rooms.room import Room
from publish_server.streams.connection import Connection


def a_hub(
    clock: Callable[[], float] = lambda: 0.0,
    *,
    ring_events: int = 100,
    ring_bytes: int = 2**30,
    max_rooms: int = 1_000,
    small_flush_s: float = 0.002,
    rings_total_bytes: int = 2**40,
    max_held_bytes: int = 2**40,
) -> Hub:
    open_streams = OpenStreams(clock, max_held_bytes)
    subscribers = Subscribers(open_streams)
    return Hub(
        subscribers,
        Broadcaster(subscribers, FlushPacer(small_flush_s=small_flush_s), clock),
        RoomLists(open_streams),
        ring_events=ring_events,
        ring_bytes=ring_bytes,
        rings_total_bytes=rings_total_bytes,
        max_rooms=max_rooms,
        clock=clock,
    )


def room_at(hub: Hub, head: int, room_id: str = "lobby") -> Room:
    room = hub.watch(room_id)
    hub.take_heads([room], {room_id: head_at(head)}, 1)
    return room


def head_at(last_seq: int) -> RoomHead:
    return {
        "last_seq": last_seq,
        "oldest_seq": 1,
        "message_count": last_seq,
        "heat": {"hot": False, "since": None, "fetches_per_s": 0.0},
        "slow_mode_s": 0,
    }


class CountingTransport:
    """Keeps what is written; from when a connection is `stuck` its client takes nothing."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.written: list[bytes | memoryview] = []
        self.stuck: Connection | None = None

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
