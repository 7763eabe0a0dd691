"""Applies the operations of one transaction, in order of arrival, to the rows that it read. Pure: no clock, no I/O.

The events of operations that succeed then take their seqs, see seq_numbering.py. Reaction changes to one message and
kind become a single event at the position of the last of them: its count is final, and no later event moves. A ban is a
barrier: nothing before it merges with anything after it.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson

from chat_server.filters.rules import FiltersChanged, TextCheck, TextFilter, refused, text_digest
from chat_server.messages.batch_rows import BatchInput, HeldRow, LockedRoom, MessageRow
from chat_server.messages.batch_state import BatchResult, BatchState
from chat_server.messages.held_actions import held_before, hold, settle_held
from chat_server.messages.host_actions.apply import apply_room_operation
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
    checked_by,
)
from chat_server.messages.room_operations import (
    BanUsers,
    ChangeRoom,
    DeferredResult,
    ErasePerson,
    LiftBan,
    PurgeUsers,
    SettleHeld,
)
from chat_server.messages.seq_numbering import SLICE, cost_of_check, number_events
from chat_server.rooms.posting_rules import check_guest_can_post
from chat_server.rooms.roles import Action, Role, outranks, role_in_room
from server_kit.http.problem import ChatError

MAX_KINDS_PER_MESSAGE: Final = 64
MAX_PINNED: Final = 10
"""Every latest page carries the pinned messages. Overflow rule: REFUSE, the owner decides which one to unpin."""

MAX_EDITS: Final = 50
"""Each edit and each pin stores the text again. Overflow rule: REFUSE, 409."""

MAX_REVISIONS: Final = 100
"""Edits and pins of one message together. More than MAX_EDITS, so that an author cannot prevent a pin."""


@dataclass(frozen=True, slots=True)
class _FirstPost:
    """The row of a new post, as opposed to a repeated one."""

    row: MessageRow | HeldRow


_Reply = MessageRow | HeldRow | _FirstPost | tuple[MessageRow, str] | DeferredResult | ChatError
"""An operation's result before the events have their seqs."""


