"""Checks a write before it is queued, in this order: rate limits, the room, the author's name, slow mode.

Rate limits come before the body is read, so a refused write is never parsed and causes no query.
"""

from collections.abc import Awaitable
from hashlib import sha256
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.filters.filter_loader import FilterLoader
from chat_server.filters.rules import UNFILTERED, TextCheck
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.limits.post_limits import RateLimits
from chat_server.limits.slow_mode_store import Turn
from chat_server.messages.operations import EditMessage, MessageResult, PostMessage
from chat_server.messages.slow_mode_turns import SlowModeTurns
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.message_view import STORED_ONLY, message_view
from chat_server.postgres.models import VISIBLE_MESSAGES
from chat_server.rooms.repository import RoomSettings
from chat_server.rooms.room_access import RoomAccess
from chat_server.rooms.room_settings_cache import RoomSettingsCache
from chat_server.rooms.slow_mode_rule import SlowModeRule
from server_kit.http.asgi import Scope
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session


class WriteAdmission:
    """Checks the limits of every write and passes it to the writer."""

    def __init__(
        self,
        rate_limits: RateLimits,
        room_settings: RoomSettingsCache,
        turns: SlowModeTurns,
        writer: GroupCommitWriter,
        engine: AsyncEngine,
        look_ups: LookUpSemaphore,
        filters: FilterLoader,
        access: RoomAccess,
    ) -> None:
        self._rate_limits = rate_limits
        self._room_settings = room_settings
        self._turns = turns
        self._writer = writer
        self._engine = engine
        self._look_ups = look_ups
        self._filters = filters
        self._access = access

    def check_rate(self, room_id: str, user_id: UUID) -> None:
        """Count one write against the limits of the user and the room. Raises ChatError `rate_limited`.

        The limit of a private room must not tell strangers that people write there.
        """
        is_stranger = self._access.known.is_private(room_id) and not self._access.fresh(room_id, user_id)
        if is_stranger:
            self._rate_limits.check_room_change(room_id, user_id)
        else:
            self._rate_limits.check_write(room_id, user_id)

    def check_post_rate(self, room_id: str, user_id: UUID) -> None:
        """The same for a post, which is demand for the room even if it is refused."""
        try:
            self.check_rate(room_id, user_id)
        except ChatError:
            if self._access.known.is_public(room_id) or self._access.fresh(room_id, user_id):
                self._turns.count_refused_post(room_id, user_id)
            raise

    def slow_mode_changed(self, room_id: str, rule: SlowModeRule) -> None:
        """Call after hosts have changed slow mode."""
        self._turns.rule_changed(room_id, rule.target_posts_per_s if rule.mode == "auto" else None)

    def check_reaction(self, user_id: UUID, message_id: UUID) -> None:
        """Count one change of the user's reactions to the message. Raises ChatError `rate_limited`."""
        self._rate_limits.check_reaction(user_id, message_id)

    async def room(self, room_id: str, user_id: UUID, scope: Scope) -> RoomSettings:
        """The room's settings, for those who may read it. Raises ChatError `room_not_found` or `rate_limited`."""
        settings = self._room_settings.fresh(room_id)
        if settings is None:
            if not self._room_settings.knows(room_id):
                self._rate_limits.check_unknown_room(user_id)
            settings = await self._room_settings.get(room_id, self._look_ups.address_of(scope))
        if settings.is_private:
            await self._check_member(room_id, user_id, scope)
        return settings

    async def _check_member(self, room_id: str, user_id: UUID, scope: Scope) -> None:
        """Strangers pay for a private room what they pay for one that does not exist. Raises ChatError."""
        if self._access.fresh(room_id, user_id) is None:
            self._rate_limits.check_unknown_room(user_id)
            await self._access.check(room_id, user_id, scope)
            self._rate_limits.give_back_unknown_room(user_id)
        else:
            await self._access.check(room_id, user_id, scope)

    async def check_text(
        self, room: RoomSettings, author_id: UUID, text: str, scope: Scope, *, nickname: str | None = None
    ) -> TextCheck:
        """Check the text before it waits for the room's lock. The commit refuses it, or checks it again.

        `nickname`: of the author of a new message, which is checked, too. Raises ChatError `rate_limited` or
        `store_unavailable` when too many look-ups wait.
        """
        if author_id in room.hosts:
            return UNFILTERED
        text_filter = await self._filters.get(room.id, room.filter_version, self._look_ups.address_of(scope))
        return UNFILTERED if text_filter is None else text_filter.check(text, nickname)

    async def post(
        self, room: RoomSettings, post: PostMessage, session: Session, scope: Scope
    ) -> MessageResult:
        """Store the post. In slow mode a new message takes a turn; the repeat of a stored one gets the first result.

        Raises ChatError `nickname_reserved` for a name that looks like a host's.
        """
        self._turns.count_post(room, post)
        if not room.may_use(post.author_nickname, post.author_id):
            earlier = await self._posted_earlier(post, scope)
            if earlier is None:
                raise nickname_reserved()
            return earlier
        try:
            turn = await self._turns.take("post", room, post.author_id, post.client_message_id)
        except ChatError:
            earlier = await self._posted_earlier(post, scope)
            if earlier is None:
                raise
            return earlier
        result = await _in_turn(turn, self._writer.store(post, session))
        if result.created and not result.is_held:
            self._turns.count_stored_post(room, post.author_id)
        if turn is not None and not result.created:
            await turn.give_back()
        return result

    async def edit(self, room: RoomSettings, edit: EditMessage, session: Session) -> MessageResult:
        """Store the edit. In slow mode edits take turns of their own; a repeat of the same edit passes."""
        name = sha256(edit.message_id.bytes + edit.text.encode()).hexdigest()[:32]
        turn = await self._turns.take("edit", room, edit.actor_id, name)
        return await _in_turn(turn, self._writer.store(edit, session))

    async def _posted_earlier(self, post: PostMessage, scope: Scope) -> MessageResult | None:
        """The message stored under the post's idempotency key; None also without a turn and while Postgres is down."""
        stored = VISIBLE_MESSAGES.c
        query = select(VISIBLE_MESSAGES).where(
            stored.written_by == post.author_id,
            stored.client_message_id == post.client_message_id,
            stored.room_id == post.room_id,
        )
        try:
            async with self._look_ups.permit(scope), self._engine.connect() as connection:
                row = (await connection.execute(query)).mappings().first()
        except (ChatError, *STORE_ERRORS):
            return None
        if row is None:
            return None
        view = message_view(**{k: v for k, v in row.items() if k not in STORED_ONLY})
        return MessageResult(orjson.dumps(view))


def nickname_reserved() -> ChatError:
    return ChatError(
        "nickname_reserved",
        "Your nickname looks like that of a host of this room; choose another one to write here.",
    )


async def _in_turn(turn: Turn | None, write: Awaitable[MessageResult]) -> MessageResult:
    """A refused write gives its turn back. A failed one may have been stored, so it keeps the turn for its retry."""
    try:
        return await write
    except ChatError as error:
        if turn is not None and error.code != "store_unavailable":
            await turn.give_back()
        raise
