"""Deletes events older than the configured age from the catch-up log, in small batches that never delay a post.

In the same run it expires rows of other tables, each by a statement of the feature that owns the table. All of them are
deleted until none is left: a table that gained rows faster than they expire would grow without a bound.

Messages stay; only the log from which streams catch up is shortened. An older cursor gets 410 or `stream.gap`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Final

import asyncpg
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.pools import driver_connection

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0
BATCH: Final = 2_000
PAUSE_S: Final = 0.05
RETENTION_LOCK: Final = 0x686F7463686175

_DELETE: Final = """
DELETE FROM events WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM events WHERE created_at < now() - make_interval(secs => $1) LIMIT $2
))"""

ExpireRows = Callable[[asyncpg.Connection, int], Awaitable[int]]
"""Deletes or closes at most the given number of old rows of one table; returns how many."""

EVENTS_EXPIRED = Counter("hotchat_events_expired_total", "Events that left the catch-up log by age")


async def expire_once(connection: asyncpg.Connection, max_age_s: float, limit: int) -> int:
    """Delete up to `limit` events older than max_age_s; returns how many."""
    deleted = await changed_rows(connection, _DELETE, max_age_s, limit)
    EVENTS_EXPIRED.inc(deleted)
    return deleted


class Retention:
    """Runs in every chat_server. The process that gets the advisory lock does the work; the others skip the run."""

    def __init__(
        self, engine: AsyncEngine, max_age_s: float, rng: Random, expire_others: Sequence[ExpireRows] = ()
    ) -> None:
        self._engine = engine
        self._expire_others = expire_others
        self._max_age_s = max_age_s
        self._rng = rng

    async def run(self) -> None:
        """Expire old rows periodically, until cancelled."""
        while True:
            await asyncio.sleep(min(EVERY_S, self._max_age_s) * self._rng.uniform(0.5, 1.0))
            try:
                await self._expire()
            except STORE_ERRORS as error:
                log.warning("Old events could not be deleted; retrying later: %r", error)

    async def _expire(self) -> None:
        async with driver_connection(self._engine) as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RETENTION_LOCK):
                return
            try:
                for expire in (*self._expire_others, self._expire_events):
                    while await expire(connection, BATCH) == BATCH:
                        await asyncio.sleep(PAUSE_S)
            finally:
                if not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", RETENTION_LOCK)

    async def _expire_events(self, connection: asyncpg.Connection, limit: int) -> int:
        return await expire_once(connection, self._max_age_s, limit)
