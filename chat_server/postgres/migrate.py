"""Brings the schema to the newest revision."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.postgres.pools import open_database
from chat_server.postgres.wait_for_postgres import until_postgres_answers

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_LOCK: Final = 0x686F7463686174  # "hotchat"
MIGRATION_TIMEOUT_S: Final = 3600.0
"""An index of a large table takes minutes, and so does waiting for another server that makes it."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
NEWEST_REVISION: Final = max(path.stem[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


async def prepare_database(database_url: str) -> None:
    """`migrate` as the first step of a process. Raises the errors of `until_postgres_answers`."""
    async with open_database(database_url, 1, command_timeout_s=MIGRATION_TIMEOUT_S) as engine:
        await until_postgres_answers(lambda: migrate(engine))


async def migrate(engine: AsyncEngine) -> None:
    """Apply missing migrations. Servers that start together take turns, so each migration runs once."""
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if await connection.run_sync(revision_of) != NEWEST_REVISION:
            await connection.run_sync(_upgrade)


def revision_of(connection: Connection) -> str | None:
    """The revision of the schema; None for a database without one."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')::text")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def alembic_config(connection: Connection) -> "Config":
    """Alembic's configuration for our migrations, on this connection."""
    from alembic.config import Config  # noqa: PLC0415 - see _upgrade

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))  # options are interpolated
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    # Most starts find the newest revision, and importing Alembic takes 0.1 s.
    from alembic import command  # noqa: PLC0415

    command.upgrade(alembic_config(connection), "head")
