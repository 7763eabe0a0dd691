"""The SQL of bans from all rooms. The writer reads them together with the locks of rooms, see write_repository.py."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.messages.host_repository import read_addresses, read_nicknames
from chat_server.messages.writer import CONNECTION_NAME
from chat_server.moderation.cursors import BanPosition
from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.dedicated_connection import IDLE_IN_TRANSACTION_S
from chat_server.postgres.pools import driver_connection
from server_kit.http.problem import ChatError

WRITES_END_WITHIN_S: Final = IDLE_IN_TRANSACTION_S + 1
"""Postgres ends a writer's transaction by then, even if its process hangs."""

ASK_EVERY_S: Final = 0.01

MAX_CLOSED_ROOMS: Final = 1_000
"""Private rooms whose readers are checked after one call. Overflow rule: LATER, when their streams open again."""

LEASE_S: Final = 10
"""A process that dies in a step of a purge delays the next step by this."""

BANS_LOCK: Final = 0x686F74736572
"""Of calls that ban and lift: they change rows of many people and addresses, in any order."""

_LOCK: Final = "SELECT pg_advisory_xact_lock($1)"

# A ban by name no longer ends with that of the address that the person was banned for.
_BAN: Final = """
INSERT INTO server_bans (user_id, nickname, until, reason, created_at, purge_due)
SELECT k.user_id, k.nickname, now() + make_interval(secs => $3), $4, now(), CASE WHEN $5 THEN now() END
FROM unnest($1::uuid[], $2::text[]) AS k(user_id, nickname)
ON CONFLICT (user_id) DO UPDATE SET nickname = EXCLUDED.nickname, until = EXCLUDED.until, reason = EXCLUDED.reason,
    created_at = EXCLUDED.created_at, address_hash = NULL,
    purge_due = COALESCE(EXCLUDED.purge_due, server_bans.purge_due),
    purged_up_to = CASE WHEN $5 THEN EXCLUDED.purged_up_to ELSE server_bans.purged_up_to END,
    purged_up_to_room = CASE WHEN $5 THEN '' ELSE server_bans.purged_up_to_room END
RETURNING until"""

_BAN_ADDRESSES: Final = """
INSERT INTO address_bans (room_id, address_hash, user_id, until, reason, actor_nickname, created_at)
SELECT '', a.address_hash, a.user_id, $3, $4, 'operator', now()
FROM unnest($1::uuid[], $2::bytea[]) AS a(user_id, address_hash)
ON CONFLICT (room_id, address_hash, user_id) DO UPDATE SET until = EXCLUDED.until, reason = EXCLUDED.reason,
    created_at = EXCLUDED.created_at"""

_LIFT: Final = "DELETE FROM server_bans WHERE user_id = $1 RETURNING nickname"

_LIFT_ADDRESSES: Final = "DELETE FROM address_bans WHERE room_id = '' AND user_id = $1 RETURNING address_hash"

# A statement of its own, so that it finds the sessions that the one before has waited for. An address that no other ban
# holds is free again; otherwise they are banned as long as the ban that holds it longest.
_LIFT_OF_ADDRESSES: Final = """
WITH held AS (
    SELECT DISTINCT ON (address_hash) address_hash, until, reason FROM address_bans
    WHERE room_id = '' AND address_hash = ANY($1::bytea[]) AND (until IS NULL OR until > now())
    ORDER BY address_hash, until DESC
), kept AS (
    UPDATE server_bans b SET until = h.until, reason = h.reason FROM held h WHERE b.address_hash = h.address_hash
)
DELETE FROM server_bans
WHERE address_hash = ANY($1::bytea[]) AND address_hash NOT IN (SELECT address_hash FROM held)"""

_LOG: Final = """
INSERT INTO moderation_log (room_id, at, actor_nickname, action, target_id, target_nickname, details)
SELECT '', now(), 'operator', $1, k.user_id, k.nickname, $4::jsonb
FROM unnest($2::uuid[], $3::text[]) AS k(user_id, nickname)"""

