"""Pools of Postgres connections, and what their errors mean."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, cast

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_TIMEOUT_S: Final = 2
STORE_ERRORS: Final = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""Errors of a store that cannot answer. asyncpg raises its own while it connects and on a bare connection."""

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
    """Postgres connections of one chat_server process, by use. No use can take those of another.

    `docs/settings.md` tells operators the sum: DATABASE_POOL_SIZE + 14.
    """

    look_ups: int
    """Sessions, rooms, and what a write looks up before it is queued."""
    visitors: int
    internal: int = 2
    """Calls of publish_server."""
    search: int = 2
    room_lists: int = 2
    background: int = 3
    """Outbox acknowledgements, outbox relay, retention."""
    blanking: int = 1
    health: int = 1
    writer: int = 3
    """Two that commit, and one that probes whether Postgres is silent."""


def connections_of(pool_size: int) -> Connections:
    """DATABASE_POOL_SIZE divided between look-ups (two fifths) and visitors' reads."""
    look_ups = max(2, pool_size * 2 // 5)
    return Connections(look_ups, pool_size - look_ups)


def contains(text: str) -> str:
    """A LIKE pattern for what contains `text`, taken literally."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def is_bad_input(error: BaseException) -> bool:
    """Whether Postgres or its driver rejected a value (SQLSTATE class 22): the caller's fault, not the store's."""
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", "") or "").startswith("22")
    is_drivers = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return is_drivers or isinstance(error, asyncpg.DataError)


def means_postgres_is_unavailable(error: BaseException) -> bool:
    """Whether an error is about the connection or the server. For a cancelled, refused or wrong statement it is not:
    Postgres has answered, and others may ask."""
    return (
        isinstance(error, _UNAVAILABLE)
        and not isinstance(error, asyncpg.QueryCanceledError)
        and not is_bad_input(error)
    )


def asyncpg_dsn(database_url: str) -> str:
    """The DSN that asyncpg itself takes: `postgresql://…`, whatever driver the URL names."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


@asynccontextmanager
async def open_database(database_url: str, pool_size: int) -> AsyncIterator[AsyncEngine]:
    """An engine with at most pool_size connections; waiting longer than CONNECT_TIMEOUT_S for one is an error."""
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
    """A pooled connection as asyncpg itself, for hot paths; each statement commits on its own.

    A connection that broke meanwhile is not returned to the pool.
    """
    async with engine.connect() as connection:
        driver = cast(asyncpg.Connection, (await connection.get_raw_connection()).driver_connection)
        try:
            yield driver
        finally:
            if driver.is_closed():
                await connection.invalidate()
