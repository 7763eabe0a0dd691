"""Applies the operations of one transaction, in order of arrival, to the rows that it read. Pure: no clock, no I/O.

The events of operations that succeed then take their seqs, see seq_numbering.py. Reaction changes to one message and
kind become a single event at the position of the last of them: its count is final, and no later event moves.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.batch_rows import BatchInput, LockedRoom, MessageRow, ReactionKey
from chat_server.messages.event_building import PendingMessageEvent, PendingReactionEvent
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
from chat_server.messages.seq_numbering import SLICE, number_events
from server_kit.http.problem import ChatError

MAX_KINDS_PER_MESSAGE: Final = 64
MAX_PINNED: Final = 10
"""Every latest page carries the pinned messages. Overflow rule: REFUSE, the owner decides which one to unpin."""

MAX_EDITS: Final = 50
"""Each edit and each pin stores the text again. Overflow rule: REFUSE, 409."""

MAX_REVISIONS: Final = 100
"""Edits and pins of one message together. More than MAX_EDITS, so that an author cannot prevent a pin."""


@dataclass(slots=True)
class BatchResult:
    """What to write, and the result of each operation: `results[i]` belongs to the i-th."""

    results: list[OperationResult | ChatError] = field(default_factory=list)
    new_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    changed_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    new_reactions: dict[ReactionKey, MessageRow] = field(default_factory=dict)
    removed_reactions: dict[ReactionKey, None] = field(default_factory=dict)
    deleted_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    events: list[CommittedEvent] = field(default_factory=list)
    rooms: dict[str, LockedRoom] = field(default_factory=dict)
    pinned_rooms: dict[str, LockedRoom] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _FirstPost:
    """The row of a new post, as opposed to a repeated one."""

    row: MessageRow


_Reply = MessageRow | _FirstPost | tuple[MessageRow, str] | ChatError
"""An operation's result before the events have their seqs."""


