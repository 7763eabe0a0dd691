"""One transaction's worth of operations, folded in arrival order into rows and events. Pure: no clock, no I/O.

Only what survives takes a seq, so seq has no holes. Reaction changes to one message and kind become one event, in
the place of the last of them: the count is the truth, and the later event keeps its own place.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from chat_contract.events import MAX_REACTION_USERS, Message
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.message_view import message_view
from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    MessageResult,
    Operation,
    OperationResult,
    PostMessage,
    ReactionResult,
    SetPin,
    SetReaction,
)
from server_kit.http.problem import ChatError

MAX_KINDS_PER_MESSAGE: Final = 64
MAX_PINNED: Final = 10
"""Every newest page carries the pinned messages. Overflow rule: REFUSE, the owner decides which one goes."""

SLICE: Final = 100
"""Operations or events handled without a pause: about 1 ms of CPU time."""

MAX_EDITS: Final = 50
"""Each edit and each pin stores the text again. Overflow rule: REFUSE, 409."""

MAX_REVISIONS: Final = 100
"""Edits and pins of one message together. Pins go on where edits end, so an author cannot prevent a pin."""

_CARRY_TEXT_AGAIN: Final = frozenset({"message.edited", "message.pinned"})

IdempotencyKey = tuple[str, UUID, UUID]
ReactionKey = tuple[UUID, str, UUID]


@dataclass(slots=True)
class RoomRow:
    id: str
    last_seq: int
    message_count: int
    owner_id: UUID | None
    pinned: list[UUID]
    """The last one pinned comes first."""


@dataclass(slots=True)
class MessageRow:
    id: UUID
    room_id: str
    seq: int
    author_id: UUID
    author_nickname: str
    client_message_id: UUID
    text: str
    reply_to: UUID | None
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    reactions: dict[str, int]
    revisions: int
    """How many stored events carry the text besides the message's creation."""

    def view(self) -> Message:
        return message_view(
            id=self.id,
            room_id=self.room_id,
            seq=self.seq,
            author_id=self.author_id,
            author_nickname=self.author_nickname,
            text=self.text,
            reply_to=self.reply_to,
            created_at=self.created_at,
            edited_at=self.edited_at,
            deleted=self.deleted,
            reactions=self.reactions,
        )


@dataclass(slots=True)
class Known:
    """What the transaction read under the rooms' locks: everything the operations refer to."""

    rooms: dict[str, RoomRow]
    messages: dict[UUID, MessageRow]
    by_key: dict[IdempotencyKey, UUID]
    reactions: set[ReactionKey]


@dataclass(slots=True)
class Outcome:
    """What to write, and what to answer: `results[i]` belongs to the i-th operation."""

    results: list[OperationResult | ChatError] = field(default_factory=list)
    new_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    changed_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    new_reactions: dict[ReactionKey, MessageRow] = field(default_factory=dict)
    gone_reactions: dict[ReactionKey, None] = field(default_factory=dict)
    deleted_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    events: list[CommittedEvent] = field(default_factory=list)
    rooms: dict[str, RoomRow] = field(default_factory=dict)
    pinned_rooms: dict[str, RoomRow] = field(default_factory=dict)


@dataclass(slots=True)
class _PendingEvent:
    """An event without its seq. A message event freezes the message as it was at its own moment."""

    type: str
    room_id: str
    row: MessageRow
    frozen: Message | None
    traceparent: str | None
    kind: str = ""
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


