"""A database of the version before hosts keeps its rooms and messages, and a room without an owner gets one."""

import uuid
from contextlib import AsyncExitStack
from typing import Final

from alembic import command
from sqlalchemy import Connection

from chat_server.messages.room_operations import ChangeRoom, RoomChange
from chat_server.postgres.migrate import alembic_config, migrate
from chat_server.postgres.pools import asyncpg_dsn, open_database
from tests.support.message_store import Store, post

BEFORE_HOSTS: Final = "0006"
OWNER: Final = uuid.UUID(int=1)


def upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), BEFORE_HOSTS)


async def test_rooms_of_the_version_before_hosts_are_kept_and_can_get_an_owner(
    empty_database_url: str,
) -> None:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(empty_database_url, 2))
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
        store = Store(engine, asyncpg_dsn(empty_database_url), stack)
        await store.rows("INSERT INTO users (id, nickname, created_at) VALUES ($1, 'Minji', now())", OWNER)
        owned, ownerless = await store.make_room(OWNER), await store.make_room()
        for room in (owned, ownerless):
            await store.rows(
                "INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text,"
                " created_at) VALUES (gen_random_uuid(), $1, 1, $2, 'Minji', gen_random_uuid(), 'hello', now())",
                room, OWNER,
            )  # fmt: skip
            await store.rows("UPDATE rooms SET last_seq = 1, message_count = 1 WHERE id = $1", room)

        await migrate(engine)
        rooms = await store.rows(
            "SELECT owner_nickname, moderators, who_can_post, regular_after_s, has_bans FROM rooms WHERE id = ANY($1)"
            " ORDER BY owner_id NULLS LAST",
            [owned, ownerless],
        )
        assert [tuple(row) for row in rooms] == [
            ("Minji", "[]", "everyone", 86_400, False),
            (None, "[]", "everyone", 86_400, False),
        ]
        shown = await store.rows(
            "SELECT text, deleted, author_role FROM visible_messages WHERE room_id = $1", owned
        )
        assert [tuple(row) for row in shown] == [("hello", False, None)]
        writer = await store.writer()
        by_operator = ChangeRoom(
            room_id=ownerless,
            actor_id=uuid.UUID(int=0),
            actor_nickname="operator",
            is_operator=True,
            change=RoomChange(new_owner=OWNER),
        )
        assert (await writer.change_room(by_operator)).room.owner_nickname == "Minji"
        assert (await writer.store(post(ownerless, author=OWNER))).message["author"]["role"] == "owner"
