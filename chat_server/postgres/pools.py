"""Pools of Postgres connections: how many each kind of work has, and what their errors mean.

Reads have pools of their own (read_lane.py); the writer, the watchdog and readiness one connection each
(dedicated_connection.py, health/readiness.py).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, cast

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_TIMEOUT_S: Final = 2
STORE_ERRORS: Final = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""Errors of a store that is unavailable. asyncpg raises its own while it connects and on a bare connection."""

_UNAVAILABLE: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)

COMMAND_TIMEOUT_S: Final = 5


class Connections(NamedTuple):
    """Postgres connections of one chat_server process, by use. No use can take the connections of another.

    `docs/settings.md` states the sum for operators: DATABASE_POOL_SIZE + 14.
    """

    look_ups: int
    """Queries for sessions and rooms, and those of a write before it is queued."""
    visitors: int
    internal: int = 2
    """Calls from publish_server."""
    search: int = 2
    room_lists: int = 2
    background: int = 3
    """Outbox acknowledgements, outbox relay, retention."""
    blanking: int = 1
    health: int = 1
    writer: int = 3
    """Two commit lanes and the probe of the watchdog."""


def connections_of(pool_size: int) -> Connections:
    """Divide DATABASE_POOL_SIZE between look-ups (two fifths) and visitors' reads (the rest)."""
    look_ups = max(2, pool_size * 2 // 5)
    return Connections(look_ups, pool_size - look_ups)


def contains(text: str) -> str:
    """A LIKE pattern that matches values containing `text` literally."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def is_bad_input(error: BaseException) -> bool:
    """Whether Postgres or its driver rejected a value (SQLSTATE class 22), which is an error of the caller."""
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", "") or "").startswith("22")
    is_driver_error = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return is_driver_error or isinstance(error, asyncpg.DataError)


def means_postgres_is_unavailable(error: BaseException) -> bool:
    """Whether the error concerns the connection or the server. False for a cancelled, refused or wrong statement:
    Postgres responded, so other statements may succeed."""
    return (
        isinstance(error, _UNAVAILABLE)
        and not isinstance(error, asyncpg.QueryCanceledError)
        and not is_bad_input(error)
    )


def asyncpg_dsn(database_url: str) -> str:
    """The DSN for asyncpg: `postgresql://…` without a driver name."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


@asynccontextmanager
async def open_database(database_url: str, pool_size: int) -> AsyncIterator[AsyncEngine]:
    """An engine with at most pool_size connections. Waiting longer than CONNECT_TIMEOUT_S for one raises an error."""
    engine = create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": COMMAND_TIMEOUT_S,
            "server_settings": {"application_name": "hotchat", "jit": "off"},
        },
    )
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def driver_connection(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """The asyncpg connection of a pooled connection, for hot paths. Each statement commits on its own.

    A connection that was lost meanwhile is not returned to the pool.
    """
    async with engine.connect() as connection:
        driver = cast(asyncpg.Connection, (await connection.get_raw_connection()).driver_connection)
        try:
            yield driver
        finally:
            if driver.is_closed():
                await connection.invalidate()