class _Fold:
    def __init__(self, known: Known, now: datetime) -> None:
        self.known = known
        self.now = now
        self.outcome = Outcome()
        self.pending: dict[object, _PendingEvent] = {}
        self.answers: list[MessageRow | tuple[MessageRow, str] | ChatError] = []
        self.is_first_post: list[bool] = []
        self.reacted: set[UUID] = set()
        self.traceparent: str | None = None

    def apply(self, operation: Operation) -> None:
        created = False
        self.traceparent = operation.traceparent
        try:
            match operation:
                case PostMessage():
                    row, created = self._post(operation)
                    self.answers.append(row)
                case EditMessage():
                    self.answers.append(self._edit(operation))
                case DeleteMessage():
                    self.answers.append(self._delete(operation))
                case SetPin():
                    self.answers.append(self._pin(operation))
                case SetReaction():
                    self.answers.append((self._react(operation), operation.kind))
        except ChatError as error:
            self.answers.append(error)
        self.is_first_post.append(created)

    def _post(self, post: PostMessage) -> tuple[MessageRow, bool]:
        key = (post.room_id, post.author_id, post.client_message_id)
        earlier = self.known.by_key.get(key)
        if earlier is not None:
            return self.known.messages[earlier], False
        if post.reply_to is not None:
            self._message(post.room_id, post.reply_to)
        row = MessageRow(
            id=post.message_id,
            room_id=post.room_id,
            seq=0,
            author_id=post.author_id,
            author_nickname=post.author_nickname,
            client_message_id=post.client_message_id,
            text=post.text,
            reply_to=post.reply_to,
            created_at=self.now,
            edited_at=None,
            deleted=False,
            reactions={},
            revisions=0,
        )
        self.known.messages[row.id] = row
        self.known.by_key[key] = row.id
        self.outcome.new_messages[row.id] = row
        self._emit("message.created", row)
        return row, True

    def _edit(self, edit: EditMessage) -> MessageRow:
        row = self._message(edit.room_id, edit.message_id)
        if row.author_id != edit.editor_id:
            raise ChatError("forbidden", "Only its author can edit a message.")
        if row.deleted:
            raise ChatError("message_not_found", "This message was deleted.")
        if row.text != edit.text:
            if row.revisions >= MAX_EDITS:
                raise ChatError(
                    "too_many", f"A message can be edited {MAX_EDITS} times; write a new message instead."
                )
            self._unpin_unless_owner(row, edit.editor_id)
            row.text = edit.text
            row.edited_at = self.now
            row.revisions += 1
            self._changed(row)
            self._emit("message.edited", row)
        return row

    def _unpin_unless_owner(self, row: MessageRow, editor_id: UUID) -> None:
        """The owner pinned a text, not a message: its author cannot exchange the text under the pin."""
        room = self.known.rooms[row.room_id]
        if row.id in room.pinned and editor_id != room.owner_id:
            self._set_pinned(room, [each for each in room.pinned if each != row.id])
            self._emit("message.unpinned", row)

    def _delete(self, delete: DeleteMessage) -> MessageRow:
        row = self._message(delete.room_id, delete.message_id)
        room = self.known.rooms[delete.room_id]
        if not delete.is_operator and delete.deleter_id not in (row.author_id, room.owner_id):
            raise ChatError("forbidden", "Only its author or the room's owner can delete a message.")
        if not row.deleted:
            row.text = ""
            row.deleted = True
            row.reactions = {}
            self._changed(row)
            self.outcome.deleted_messages[row.id] = row
            if row.id in room.pinned:
                self._set_pinned(room, [each for each in room.pinned if each != row.id])
            for key in [key for key in self.outcome.new_reactions if key[0] == row.id]:
                del self.outcome.new_reactions[key]
            self._emit("message.deleted", row)
        return row

    def _pin(self, pin: SetPin) -> MessageRow:
        row = self._message(pin.room_id, pin.message_id)
        room = self.known.rooms[pin.room_id]
        if not pin.is_operator and pin.user_id != room.owner_id:
            raise ChatError("forbidden", "Only the room's owner can pin messages.")
        if row.deleted and pin.present:
            raise ChatError("message_not_found", "This message was deleted.")
        others = [each for each in room.pinned if each != row.id]
        if (len(others) < len(room.pinned)) is pin.present:
            return row
        if pin.present and len(others) >= MAX_PINNED:
            raise ChatError("forbidden", f"A room has at most {MAX_PINNED} pinned messages; unpin one first.")
        if pin.present:
            if row.revisions >= MAX_REVISIONS:
                raise ChatError(
                    "too_many",
                    f"This message was edited and pinned {MAX_REVISIONS} times; write a new one and pin that.",
                )
            row.revisions += 1
            self._changed(row)
        self._set_pinned(room, [row.id, *others] if pin.present else others)
        self._emit("message.pinned" if pin.present else "message.unpinned", row)
        return row

    def _set_pinned(self, room: RoomRow, pinned: list[UUID]) -> None:
        room.pinned = pinned
        self.outcome.pinned_rooms[room.id] = room

    def _react(self, react: SetReaction) -> MessageRow:
        row = self._message(react.room_id, react.message_id)
        if row.deleted:
            raise ChatError("message_not_found", "This message was deleted.")
        key = (row.id, react.kind, react.user_id)
        if (key in self.known.reactions) is react.present:
            return row
        counts = row.reactions
        if react.present:
            if react.kind not in counts and len(counts) >= MAX_KINDS_PER_MESSAGE:
                raise ChatError(
                    "forbidden", f"A message takes at most {MAX_KINDS_PER_MESSAGE} kinds of reactions."
                )
            self.known.reactions.add(key)
            counts[react.kind] = counts.get(react.kind, 0) + 1
            if key in self.outcome.gone_reactions:
                del self.outcome.gone_reactions[key]
            else:
                self.outcome.new_reactions[key] = row
        else:
            self.known.reactions.discard(key)
            left = counts.get(react.kind, 1) - 1
            if left > 0:
                counts[react.kind] = left
            else:
                counts.pop(react.kind, None)
            if key in self.outcome.new_reactions:
                del self.outcome.new_reactions[key]
            else:
                self.outcome.gone_reactions[key] = None
        self._changed(row)
        self.reacted.add(row.id)
        self._emit_reaction(row, react)
        return row

    def _message(self, room_id: str, message_id: UUID) -> MessageRow:
        row = self.known.messages.get(message_id)
        if row is None or row.room_id != room_id:
            raise ChatError("message_not_found", "There is no such message in this room.")
        return row

    def _changed(self, row: MessageRow) -> None:
        if row.id not in self.outcome.new_messages:
            self.outcome.changed_messages[row.id] = row

    def _emit(self, event_type: str, row: MessageRow) -> None:
        key = (len(self.answers), event_type)
        self.pending[key] = _PendingEvent(event_type, row.room_id, row, row.view(), self.traceparent)

    def _emit_reaction(self, row: MessageRow, react: SetReaction) -> None:
        event = self.pending.pop((row.id, react.kind), None) or _PendingEvent(
            "reaction.changed", row.room_id, row, None, react.traceparent, react.kind
        )
        self.pending[row.id, react.kind] = event
        user = str(react.user_id)
        joined, left = (event.added, event.removed) if react.present else (event.removed, event.added)
        if user in left:
            left.remove(user)
        elif len(joined) < MAX_REACTION_USERS:
            joined.append(user)

    def finish(self) -> Generator[None, None, Outcome]:
        """Number and encode the events; yields after every SLICE of them."""
        outcome = self.outcome
        for index, pending in enumerate(self.pending.values()):
            if index and index % SLICE == 0:
                yield
            room = self.known.rooms[pending.room_id]
            room.last_seq += 1
            outcome.rooms[room.id] = room
            if pending.type == "message.created":
                pending.row.seq = room.last_seq
                room.message_count += 1
            if pending.frozen is not None and pending.row.id in outcome.deleted_messages:
                pending.frozen = (
                    pending.row.view()
                )  # written and deleted in one batch: its text is in no event
            outcome.events.append(_encode(pending, room.last_seq))
        views: dict[UUID, Message] = {}
        for pending in self.pending.values():
            if pending.frozen is not None:
                views[pending.row.id] = pending.frozen
        for row_id in self.reacted:
            views.pop(row_id, None)  # its events froze it before the last reaction
        for answer, created in zip(self.answers, self.is_first_post, strict=True):
            outcome.results.append(_result(answer, created, views))
        return outcome


