"""A migrated database, fixtures that write and read it, and helpers for ASGI calls without a server."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chat_server.fetch.read_repository import ReadRepository
from chat_server.postgres.migrate import migrate
from chat_server.postgres.pools import asyncpg_dsn, open_database
from chat_server.postgres.read_lane import open_read_lane
from chat_server.rooms.known_rooms import KnownRooms
from local_stack.postgres import Postgres
from server_kit.http.asgi import Message, Scope

AUTHOR = UUID("019a0000-0000-7000-8000-000000000001")
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@dataclass
class Store:
    """Writes rows as the writer does, with the values that a test chooses."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    dsn: str

    async def make_room(self) -> str:
        room_id = f"room-{uuid.uuid4().hex[:12]}"
        await self.connection.execute(
            "INSERT INTO rooms (id, name, created_at, active_at) VALUES ($1, 'A room', now(), now())", room_id
        )
        return room_id

    async def post(self, room_id: str, *texts: str) -> list[UUID]:
        """Insert messages and their events. Each takes the room's next seq."""
        made = []
        for text in texts:
            async with self.connection.transaction():
                seq = await self._next_seq(room_id, new_messages=1)
                message_id = uuid.uuid4()
                made.append(message_id)
                await self.connection.execute(
                    "INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text,"
                    " created_at) VALUES ($1, $2, $3, $4, 'ann', $5, $6, $7)",
                    message_id, room_id, seq, AUTHOR, uuid.uuid4(), text, NOW,
                )  # fmt: skip
                await self._add_event(room_id, seq, "message.created", {"message": {"text": text}})
        return made

    async def react(
        self, room_id: str, message_id: UUID, kind: str = "heart", user_id: UUID = AUTHOR
    ) -> None:
        async with self.connection.transaction():
            seq = await self._next_seq(room_id)
            await self.connection.execute(
                "UPDATE messages SET reactions = reactions || jsonb_build_object($2::text,"
                " coalesce((reactions->>$2)::int, 0) + 1) WHERE id = $1",
                message_id, kind,
            )  # fmt: skip
            await self.connection.execute(
                "INSERT INTO reactions (message_id, kind, user_id, room_id, message_seq)"
                " SELECT id, $2, $3, room_id, seq FROM messages WHERE id = $1",
                message_id, kind, user_id,
            )  # fmt: skip
            await self._add_event(room_id, seq, "reaction.changed", {"kind": kind})

    async def delete(self, room_id: str, message_id: UUID) -> None:
        """Delete like the writer, which also removes the text from older events."""
        async with self.connection.transaction():
            seq = await self._next_seq(room_id)
            await self.connection.execute(
                "UPDATE messages SET deleted = true, text = '' WHERE id = $1", message_id
            )
            await self.connection.execute(
                "UPDATE events SET payload = '{\"blanked\":true}' WHERE room_id = $1 AND type = 'message.created'"
                " AND seq = (SELECT seq FROM messages WHERE id = $2)",
                room_id, message_id,
            )  # fmt: skip
            await self._add_event(room_id, seq, "message.deleted", {})

    async def purge(self, room_id: str, author_id: UUID) -> None:
        async with self.connection.transaction():
            seq = await self._next_seq(room_id)
            await self.connection.execute(
                "INSERT INTO purge_marks (room_id, author_id, up_to_seq, created_at) VALUES ($1, $2, $3, now())",
                room_id, author_id, seq - 1,
            )  # fmt: skip
            await self._add_event(
                room_id, seq, "messages.purged", {"author_id": str(author_id), "up_to_seq": seq - 1}
            )

    async def events(self, room_id: str, count: int) -> None:
        """Store so many events, too many for the memory of a hot room if there are more than 500."""
        await self.connection.execute(
            "INSERT INTO events (room_id, seq, type, payload, created_at)"
            " SELECT $1, n, 'message.created', '{}', now() FROM generate_series(1, $2::bigint) n",
            room_id,
            count,
        )
        await self.connection.execute("UPDATE rooms SET last_seq = $2 WHERE id = $1", room_id, count)

    async def delete_events(self, room_id: str, up_to_seq: int) -> None:
        await self.connection.execute(
            "DELETE FROM events WHERE room_id = $1 AND seq <= $2", room_id, up_to_seq
        )

    async def _next_seq(self, room_id: str, new_messages: int = 0) -> int:
        seq: int = await self.connection.fetchval(
            "UPDATE rooms SET last_seq = last_seq + 1, message_count = message_count + $2 WHERE id = $1"
            " RETURNING last_seq",
            room_id, new_messages,
        )  # fmt: skip
        return seq

    async def _add_event(self, room_id: str, seq: int, kind: str, rest: dict[str, Any]) -> None:
        payload = json.dumps({"type": kind, "room_id": room_id, "seq": seq, **rest})
        await self.connection.execute(
            "INSERT INTO events (room_id, seq, type, payload, created_at) VALUES ($1, $2, $3, $4, now())",
            room_id, seq, kind, payload,
        )  # fmt: skip


@pytest.fixture(scope="session")
def migrated_database_url(postgres_server: Postgres) -> Iterator[str]:
    """One database for all tests of this folder. Each test creates its own rooms."""
    name = f"fetch_{uuid.uuid4().hex}"
    postgres_server.ensure_database(name)

    async def migrated() -> None:
        async with open_database(postgres_server.url(name), 4) as engine:
            await migrate(engine)

    asyncio.run(migrated())
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
async def store(migrated_database_url: str) -> AsyncIterator[Store]:
    dsn = asyncpg_dsn(migrated_database_url)
    connection = await asyncpg.connect(dsn)
    yield Store(connection, dsn)
    await connection.close()


@pytest.fixture
async def repository(store: Store) -> AsyncIterator[ReadRepository]:
    clock = asyncio.get_running_loop().time
    async with open_read_lane(store.dsn, 4, "reads", clock=clock) as lane:
        yield ReadRepository(lane, KnownRooms())


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Collected:
    """An ASGI `send` that records all messages."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    def reply(self) -> Reply:
        start, body = self.messages
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], headers, body["body"])


def reply_on_the_wire(head: bytes, body: bytes) -> Reply:
    """The reply of a head as sent, without the empty line that ends it."""
    status_line, *lines = head.decode().removesuffix("\r\n").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Reply(int(status_line.split()[1]), headers, body)


async def receive() -> Message:
    """A client that stays connected and sends nothing more."""
    await asyncio.Event().wait()
    raise AssertionError


def fetch_scope(url: str, method: str = "GET", *, peer: str = "192.0.2.1", **headers: str) -> Scope:
    path, _, query = url.partition("?")
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": raw,
        "client": (peer, 4711),
    }
