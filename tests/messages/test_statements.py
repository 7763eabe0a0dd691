"""How many statements a transaction costs: bans and hosts must cost nothing where there are none."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import asyncpg
import pytest

from chat_server.filters.filter_cache import FilterCache
from chat_server.filters.rules import FilterChange, TextCheck
from chat_server.messages.operations import EditMessage, Operation, SetReaction
from chat_server.messages.room_operations import BanUsers, ChangeRoom, RoomChange
from chat_server.messages.write_queue import PendingWrite
from chat_server.messages.write_transaction import commit_writes
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.dedicated_connection import DedicatedConnection
from server_kit.background_tasks import BackgroundTasks
from tests.support.message_store import Store, post

OWNER, TROLL = uuid.UUID(int=1), uuid.UUID(int=2)


class CountingConnection:
    """Commits operations on one connection and counts the statements of each transaction."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self._queries: list[str] = []
        self._filters = FilterCache()
        connection.add_query_logger(lambda record: self._queries.append(record.query))

    def elsewhere(self) -> "CountingConnection":
        """The same in another process, which has not seen any filters."""
        return CountingConnection(self._connection)

    def build_filters(self, room: str) -> None:
        """As the writer does once a text has met filters that are not built."""
        text_filter = self._filters.get(room)
        assert text_filter is not None and not text_filter.is_built
        text_filter.build()

    async def statements(self, *operations: Operation) -> int:
        self._queries.clear()
        loop = asyncio.get_running_loop()
        writes = [PendingWrite(each, loop.create_future(), loop.time()) for each in operations]
        await commit_writes(
            self._connection,
            writes,
            wait=False,
            now=datetime.now(UTC),
            answered=lambda: None,
            filters=self._filters,
        )
        await asyncio.sleep(0)  # the last record comes in the next iteration of the loop
        assert not [query for query in self._queries if "pg_type" in query], (
            "asyncpg asks for a type while a room may be locked"
        )
        return len(self._queries)


@pytest.fixture
async def counting(store: Store) -> AsyncIterator[CountingConnection]:
    await store.enter(OWNER, TROLL)
    connection = await DedicatedConnection(store.dsn, "hotchat test").open()
    yield CountingConnection(connection)
    await connection.close()


def ban(room: str, *users: uuid.UUID, purge: bool = False) -> BanUsers:
    return BanUsers(
        room_id=room, actor_id=OWNER, actor_nickname="Owner", user_ids=users, seconds=None, purge=purge
    )


async def test_writes_cost_no_further_statement_in_a_room_from_which_anybody_was_banned(
    store: Store, counting: CountingConnection
) -> None:
    async def costs(room: str) -> list[int]:
        """Those of posts, replies, reactions and edits."""
        people = [uuid.uuid4() for _ in range(50)]
        first = [post(room, author=person) for person in people]
        replies = [replace(post(room, author=person), reply_to=first[0].message_id) for person in people]
        reactions = [SetReaction(room, first[0].message_id, person, "heart", True) for person in people]
        edits = [EditMessage(room, each.message_id, each.author_id, "changed") for each in first]
        return [await counting.statements(*writes) for writes in (first, replies, reactions, edits)]

    room = await store.make_room(OWNER)
    before = await costs(room)
    assert before[0] == len(["BEGIN", "lock", "repeats", "insert", "COMMIT"])
    await counting.statements(ban(room, TROLL))
    assert await costs(room) == before


async def test_a_commit_finds_bans_by_their_key(store: Store) -> None:
    async def scans() -> tuple[int, int]:
        """Of the key, and of the whole table."""
        [found] = await store.rows(
            "SELECT i.idx_scan, t.seq_scan FROM pg_stat_user_indexes i JOIN pg_stat_user_tables t USING (relid)"
            " WHERE i.indexrelname = 'bans_pkey'"
        )
        return found["idx_scan"], found["seq_scan"]

    _, before = await scans()
    await store.enter(OWNER, TROLL)
    room = await store.make_room(OWNER)
    async with GroupCommitWriter(
        store.dsn, lambda events: None, lambda: datetime.now(UTC), FilterCache()
    ).committing(BackgroundTasks(Random(7), time.monotonic)) as writer:
        await writer.ban(ban(room, TROLL))
        for _ in range(20):
            await writer.store(post(room))
    async with asyncio.timeout(30):  # a connection reports its scans when it ends
        while (after := await scans())[0] < 20:
            await asyncio.sleep(0.05)
    assert after[1] == before


