"""The step after a commit: send the events to Kafka, update this process's caches and end waits for events."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from prometheus_client import Counter

from chat_server.kafka.committed_event import HIDES_TEXT, CommittedEvent

LEFT_OUT: Final = Counter(
    "hotchat_calm_left_out_total",
    "Events that the calm lanes of their rooms leave out: messages, edits, reactions",
)


class RoomCache(Protocol):
    """Pages of rooms in memory; RoomReads is one."""

    def wrote(self, room_id: str, events: Sequence[CommittedEvent]) -> None: ...


class AfterCommit:
    """Called by the writer with the events of each commit, in order. Must neither block nor raise.

    The writer resolves its writes afterwards, so authors can read their own writes. Events that the producer cannot
    take stay in the outbox, and the relay sends them.
    """

    def __init__(
        self,
        *,
        produce: Callable[[Sequence[CommittedEvent]], None],
        rooms: RoomCache,
        end_event_waits: Callable[[str, int], None],
        invalidate_room_lists: Callable[[], None],
        wake_erasure: Callable[[], None],
    ) -> None:
        self._produce = produce
        self._rooms = rooms
        self._end_event_waits = end_event_waits
        self._invalidate_room_lists = invalidate_room_lists
        self._wake_erasure = wake_erasure

    def __call__(self, events: Sequence[CommittedEvent]) -> None:
        self._produce(events)
        by_room: dict[str, list[CommittedEvent]] = {}
        for event in events:
            by_room.setdefault(event.room_id, []).append(event)
        for room_id, room_events in by_room.items():
            self._rooms.wrote(room_id, room_events)
            self._end_event_waits(room_id, room_events[-1].seq)
        if any(event.type in HIDES_TEXT for event in events):
            self._wake_erasure()
        LEFT_OUT.inc(sum(event.is_left_out for event in events))
        self._invalidate_room_lists()
