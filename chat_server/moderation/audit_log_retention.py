"""Bounds the audit log, by age and for each room. Entries are never changed."""

from typing import Final

import asyncpg

from chat_server.postgres.changed_rows import changed_rows

KEPT_DAYS: Final = 365

MAX_ENTRIES: Final = 100_000
"""Of one room, about a minute after it has more. Overflow rule: OLDEST."""

RECENT_ENTRIES: Final = 1_000
"""The newest entries of all rooms. A run checks their rooms for MAX_ENTRIES: only a room that grows has more."""

# The oldest entries have the lowest ids.
_EXPIRE: Final = """
DELETE FROM moderation_log WHERE id = ANY(ARRAY(
    SELECT id FROM (SELECT id, at FROM moderation_log ORDER BY id LIMIT $2) oldest
    WHERE at < now() - make_interval(days => $1)
))"""

_TRIM: Final = """
WITH growing AS (
    SELECT DISTINCT room_id FROM (SELECT room_id FROM moderation_log ORDER BY id DESC LIMIT $1) newest
), excess AS (
    SELECT g.room_id, (
        SELECT l.id FROM moderation_log l WHERE l.room_id = g.room_id ORDER BY l.id DESC OFFSET $2 LIMIT 1
    ) AS last_id FROM growing g
)
DELETE FROM moderation_log WHERE id = ANY(ARRAY(
    SELECT l.id FROM excess e JOIN moderation_log l ON l.room_id = e.room_id AND l.id <= e.last_id LIMIT $3
))"""


async def expire_log_entries(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` entries after KEPT_DAYS; returns how many."""
    return await changed_rows(connection, _EXPIRE, KEPT_DAYS, limit)


async def trim_logs(connection: asyncpg.Connection, limit: int, max_entries: int = MAX_ENTRIES) -> int:
    """Delete up to `limit` entries of rooms that have more than `max_entries`; returns how many."""
    return await changed_rows(connection, _TRIM, RECENT_ENTRIES, max_entries, limit)
