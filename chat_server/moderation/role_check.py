"""Checks the role of a caller before a call costs anything. The writer checks it again, under the room's lock."""

from chat_server.rooms.repository import RoomSettings
from chat_server.rooms.roles import Action, Role, may, refusal
from chat_server.sessions.current import OPERATOR
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session


def role_of(session: Session, room: RoomSettings) -> Role:
    return room.role_of(session.user_id, is_operator=session is OPERATOR)


def require(action: Action, session: Session, room: RoomSettings) -> None:
    """Raises ChatError `forbidden` if the session's role in the room is too low."""
    if not may(role_of(session, room), action):
        raise ChatError("forbidden", refusal(action))
