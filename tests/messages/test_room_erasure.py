"""The data of a deleted room is erased in bounded steps, in every table, and nothing else is."""

import asyncio
from random import Random
from uuid import UUID

import asyncpg
import pytest

from chat_server.messages.message_erasure import MessageErasure
from chat_server.messages.operations import DeleteMessage, SetReaction
from chat_server.messages.room_erasure import ORDER_OF_ROWS, ROWS_PER_STEP, erase_room_step
from chat_server.messages.room_operations import BanUsers
from chat_server.rooms.repository import RoomRepository
from server_kit.session_tokens import Session
from tests.support.message_store import Store, post

OWNER, GUEST, TROLL = UUID(int=1), UUID(int=2), UUID(int=3)
OWNERS_SESSION = Session(OWNER, "Owner", 0, 2**40, UUID(int=11))

_TABLES_OF_ROOMS = """
SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = 'room_id'"""


async def used_room(store: Store) -> str:
    """A room with rows in every table."""
    await store.enter(OWNER, GUEST, TROLL)
    room, writer = await store.make_room(OWNER), await store.writer()
    messages = [post(room, f"message {number}", author=TROLL) for number in range(3)]
    for message in messages:
        await writer.store(message)
    liked = post(room, "liked", author=GUEST)
    await writer.store(liked)
    await writer.react(SetReaction(room, liked.message_id, GUEST, "heart", True))
    await writer.store(DeleteMessage(room, messages[0].message_id, TROLL))
    await writer.ban(
        BanUsers(
            room_id=room, actor_id=OWNER, actor_nickname="Owner", user_ids=(TROLL,), seconds=None, purge=True
        )
    )
    await store.rows("INSERT INTO room_filters (room_id, rules) VALUES ($1, '{}')", room)
    await store.rows(
        "INSERT INTO held_messages (id, room_id, author_id, author_nickname, client_message_id, text, filter,"
        " created_at) VALUES (gen_random_uuid(), $2, $1, 'guest', gen_random_uuid(), 'spam', 'words', now())",
        GUEST,
        room,
    )
    await store.rows(
        "INSERT INTO reports (room_id, message_id, reporter_id, reporter_nickname, reason, created_at)"
        " VALUES ($1, gen_random_uuid(), $2, 'guest', 'spam', now())",
        room,
        GUEST,
    )
    await store.rows(
        "INSERT INTO address_bans (room_id, address_hash, user_id, actor_nickname, created_at)"
        " VALUES ($1, '\\x00', $2, 'Owner', now())",
        room,
        TROLL,
    )
    await store.rows("INSERT INTO recent_texts VALUES ($1, $2, '\\x00', now())", room, GUEST)
    await store.rows("INSERT INTO members VALUES ($1, $2, 'Guest', now())", room, GUEST)
    await store.rows("INSERT INTO erased_in_rooms VALUES ($1, $2, gen_random_uuid())", room, TROLL)
    await store.rows(
        """INSERT INTO invites
        VALUES (gen_random_uuid(), $1, sha256($1::text::bytea), 'member', $2, 'Owner', now(), now(), 1)""",
        room,
        OWNER,
    )
    await store.rows("INSERT INTO invite_uses VALUES (gen_random_uuid(), $2, $1, true)", room, GUEST)
    return room


async def rows_of(store: Store, room: str) -> dict[str, int]:
    return {
        table: (await store.rows(f"SELECT count(*) FROM {table} WHERE room_id = $1", room))[0][0]
        for table in ORDER_OF_ROWS
    }


async def delete(store: Store, room: str) -> None:
    await RoomRepository(store.engine).delete(room, OWNERS_SESSION, is_operator=False)


async def erase(store: Store) -> int:
    """Run steps until nothing is left; returns how many."""
    connection = await asyncpg.connect(store.dsn)
    steps = 0
    try:
        while await erase_room_step(connection):
            steps += 1
    finally:
        await connection.close()
    return steps


async def test_every_table_with_rows_of_rooms_is_erased(store: Store) -> None:
    """A new table with a column `room_id` belongs into ORDER_OF_ROWS."""
    tables = {row["table_name"] for row in await store.rows(_TABLES_OF_ROOMS)}
    assert tables == set(ORDER_OF_ROWS)


async def test_nothing_of_a_deleted_room_is_left_and_another_room_stays(store: Store) -> None:
    room, other = await used_room(store), await used_room(store)
    before = await rows_of(store, other)
    assert all(before.values()), before
    await delete(store, room)
    await erase(store)
    assert not any((await rows_of(store, room)).values())
    assert await rows_of(store, other) == before
    [row] = await store.rows("SELECT erased_at FROM deleted_rooms WHERE id = $1", room)
    assert row["erased_at"] is not None
    assert await erase(store) == 0


async def test_a_large_room_is_erased_in_bounded_steps(store: Store) -> None:
    await store.enter(OWNER)
    room = await store.make_room(OWNER)
    count = 3 * ROWS_PER_STEP
    await store.rows(
        """INSERT INTO events (room_id, seq, type, payload, created_at)
        SELECT $1, n, 'message.created', '{}', now() FROM generate_series(1, $2::int) AS n""",
        room,
        count,
    )
    await delete(store, room)
    connection = await asyncpg.connect(store.dsn)
    left = count
    while await erase_room_step(connection):
        now_left = (await rows_of(store, room))["events"]
        assert left - now_left <= ROWS_PER_STEP
        left = now_left
    await connection.close()
    assert left == 0


@pytest.mark.parametrize("table", ORDER_OF_ROWS)
async def test_a_step_finds_its_rows_by_an_index(store: Store, table: str) -> None:
    """Also where the room has most of the table's rows: the plan must not depend on that."""
    query = f"""EXPLAIN SELECT ctid FROM {table} WHERE room_id = 'lobby'
        ORDER BY room_id, {ORDER_OF_ROWS[table]} LIMIT {ROWS_PER_STEP}"""
    connection = await asyncpg.connect(store.dsn)
    await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    plan = [row[0] for row in await connection.fetch(query)]
    await connection.close()
    assert any("Index" in line for line in plan), plan
    assert not any("Sort" in line for line in plan), plan


async def test_the_background_job_erases_deleted_rooms(store: Store) -> None:
    room = await used_room(store)
    await delete(store, room)
    erasure = MessageErasure(store.dsn, Random(7))
    running = asyncio.create_task(erasure.run())
    async with asyncio.timeout(10):
        while any((await rows_of(store, room)).values()):
            await asyncio.sleep(0.02)
    running.cancel()
