"""The SQL of the operator's log: the entries of all audit logs that have no other actor."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.postgres.pools import driver_connection

_ENTRIES: Final = """
SELECT id, at, room_id, action, target_id, target_nickname, details::text FROM moderation_log
WHERE actor_id IS NULL AND id < $1 ORDER BY id DESC LIMIT $2"""

_NOTE: Final = """
INSERT INTO moderation_log (room_id, at, actor_nickname, action) VALUES ('', now(), 'operator', $1)"""

_NOTE_DETAILS: Final = """
INSERT INTO moderation_log (room_id, at, actor_nickname, action, details)
VALUES ('', now(), 'operator', $1, $2::jsonb)"""


async def note_details(connection: asyncpg.Connection, action: str, details: Mapping[str, Any]) -> None:
    """Add an action on the whole server in the caller's transaction."""
    await connection.execute(_NOTE_DETAILS, action, orjson.dumps(details).decode())


class OperatorLogRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def entries(self, before_id: int, limit: int) -> Sequence[Any]:
        """Entries below `before_id`, the newest first."""
        async with driver_connection(self._engine) as connection:
            rows: Sequence[Any] = await connection.fetch(_ENTRIES, before_id, limit)
        return rows

    async def note(self, action: str) -> None:
        """Add an action on the whole server."""
        async with driver_connection(self._engine) as connection:
            await connection.execute(_NOTE, action)
