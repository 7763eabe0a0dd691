"""Gives each event of a transaction the next seq of its room. Pure.

The transaction holds the lock of each room's row, so commit order is seq order. Only operations that succeed have an
event, so seqs have no holes.
"""

from collections.abc import Collection, Generator, Iterable, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.batch_rows import LockedRoom
from chat_server.messages.event_building import PendingEvent, PendingMessageEvent

SLICE: Final = 100
"""Operations or events handled without a pause: about 1 ms of CPU time."""

_CODE_POINTS_PER_OPERATION: Final = 20


def cost_of_check(text: str) -> int:
    """How many operations cost as much as to check the text against filters."""
    return len(text) // _CODE_POINTS_PER_OPERATION


class NumberedEvents(NamedTuple):
    """The events in order, the rooms whose `last_seq` they raised, and the JSON of each message by its id."""

    events: list[CommittedEvent]
    rooms: dict[str, LockedRoom]
    encoded: dict[UUID, bytes]


def number_events(
    pending: Iterable[PendingEvent],
    rooms: Mapping[str, LockedRoom],
    deleted: Collection[UUID],
) -> Generator[None, None, NumberedEvents]:
    """Number and encode the events. Yields after every SLICE of them. `deleted` are ids of deleted messages."""
    numbered = NumberedEvents([], {}, {})
    events, changed_rooms, encoded = numbered
    for index, event in enumerate(pending):
        if index and index % SLICE == 0:
            yield
        room = rooms[event.row.room_id if isinstance(event, PendingMessageEvent) else event.room_id]
        room.last_seq += 1
        changed_rooms[room.id] = room
        if not isinstance(event, PendingMessageEvent):
            events.append(event.encode(room.last_seq))
            continue
        row = event.row
        if event.type == "message.created":
            row.seq = room.last_seq
            room.message_count += 1
        if deleted and row.id in deleted:
            event.view = row.view()  # posted and deleted in one batch: no event holds its text
        committed, encoded[row.id] = event.encode(room.last_seq)
        events.append(committed)
    return numbered
