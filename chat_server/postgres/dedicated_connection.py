"""A Postgres connection that belongs to one task, outside every pool, for statements whose plans must not change."""

from dataclasses import dataclass
from typing import Final

import asyncpg

CONNECT_TIMEOUT_S: Final = 0.8
STATEMENT_TIMEOUT_S: Final = 3
LOCK_TIMEOUT_S: Final = 0.7
IDLE_IN_TRANSACTION_S: Final = 3
"""The longest time that a process that hangs inside a transaction can keep its rooms locked."""

_ARRAYS: Final = ("uuid", "timestamptz", "jsonb", "bigint", "boolean", "integer", "bytea")
"""asyncpg asks Postgres about arrays of these types at their first use on a connection, which may hold the lock of a
room by then."""

_USE_ARRAYS: Final = f"SELECT {', '.join(f'${n}::{name}[]' for n, name in enumerate(_ARRAYS, 1))}"


@dataclass(slots=True)
class DedicatedConnection:
    """Opened at first use and after a loss.

    Postgres plans each statement once, whatever its arguments: planning the statement that reads bans costs 1.4 ms,
    running it 0.3 ms. Index scans only, because it keeps plans made for an empty table.
    """

    dsn: str
    application_name: str
    connection: asyncpg.Connection | None = None

    async def open(self) -> asyncpg.Connection:
        """The open connection. Raises one of CONNECTION_LOST or asyncpg.PostgresError within 2 CONNECT_TIMEOUT_S."""
        if self.connection is None or self.connection.is_closed():
            self.connection = await asyncpg.connect(
                self.dsn,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=STATEMENT_TIMEOUT_S + 1,
                server_settings={
                    "application_name": self.application_name,
                    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
                    "lock_timeout": f"{LOCK_TIMEOUT_S * 1000:.0f}ms",
                    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
                    "tcp_user_timeout": "3000",
                    "enable_seqscan": "off",
                    "enable_hashjoin": "off",
                    "enable_mergejoin": "off",
                    "jit": "off",
                    "plan_cache_mode": "force_generic_plan",
                },
            )
            await self.connection.prepare(_USE_ARRAYS, timeout=CONNECT_TIMEOUT_S)
        return self.connection

    def drop(self) -> None:
        """Close at once, without waiting for Postgres."""
        if self.connection is not None:
            self.connection.terminate()
            self.connection = None
