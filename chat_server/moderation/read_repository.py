"""The SQL of what hosts read: bans, filters, held messages, the audit log. The writer changes it."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.filters.repository import stored_rules
from chat_server.filters.rules import FilterRules
from chat_server.messages.batch_rows import HeldRow
from chat_server.messages.held_repository import HELD_COLUMNS, held_row
from chat_server.moderation.cursors import BanPosition
from chat_server.postgres.pools import driver_connection

_BANS: Final = """
SELECT user_id, nickname, until, reason, actor_id, actor_nickname, created_at FROM bans
WHERE room_id = $1 AND is_seen AND created_at <= $2 AND (created_at < $2 OR user_id > $3)
    AND (until IS NULL OR until > now())
ORDER BY created_at DESC, user_id LIMIT $4"""

_BAN_OF: Final = """
SELECT user_id, nickname, until, reason, actor_id, actor_nickname, created_at FROM bans
WHERE room_id = $1 AND user_id = $2 AND (until IS NULL OR until > now())"""

_ENTRIES: Final = """
SELECT id, at, actor_id, actor_nickname, action, target_id, target_nickname, details::text FROM moderation_log
WHERE room_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"""

_HELD: Final = f"""
SELECT {HELD_COLUMNS} FROM held_messages h
WHERE h.room_id = $1 AND h.state = 'held' AND h.id < $2 ORDER BY h.id DESC LIMIT $3"""  # noqa: S608 - no input in it

_FILTERS: Final = "SELECT rules::text FROM room_filters WHERE room_id = $1"


class ModerationRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def filters(self, room_id: str) -> FilterRules:
        async with driver_connection(self._engine) as connection:
            return stored_rules(await connection.fetchval(_FILTERS, room_id))

    async def held(self, room_id: str, before_id: UUID, limit: int) -> list[HeldRow]:
        """Messages that wait for a decision, the newest first."""
        async with driver_connection(self._engine) as connection:
            return [held_row(row) for row in await connection.fetch(_HELD, room_id, before_id, limit)]

    async def bans(self, room_id: str, after: BanPosition, limit: int) -> Sequence[Any]:
        """Bans in force that follow `after`, the newest first."""
        async with driver_connection(self._engine) as connection:
            rows: Sequence[Any] = await connection.fetch(_BANS, room_id, *after, limit)
        return rows

    async def ban_of(self, room_id: str, user_id: UUID) -> Sequence[Any]:
        """The ban of this person, if one is in force."""
        async with driver_connection(self._engine) as connection:
            rows: Sequence[Any] = await connection.fetch(_BAN_OF, room_id, user_id)
        return rows

    async def log_entries(self, room_id: str, before_id: int, limit: int) -> Sequence[Any]:
        """Entries of the audit log below `before_id`, the newest first."""
        async with driver_connection(self._engine) as connection:
            rows: Sequence[Any] = await connection.fetch(_ENTRIES, room_id, before_id, limit)
        return rows
