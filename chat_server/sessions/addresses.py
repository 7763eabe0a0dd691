"""The last address of each person, as a keyed hash for a day, so that hosts can ban an address without seeing it.

Loopback and trusted proxies are nobody's address: they stand for many people.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

import asyncpg
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.pools import driver_connection
from server_kit.http.asgi import Scope
from server_kit.limits.shares import Shares, is_loopback

log = logging.getLogger(__name__)

KEPT_S: Final = 24 * 3600
NOTED_FOR_S: Final = 600.0
"""A person's address is noted again after this time, so that most posts skip it."""

MAX_NOTED: Final = 20_000
"""People whose address was noted lately. Overflow rule: CLEAR; they are noted again."""

MAX_PENDING: Final = 10_000
"""Addresses that wait to be written. Overflow rule: DROP."""

FLUSH_EVERY_S: Final = 2.0

DROPPED: Final = Counter("hotchat_addresses_dropped_total", "Addresses of people that could not be kept")

_LOOPBACK_KEY: Final = "::/64"

_WRITE: Final = """
INSERT INTO user_addresses (user_id, address_hash, seen_at)
SELECT a.*, now() FROM unnest($1::uuid[], $2::bytea[]) AS a(user_id, address_hash)
ON CONFLICT (user_id) DO UPDATE SET address_hash = EXCLUDED.address_hash, seen_at = EXCLUDED.seen_at"""

_EXPIRE: Final = """
DELETE FROM user_addresses WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM user_addresses WHERE seen_at < now() - make_interval(secs => $1) LIMIT $2 FOR UPDATE SKIP LOCKED
))"""


class Addresses:
    """`clock` is monotonic seconds."""

    def __init__(self, engine: AsyncEngine, shares: Shares, secret: str, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._shares = shares
        self._key = hmac.digest(secret.encode(), b"hotchat addresses v1", "sha256")
        self._clock = clock
        self._noted_at_s: dict[UUID, float] = {}
        self._pending: dict[UUID, bytes] = {}

    def hash_of(self, scope: Scope) -> bytes | None:
        """The keyed hash of the IPv4 address or the IPv6 /64 of a request; None for loopback and trusted proxies."""
        source = self._shares.source_of(scope)
        if (
            source.is_exempt
            or source.is_local
            or source.address == _LOOPBACK_KEY
            or is_loopback(source.address)
        ):
            return None
        return hmac.digest(self._key, source.address.encode(), "sha256")[:16]

    def note(self, user_id: UUID, scope: Scope) -> None:
        """Keep the address of the person's request, unless theirs was noted in the last NOTED_FOR_S."""
        now_s = self._clock()
        noted_at_s = self._noted_at_s.get(user_id)
        if noted_at_s is not None and now_s - noted_at_s < NOTED_FOR_S:
            return
        if len(self._noted_at_s) >= MAX_NOTED:
            self._noted_at_s.clear()
        self._noted_at_s[user_id] = now_s
        address_hash = self.hash_of(scope)
        if address_hash is None:
            return
        if len(self._pending) >= MAX_PENDING:
            DROPPED.inc()
            return
        self._pending[user_id] = address_hash

    async def flush(self) -> None:
        """Write the addresses that wait. Raises the errors of the store; then they are lost."""
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        async with driver_connection(self._engine) as connection:
            await connection.execute(_WRITE, list(pending), list(pending.values()))

    async def run(self) -> None:
        """Write addresses periodically, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            try:
                await self.flush()
            except STORE_ERRORS as error:
                DROPPED.inc()
                log.warning("Addresses of people could not be kept: %r", error)


async def expire_addresses(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` addresses after KEPT_S; returns how many."""
    return await changed_rows(connection, _EXPIRE, KEPT_S, limit)
