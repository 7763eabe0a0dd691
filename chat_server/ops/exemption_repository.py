"""The SQL of exemptions from shares. Each change enters the operator's log in the same transaction."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.ops.log_repository import note_details
from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.pools import driver_connection
from server_kit.dependency_status import DependencyStatus
from server_kit.http.problem import ChatError

MAX_EXEMPTIONS: Final = 100

_LOCK: Final = "LOCK TABLE share_exemptions IN SHARE ROW EXCLUSIVE MODE"

_LIST: Final = """
SELECT address, reason, created_at, expires_at FROM share_exemptions WHERE expires_at > now()
ORDER BY created_at DESC, address LIMIT $1"""

_IN_FORCE: Final = """
SELECT address, extract(epoch FROM expires_at)::float8 FROM share_exemptions WHERE expires_at > now() LIMIT $1"""

_OTHERS: Final = "SELECT count(*) FROM share_exemptions WHERE address <> $1 AND expires_at > now()"

_ADD: Final = """
INSERT INTO share_exemptions (address, reason, created_at, expires_at)
VALUES ($1, $2, now(), now() + make_interval(hours => $3))
ON CONFLICT (address) DO UPDATE SET reason = EXCLUDED.reason, created_at = EXCLUDED.created_at,
    expires_at = EXCLUDED.expires_at
RETURNING address, reason, created_at, expires_at"""

_END: Final = "DELETE FROM share_exemptions WHERE address = $1 AND expires_at > now() RETURNING address"

_EXPIRE: Final = """
DELETE FROM share_exemptions WHERE address = ANY(ARRAY(
    SELECT address FROM share_exemptions WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED
))"""

log = logging.getLogger(__name__)


class ExemptionRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._status = DependencyStatus(log, store="Postgres", part="exemptions")

    async def list(self) -> Sequence[Any]:
        """Those in force, the newest first."""
        async with driver_connection(self._engine) as connection:
            rows: Sequence[Any] = await connection.fetch(_LIST, MAX_EXEMPTIONS)
        return rows

    async def in_force(self) -> Mapping[str, float]:
        """Each address, and when its exemption ends, in Unix seconds. Raises STORE_ERRORS, which it logs."""
        try:
            async with driver_connection(self._engine) as connection:
                rows = await connection.fetch(_IN_FORCE, MAX_EXEMPTIONS)
        except STORE_ERRORS as error:
            self._status.failed(error)
            raise
        self._status.answered()
        return dict(tuple(row) for row in rows)

    async def add(self, address: str, hours: int, reason: str | None) -> Any:
        """Exempt the address; a later call replaces an earlier one. Raises ChatError `too_many`."""
        async with driver_connection(self._engine) as connection, connection.transaction():
            await connection.execute(_LOCK)
            if await connection.fetchval(_OTHERS, address) >= MAX_EXEMPTIONS:
                raise ChatError(
                    "too_many",
                    f"{MAX_EXEMPTIONS} addresses are exempt already; end one of these exemptions first.",
                )
            row = await connection.fetchrow(_ADD, address, reason, hours)
            details = {"address": address, "hours": hours, "reason": reason}
            await note_details(connection, "exempt_address", details)
        return row

    async def end(self, address: str) -> bool:
        """False if there is no such exemption."""
        async with driver_connection(self._engine) as connection, connection.transaction():
            ended = await connection.fetchval(_END, address) is not None
            if ended:
                await note_details(connection, "end_exemption", {"address": address})
        return ended


async def expire_exemptions(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` exemptions that have ended; returns how many."""
    return await changed_rows(connection, _EXPIRE, limit)
