"""A process that starts waits for a Postgres that is slow, full or starting, and for a long migration."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chat_server.postgres import migrate as migrations
from chat_server.postgres import pools
from chat_server.postgres.migrate import MIGRATION_LOCK, prepare_database
from chat_server.postgres.pools import asyncpg_dsn, open_database
from chat_server.postgres.wait_for_postgres import ATTEMPTS, until_postgres_answers
from local_stack.ports import free_port


class Sleeps:
    """Takes no time, and keeps the seconds that it was asked for."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked_s.append(seconds)


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A port that takes connections and never answers, as Postgres on a machine without a free core."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_step_is_repeated_until_postgres_answers(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pools, "CONNECT_TIMEOUT_S", 0.5)
    sleeps, attempts = Sleeps(), 0
    async with silent_server() as silent_port, open_database(database_url, 1) as engine:
        silent_url = f"postgresql://nobody@127.0.0.1:{silent_port}/hotchat"
        async with open_database(silent_url, 1) as silent:

            async def step() -> int:
                nonlocal attempts
                attempts += 1
                async with (silent if attempts < 4 else engine).connect() as connection:
                    return int((await connection.execute(text("SELECT 7"))).scalar_one())

            assert await until_postgres_answers(step, sleeps) == 7
    assert sleeps.asked_s == [0.25, 0.5, 1.0]
    assert [record.getMessage() for record in caplog.records] == [
        f"Postgres does not answer, attempt {n} of {ATTEMPTS}: TimeoutError()" for n in (1, 2, 3)
    ]


async def test_waiting_ends_with_the_last_error() -> None:
    sleeps = Sleeps()
    async with open_database(f"postgresql://nobody@127.0.0.1:{free_port()}/hotchat", 1) as engine:
        with pytest.raises(OSError):
            await until_postgres_answers(lambda: migrations.migrate(engine), sleeps)
    assert len(sleeps.asked_s) == ATTEMPTS - 1
    assert sum(sleeps.asked_s) == pytest.approx(15.75)


async def test_an_error_that_waiting_cannot_mend_is_raised_at_once(database_url: str) -> None:
    sleeps = Sleeps()
    async with open_database(f"{database_url}_that_is_missing", 1) as engine:
        with pytest.raises(DBAPIError, match="does not exist"):
            await until_postgres_answers(lambda: migrations.migrate(engine), sleeps)
    assert sleeps.asked_s == []


async def test_a_server_that_is_full_is_asked_again(empty_database_url: str) -> None:
    name = empty_database_url.rsplit("/", 1)[1].split("?", maxsplit=1)[0]
    sleeps = Sleeps()
    admin = await asyncpg.connect(asyncpg_dsn(empty_database_url))
    await admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    async with open_database(empty_database_url, 1) as engine:
        with pytest.raises(DBAPIError, match="too many connections"):
            await until_postgres_answers(lambda: migrations.migrate(engine), sleeps)
    await admin.close()
    assert len(sleeps.asked_s) == ATTEMPTS - 1


async def test_a_migration_may_take_longer_than_other_statements(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(inspect.unwrap(open_database).__kwdefaults__, "command_timeout_s", 0.2)
    other = await asyncpg.connect(asyncpg_dsn(empty_database_url))
    await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    preparing = asyncio.create_task(prepare_database(empty_database_url))
    waited = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND now() - query_start > '0.5 s'"
    while not await other.fetchval(waited):
        assert not preparing.done()
        await asyncio.sleep(0.05)
    await other.execute("SELECT pg_advisory_unlock($1)", MIGRATION_LOCK)
    await preparing
    await other.close()