_WRITES_UNDER_WAY: Final = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = $1 AND xact_start <= $2
)"""

_DROP_HELD: Final = "DELETE FROM held_messages WHERE author_id = ANY($1::uuid[]) AND state = 'held'"

_PRIVATE_ROOMS: Final = """
WITH k AS (SELECT unnest($1::uuid[]) AS user_id), mine AS (
    SELECT r.id FROM k JOIN rooms r ON r.owner_id = k.user_id
    UNION SELECT r.id FROM k
        JOIN rooms r ON r.moderators @> jsonb_build_array(jsonb_build_object('id', k.user_id::text))
    UNION SELECT m.room_id FROM k JOIN members m USING (user_id)
)
SELECT r.id FROM mine JOIN rooms r USING (id) WHERE r.visibility = 'private' LIMIT $2"""

_CHANGE_ACCESS: Final = "UPDATE rooms SET access_version = access_version + 1 WHERE id = $1"

_BANS: Final = """
SELECT user_id, nickname, until, reason, created_at, purge_due IS NOT NULL AS is_purging,
    address_hash IS NOT NULL AS is_of_address FROM server_bans
WHERE created_at <= $1 AND (created_at < $1 OR user_id > $2) AND (until IS NULL OR until > now())
ORDER BY created_at DESC, user_id LIMIT $3"""

_TAKE_PURGE: Final = """
UPDATE server_bans SET purge_due = clock_timestamp() + make_interval(secs => $1)
WHERE user_id = (
    SELECT user_id FROM server_bans WHERE purge_due <= clock_timestamp() ORDER BY purge_due LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING user_id, purge_due, purged_up_to, purged_up_to_room"""

# In the order of the index messages_idempotency, which has the author's messages of all rooms.
_MESSAGES: Final = """
SELECT client_message_id, room_id, deleted FROM visible_messages
WHERE written_by = $1 AND (client_message_id, room_id) > ($2, $3) ORDER BY client_message_id, room_id LIMIT $4"""

# `purge_due` is another one after a later call that begins the purge again.
_ADVANCE: Final = """
UPDATE server_bans SET purge_due = CASE WHEN $3 THEN NULL ELSE now() END, purged_up_to = $4, purged_up_to_room = $5
WHERE user_id = $1 AND purge_due = $2"""

_EXPIRE: Final = """
DELETE FROM server_bans WHERE user_id = ANY(ARRAY(
    SELECT user_id FROM server_bans WHERE until < now() - interval '1 minute' AND purge_due IS NULL
    LIMIT $1 FOR UPDATE SKIP LOCKED
))"""


class PurgeStep(NamedTuple):
    """Some messages of a banned person, in the order of an index. `due` identifies the step."""

    user_id: UUID
    due: datetime
    room_ids: list[str]
    """Where some of them are not deleted."""
    last_message: UUID
    last_room: str
    is_last: bool


class StoredServerBans(NamedTuple):
    """The people's names and the end of their bans. `address_held`: an address of theirs was known, and is banned."""

    nicknames: dict[UUID, str]
    until: datetime | None
    address_held: bool


class ServerBanRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ban(
        self,
        user_ids: Sequence[UUID],
        seconds: int | None,
        reason: str | None,
        *,
        purge: bool,
        address: bool = False,
    ) -> StoredServerBans:
        """Store the bans. `address`: also ban sessions that are made later from the people's last addresses.

        Raises ChatError `not_found`.
        """
        async with driver_connection(self._engine) as connection, connection.transaction():
            await connection.execute(_LOCK, BANS_LOCK)
            nicknames = await read_nicknames(connection, user_ids)
            if len(nicknames) < len(user_ids):
                raise ChatError("not_found", "There is no person with this id.")
            people = list(nicknames), list(nicknames.values())
            until: datetime | None = await connection.fetchval(_BAN, *people, seconds, reason, purge)
            addresses = await read_addresses(connection, user_ids) if address else {}
            if addresses:
                columns = list(addresses), list(addresses.values())
                await connection.execute(_BAN_ADDRESSES, *columns, until, reason)
            details = {"seconds": seconds, "purge": purge, "reason": reason}
            if address:
                details["address"] = bool(addresses)
            await connection.execute(_LOG, "ban", *people, orjson.dumps(details).decode())
        return StoredServerBans(nicknames, until, bool(addresses))

    async def end_writes_under_way(self) -> None:
        """Wait until each transaction of a writer that began before now has ended: it may not have seen a new ban.

        Raises ChatError `store_unavailable` after WRITES_END_WITHIN_S.
        """
        async with driver_connection(self._engine) as connection:
            banned_at = await connection.fetchval("SELECT clock_timestamp()")
            for _ in range(round(WRITES_END_WITHIN_S / ASK_EVERY_S)):
                if not await connection.fetchval(_WRITES_UNDER_WAY, CONNECTION_NAME, banned_at):
                    return
                await asyncio.sleep(ASK_EVERY_S)
        raise ChatError(
            "store_unavailable",
            "The ban is stored, and a write that began before it has not ended yet; send the same call again.",
            retry_after_s=1,
        )

    async def drop_held(self, user_ids: Sequence[UUID]) -> None:
        """Delete their messages that wait for hosts."""
        async with driver_connection(self._engine) as connection:
            await connection.execute(_DROP_HELD, user_ids)

    async def close_private_rooms(self, user_ids: Sequence[UUID]) -> list[str]:
        """Begin another access version of their private rooms, at most MAX_CLOSED_ROOMS; returns the rooms' ids."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_PRIVATE_ROOMS, user_ids, MAX_CLOSED_ROOMS)
            for row in rows:  # one lock at a time: the writer takes several, in another order
                await connection.execute(_CHANGE_ACCESS, row["id"])
        return [row["id"] for row in rows]

    async def lift(self, user_id: UUID) -> str | None:
        """End the ban, and a purge under way. An address that no other ban holds is free again.

        Returns the person's name; None without a ban.
        """
        async with driver_connection(self._engine) as connection, connection.transaction():
            await connection.execute(_LOCK, BANS_LOCK)
            nickname: str | None = await connection.fetchval(_LIFT, user_id)
            freed = [row["address_hash"] for row in await connection.fetch(_LIFT_ADDRESSES, user_id)]
            if freed:
                await connection.execute(_LIFT_OF_ADDRESSES, freed)
            if nickname is not None:
                await connection.execute(_LOG, "lift_ban", [user_id], [nickname], "{}")
        return nickname

    async def nickname(self, user_id: UUID) -> str | None:
        async with driver_connection(self._engine) as connection:
            return (await read_nicknames(connection, [user_id])).get(user_id)

    async def list(self, after: BanPosition, limit: int) -> Sequence[Any]:
        """Bans in force that follow `after`, the newest first."""
        async with driver_connection(self._engine) as connection:
            rows: Sequence[Any] = await connection.fetch(_BANS, *after, limit)
        return rows

    async def take_purge(self, messages: int) -> PurgeStep | None:
        """Take the next step of a purge for LEASE_S; None if none is due."""
        async with driver_connection(self._engine) as connection:
            row = await connection.fetchrow(_TAKE_PURGE, LEASE_S)
            if row is None:
                return None
            user_id, due, *position = row
            rows = await connection.fetch(_MESSAGES, user_id, *position, messages)
        room_ids = dict.fromkeys(row["room_id"] for row in rows if not row["deleted"])
        last_message, last_room = (rows[-1]["client_message_id"], rows[-1]["room_id"]) if rows else position
        return PurgeStep(user_id, due, list(room_ids), last_message, last_room, len(rows) < messages)

    async def advance(self, step: PurgeStep) -> None:
        """Report that the step is done."""
        async with driver_connection(self._engine) as connection:
            await connection.execute(
                _ADVANCE, step.user_id, step.due, step.is_last, step.last_message, step.last_room
            )


async def expire_server_bans(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` bans that have ended; returns how many. The minute is that of bans from a room."""
    return await changed_rows(connection, _EXPIRE, limit)