def apply_in_slices(
    operations: Sequence[Operation], known: Known, now: datetime
) -> Generator[None, None, Outcome]:
    """Apply the operations, in order, to one transaction. Changes `known`; each error belongs to one operation.

    Yields after every SLICE operations or events, so that the caller can let others work; never for a small batch.
    """
    fold = _Fold(known, now)
    for index, operation in enumerate(operations):
        if index and index % SLICE == 0:
            yield
        fold.apply(operation)
    if len(operations) > SLICE:
        yield
    outcome = yield from fold.finish()
    if len(operations) > SLICE:
        yield
    return outcome


def _encode(pending: _PendingEvent, seq: int) -> CommittedEvent:
    row = pending.row
    head = {"type": pending.type, "room_id": pending.room_id, "seq": seq}
    if pending.type == "message.unpinned":
        payload = orjson.dumps({**head, "message_id": str(row.id)})
        return CommittedEvent(pending.room_id, seq, pending.type, None, None, payload, pending.traceparent)
    if pending.frozen is None:
        kind = pending.kind
        count = row.reactions.get(kind, 0)
        message_id = str(row.id)
        body = {
            **head,
            "message_id": message_id,
            "kind": kind,
            "count": count,
            "added": pending.added,
            "removed": pending.removed,
        }
        conflate = f"{message_id}:{kind}"
        return CommittedEvent(
            pending.room_id, seq, pending.type, None, conflate, orjson.dumps(body), pending.traceparent
        )
    pending.frozen["seq"] = row.seq
    payload = orjson.dumps({**head, "message": pending.frozen})
    text_of = row.id if pending.type in _CARRY_TEXT_AGAIN else None
    return CommittedEvent(pending.room_id, seq, pending.type, text_of, None, payload, pending.traceparent)


def _result(
    answer: MessageRow | tuple[MessageRow, str] | ChatError, created: bool, views: dict[UUID, Message]
) -> OperationResult | ChatError:
    if isinstance(answer, ChatError):
        return answer
    if isinstance(answer, tuple):
        row, kind = answer
        return ReactionResult(row.id, kind, row.reactions.get(kind, 0))
    return MessageResult(views.get(answer.id) or answer.view(), created)


def read_needs(operations: Iterable[Operation]) -> tuple[list[UUID], list[IdempotencyKey], list[ReactionKey]]:
    """What the transaction has to read before `apply_in_slices`: messages by id and by key, and reactions."""
    ids: dict[UUID, None] = {}
    keys: dict[IdempotencyKey, None] = {}
    reactions: dict[ReactionKey, None] = {}
    for operation in operations:
        match operation:
            case PostMessage():
                keys[operation.room_id, operation.author_id, operation.client_message_id] = None
                if operation.reply_to is not None:
                    ids[operation.reply_to] = None
            case SetReaction():
                ids[operation.message_id] = None
                reactions[operation.message_id, operation.kind, operation.user_id] = None
            case EditMessage() | DeleteMessage() | SetPin():
                ids[operation.message_id] = None
    return list(ids), list(keys), list(reactions)
