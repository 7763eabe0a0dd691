"""The step after a commit: send the events to Kafka, invalidate this process's caches and end waits for events."""

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

    def wrote(self, room_id: str, last_seq: int, *, hides_text: bool = False) -> None: ...


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
        left_out = 0
        for event in events:
            left_out += event.is_left_out
            hides_text = event.type in HIDES_TEXT
            self._rooms.wrote(event.room_id, event.seq, hides_text=hides_text)
            self._end_event_waits(event.room_id, event.seq)
            if hides_text:
                self._wake_erasure()
        LEFT_OUT.inc(left_out)
        self._invalidate_room_lists()
