"""Checks whether a room's rules would refuse a person's next post: the name, a ban, who can post."""

from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg

from chat_server.messages.write_admission import nickname_reserved
from chat_server.rooms.posting_rules import banned, check_guest_can_post
from chat_server.rooms.repository import RoomSettings
from chat_server.sessions.current import OPERATOR
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session


class PostingPreflight:
    """A preview for the person; the commit decides. `now_s` is Unix time in seconds."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s

    def refusal(self, room: RoomSettings, session: Session, ban: asyncpg.Record | None) -> ChatError | None:
        """The error that a post would get. The checks run in the same order as those of a post."""
        if not room.may_use(session.nickname, session.user_id):
            return nickname_reserved()
        if ban is not None:
            return banned(ban["until"], everywhere=ban["everywhere"])
        if not room.role_of(session.user_id, is_operator=session is OPERATOR).is_host:
            now = datetime.fromtimestamp(self._now_s(), UTC)
            try:
                check_guest_can_post(room.who_can_post, room.regular_after_s, session.user_id, now)
            except ChatError as error:
                return error
        return None
