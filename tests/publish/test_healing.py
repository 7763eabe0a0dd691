"""What an answer of chat_server says about events that Kafka did not bring, and what it does not say."""

import orjson
import pytest

from chat_contract.internal_api import RoomHead
from publish_server.broadcaster import Broadcaster
from publish_server.chat_client import StoredEvents, stored_event
from publish_server.hub import Hub
from publish_server.pacer import FlushPacer
from publish_server.room import Room
from publish_server.subscribers import Subscribers


def hub_with_room_at(head: int) -> tuple[Hub, Room]:
    subscribers = Subscribers(lambda: 0.0)
    hub = Hub(
        subscribers,
        Broadcaster(subscribers, FlushPacer(), lambda: 0.0),
        ring_events=100,
        ring_bytes=2**20,
        rings_total_bytes=2**20,
        clock=lambda: 0.0,
    )
    room = hub.watch("lobby")
    hub.take_heads([room], {"lobby": head_at(head)}, 1)
    return hub, room


def head_at(last_seq: int) -> RoomHead:
    return {
        "last_seq": last_seq,
        "oldest_seq": 1,
        "message_count": last_seq,
        "heat": {"hot": False, "since": None, "fetches_per_s": 0.0},
        "slow_mode_s": 0,
    }


def answer(*seqs: int, last_seq: int) -> StoredEvents:
    events = [
        stored_event(orjson.dumps({"type": "message.created", "room_id": "lobby", "seq": seq}))
        for seq in seqs
    ]
    return StoredEvents(events, last_seq, has_more=False)


@pytest.mark.parametrize(
    ("committed", "stored", "head", "gap"),
    [
        pytest.param(8, answer(6, 7, 8, last_seq=8), 8, False, id="the events are there"),
        pytest.param(8, answer(7, 8, last_seq=8), 8, True, id="the first one is gone"),
        pytest.param(8, answer(last_seq=8), 8, True, id="all are gone"),
        pytest.param(5, answer(last_seq=8), 5, False, id="the answer's last_seq is newer than its events"),
        pytest.param(8, answer(last_seq=5), 5, False, id="the answer is older than what we miss"),
        pytest.param(7, answer(last_seq=9), 7, True, id="some are gone, others may be newer"),
    ],
)
def test_only_what_was_stored_before_the_read_can_be_gone(
    committed: int, stored: StoredEvents, head: int, gap: bool
) -> None:
    hub, room = hub_with_room_at(5)
    hub.heal(room, 5, committed, stored)
    assert room.log.head == head
    found = room.log.since(5, head, 10_000)
    assert found is not None
    assert (b"stream.gap" in found.body) == gap
