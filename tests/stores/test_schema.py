"""The ORM models match the schema that the migrations create."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from chat_server.postgres.migrate import NEWEST_REVISION, migrate, revision_of
from chat_server.postgres.models import Base
from chat_server.postgres.pools import open_database


def differences(connection: Connection) -> list[Any]:
    """The changes that `alembic revision --autogenerate` would make."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, Base.metadata))


async def test_the_models_match_the_schema_of_the_migrations(empty_database_url: str) -> None:
    async with open_database(empty_database_url, 1) as engine:
        await migrate(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_the_migrations_lead_to_the_newest_revision(empty_database_url: str) -> None:
    async with open_database(empty_database_url, 2) as engine, engine.connect() as connection:
        assert await connection.run_sync(revision_of) is None
        await connection.rollback()
        for _ in range(2):
            await migrate(engine)
            assert await connection.run_sync(revision_of) == NEWEST_REVISION
            await connection.rollback()


async def test_a_column_without_a_model_is_a_difference(empty_database_url: str) -> None:
    async with open_database(empty_database_url, 1) as engine:
        await migrate(engine)
        async with engine.connect() as connection:
            await connection.exec_driver_sql("ALTER TABLE rooms ADD COLUMN surprise text")
            found = await connection.run_sync(differences)
            await connection.rollback()
    assert [each[0] for each in found] == ["remove_column"]
