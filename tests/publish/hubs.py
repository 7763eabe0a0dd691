"""Hubs without an event loop: time is a number, chat_server and Kafka are the test."""

from collections.abc import Callable

from chat_contract.internal_api import RoomHead
from publish_server.broadcaster import Broadcaster
from publish_server.hub import Hub
from publish_server.open_streams import OpenStreams
from publish_server.pacer import FlushPacer
from publish_server.room import Room
from publish_server.room_lists import RoomLists
from publish_server.subscribers import Subscribers


def a_hub(
    clock: Callable[[], float] = lambda: 0.0,
    *,
    ring_events: int = 100,
    ring_bytes: int = 2**30,
    max_rooms: int = 1_000,
    small_flush_s: float = 0.002,
) -> Hub:
    open_streams = OpenStreams(clock)
    subscribers = Subscribers(open_streams)
    return Hub(
        subscribers,
        Broadcaster(subscribers, FlushPacer(small_flush_s=small_flush_s), clock),
        RoomLists(open_streams),
        ring_events=ring_events,
        ring_bytes=ring_bytes,
        rings_total_bytes=2**40,
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
