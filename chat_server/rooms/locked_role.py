"""Checks the role of a host again under the room's lock: it may have changed while the call waited for the lock."""

from typing import Final
from uuid import UUID

import asyncpg

from chat_server.http.errors import room_not_found
from chat_server.rooms.roles import Action, Role, may, refusal, role_in_room
from server_kit.http.problem import ChatError

_ROLE: Final = """
SELECT r.owner_id, r.moderators @> jsonb_build_array(jsonb_build_object('id', $2::uuid)) AS is_moderator, EXISTS (
    SELECT FROM bans b
    WHERE b.room_id = r.id AND b.user_id = $2 AND (b.until IS NULL OR b.until > clock_timestamp())
) OR EXISTS (
    SELECT FROM server_bans b WHERE b.user_id = $2 AND (b.until IS NULL OR b.until > clock_timestamp())
) AS is_banned FROM rooms r WHERE r.id = $1"""


async def require_under_lock(
    connection: asyncpg.Connection, room_id: str, user_id: UUID, action: Action, *, is_operator: bool
) -> None:
    """Call it in a transaction that has locked the room's row. A ban suspends the role, except the operator's.

    Raises ChatError `room_not_found` or `forbidden`.
    """
    row = await connection.fetchrow(_ROLE, room_id, user_id)
    if row is None:
        raise room_not_found(room_id)
    role = role_in_room(
        user_id, row["owner_id"], (user_id,) if row["is_moderator"] else (), is_operator=is_operator
    )
    if row["is_banned"] and not is_operator:
        role = Role.GUEST
    if not may(role, action):
        raise ChatError("forbidden", refusal(action))
