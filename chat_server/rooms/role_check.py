"""Checks the role of a caller before a call of hosts costs anything. Commits of the writer check it again, under the
room's lock.
"""

import asyncpg

from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.rooms.access_repository import AccessRepository
from chat_server.rooms.repository import RoomSettings
from chat_server.rooms.roles import Action, Role, may, refusal
from chat_server.sessions.current import OPERATOR
from server_kit.http.asgi import Scope
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session


def role_of(session: Session, room: RoomSettings) -> Role:
    """The role that others have to respect."""
    return room.role_of(session.user_id, is_operator=session is OPERATOR)


def require(action: Action, session: Session, room: RoomSettings) -> None:
    """Raises ChatError `forbidden` if the session's role in the room is too low."""
    if not may(role_of(session, room), action):
        raise ChatError("forbidden", refusal(action))


class RoleCheck:
    """The settings of the room decide in memory. Only for hosts of a room with bans follows a look-up of their ban."""

    def __init__(self, repository: AccessRepository, look_ups: LookUpSemaphore) -> None:
        self._repository = repository
        self._look_ups = look_ups

    async def require(self, session: Session, room: RoomSettings, scope: Scope, *actions: Action) -> None:
        """Raises ChatError `forbidden` unless the caller may do all of this now: a ban suspends the role."""
        for action in actions:
            require(action, session, room)
        if actions and await self.ban_of(session, room, scope) is not None:
            raise ChatError("forbidden", refusal(actions[0]))

    async def ban_of(self, session: Session, room: RoomSettings, scope: Scope) -> asyncpg.Record | None:
        """The caller's ban in force, with `until`, `reason` and `everywhere`. The operator has none."""
        if not room.has_bans or session is OPERATOR:
            return None
        async with self._look_ups.permit(scope):
            return await self._repository.ban_of(room.id, session.user_id)
