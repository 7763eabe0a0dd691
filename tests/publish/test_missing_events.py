"""What an answer of chat_server says about events that Kafka did not bring, and what it does not say."""

import orjson
import pytest

from publish_server.recovery.chat_client import StoredEvents, stored_event
from tests.publish.hub_fixtures import a_hub, room_at


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
    hub = a_hub()
    room = room_at(hub, 5)
    list(hub.heal(room, 5, committed, stored))
    assert room.log.head == head
    found = room.log.since(5, head, 10_000)
    assert found is not None
    assert (b"stream.gap" in found.body) == gap
