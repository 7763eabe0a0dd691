"""The SQL of who may read a room: one expression for the gate, for tickets and for publish_server's checks.

And the SQL of one person's ban.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_contract.events import Visibility
from chat_server.limits.post_limits import OPERATOR_ID
from chat_server.postgres.pools import driver_connection

MAY_READ: Final = f"""
(r.visibility <> 'private' OR k.user_id = '{OPERATOR_ID}' OR (
    (r.owner_id = k.user_id
        OR r.moderators @> jsonb_build_array(jsonb_build_object('id', k.user_id::text))
        OR EXISTS (SELECT FROM members m WHERE m.room_id = r.id AND m.user_id = k.user_id))
    AND NOT EXISTS (
        SELECT FROM bans b WHERE b.room_id = r.id AND b.user_id = k.user_id AND (b.until IS NULL OR b.until > now())
    ) AND NOT EXISTS (
        SELECT FROM server_bans b WHERE b.user_id = k.user_id AND (b.until IS NULL OR b.until > now())
    )
))"""  # noqa: S608 - no input in it
"""SQL: whether the person `k.user_id` may read room `r`; null, which is no, for nobody (null) in a private room."""

ACCESS: Final = f"""
SELECT r.id, k.user_id, r.visibility, r.access_version, COALESCE({MAY_READ}, false) AS may_read
FROM unnest($1::text[], $2::uuid[]) AS k(room_id, user_id) JOIN rooms r ON r.id = k.room_id"""  # noqa: S608 - no input in it

_BAN: Final = """
SELECT until, reason, everywhere FROM (
    SELECT until, reason, false AS everywhere FROM bans WHERE room_id = $1 AND user_id = $2
    UNION ALL SELECT until, reason, true FROM server_bans WHERE user_id = $2
) b WHERE until IS NULL OR until > now() ORDER BY until DESC NULLS FIRST, everywhere DESC LIMIT 1"""


class Access(NamedTuple):
    """Whether one person may read one room. Without a session `user_id` is None."""

    room_id: str
    user_id: UUID | None
    visibility: Visibility
    access_version: int
    may_read: bool


class AccessRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, pairs: Iterable[tuple[str, UUID | None]]) -> list[Access]:
        """The access of each pair of a room and a person; rooms that do not exist are left out."""
        room_ids, user_ids = zip(*pairs, strict=True)
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(ACCESS, room_ids, user_ids)
        return [Access(*row) for row in rows]

    async def ban_of(self, room_id: str, user_id: UUID) -> asyncpg.Record | None:
        """The person's ban in force, from the room or from all rooms (`everywhere`); of two the one that ends later."""
        async with driver_connection(self._engine) as connection:
            return await connection.fetchrow(_BAN, room_id, user_id)
