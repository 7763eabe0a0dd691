"""The room list: one statement for simultaneous requests, bounded work, a stale list without Postgres."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.query_string import QueryString
from chat_server.limits.read_semaphore import read_semaphore
from chat_server.postgres.pools import asyncpg_dsn
from chat_server.postgres.read_lane import ReadLane, open_read_lane
from chat_server.rooms import room_list
from chat_server.rooms.list_cursor import decode_cursor, encode_cursor
from chat_server.rooms.list_handler import RoomListHandler, parse_room_list
from chat_server.rooms.room_list import FRESH_S, MAX_PAGES, MAX_ROOMS, READ_EVERY_S, RoomListPage, RoomLists
from chat_server.rooms.schemas import RoomList
from chat_server.settings import ChatSettings
from server_kit.http.problem import ChatError
from server_kit.limits.shares import Shares
from tests.fetch.conftest import fetch_scope, receive
from tests.support.manual_clock import ManualClock

FIRST = RoomListPage()
_ROOMS = """
INSERT INTO rooms (id, name, created_at, active_at)
SELECT 'r-' || lpad(n::text, 6, '0'), $1 || n, now(), date_trunc('second', now()) - make_interval(secs => n / 3)
FROM generate_series($2::int, $3::int) n"""


class Lists:
    """The room lists of one process, on a separate database."""

    def __init__(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        lane: ReadLane,
        lists: RoomLists,
        clock: ManualClock,
    ) -> None:
        self.connection = connection
        self.lane = lane
        self.lists = lists
        self.clock = clock

    async def body(self, page: RoomListPage = FIRST, limit: int = 50) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((await self.lists.get(page, limit)).answer.body)
        RoomList.model_validate(found)
        return found

    async def ids(self, page: RoomListPage = FIRST, limit: int = 50) -> list[str]:
        return [room["id"] for room in (await self.body(page, limit))["rooms"]]


@pytest.fixture
async def lists(fresh_database: Callable[[], str], redis_url: str) -> AsyncIterator[Lists]:
    url, clock = fresh_database(), ManualClock()
    connection = await asyncpg.connect(asyncpg_dsn(url))
    loop_time = asyncio.get_running_loop().time
    async with (
        Redis.from_url(redis_url) as redis,
        open_read_lane(url, 2, "room lists", clock=loop_time, timeout_s=0.5) as lane,
    ):
        yield Lists(connection, lane, RoomLists(lane, HotRooms(redis, clock=clock), clock=clock), clock)
    await connection.close()


def statements() -> float:
    return REGISTRY.get_sample_value("hotchat_read_statements_total", {"statement": "rooms"}) or 0.0


async def test_simultaneous_requests_of_any_size_are_one_statement(lists: Lists) -> None:
    before = statements()
    await asyncio.gather(*(lists.lists.get(FIRST, limit) for limit in range(1, 101) for _ in range(5)))
    assert statements() - before == 1
    lists.clock.now_s += FRESH_S
    await lists.body()
    assert statements() - before == 1
    lists.clock.now_s += 0.01
    await asyncio.gather(*(lists.body() for _ in range(64)))
    assert statements() - before == 2


async def test_the_next_list_shows_own_writes_and_writes_cost_few_queries(
    lists: Lists,
) -> None:
    before = statements()
    await lists.body()
    for number in range(1, 6):
        lists.clock.now_s += READ_EVERY_S
        await lists.connection.execute(_ROOMS, "new ", number, number)
        lists.lists.wrote()
        lists.clock.now_s += 0.001
        requests = [lists.ids() for _ in range(50)]
        lists.lists.wrote()
        assert all(f"r-{number:06}" in ids for ids in await asyncio.gather(*requests))
        assert statements() - before <= 1 + 2 * number


async def test_a_page_is_not_read_again_right_after_a_read(lists: Lists) -> None:
    """A post every millisecond must not cause a statement every millisecond."""
    before = statements()
    await lists.body()
    lists.lists.wrote()
    waiting = asyncio.create_task(lists.body())
    await asyncio.sleep(0)
    assert statements() - before == 1
    lists.clock.now_s += READ_EVERY_S
    await waiting
    assert statements() - before == 2


async def test_pages_of_any_size_join_without_overlap(lists: Lists) -> None:
    await lists.connection.execute(_ROOMS, "room ", 1, 250)
    for limit in (7, 100):
        seen: list[str] = []
        page = FIRST
        while True:
            body = await lists.body(page, limit)
            assert len(body["rooms"]) <= limit
            seen += [room["id"] for room in body["rooms"]]
            if body["next_cursor"] is None:
                break
            page = RoomListPage(decode_cursor(body["next_cursor"]))
        assert len(seen) == len(set(seen)) == 251


async def test_a_search_by_name_scans_a_bounded_number_of_rooms_and_continues(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lists.connection.execute(_ROOMS, "Quiet_", 1, room_list.SEARCHED_ROOMS + 500)
    page = RoomListPage(words="qUIET_20499")
    first = await lists.body(page)
    assert first["rooms"] == []
    assert first["next_cursor"] is not None
    second = await lists.body(RoomListPage(decode_cursor(first["next_cursor"]), page.words))
    assert [room["name"] for room in second["rooms"]] == ["Quiet_20499"]
    assert second["next_cursor"] is None
    assert await lists.ids(RoomListPage(words="quiet%")) == []


async def test_a_page_touches_no_more_rooms_and_messages_than_it_shows(lists: Lists) -> None:
    """This includes deep pages, because the index is entered at the cursor."""
    await lists.connection.execute(_ROOMS, "room ", 1, 5_000)
    await lists.connection.execute("ANALYZE rooms")
    [deep] = await lists.connection.fetch(
        "SELECT active_at, id FROM rooms ORDER BY active_at DESC, id OFFSET 4000 LIMIT 1"
    )
    plan = json.loads(
        await lists.connection.fetchval(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + room_list._PAGE, MAX_ROOMS + 1, deep["active_at"], deep["id"]
        )
    )
    touched = 0
    nodes = [plan[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Scan" in node["Node Type"]:
            touched += int(
                (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            )
    assert touched <= 3 * (MAX_ROOMS + 1)


async def test_pages_in_memory_are_bounded(lists: Lists) -> None:
    [row] = await lists.connection.fetch("SELECT active_at FROM rooms")
    for number in range(MAX_PAGES + 20):
        await lists.body(RoomListPage((row["active_at"], f"a{number}")))
    assert len(lists.lists._snapshots) == MAX_PAGES
    assert lists.lists._flights._tasks == {}


async def test_searches_and_deep_pages_leave_a_connection_for_the_first_page(lists: Lists) -> None:
    [row] = await lists.connection.fetch("SELECT active_at FROM rooms")
    crowd = [
        asyncio.create_task(lists.body(RoomListPage((row["active_at"], f"{uuid.uuid4()}"), "x")))
        for _ in range(40)
    ]
    await asyncio.sleep(0)
    for _ in range(5):
        lists.clock.now_s += 2 * FRESH_S
        assert "lobby" in await lists.ids()
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_while_postgres_is_unavailable_the_list_is_stale_with_age(lists: Lists) -> None:
    body = await lists.body()
    lists.clock.now_s += 30
    async with lists.connection.transaction():
        await lists.connection.execute("LOCK TABLE rooms IN ACCESS EXCLUSIVE MODE")
        listed = await lists.lists.get(FIRST, 50)
        assert json.loads(listed.answer.body) == body
        assert listed.age_s == 30
        with pytest.raises(ChatError) as caught:
            await lists.lists.get(RoomListPage(words="never requested"), 50)
        assert caught.value.code == "store_unavailable"


async def test_a_list_from_memory_costs_no_query_and_a_matching_etag_gets_304(lists: Lists) -> None:
    rng = Random(7)
    semaphore = read_semaphore(2, "reads", lists.clock, rng)
    shares = Shares(ChatSettings(hotchat_secret="a secret for tests only"), rng)
    handler = RoomListHandler(lists.lists, semaphore, shares)
    query = parse_room_list([], QueryString(b"limit=7"))

    async def get(**headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
        head, _, body = await handler.list_rooms(query, fetch_scope("/api/v1/rooms", **headers), receive)
        return head.status, dict(head.headers), body

    assert (await get())[1][b"cache-status"] == b"hotchat; fwd=miss"
    before = statements()
    status, headers, body = await get()
    assert (status, headers[b"cache-status"]) == (200, b"hotchat; hit")
    assert json.loads(body)["rooms"][0]["id"] == "lobby"
    unchanged = await get(If_None_Match=headers[b"etag"].decode())
    assert (unchanged[0], unchanged[2]) == (304, b"")
    assert statements() == before
    lists.clock.now_s += FRESH_S + 0.01
    assert (await get())[1][b"cache-status"] == b"hotchat; fwd=miss"
    assert statements() == before + 1


async def test_a_flood_of_old_pages_leaves_the_next_permit_to_others(lists: Lists) -> None:
    rng = Random(7)
    shares = Shares(ChatSettings(hotchat_secret="a secret for tests only"), rng)
    semaphore = read_semaphore(2, "reads", asyncio.get_running_loop().time, rng)
    handler = RoomListHandler(lists.lists, semaphore, shares)

    async def get(address: str, query: bytes) -> int:
        parsed = parse_room_list([], QueryString(query))
        head, _, _ = await handler.list_rooms(parsed, fetch_scope("/api/v1/rooms", peer=address), receive)
        return head.status

    def old_page(number: int) -> bytes:
        return b"cursor=" + encode_cursor(datetime.fromtimestamp(number, UTC), "lobby").encode()

    before = statements()
    crowd = [
        asyncio.create_task(
            get(f"192.0.2.{number % 5}", b"q=%d" % number if number % 2 else old_page(number))
        )
        for number in range(45)
    ]
    await asyncio.sleep(0)
    assert await get("198.51.100.1", old_page(1_000)) == 200
    assert statements() - before <= 2 * (2 + 5)
    outcomes = await asyncio.gather(*crowd, return_exceptions=True)
    assert all(outcome == 200 or isinstance(outcome, ChatError) for outcome in outcomes)