async def test_postgres_plans_the_statements_of_posts_once(store: Store) -> None:
    await store.enter(OWNER, TROLL)
    room = await store.make_room(OWNER)
    lane = DedicatedConnection(store.dsn, "test")
    connection = await lane.open()
    counting = CountingConnection(connection)
    for _ in range(10):
        await counting.statements(post(room))
    await counting.statements(ban(room, TROLL))
    for _ in range(10):
        await counting.statements(post(room))
    planned = "SELECT sum(generic_plans) AS once, sum(custom_plans) AS each_time FROM pg_prepared_statements"
    [found] = await connection.fetch(planned)
    lane.drop()
    assert found["once"] > 0
    assert found["each_time"] == 0


async def test_a_ban_of_many_people_reads_no_message_of_others(store: Store) -> None:
    people = [uuid.uuid4() for _ in range(200)]
    await store.enter(OWNER, *people)
    room = await store.make_room(OWNER)
    async with GroupCommitWriter(
        store.dsn, lambda events: None, lambda: datetime.now(UTC), FilterCache()
    ).committing(BackgroundTasks(Random(7), time.monotonic)) as writer:
        await asyncio.gather(*(writer.store(post(room, author=each)) for each in people))
        assert (await writer.ban(ban(room, *people, purge=True))).purged == len(people)

    async def scans(index: str) -> int:
        query = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1"
        return int((await store.rows(query, index))[0]["idx_scan"])

    async with asyncio.timeout(30):  # a connection reports its scans when it ends
        while await scans("messages_idempotency") < len(people):
            await asyncio.sleep(0.05)
    assert await scans("messages_by_seq") == 0


async def test_filters_cost_a_statement_only_until_their_process_knows_them(
    store: Store, counting: CountingConnection
) -> None:
    room, other = await store.make_room(OWNER), await store.make_room(OWNER)
    expected = ["BEGIN", "lock", "repeats", "insert", "COMMIT"]
    change = FilterChange(words=("spam",), links="refuse")
    await counting.statements(
        ChangeRoom(room_id=room, actor_id=OWNER, actor_nickname="Owner", change=RoomChange(filters=change))
    )
    counting.build_filters(room)
    assert await counting.statements(*(post(room) for _ in range(50))) == len(expected)
    elsewhere = counting.elsewhere()
    unchecked = ["BEGIN", "lock", "repeats", "filters", "COMMIT"]
    assert await elsewhere.statements(post(room), post(room)) == len(unchecked)
    elsewhere.build_filters(room)
    assert await elsewhere.statements(post(room), post(room)) == len(expected)
    assert await counting.statements(*(post(other) for _ in range(50))) == len(expected)


async def test_a_post_costs_one_more_statement_only_in_a_room_that_held_a_message(
    store: Store, counting: CountingConnection
) -> None:
    room, other = await store.make_room(OWNER), await store.make_room(OWNER)
    expected = ["BEGIN", "lock", "repeats", "insert", "COMMIT"]
    change = FilterChange(words=("spam",), words_action="hold")
    for each in (room, other):
        await counting.statements(
            ChangeRoom(
                room_id=each, actor_id=OWNER, actor_nickname="Owner", change=RoomChange(filters=change)
            )
        )
        counting.build_filters(each)
    await counting.statements(post(room, "spam"))
    checked = [replace(post(room), check=TextCheck(1)) for _ in range(50)]
    assert await counting.statements(*checked) == len([*expected, "held"])
    assert await counting.statements(post(room, "spam")) == len(
        [*expected[:-2], "held", "counts", "hold", "flag", "COMMIT"]
    )
    assert await counting.statements(*(post(other) for _ in range(50))) == len(expected)


async def test_a_ban_costs_as_many_statements_for_one_person_as_for_many(
    store: Store, counting: CountingConnection
) -> None:
    people = [uuid.UUID(int=n) for n in range(10, 510)]
    await store.enter(*people)
    room, other = await store.make_room(OWNER), await store.make_room(OWNER)
    assert await counting.statements(ban(room, *people, purge=True)) == await counting.statements(
        ban(other, people[0], purge=True)
    )


async def test_nothing_is_counted_or_named_for_a_ban_by_a_guest(
    store: Store, counting: CountingConnection
) -> None:
    people = [uuid.UUID(int=n) for n in range(10, 510)]
    room = await store.make_room(OWNER)
    by_guest = replace(ban(room, *people, purge=True), actor_id=TROLL)
    assert await counting.statements(by_guest) == len(["BEGIN", "lock", "COMMIT"])


async def test_a_moderator_appointed_in_the_same_transaction_bans_people(
    store: Store, counting: CountingConnection
) -> None:
    target = uuid.UUID(int=10)
    await store.enter(target)
    room = await store.make_room(OWNER)
    appointment = ChangeRoom(
        room_id=room, actor_id=OWNER, actor_nickname="Owner", change=RoomChange(add_moderator=TROLL)
    )
    await counting.statements(appointment, replace(ban(room, target), actor_id=TROLL))
    assert len(await store.rows("SELECT user_id FROM bans WHERE room_id = $1", room)) == 1
