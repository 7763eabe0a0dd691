"""The work for a page of one's own rooms is bounded, however many a person owns or moderates. On a real Postgres."""

import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.postgres.pools import open_database
from chat_server.rooms.repository import MAX_ROOMS_OF_ROLE, OF_PERSON, RoomRepository

ANN: Final = uuid.UUID(int=1)
PUSHED: Final = 3 * MAX_ROOMS_OF_ROLE
LIMIT: Final = 51

_ROOMS: Final = """
INSERT INTO rooms (id, name, owner_id, moderators, created_at, active_at)
SELECT format('%s-%s', CAST(:kind AS text), n), 'Pushed', :owner_id, CAST(:moderators AS jsonb), now(),
    date_trunc('second', now()) - n * interval '1 s'
FROM generate_series(1, :count) n"""


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with open_database(database_url, 2) as engine:
        async with engine.begin() as tx:
            await tx.execute(
                text("INSERT INTO users (id, nickname, created_at) VALUES (:id, 'Ann', now())"), {"id": ANN}
            )
        yield engine


async def push(
    engine: AsyncEngine,
    kind: str,
    *,
    owner_id: uuid.UUID | None = None,
    moderators: str = "[]",
) -> None:
    given = {"kind": kind, "owner_id": owner_id, "moderators": moderators, "count": PUSHED}
    async with engine.begin() as tx:
        await tx.execute(text(_ROOMS), given)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE rooms"))


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes_of(child)


async def rooms_read(engine: AsyncEngine) -> int:
    """How many rows of rooms the statement reads for the first page, by the indexes that it uses in a large table."""
    values = {
        "user_id": ANN,
        "active_at": datetime(9999, 1, 1, tzinfo=UTC),
        "room_id": "",
        "most": LIMIT,
    }
    async with engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        explained = await connection.scalar(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {OF_PERSON}"), values)
    [found] = explained
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes_of(found["Plan"])
        if node.get("Relation Name") == "rooms"
    )


async def test_a_page_reads_as_many_of_the_rooms_that_a_person_owns_as_it_shows(engine: AsyncEngine) -> None:
    await push(engine, "owned", owner_id=ANN)
    assert await rooms_read(engine) <= 2 * LIMIT


async def test_a_page_reads_a_bounded_number_of_rooms_that_a_person_moderates(engine: AsyncEngine) -> None:
    await push(engine, "owned", owner_id=ANN)
    await push(engine, "moderated", moderators=f'[{{"id": "{ANN}", "nickname": "Ann"}}]')
    assert await rooms_read(engine) <= 2 * (LIMIT + MAX_ROOMS_OF_ROLE)
    rooms = RoomRepository(engine)
    found: list[str] = []
    before = None
    while page := await rooms.of_person(ANN, before, 100):
        found += [room.id for room in page]
        before = page[-1].active_at, page[-1].id
    assert len(found) == len(set(found)) == PUSHED + MAX_ROOMS_OF_ROLE