class OperationApplier(BatchState):
    """Applies operations, see `apply_in_slices`."""

    def __init__(self, batch_input: BatchInput, now: datetime) -> None:
        super().__init__(batch_input, now)
        self.replies: list[_Reply] = []
        self.changed_by_reaction: set[UUID] = set()

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
                case SettleHeld():
                    reply = settle_held(self, operation)
                case BanUsers() | LiftBan() | ChangeRoom() | ErasePerson() | PurgeUsers():
                    reply = apply_room_operation(self, operation)
        except ChatError as error:
            reply = error
        self.replies.append(reply)

    def _post(self, post: PostMessage) -> MessageRow | HeldRow | _FirstPost:
        key = (post.room_id, post.author_id, post.client_message_id)
        earlier = self.input.by_key.get(key)
        if earlier is not None:
            return self.input.messages[earlier]
        held = held_before(self, key)
        if held is not None:
            return held
        role = self._check_can_write(self.input.rooms[post.room_id], post.author_id)
        if post.reply_to is not None:
            self.message(post.room_id, post.reply_to)
        if role is Role.GUEST and (held := self._filter_post(post)) is not None:
            return _FirstPost(held)
        return _FirstPost(self.add_message(post.message_id, post, role))

    def _filter_post(self, post: PostMessage) -> HeldRow | None:
        """The held message, if a filter holds the post. Raises ChatError `message_refused`."""
        room = self.input.rooms[post.room_id]
        check = self._check_text(post)
        if check.hit is not None and check.hit.action == "refuse":
            raise refused(check.hit.kind, in_nickname=check.hit.in_nickname)
        recent = (
            (room.id, post.author_id, check.digest or text_digest(post.text))
            if room.refuses_repeats
            else None
        )
        if recent in self.input.recent_texts:
            raise refused("repeats")
        held = None if check.hit is None else hold(self, post, check.hit.kind)
        if recent is not None:
            self.input.recent_texts.add(recent)
            self.result.recent_texts[recent] = None
        return held

    def _check_text(self, operation: PostMessage | EditMessage) -> TextCheck:
        """The check of the text against the room's present filters."""
        text_filter = self.filter_of(operation)
        return operation.check if text_filter is None else checked_by(text_filter, operation)

    def filter_of(self, operation: PostMessage | EditMessage) -> TextFilter | None:
        """The room's filters if they must check the text: they have changed since its check."""
        room = self.input.rooms[operation.room_id]
        is_checked = operation.check.version == room.filter_version
        if is_checked or role_in_room(operation.actor_id, room.owner_id, room.moderators).is_host:
            return None
        return self.input.filters[room.id]

    def _check_can_write(self, room: LockedRoom, user_id: UUID) -> Role:
        """The role of a person who may post and edit. Raises ChatError `banned` or `posting_restricted`."""
        self.check_not_banned(room.id, user_id)
        role = role_in_room(user_id, room.owner_id, room.moderators)
        if room.who_can_post != "everyone" and not role.is_host:
            check_guest_can_post(room.who_can_post, room.regular_after_s, user_id, self.input.now)
        return role

    def _edit(self, edit: EditMessage) -> MessageRow:
        row = self.message(edit.room_id, edit.message_id)
        if row.author_id != edit.actor_id:
            raise ChatError("forbidden", "Only its author can edit a message.")
        if row.deleted:
            raise ChatError("message_not_found", "This message was deleted.")
        if row.text != edit.text:
            role = self._check_can_write(self.input.rooms[row.room_id], edit.actor_id)
            if row.revisions >= MAX_EDITS:
                raise ChatError(
                    "too_many", f"A message can be edited {MAX_EDITS} times; write a new message instead."
                )
            if not role.is_host:
                hit = self._check_text(edit).hit
                if hit is not None:
                    raise refused(hit.kind)
                self._unpin(row)
            row.text = edit.text
            row.edited_at = self.now
            row.revisions += 1
            self.note_change(row)
            self.emit_message("message.edited", row)
        return row

    def _unpin(self, row: MessageRow) -> None:
        """An edit by its author ends the pin: a host has pinned the earlier text."""
        room = self.input.rooms[row.room_id]
        if row.id in room.pinned:
            self.set_pinned(room, [each for each in room.pinned if each != row.id])
            self.emit_message("message.unpinned", row)

    def _delete(self, delete: DeleteMessage) -> MessageRow:
        row = self.message(delete.room_id, delete.message_id)
        room = self.input.rooms[delete.room_id]
        is_own = delete.actor_id == row.author_id
        if not is_own:
            role = self.acting_role(room, delete.actor_id, is_operator=delete.is_operator)
            self.require(role, Action.DELETE_MESSAGE)
            if not outranks(role, self.role_of(room, row.author_id)):
                raise ChatError("forbidden", "Only a higher role may delete messages of this host.")
        if not row.deleted:
            self.hide(row)
            if row.id in room.pinned:
                self.set_pinned(room, [each for each in room.pinned if each != row.id])
            for key in [key for key in self.result.new_reactions if key[0] == row.id]:
                del self.result.new_reactions[key]
            self.emit_message("message.deleted", row)
            if not is_own:
                self.log_of_message(
                    room, delete.actor_id, "delete_message", row, is_operator=delete.is_operator
                )
        return row

    def _pin(self, pin: SetPin) -> MessageRow:
        row = self.message(pin.room_id, pin.message_id)
        room = self.input.rooms[pin.room_id]
        self.require(self.acting_role(room, pin.actor_id, is_operator=pin.is_operator), Action.PIN)
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
            self.note_change(row)
        self.set_pinned(room, [row.id, *other_pins] if pin.pinned else other_pins)
        self.emit_message("message.pinned" if pin.pinned else "message.unpinned", row)
        action = "pin_message" if pin.pinned else "unpin_message"
        self.log_of_message(room, pin.actor_id, action, row, is_operator=pin.is_operator)
        return row

    def _react(self, react: SetReaction) -> MessageRow:
        row = self.message(react.room_id, react.message_id)
        if row.deleted:
            raise ChatError("message_not_found", "This message was deleted.")
        key = (row.id, react.kind, react.actor_id)
        if (key in self.input.reactions) is react.present:
            return row
        counts = row.reactions
        if react.present:
            self.check_not_banned(react.room_id, react.actor_id)
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
        self.note_change(row)
        self.changed_by_reaction.add(row.id)
        self.emit_reaction(row, react.kind, react.actor_id, present=react.present)
        return row

    def finish(self) -> Generator[None, None, BatchResult]:
        """Number and encode the events, then make the results. Yields after every SLICE of events."""
        result = self.result
        numbered = yield from number_events(self.pending.values(), self.input.rooms, result.deleted_messages)
        result.events, result.rooms, encoded = numbered
        for purge in self.purges:
            for author_id in purge.marked_ids:
                result.purge_marks[purge.room_id, author_id] = purge.up_to_seq
        for row_id in self.changed_by_reaction:
            encoded.pop(row_id, None)  # encoded before the last reaction
        result.results = [self._result(reply, encoded) for reply in self.replies]
        return result

    def _result(self, reply: _Reply, encoded: dict[UUID, bytes]) -> OperationResult | ChatError:
        if isinstance(reply, _FirstPost):  # the most frequent reply
            row, created = reply.row, True
        elif isinstance(reply, ChatError):
            return reply
        elif isinstance(reply, DeferredResult):
            return reply.make()
        elif isinstance(reply, tuple):
            changed, kind = reply
            return ReactionResult(changed.id, kind, changed.reactions.get(kind, 0))
        else:
            row, created = reply, False
        if isinstance(row, HeldRow):
            return MessageResult(orjson.dumps(row.view()), created, is_held=True)
        message_json = encoded.get(row.id)
        if message_json is None:
            message_json = encoded[row.id] = orjson.dumps(row.view())
        return MessageResult(message_json, created)


def apply_in_slices(
    operations: Sequence[Operation], batch_input: BatchInput, now: datetime
) -> Generator[None, None, BatchResult]:
    """Apply the operations, in order. Changes `batch_input`; an error concerns one operation only.

    Yields after every SLICE operations or events, so that the caller can let other tasks run. The check of a text
    counts as several operations. One that needs filters that are not built gets FiltersChanged. A small batch never
    yields.
    """
    state = OperationApplier(batch_input, now)
    cost = 0
    for operation in operations:
        if cost >= SLICE:
            yield
            cost = 0
        if isinstance(operation, PostMessage | EditMessage):
            text_filter = state.filter_of(operation)
            if text_filter is not None:
                if not text_filter.is_built:
                    state.replies.append(FiltersChanged(text_filter))
                    continue
                cost += cost_of_check(operation.text)
        state.apply(operation)
        cost += 1
    if len(operations) > SLICE:
        yield
    result = yield from state.finish()
    if len(operations) > SLICE:
        yield
    return result
