"""A migrated database, and writers on it."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
import uuid_utils.compat
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.filters.filter_cache import FilterCache
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.message_erasure import ErasureStep, erase_some
from chat_server.messages.operations import PostMessage
from chat_server.messages.purge_conversion import convert_some
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.pools import asyncpg_dsn, open_database
from server_kit.background_tasks import BackgroundTasks


def post(
    room_id: str, text: str = "hello", *, author: UUID | None = None, key: UUID | None = None
) -> PostMessage:
    return PostMessage(
        room_id=room_id,
        author_id=author or uuid.uuid4(),
        author_nickname="ann",
        client_message_id=key or uuid.uuid4(),
        message_id=uuid_utils.compat.uuid7(),
        text=text,
        reply_to=None,
    )


class Store:
    """A migrated database, with queries for tests."""

    def __init__(self, engine: AsyncEngine, dsn: str, stack: AsyncExitStack) -> None:
        self.engine = engine
        self.dsn = dsn
        self.handed_over: list[CommittedEvent] = []
        self._stack = stack

    async def writer(
        self,
        dsn: str | None = None,
        after_commit: Callable[[Sequence[CommittedEvent]], None] | None = None,
        *,
        clock_is_off_by: timedelta = timedelta(),
    ) -> GroupCommitWriter:
        writer = GroupCommitWriter(
            dsn or self.dsn,
            after_commit or self.handed_over.extend,
            lambda: datetime.now(UTC) + clock_is_off_by,
            FilterCache(),
        )
        return await self._stack.enter_async_context(
            writer.committing(BackgroundTasks(Random(7), time.monotonic))
        )

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    async def erase_all(self) -> list[ErasureStep]:
        """Run steps of the erasure until nothing is left. Returns all except the last, empty one."""
        await self.convert_all()
        connection = await asyncpg.connect(self.dsn)
        steps: list[ErasureStep] = []
        try:
            while (step := await erase_some(connection)).messages:
                steps.append(step)
            return steps
        finally:
            await connection.close()

    async def convert_all(self) -> int:
        """Run steps of the conversion of purges until no mark is left. Returns how many steps there were."""
        connection = await asyncpg.connect(self.dsn)
        steps = 0
        try:
            while await convert_some(connection):
                steps += 1
            return steps
        finally:
            await connection.close()

    async def make_room(self, owner_id: UUID | None = None) -> str:
        """`owner_id`: of a person who has entered."""
        room_id = f"room-{uuid.uuid4().hex[:12]}"
        await self.rows(
            "INSERT INTO rooms (id, name, owner_id, created_at, active_at) VALUES ($1, $1, $2, now(), now())",
            room_id, owner_id,
        )  # fmt: skip
        return room_id

    async def enter(self, *user_ids: UUID) -> None:
        """Give these people rows, with their ids as nicknames."""
        await self.rows(
            "INSERT INTO users (id, nickname, created_at) SELECT id, id::text, now() FROM unnest($1::uuid[]) AS id"
            " ON CONFLICT DO NOTHING",
            user_ids,
        )

    async def seqs(self, room_id: str) -> list[int]:
        return [
            row["seq"]
            for row in await self.rows("SELECT seq FROM events WHERE room_id = $1 ORDER BY seq", room_id)
        ]

    async def assert_no_holes(self, room_id: str) -> list[int]:
        """Check that each seq from 1 to the room's last_seq is once in the log and once in the outbox."""
        seqs = await self.seqs(room_id)
        assert seqs == list(range(1, len(seqs) + 1))
        [room] = await self.rows("SELECT last_seq FROM rooms WHERE id = $1", room_id)
        assert room["last_seq"] == len(seqs)
        outbox = await self.rows("SELECT seq FROM outbox WHERE room_id = $1 ORDER BY seq", room_id)
        assert [row["seq"] for row in outbox] == seqs
        return seqs


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(database_url, 4))
        yield Store(engine, asyncpg_dsn(database_url), stack)


class CommitCutter:
    """A TCP proxy to Postgres that cuts the connection at the next COMMIT, before or after Postgres gets it.

    While `answers` is not set, no response of Postgres passes. While `commits` is not set, no COMMIT reaches
    Postgres.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.cut_next: str | None = None
        self.cuts = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.commits = asyncio.Event()
        self.commits.set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        server_in, server_out = await asyncio.open_connection(*self._target)
        is_cut = False

        async def to_server() -> None:
            nonlocal is_cut
            while data := await client_in.read(65536):
                if b"COMMIT" in data:
                    await self.commits.wait()
                if self.cut_next and b"COMMIT" in data:
                    when, self.cut_next = self.cut_next, None
                    is_cut = True
                    self.cuts += 1
                    if when == "after":
                        server_out.write(data)
                        await server_out.drain()
                        await server_in.read(1)
                    break
                server_out.write(data)
                await server_out.drain()

        async def to_client() -> None:
            while not is_cut and (data := await server_in.read(65536)):
                await self.answers.wait()
                client_out.write(data)
                await client_out.drain()

        back = asyncio.create_task(to_client())
        try:
            await to_server()
        finally:
            back.cancel()
            client_out.transport.abort()
            server_out.transport.abort()


@pytest.fixture
async def cutter(store: Store) -> AsyncIterator[tuple[CommitCutter, str]]:
    """The proxy, and the DSN of the database through it."""
    parts = urlsplit(store.dsn)
    assert parts.hostname and parts.port
    cutter = CommitCutter(parts.hostname, parts.port)
    port = await cutter.start()
    netloc = parts.netloc.rpartition("@")
    yield cutter, parts._replace(netloc=f"{netloc[0]}{netloc[1]}127.0.0.1:{port}").geturl()
    await cutter.stop()
