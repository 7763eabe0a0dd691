"""Applies held posts, and the decisions of hosts about them, to the state of a transaction. Pure.

A held message has no seq and is in no event. Once a host allows it, it is a new message: it takes the next seq.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from chat_contract.events import HeldBy
from chat_server.http.errors import held_not_found
from chat_server.messages.batch_rows import HeldRow, IdempotencyKey, LockedRoom, MessageRow
from chat_server.messages.batch_state import BatchState
from chat_server.messages.operations import PostMessage
from chat_server.messages.room_operations import SettleHeld
from server_kit.http.problem import ChatError

MAX_HELD: Final = 1_000
"""Messages of one room that wait for its hosts. Overflow rule: REFUSE, 422; hotchat_held_refused_total counts it."""

MAX_HELD_OF_PERSON: Final = 10
"""The same for one person, so that nobody fills the queue of a room alone."""


def hold(state: BatchState, post: PostMessage, held_by: HeldBy) -> HeldRow:
    """Raises ChatError `message_refused` when the queue is full."""
    room = state.input.rooms[post.room_id]
    counts = state.input.held_counts
    of_person, of_room = (room.id, post.author_id), (room.id, None)
    if counts.get(of_person, 0) >= MAX_HELD_OF_PERSON or counts.get(of_room, 0) >= MAX_HELD:
        state.result.held_refused += 1
        raise ChatError(
            "message_refused",
            "Hosts check messages like this one first, and too many wait for them; write something else, or try "
            "again later.",
            filter=held_by,
        )
    for key in (of_person, of_room):
        counts[key] = counts.get(key, 0) + 1
    row = HeldRow(
        id=post.message_id,
        room_id=room.id,
        author_id=post.author_id,
        author_nickname=post.author_nickname,
        client_message_id=post.client_message_id,
        text=post.text,
        reply_to=post.reply_to,
        filter=held_by,
        created_at=state.now,
    )
    state.input.held[row.id] = row
    state.input.held_by_key[row.key] = row.id
    state.result.new_held[row.id] = row
    return row


def held_before(state: BatchState, key: IdempotencyKey) -> HeldRow | None:
    """The message that was held under this key. Raises ChatError `message_refused` if hosts have refused it."""
    held_id = state.input.held_by_key.get(key)
    if held_id is None:
        return None
    row = state.input.held[held_id]
    if row.is_refused:
        raise ChatError("message_refused", "A host of this room has refused this message.", filter=row.filter)
    return row


def settle_held(state: BatchState, operation: SettleHeld) -> MessageRow | HeldRow:
    """The new message, or the refused one. Again: the same. Raises ChatError `forbidden` or `not_found`."""
    room = state.input.rooms[operation.room_id]
    role = state.acting_role(room, operation.actor_id, is_operator=operation.is_operator)
    state.require_all(role, operation.actions)
    allowed = state.input.messages.get(operation.held_id)
    if allowed is not None and allowed.room_id == room.id and operation.is_allowed:
        return allowed
    row = state.input.held.get(operation.held_id)
    if row is None or row.room_id != room.id or (row.is_refused and operation.is_allowed):
        raise held_not_found()
    if row.is_refused:
        return row
    _leave_queue(state, row)
    action = "allow_message" if operation.is_allowed else "refuse_message"
    state.log_operation(operation, action, row.author_id, row.author_nickname, {"message_id": str(row.id)})
    if operation.is_allowed:
        return _allow(state, room, row)
    row.is_refused = True
    state.result.refused_held[row.id] = row
    return row


def _allow(state: BatchState, room: LockedRoom, row: HeldRow) -> MessageRow:
    _forget(state, row)
    state.result.allowed_held[row.id] = None
    return state.add_message(row.id, row, state.role_of(room, row.author_id))


def drop_held(state: BatchState, room: LockedRoom, authors: Collection[UUID]) -> None:
    """Drop all messages of these people that wait, also those that this transaction has not read."""
    for row in [each for each in state.input.held.values() if each.room_id == room.id]:
        if row.author_id in authors and not row.is_refused:
            _leave_queue(state, row)
            _forget(state, row)
    for author_id in authors:
        unread = state.input.held_counts.pop((room.id, author_id), 0)
        if (room.id, None) in state.input.held_counts:
            state.input.held_counts[room.id, None] -= unread
        if room.has_held:
            state.result.dropped_held[room.id, author_id] = None


def _leave_queue(state: BatchState, row: HeldRow) -> None:
    counts = state.input.held_counts
    for key in ((row.room_id, row.author_id), (row.room_id, None)):
        if key in counts:
            counts[key] -= 1


def _forget(state: BatchState, row: HeldRow) -> None:
    del state.input.held[row.id], state.input.held_by_key[row.key]
    state.result.new_held.pop(row.id, None)
