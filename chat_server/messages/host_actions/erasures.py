"""Erases a person from a room: messages, name and role. Pure."""

from uuid import UUID

from chat_contract.erased_people import DELETED_NICKNAME
from chat_server.messages.batch_rows import LockedRoom
from chat_server.messages.batch_state import BatchState
from chat_server.messages.event_building import PendingPurgeEvent, PendingRoomEvent
from chat_server.messages.held_actions import drop_held
from chat_server.messages.room_operations import DeferredResult, ErasePerson, ErasureResult


def erase_person(state: BatchState, room: LockedRoom, erasure: ErasePerson) -> DeferredResult:
    """Delete all messages of the person, who is then shown under the new id. A room may be left without an owner.

    A person who is marked as erased has no messages left here; only their rows are still being rewritten.
    """
    user_id = erasure.actor_id
    is_host = state.role_of(room, user_id).is_host
    if is_host or (room.id, user_id) not in state.input.hosts.erased:
        state.set_barrier()
        drop_held(state, room, [user_id])
        for row in state.input.messages.values():
            if row.room_id == room.id and row.author_id == user_id:
                row.author_id, row.author_nickname, row.author_role = (
                    erasure.erased_as,
                    DELETED_NICKNAME,
                    None,
                )
                state.hide(row)
        state.forget_hidden(room)
        if is_host:
            _end_role(state, room, user_id)
        state.emit_purge(
            PendingPurgeEvent(room.id, [user_id], [user_id], state.traceparent, erasure.erased_as)
        )
        state.result.erased[room.id, user_id] = erasure.erased_as
    return DeferredResult(lambda: ErasureResult(room.last_seq))


def _end_role(state: BatchState, room: LockedRoom, user_id: UUID) -> None:
    """The recovery code ends with its owner's role: they hold it."""
    settings = state.input.hosts.settings[room.id]
    if room.owner_id == user_id:
        room.owner_id = room.owner_nickname = None
        settings.recovery_code_hash = settings.recovered_by = settings.recovered_at = None
    room.moderators.pop(user_id, None)
    state.result.changed_rooms[room.id] = (room, settings)
    state.emit(PendingRoomEvent(room.id, settings.rules(room), state.traceparent))
