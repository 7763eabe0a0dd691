"""The step after a commit."""

from collections.abc import Sequence
from typing import Any

import pytest

from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.after_commit import AfterCommit


def event(room_id: str, seq: int, event_type: str = "message.created") -> CommittedEvent:
    return CommittedEvent(room_id, seq, event_type, None, None, b"{}")


class Recorder:
    """Records every call, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.after_commit = AfterCommit(
            produce=lambda events: self.calls.append(("produce", [each.seq for each in events])),
            rooms=self,
            end_event_waits=lambda room_id, seq: self.calls.append(("event waits", room_id, seq)),
            invalidate_room_lists=lambda: self.calls.append(("room lists",)),
            wake_erasure=lambda: self.calls.append(("erasure",)),
        )

    def wrote(self, room_id: str, events: Sequence[CommittedEvent]) -> None:
        self.calls.append(("wrote", room_id, [each.seq for each in events]))


def test_events_are_produced_before_the_caches_are_updated_once_for_each_room() -> None:
    recorder = Recorder()
    recorder.after_commit([event("a", 1), event("b", 7), event("a", 2)])
    assert recorder.calls == [
        ("produce", [1, 7, 2]),
        ("wrote", "a", [1, 2]),
        ("event waits", "a", 2),
        ("wrote", "b", [7]),
        ("event waits", "b", 7),
        ("room lists",),
    ]


@pytest.mark.parametrize("event_type", ["message.deleted", "messages.purged"])
def test_a_deletion_or_purge_wakes_the_erasure(event_type: str) -> None:
    recorder = Recorder()
    recorder.after_commit([event("a", 1), event("a", 2, event_type)])
    assert recorder.calls[1:] == [
        ("wrote", "a", [1, 2]),
        ("event waits", "a", 2),
        ("erasure",),
        ("room lists",),
    ]