class BatchState:
    """The rows of one transaction while its operations are applied; see `apply_in_slices`."""

    def __init__(self, batch_input: BatchInput, now: datetime) -> None:
        self.input = batch_input
        self.now = now
        self.result = BatchResult()
        self.pending: dict[object, PendingMessageEvent | PendingReactionEvent] = {}
        self.replies: list[_Reply] = []
        self.changed_by_reaction: set[UUID] = set()
        self.traceparent: str | None = None

    def apply(self, operation: Operation) -> None:
        self.traceparent = operation.traceparent
        reply: _Reply
        try:
            match operation:
                case PostMessage():
                    reply = self._post(operation)
                case EditMessage():
                    reply = self._edit(operation)
                case DeleteMessage():
                    reply = self._delete(operation)
                case SetPin():
                    reply = self._pin(operation)
                case SetReaction():
                    reply = (self._react(operation), operation.kind)
        except ChatError as error:
            reply = error
        self.replies.append(reply)

    def _post(self, post: PostMessage) -> MessageRow | _FirstPost:
        key = (post.room_id, post.author_id, post.client_message_id)
        earlier = self.input.by_key.get(key)
        if earlier is not None:
            return self.input.messages[earlier]
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
        self.input.messages[row.id] = row
        self.input.by_key[key] = row.id
        self.result.new_messages[row.id] = row
        self._emit("message.created", row)
        return _FirstPost(row)

    def _edit(self, edit: EditMessage) -> MessageRow:
        row = self._message(edit.room_id, edit.message_id)
        if row.author_id != edit.actor_id:
            raise ChatError("forbidden", "Only its author can edit a message.")
        if row.deleted:
            raise ChatError("message_not_found", "This message was deleted.")
        if row.text != edit.text:
            if row.revisions >= MAX_EDITS:
                raise ChatError(
                    "too_many", f"A message can be edited {MAX_EDITS} times; write a new message instead."
                )
            self._unpin_unless_owner(row, edit.actor_id)
            row.text = edit.text
            row.edited_at = self.now
            row.revisions += 1
            self._note_change(row)
            self._emit("message.edited", row)
        return row

    def _unpin_unless_owner(self, row: MessageRow, editor_id: UUID) -> None:
        """An edit by its author ends the pin: the owner has pinned the earlier text."""
        room = self.input.rooms[row.room_id]
        if row.id in room.pinned and editor_id != room.owner_id:
            self._set_pinned(room, [each for each in room.pinned if each != row.id])
            self._emit("message.unpinned", row)

    def _delete(self, delete: DeleteMessage) -> MessageRow:
        row = self._message(delete.room_id, delete.message_id)
        room = self.input.rooms[delete.room_id]
        if not delete.is_operator and delete.actor_id not in (row.author_id, room.owner_id):
            raise ChatError("forbidden", "Only its author or the room's owner can delete a message.")
        if not row.deleted:
            row.text = ""
            row.deleted = True
            row.reactions = {}
            self._note_change(row)
            self.result.deleted_messages[row.id] = row
            if row.id in room.pinned:
                self._set_pinned(room, [each for each in room.pinned if each != row.id])
            for key in [key for key in self.result.new_reactions if key[0] == row.id]:
                del self.result.new_reactions[key]
            self._emit("message.deleted", row)
        return row

    def _pin(self, pin: SetPin) -> MessageRow:
        row = self._message(pin.room_id, pin.message_id)
        room = self.input.rooms[pin.room_id]
        if not pin.is_operator and pin.actor_id != room.owner_id:
            raise ChatError("forbidden", "Only the room's owner can pin messages.")
        if row.deleted and pin.pinned:
            raise ChatError("message_not_found", "This message was deleted.")
        other_pins = [each for each in room.pinned if each != row.id]
        if (len(other_pins) < len(room.pinned)) is pin.pinned:
            return row
        if pin.pinned and len(other_pins) >= MAX_PINNED:
            raise ChatError("forbidden", f"A room has at most {MAX_PINNED} pinned messages; unpin one first.")
        if pin.pinned:
            if row.revisions >= MAX_REVISIONS:
                raise ChatError(
                    "too_many",
                    f"This message was edited and pinned {MAX_REVISIONS} times; write a new one and pin that.",
                )
            row.revisions += 1
            self._note_change(row)
        self._set_pinned(room, [row.id, *other_pins] if pin.pinned else other_pins)
        self._emit("message.pinned" if pin.pinned else "message.unpinned", row)
        return row

    def _set_pinned(self, room: LockedRoom, pinned: list[UUID]) -> None:
        room.pinned = pinned
        self.result.pinned_rooms[room.id] = room

    def _react(self, react: SetReaction) -> MessageRow:
        row = self._message(react.room_id, react.message_id)
        if row.deleted:
            raise ChatError("message_not_found", "This message was deleted.")
        key = (row.id, react.kind, react.actor_id)
        if (key in self.input.reactions) is react.present:
            return row
        counts = row.reactions
        if react.present:
            if react.kind not in counts and len(counts) >= MAX_KINDS_PER_MESSAGE:
                raise ChatError(
                    "forbidden", f"A message takes at most {MAX_KINDS_PER_MESSAGE} kinds of reactions."
                )
            self.input.reactions.add(key)
            counts[react.kind] = counts.get(react.kind, 0) + 1
            if key in self.result.removed_reactions:
                del self.result.removed_reactions[key]
            else:
                self.result.new_reactions[key] = row
        else:
            self.input.reactions.discard(key)
            left = counts.get(react.kind, 1) - 1
            if left > 0:
                counts[react.kind] = left
            else:
                counts.pop(react.kind, None)
            if key in self.result.new_reactions:
                del self.result.new_reactions[key]
            else:
                self.result.removed_reactions[key] = None
        self._note_change(row)
        self.changed_by_reaction.add(row.id)
        self._emit_reaction(row, react)
        return row

    def _message(self, room_id: str, message_id: UUID) -> MessageRow:
        row = self.input.messages.get(message_id)
        if row is None or row.room_id != room_id:
            raise ChatError("message_not_found", "There is no such message in this room.")
        return row

    def _note_change(self, row: MessageRow) -> None:
        if row.id not in self.result.new_messages:
            self.result.changed_messages[row.id] = row

    def _emit(self, event_type: str, row: MessageRow) -> None:
        key = (len(self.replies), event_type)
        self.pending[key] = PendingMessageEvent(event_type, row, row.view(), self.traceparent)

    def _emit_reaction(self, row: MessageRow, react: SetReaction) -> None:
        key = (row.id, react.kind)
        event = self.pending.pop(key, None)
        if not isinstance(event, PendingReactionEvent):
            event = PendingReactionEvent(row, react.kind, react.traceparent)
        self.pending[key] = event
        event.note(react.actor_id, present=react.present)

    def finish(self) -> Generator[None, None, BatchResult]:
        """Number and encode the events, then make the results. Yields after every SLICE of events."""
        result = self.result
        numbered = yield from number_events(self.pending.values(), self.input.rooms, result.deleted_messages)
        result.events, result.rooms, encoded = numbered
        for row_id in self.changed_by_reaction:
            encoded.pop(row_id, None)  # encoded before the last reaction
        result.results = [self._result(reply, encoded) for reply in self.replies]
        return result

    def _result(self, reply: _Reply, encoded: dict[UUID, bytes]) -> OperationResult | ChatError:
        if isinstance(reply, ChatError):
            return reply
        if isinstance(reply, tuple):
            row, kind = reply
            return ReactionResult(row.id, kind, row.reactions.get(kind, 0))
        row, created = (reply.row, True) if isinstance(reply, _FirstPost) else (reply, False)
        message_json = encoded.get(row.id)
        if message_json is None:
            message_json = encoded[row.id] = orjson.dumps(row.view())
        return MessageResult(message_json, created)


def apply_in_slices(
    operations: Sequence[Operation], batch_input: BatchInput, now: datetime
) -> Generator[None, None, BatchResult]:
    """Apply the operations, in order. Changes `batch_input`; an error concerns one operation only.

    Yields after every SLICE operations or events, so that the caller can let other tasks run. A small batch never
    yields.
    """
    state = BatchState(batch_input, now)
    for index, operation in enumerate(operations):
        if index and index % SLICE == 0:
            yield
        state.apply(operation)
    if len(operations) > SLICE:
        yield
    result = yield from state.finish()
    if len(operations) > SLICE:
        yield
    return result
