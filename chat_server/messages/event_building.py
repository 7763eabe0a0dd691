"""Builds the events of a transaction. Each message is encoded as JSON once, for its event and for the response."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import orjson

from chat_contract.calm_mark import LEFT_OUT
from chat_contract.events import MAX_REACTION_USERS, Message, MessagesPurged, RoomChanged, RoomRules
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.batch_rows import MessageRow

CALM_TYPES: Final = frozenset({"message.created", "message.edited"})
"""Message events that the calm lane leaves out together with their message; it shows deletions and pins of all."""

_REPEATS_TEXT: Final = frozenset({"message.edited", "message.pinned"})
"""Events other than the creation that carry the text; a deletion finds them by their `message_id`."""


@dataclass(slots=True)
class PendingMessageEvent:
    """A message event without its seq. `view` is the message as it was right after its operation."""

    type: str
    row: MessageRow
    view: Message
    traceparent: str | None
    replied_to: UUID | None = None
    """The author of the message that this new one replies to, if the calm lane leaves it out."""

    def encode(self, seq: int) -> tuple[CommittedEvent, bytes]:
        """The event, and the JSON of its message."""
        row, event_type = self.row, self.type
        self.view["seq"] = row.seq
        message_json = orjson.dumps(self.view)
        if event_type == "message.unpinned":
            member, message_id = b'"message_id":"%b"' % str(row.id).encode(), None
        else:
            member, message_id = b'"message":' + message_json, row.id if event_type in _REPEATS_TEXT else None
        is_left_out = row.calm is False and event_type in CALM_TYPES
        mark = LEFT_OUT if is_left_out else ""
        # Types and room ids need no escapes.
        head = f'{{"type":"{event_type}","room_id":"{row.room_id}","seq":{seq}{mark},'.encode()
        payload = head + member + b"}"
        event = CommittedEvent(
            row.room_id,
            seq,
            event_type,
            message_id,
            None,
            payload,
            self.traceparent,
            is_left_out,
            self.replied_to,
        )
        return event, message_json


@dataclass(slots=True)
class PendingReactionEvent:
    """All changes to one message's reactions of one kind.

    The count is taken when the event is closed, at the latest when it is encoded.
    """

    row: MessageRow
    kind: str
    traceparent: str | None
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    count: int | None = None

    @property
    def room_id(self) -> str:
        return self.row.room_id

    def close(self) -> None:
        """Take the count: no further change belongs to this event."""
        self.count = self.row.reactions.get(self.kind, 0)

    def note(self, user_id: UUID, *, present: bool) -> None:
        """One user's change. Opposite changes cancel out, and at most MAX_REACTION_USERS are named."""
        user = str(user_id)
        joined, left = (self.added, self.removed) if present else (self.removed, self.added)
        if user in left:
            left.remove(user)
        elif len(joined) < MAX_REACTION_USERS:
            joined.append(user)

    def encode(self, seq: int) -> CommittedEvent:
        row, message_id = self.row, str(self.row.id)
        count = row.reactions.get(self.kind, 0) if self.count is None else self.count
        is_left_out = row.calm is False
        payload = orjson.dumps(
            {
                "type": "reaction.changed",
                "room_id": row.room_id,
                "seq": seq,
                **({"calm": False} if is_left_out else {}),
                "message_id": message_id,
                "kind": self.kind,
                "count": count,
                "added": self.added,
                "removed": self.removed,
            }
        )
        conflate = f"{message_id}:{self.kind}"
        return CommittedEvent(
            row.room_id, seq, "reaction.changed", None, conflate, payload, self.traceparent, is_left_out
        )


@dataclass(slots=True)
class PendingPurgeEvent:
    """The purge of all messages of these authors. It covers every seq before its own.

    `marked_ids`: those of them who may have rows that this transaction has not read, and so need a mark.
    """

    room_id: str
    author_ids: Sequence[UUID]
    marked_ids: Sequence[UUID]
    traceparent: str | None
    erased_as: UUID | None = None
    up_to_seq: int = 0
    """Known once the event is encoded."""

    def encode(self, seq: int) -> CommittedEvent:
        self.up_to_seq = seq - 1
        event: MessagesPurged = {
            "type": "messages.purged",
            "room_id": self.room_id,
            "seq": seq,
            "up_to_seq": self.up_to_seq,
        }
        ids = list(map(str, self.author_ids))
        if len(ids) == 1:
            event["author_id"] = ids[0]
        else:
            event["author_ids"] = ids
        if self.erased_as is not None:
            event["erased_as"] = str(self.erased_as)
        return CommittedEvent(
            self.room_id, seq, event["type"], None, None, orjson.dumps(event), self.traceparent
        )


@dataclass(slots=True)
class PendingRoomEvent:
    """A change of the room. `rules` are those right after it."""

    room_id: str
    rules: RoomRules
    traceparent: str | None

    def encode(self, seq: int) -> CommittedEvent:
        event: RoomChanged = {
            "type": "room.changed",
            "room_id": self.room_id,
            "seq": seq,
            "room": self.rules,
        }
        return CommittedEvent(
            self.room_id, seq, event["type"], None, None, orjson.dumps(event), self.traceparent
        )


PendingEvent = PendingMessageEvent | PendingReactionEvent | PendingPurgeEvent | PendingRoomEvent
