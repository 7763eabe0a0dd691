"""Conclusions from a reply of chat_server about events that Kafka did not deliver."""

import orjson
import pytest

from publish_server.recovery.chat_client import StoredEvents, stored_event
from tests.publish.hub_fixtures import Core


def reply(*seqs: int, last_seq: int) -> StoredEvents:
    events = [
        stored_event(orjson.dumps({"type": "message.created", "room_id": "lobby", "seq": seq}))
        for seq in seqs
    ]
    return StoredEvents(events, last_seq, has_more=False)


@pytest.mark.parametrize(
    ("server_head", "stored", "head", "gap"),
    [
        pytest.param(8, reply(6, 7, 8, last_seq=8), 8, False, id="all events are stored"),
        pytest.param(8, reply(7, 8, last_seq=8), 8, True, id="the first event is gone"),
        pytest.param(8, reply(last_seq=8), 8, True, id="all events are gone"),
        pytest.param(5, reply(last_seq=8), 5, False, id="last_seq is newer than the reply's events"),
        pytest.param(8, reply(last_seq=5), 5, False, id="the reply is older than the missing events"),
        pytest.param(7, reply(last_seq=9), 7, True, id="some events are gone, others may be newer"),
    ],
)
def test_only_events_stored_before_the_read_count_as_gone(
    server_head: int, stored: StoredEvents, head: int, gap: bool
) -> None:
    core = Core()
    room = core.follow_at(5).room
    list(core.restore(room, 5, server_head, stored))
    assert room.log.head == head
    joined = room.log.since(5, head, 10_000)
    assert joined is not None
    assert (b"stream.gap" in joined.body) == gap
