"""Gives a room another owner: its owner hands it over, or somebody presents its recovery code. Pure."""

import hmac
from datetime import timedelta
from typing import Final
from uuid import UUID

from chat_server.messages.batch_rows import LockedRoom, RoomSettingsRow
from chat_server.messages.batch_state import BatchState
from chat_server.messages.host_actions.bans import end_ban
from chat_server.messages.room_operations import ChangeRoom, Recovery
from chat_server.rooms.roles import MAX_MODERATORS
from server_kit.http.problem import ChatError

RECOVER_AGAIN_WITHIN: Final = timedelta(minutes=10)
"""A new owner whose response was lost may ask for another recovery code this long."""


def hand_over(
    state: BatchState,
    room: LockedRoom,
    settings: RoomSettingsRow,
    operation: ChangeRoom,
    new_owner_id: UUID,
    nickname: str,
) -> None:
    """The former owner becomes a moderator if there is a place, and their recovery code ends."""
    former_id, former_nickname = room.owner_id, room.owner_nickname or ""
    _set_owner(state, room, new_owner_id, nickname)
    if former_id is not None and len(room.moderators) < MAX_MODERATORS:
        room.moderators[former_id] = former_nickname
    settings.recovery_code_hash = settings.recovered_by = settings.recovered_at = None
    state.log_operation(operation, "hand_over", new_owner_id, nickname)


def is_repeated_recovery(
    state: BatchState, room: LockedRoom, settings: RoomSettingsRow, operation: ChangeRoom, presented: bytes
) -> bool:
    """False for the room's code; True for any other of an owner who has just recovered the room.

    Raises ChatError `forbidden` for a wrong code.
    """
    expected = settings.recovery_code_hash
    if expected is not None and hmac.compare_digest(expected, presented):
        return False
    if (
        settings.recovered_at is None
        or not settings.recovered_by == room.owner_id == operation.actor_id
        or state.input.now - settings.recovered_at > RECOVER_AGAIN_WITHIN
    ):
        raise ChatError("forbidden", "This recovery code is not valid for this room; check it for typos.")
    return True


def recover(
    state: BatchState,
    room: LockedRoom,
    settings: RoomSettingsRow,
    operation: ChangeRoom,
    recovery: Recovery,
    *,
    is_repeat: bool,
) -> None:
    """Put the new code in force. With a code, which was checked, the actor is the owner from now on."""
    settings.recovery_code_hash = recovery.new
    if recovery.presented is None:
        settings.recovered_by = settings.recovered_at = None
        state.log_operation(operation, "renew_recovery_code")
        return
    if not is_repeat:
        settings.recovered_by, settings.recovered_at = operation.actor_id, state.input.now
    if room.owner_id != operation.actor_id:
        _set_owner(state, room, operation.actor_id, operation.actor_nickname)
    state.log_operation(operation, "recover_room", operation.actor_id, operation.actor_nickname)


def _set_owner(state: BatchState, room: LockedRoom, user_id: UUID, nickname: str) -> None:
    """The new owner's ban ends: a banned host could not use their role."""
    room.owner_id, room.owner_nickname = user_id, nickname
    room.moderators.pop(user_id, None)
    end_ban(state, room, user_id)
    state.result.new_owners[user_id] = nickname
