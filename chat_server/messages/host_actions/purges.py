"""Deletes all messages of people in a room. Pure."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from chat_server.messages.batch_rows import LockedRoom
from chat_server.messages.batch_state import BatchState
from chat_server.messages.event_building import PendingPurgeEvent
from chat_server.messages.room_operations import DeferredResult, PurgeResult, PurgeUsers

MAX_COUNTED: Final = 1_000
"""Purged messages that a result counts; it leaves out higher counts."""


def purge_users(state: BatchState, room: LockedRoom, operation: PurgeUsers) -> DeferredResult:
    """Without a message of theirs in the room nothing changes."""
    counts = state.input.hosts.message_counts
    authors = {
        user_id: state.input.hosts.nicknames.get(user_id, "")
        for user_id in operation.user_ids
        if counts.get((room.id, user_id))
    }
    if not authors:
        return DeferredResult(lambda: PurgeResult(0, room.last_seq))
    state.set_barrier()
    for user_id, nickname in authors.items():
        state.log_operation(operation, "purge", user_id, nickname)
    purged = purge_messages(state, room, authors)
    return DeferredResult(lambda: PurgeResult(purged, room.last_seq))


def purge_messages(state: BatchState, room: LockedRoom, authors: Collection[UUID]) -> int | None:
    """Delete all messages of these authors. Returns how many, None for more than MAX_COUNTED.

    Without any there is no event: a purge that is repeated takes no seq.

    Rows that this transaction has read are changed here; a mark covers the others. Authors without other rows get no
    mark: it would cost reads, and the conversion would search all rooms for their messages.
    """
    result, messages = state.result, state.input.messages
    # A later purge of the same transaction counts only what was posted since.
    counts = state.input.hosts.message_counts
    counted = {author_id for author_id in authors if (room.id, author_id) in counts}
    purged_before = {each for purge in state.purges if purge.room_id == room.id for each in purge.author_ids}
    deletes = not counted.union(purged_before).issuperset(authors)
    marked = [author_id for author_id in authors if counts.get((room.id, author_id)) != 0]
    purged = sum(counts.pop((room.id, author_id)) for author_id in counted)
    deleted_earlier = result.deleted_messages.keys() - result.new_messages.keys()
    for row in messages.values():
        if row.room_id != room.id or row.author_id not in authors:
            continue
        if not row.deleted:
            purged += row.id in result.new_messages
            deletes = True
            state.hide(row)
        elif row.author_id in counted and row.id in deleted_earlier:
            purged -= 1  # deleted earlier in this transaction, and counted
    if not (deletes or purged):
        return 0
    state.forget_hidden(room)
    state.emit_purge(PendingPurgeEvent(room.id, tuple(authors), marked, state.traceparent))
    return purged if purged <= MAX_COUNTED else None
