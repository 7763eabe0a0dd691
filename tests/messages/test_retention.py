"""Retention deletes old events in small batches; messages stay, and posts do not wait."""

import asyncio
import time
from random import Random

import asyncpg

from chat_server.postgres.retention import BATCH, Retention, expire_once
from server_kit.background_tasks import BackgroundTasks
from tests.support.message_store import Store, post

WITHIN_S = 30.0
MAX_AGE_S = 1_800.0
"""Younger than the events of room_with_old_events, older than the lobby's greeting in the test database."""


async def room_with_old_events(store: Store, count: int) -> str:
    """A room whose events are an hour old."""
    room, writer = await store.make_room(), await store.writer()
    await asyncio.gather(*(writer.store(post(room)) for _ in range(count)))
    await store.rows("UPDATE events SET created_at = now() - interval '1 hour' WHERE room_id = $1", room)
    return room


async def test_old_events_are_deleted_in_small_batches_and_messages_stay(store: Store) -> None:
    room = await room_with_old_events(store, 5)
    writer = await store.writer()
    await writer.store(post(room))
    connection = await asyncpg.connect(store.dsn)
    assert [await expire_once(connection, MAX_AGE_S, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    await connection.close()
    assert await store.seqs(room) == [6]
    [row] = await store.rows("SELECT count(*) AS messages FROM messages WHERE room_id = $1", room)
    assert row["messages"] == 6


async def test_a_post_does_not_wait_while_old_events_of_its_room_are_being_deleted(store: Store) -> None:
    room = await room_with_old_events(store, 5)
    writer = await store.writer()
    connection = await asyncpg.connect(store.dsn)
    async with connection.transaction():
        assert await expire_once(connection, MAX_AGE_S, limit=5) == 5
        result = await writer.store(post(room))
        assert result.message["seq"] == 6
    await connection.close()
    assert await store.seqs(room) == [6]


async def test_three_processes_can_run_retention_at_once(store: Store) -> None:
    room = await room_with_old_events(store, 5)
    processes = [Retention(store.engine, 0.2, Random(seed)) for seed in range(3)]
    tasks = BackgroundTasks(Random(7), time.monotonic)
    async with (
        tasks.running("one", processes[0].run),
        tasks.running("two", processes[1].run),
        tasks.running("three", processes[2].run),
        asyncio.timeout(WITHIN_S),
    ):
        while await store.seqs(room):
            await asyncio.sleep(0.05)


async def test_a_run_expires_all_old_rows_of_other_tables(store: Store) -> None:
    batches = [BATCH, BATCH, BATCH - 1]
    is_empty = asyncio.Event()

    async def expire(_: asyncpg.Connection, limit: int) -> int:
        assert limit == BATCH
        if len(batches) == 1:
            is_empty.set()
        return batches.pop(0) if batches else 0

    retention = Retention(store.engine, 0.2, Random(1), (expire,))
    tasks = BackgroundTasks(Random(7), time.monotonic)
    async with tasks.running("retention", retention.run), asyncio.timeout(WITHIN_S):
        await is_empty.wait()
