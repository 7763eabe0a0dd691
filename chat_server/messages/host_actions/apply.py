"""Applies the operations of hosts to the state of a transaction. Pure."""

from chat_server.messages.batch_state import BatchState
from chat_server.messages.host_actions.bans import ban_users, lift_ban
from chat_server.messages.host_actions.erasures import erase_person
from chat_server.messages.host_actions.purges import purge_users
from chat_server.messages.host_actions.room_changes import change_room
from chat_server.messages.room_operations import (
    BanUsers,
    ChangeRoom,
    DeferredResult,
    ErasePerson,
    LiftBan,
    PurgeUsers,
    RoomOperation,
)


def apply_room_operation(state: BatchState, operation: RoomOperation) -> DeferredResult:
    """Raises ChatError; then nothing has changed."""
    room = state.input.rooms[operation.room_id]
    if not isinstance(operation, ErasePerson):
        state.check_not_banned_everywhere(operation.actor_id)
    role = state.acting_role(room, operation.actor_id, is_operator=operation.is_operator)
    state.require_all(role, operation.actions)
    match operation:
        case BanUsers():
            return ban_users(state, room, role, operation)
        case LiftBan():
            return lift_ban(state, room, role, operation)
        case ChangeRoom():
            return change_room(state, room, role, operation)
        case ErasePerson():
            return erase_person(state, room, operation)
        case PurgeUsers():
            return purge_users(state, room, operation)
