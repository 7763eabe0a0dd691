"""Postgres: the engine that everything but the writer shares, and the migrations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

MIGRATION_LOCK: Final = 0x686F7463686174  # "hotchat": one server migrates, the others wait for it
CONNECT_TIMEOUT_S: Final = 2
STORE_ERRORS: Final = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What it means that Postgres cannot be asked. asyncpg's own errors come through while connecting, and on a bare
connection."""

COMMAND_TIMEOUT_S: Final = 5


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

    One that broke meanwhile is not given back to the pool.
    """
    async with engine.connect() as connection:
        driver = cast(asyncpg.Connection, (await connection.get_raw_connection()).driver_connection)
        try:
            yield driver
        finally:
            if driver.is_closed():
                await connection.invalidate()


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema to the newest revision; servers that start at the same time take turns."""
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
