"""The SQL of users."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_server.postgres.models import User
from chat_server.postgres.pools import driver_connection
from server_kit.session_tokens import Session


async def ensure_user(tx: AsyncConnection, session: Session) -> None:
    """Restore the user's row from the token if a restored database lacks it. Locks no existing row.

    Call this before a write that refers to `users`: a valid token must never fail because of a missing row.
    """
    values = {
        "id": session.user_id,
        "nickname": session.nickname,
        "generation": session.generation,
        "created_at": func.now(),
    }
    await tx.execute(pg_insert(User).values(values).on_conflict_do_nothing(index_elements=["id"]))


MAX_ROOMS_OF_ADDRESS: Final = 1_000
MAX_ROOMS_BANNED_FROM: Final = 100
"""A new session gets at most this many bans of its address: those from the rooms with the most messages, among the
first MAX_ROOMS_OF_ADDRESS. So bans from own rooms can neither make sessions expensive nor displace other bans.
The ban from all rooms does not count."""

# The recursion takes one room after another, each with the ban that ends last, however many people's bans hold the
# address there. KEY SHARE makes the lift of a ban from all rooms wait for sessions that get it.
_ADD: Final = """
WITH RECURSIVE new_user AS (
    INSERT INTO users (id, nickname, created_at) VALUES ($1, $2, $3)
), address AS (
    INSERT INTO user_addresses (user_id, address_hash, seen_at)
    SELECT $1::uuid, $4::bytea, now() WHERE $4::bytea IS NOT NULL
), from_all_rooms AS (
    SELECT until, reason, address_hash FROM address_bans
    WHERE address_hash = $4::bytea AND room_id = '' AND (until IS NULL OR until > now())
    ORDER BY until DESC LIMIT 1 FOR KEY SHARE
), server_ban AS (
    INSERT INTO server_bans (user_id, nickname, until, reason, created_at, address_hash)
    SELECT $1::uuid, $2::text, until, reason, now(), address_hash FROM from_all_rooms
), of_address AS (
    SELECT ''::text AS room_id, NULL::address_bans AS ban
    UNION ALL SELECT following.* FROM of_address o CROSS JOIN LATERAL (
        SELECT a.room_id, a FROM address_bans a WHERE a.address_hash = $4::bytea AND a.room_id > o.room_id
        ORDER BY a.room_id, a.until DESC LIMIT 1
    ) following
)
INSERT INTO bans (
    room_id, user_id, nickname, until, reason, actor_id, actor_nickname, created_at, address_hash, is_seen
)
SELECT r.id, $1::uuid, $2::text, (b.ban).until, (b.ban).reason, (b.ban).actor_id, (b.ban).actor_nickname, now(),
    (b.ban).address_hash, false
FROM (SELECT * FROM of_address LIMIT $5) b JOIN rooms r ON r.id = b.room_id
WHERE (b.ban).until IS NULL OR (b.ban).until > now() ORDER BY r.message_count DESC LIMIT $6"""


class UserRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(
        self, user_id: UUID, nickname: str, created_at: datetime, address_hash: bytes | None
    ) -> None:
        """Store a new user, who is banned from the rooms from which the address is banned, or from all rooms."""
        async with driver_connection(self._engine) as connection:
            await connection.execute(
                _ADD, user_id, nickname, created_at, address_hash, MAX_ROOMS_OF_ADDRESS, MAX_ROOMS_BANNED_FROM
            )
