"""The audit log is bounded: by age, and for each room."""

import asyncpg

from chat_server.moderation.audit_log_retention import expire_log_entries, trim_logs
from tests.support.message_store import Store


async def add_entries(connection: asyncpg.Connection, room: str, count: int, age_days: int = 0) -> None:
    await connection.execute(
        """INSERT INTO moderation_log (room_id, at, actor_nickname, action, details)
        SELECT $1, now() - make_interval(days => $2), 'Owner', 'ban', jsonb_build_object('number', n)
        FROM generate_series(1, $3) n""",
        room,
        age_days,
        count,
    )


async def numbers(connection: asyncpg.Connection, room: str) -> list[int]:
    rows = await connection.fetch(
        "SELECT (details->>'number')::int AS n FROM moderation_log WHERE room_id = $1 ORDER BY id", room
    )
    return [row["n"] for row in rows]


async def test_entries_expire_after_a_year_in_small_batches(
    store: Store, connection: asyncpg.Connection
) -> None:
    room = await store.make_room()
    await add_entries(connection, room, 5, age_days=366)
    await add_entries(connection, room, 3, age_days=364)
    assert [await expire_log_entries(connection, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert await numbers(connection, room) == [1, 2, 3]


async def test_a_room_keeps_its_newest_entries(store: Store, connection: asyncpg.Connection) -> None:
    busy, quiet = await store.make_room(), await store.make_room()
    await add_entries(connection, quiet, 4)
    await add_entries(connection, busy, 9)
    assert [await trim_logs(connection, 3, max_entries=4) for _ in range(3)] == [3, 2, 0]
    assert await numbers(connection, busy) == [6, 7, 8, 9]
    assert await numbers(connection, quiet) == [1, 2, 3, 4]
