"""Pools of Postgres connections: how many connections each kind of work has.

Reads have pools of their own (read_lane.py); the writer, the watchdog and readiness one connection each
(dedicated_connection.py, health/readiness.py).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, cast

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

CONNECT_TIMEOUT_S: Final = 2

COMMAND_TIMEOUT_S: Final = 5


class Connections(NamedTuple):
    """Postgres connections of one chat_server process, by use. No use can take the connections of another.

    `docs/settings.md` states the sum for operators: DATABASE_POOL_SIZE + 18.
    """

    look_ups: int
    """Queries for sessions and rooms, and those of a write before it is queued."""
    visitors: int
    internal: int = 2
    """Calls from publish_server."""
    search: int = 2
    room_lists: int = 2
    exports: int = 1
    """Files with what people wrote."""
    background: int = 3
    """Outbox acknowledgements, outbox relay, retention."""
    message_erasure: int = 1
    person_erasure: int = 1
    polls: int = 1
    """Those of ended sessions and of the operator's settings: both take effect in time whatever else happens."""
    control_room: int = 1
    """Opened with the first stream of it."""
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


def asyncpg_dsn(database_url: str) -> str:
    """The DSN for asyncpg: `postgresql://…` without a driver name."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


@asynccontextmanager
async def open_database(
    database_url: str, pool_size: int, *, command_timeout_s: float = COMMAND_TIMEOUT_S
) -> AsyncIterator[AsyncEngine]:
    """An engine with at most pool_size connections. Waiting longer than CONNECT_TIMEOUT_S for one raises an error, and
    so does a statement that takes longer than command_timeout_s."""
    engine = create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
        hide_parameters=True,  # errors quote them, and logs must not hold texts and names
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": command_timeout_s,
            "server_settings": {"application_name": "hotchat", "jit": "off"},
        },
    )
    try:
        yield engine
    finally:
        await engine.dispose()


async def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """The asyncpg connection below; its statements belong to a transaction that has begun on `connection`."""
    return cast(asyncpg.Connection, (await connection.get_raw_connection()).driver_connection)


@asynccontextmanager
async def driver_connection(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """The asyncpg connection of a pooled connection, for hot paths. Each statement commits on its own.

    A connection that was lost meanwhile is not returned to the pool.
    """
    async with engine.connect() as connection:
        driver = await driver_of(connection)
        try:
            yield driver
        finally:
            if driver.is_closed():
                await connection.invalidate()
