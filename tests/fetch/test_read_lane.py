"""Bulkheads: many reads of one kind do not affect other reads, and slow reads do not count as an outage."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import asyncpg
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from chat_server.fetch.history_reads import HistoryReads, UnknownRoomReads
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.read_repository import ReadRepository
from chat_server.fetch.room_reads import RoomReads
from chat_server.health.readiness import Readiness
from chat_server.hotchat.fetch_kind import FetchKind
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.limits.look_up_semaphore import MAX_WAITING_OF_ADDRESS as LOOK_UPS_WAITING_OF_ADDRESS
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.limits.read_semaphore import MAX_WAITING_OF_ADDRESS, read_semaphore
from chat_server.postgres.errors import STORE_ERRORS, is_bad_input, means_postgres_is_down
from chat_server.postgres.pools import connections_of
from chat_server.postgres.read_lane import ReadLane, StatementTooSlow, open_read_lane
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.repository import RoomRepository, RoomSettings
from chat_server.rooms.room_settings_cache import RoomSettingsCache
from chat_server.rooms.slow_mode_rule import NO_SLOW_MODE
from server_kit.http.problem import ChatError
from server_kit.limits.fair_semaphore import FairSemaphore
from tests.fetch.conftest import Store

CONNECTIONS = 6
SLEEP = "SELECT pg_sleep($1)"
FAST = "SELECT 1"


def refused(reason: str) -> float:
    return REGISTRY.get_sample_value("hotchat_reads_refused_total", {"reason": reason}) or 0.0


@pytest.fixture
async def lane(store: Store) -> AsyncIterator[ReadLane]:
    clock = asyncio.get_running_loop().time
    async with open_read_lane(store.dsn, CONNECTIONS, "test lane", clock=clock) as lane:
        yield lane


def look_up_semaphore(connections: int) -> FairSemaphore:
    return LookUpSemaphore(connections, lambda _: "", asyncio.get_running_loop().time, Random(1)).by_address


async def until_sleeping(store: Store, count: int) -> None:
    """Wait until `count` of the lane's connections execute a statement."""
    async with asyncio.timeout(20):
        while True:
            busy: int = await store.connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hotchat test lane'"
                " AND state = 'active' AND query LIKE '%pg_sleep%'"
            )
            if busy == count:
                return
            await asyncio.sleep(0.01)


async def test_only_slow_queries_are_refused_and_postgres_does_not_count_as_down(lane: ReadLane) -> None:
    before = refused("too_slow")
    for _ in range(3):
        with pytest.raises(StatementTooSlow) as caught:
            await lane.fetch("slow", SLEEP, 60.0)
        assert (caught.value.code, caught.value.headers["Retry-After"]) == ("store_unavailable", "1")
        assert not lane.status.is_down
    assert refused("too_slow") - before == 3
    assert await lane.fetch("fast", FAST)


async def test_reads_without_a_free_connection_are_refused_and_postgres_does_not_count_as_down(
    lane: ReadLane, store: Store
) -> None:
    before = refused("busy")
    slow = [asyncio.create_task(lane.fetch("slow", SLEEP, 60.0)) for _ in range(CONNECTIONS)]
    await until_sleeping(store, CONNECTIONS)
    outcomes = await asyncio.gather(*(lane.fetch("fast", FAST) for _ in range(50)), return_exceptions=True)
    await asyncio.gather(*slow, return_exceptions=True)
    late = [outcome for outcome in outcomes if isinstance(outcome, ChatError)]
    assert {error.code for error in late} <= {"store_unavailable"}
    assert refused("busy") - before == len(late)
    assert not lane.status.is_down
    assert await lane.fetch("fast", FAST)


@pytest.mark.parametrize(
    "kind", [{"is_known": False}, {"is_history": True}], ids=["unknown rooms", "history"]
)
async def test_unknown_rooms_and_history_leave_connections_for_the_newest_page(
    lane: ReadLane, store: Store, kind: dict[str, bool]
) -> None:
    crowd = [asyncio.create_task(lane.fetch("slow", SLEEP, 60.0, **kind)) for _ in range(30)]
    await until_sleeping(store, CONNECTIONS // 3)
    for _ in range(20):
        assert await lane.fetch("fast", FAST)
    assert not any(task.done() for task in crowd[: CONNECTIONS // 3])
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_a_value_that_postgres_cannot_store_gets_422(lane: ReadLane) -> None:
    for value, statement in (
        ("\0", "SELECT $1::text"),
        (2**70, "SELECT $1::bigint"),
        ("x", "SELECT $1::text::int"),
    ):
        with pytest.raises(ChatError) as caught:
            await lane.fetch("bad", statement, value)
        assert caught.value.code == "validation_failed"
    assert not lane.status.is_down


@pytest.mark.parametrize(
    ("error", "is_down"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (asyncpg.ConnectionDoesNotExistError(), True),
        (asyncpg.InterfaceError(""), True),
        (asyncpg.ProtocolError(), True),
        (asyncpg.QueryCanceledError(), False),
        (asyncpg.LockNotAvailableError(), False),
        (asyncpg.CharacterNotInRepertoireError(), False),
        (asyncpg.UndefinedTableError(), False),
    ],
)
def test_only_connection_and_server_errors_mean_that_postgres_is_down(
    error: Exception, is_down: bool
) -> None:
    assert means_postgres_is_down(error) is is_down
    assert not (is_down and is_bad_input(error))


def test_every_error_that_the_driver_can_raise_is_an_error_of_the_store() -> None:
    exported = [getattr(asyncpg.exceptions, name) for name in asyncpg.exceptions.__all__]
    raised = [error for error in exported if issubclass(error, Exception) and not issubclass(error, Warning)]
    assert len(raised) > 200
    assert [error for error in raised if not issubclass(error, STORE_ERRORS)] == []


async def test_many_health_checks_share_one_query_on_their_own_connection(
    store: Store, redis_url: str
) -> None:
    now_s = 50.0
    statements: list[str] = []
    async with Redis.from_url(redis_url) as redis:
        readiness = Readiness(store.dsn, redis, lambda: now_s)
        await readiness.check()
        assert (readiness.is_postgres_up, readiness.is_redis_up) == (True, True)
        assert readiness._connection is not None
        readiness._connection.add_query_logger(lambda record: statements.append(record.query))
        assert statements == []
        for answers in range(1, 4):
            now_s += 1.0
            await asyncio.gather(*(readiness.check() for _ in range(500)))
            assert (readiness.is_postgres_up, readiness.is_redis_up) == (True, True)
            assert len(statements) == answers
        readiness.close()


class CountedRooms(RoomRepository):
    """Room look-ups that end when the test opens `gate`."""

    def __init__(self) -> None:
        self.looked_up: list[str] = []
        self.gate = asyncio.Event()

    async def settings(self, room_id: str) -> RoomSettings | None:
        self.looked_up.append(room_id)
        if room_id.startswith("unknown"):
            await self.gate.wait()
            return None
        return RoomSettings(room_id, None, NO_SLOW_MODE)


async def test_writes_to_unknown_rooms_leave_connections_for_the_rooms_of_other_addresses() -> None:
    now_s = 50.0
    rooms = CountedRooms()
    semaphore = look_up_semaphore(connections=4)
    room_settings = RoomSettingsCache(rooms, KnownRooms(), semaphore, lambda: now_s)
    await room_settings.get("lobby", "198.51.100.1")
    unknown = [
        asyncio.create_task(room_settings.get(f"unknown-{number}", "192.0.2.1")) for number in range(50)
    ]
    async with asyncio.timeout(5):
        while len(rooms.looked_up) < 1 + 2:
            await asyncio.sleep(0)
    now_s += 2.0
    assert (await room_settings.get("lobby", "198.51.100.1")).id == "lobby"
    assert (await room_settings.get("first post", "198.51.100.1")).id == "first post"
    assert rooms.looked_up.count("lobby") == 2
    assert len(rooms.looked_up) == 3 + 2
    rooms.gate.set()
    outcomes = await asyncio.gather(*unknown, return_exceptions=True)
    assert {error.code for error in outcomes if isinstance(error, ChatError)} == {"room_not_found"}


async def test_a_flood_of_look_ups_of_one_address_is_refused_and_known_rooms_keep_their_settings() -> None:
    now_s = 50.0
    rooms = CountedRooms()
    semaphore = look_up_semaphore(connections=2)
    room_settings = RoomSettingsCache(rooms, KnownRooms(), semaphore, lambda: now_s)
    await room_settings.get("lobby", "192.0.2.1")
    flood = [
        asyncio.create_task(room_settings.get(f"unknown-{number}", "192.0.2.1"))
        for number in range(1 + LOOK_UPS_WAITING_OF_ADDRESS + 10)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    now_s += 2.0
    assert (await room_settings.get("lobby", "192.0.2.1")).id == "lobby"
    assert rooms.looked_up.count("lobby") == 1
    rooms.gate.set()
    outcomes = await asyncio.gather(*flood, return_exceptions=True)
    codes = Counter(error.code for error in outcomes if isinstance(error, ChatError))
    assert codes == {"room_not_found": 1 + LOOK_UPS_WAITING_OF_ADDRESS, "rate_limited": 10}


def test_the_pools_of_a_process_add_up_to_few_connections() -> None:
    for pool_size in (4, 10, 50):
        connections = connections_of(pool_size)
        assert connections.look_ups + connections.visitors == pool_size
        assert sum(connections) == pool_size + 18
        assert min(connections) >= 1


async def test_history_is_refused_by_address_and_the_next_turn_goes_to_another_address(
    lane: ReadLane, store: Store, redis_url: str
) -> None:
    """Reads of one address wait for each other. Reads above its limit of waiting reads are refused."""
    room_id = await store.make_room()
    [message_id] = await store.post(room_id, "hello")
    loop_time = asyncio.get_running_loop().time
    async with Redis.from_url(redis_url) as redis:
        reads = RoomReads(
            ReadRepository(lane, KnownRooms()), HotRooms(redis, clock=loop_time), clock=loop_time
        )
        history = HistoryReads(reads, read_semaphore(CONNECTIONS, "reads", loop_time, Random(1)))
        before = refused("address")
        crowd = [
            asyncio.create_task(
                history.read(FetchQuery(FetchKind.BEFORE, room_id, 50, 10 + number), "192.0.2.1")
            )
            for number in range(25)
        ]
        await asyncio.sleep(0)
        query = FetchQuery(FetchKind.MESSAGE, room_id, message_id=message_id)
        bystander = await history.read(query, "198.51.100.1")
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)
    assert b"hello" in bystander.body
    late = [outcome for outcome in outcomes if isinstance(outcome, ChatError)]
    assert [error.code for error in late] == ["rate_limited"] * (25 - 1 - MAX_WAITING_OF_ADDRESS)
    assert all("Retry-After" in error.headers for error in late)
    assert refused("address") - before == len(late)


def is_room_not_found(error: BaseException | None) -> bool:
    return isinstance(error, ChatError) and error.code == "room_not_found"


async def test_a_flood_of_invented_rooms_leaves_the_next_permit_to_others(
    lane: ReadLane, store: Store, redis_url: str
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "hello")
    loop_time = asyncio.get_running_loop().time
    async with Redis.from_url(redis_url) as redis:
        reads = RoomReads(
            ReadRepository(lane, KnownRooms()), HotRooms(redis, clock=loop_time), clock=loop_time
        )
        semaphore = read_semaphore(CONNECTIONS, "reads", loop_time, Random(1), max_waiting_of_address=50)
        unknown_rooms = UnknownRoomReads(reads, semaphore)
        crowd = [
            asyncio.create_task(
                unknown_rooms.read(
                    FetchQuery(FetchKind.NEWEST, f"none-{number}", 50), f"192.0.2.{number % 4}"
                )
            )
            for number in range(160)
        ]
        await asyncio.sleep(0)
        found = await unknown_rooms.read(FetchQuery(FetchKind.NEWEST, room_id, 50), "198.51.100.1")
        read_before = [task for task in crowd if task.done() and is_room_not_found(task.exception())]
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)
    assert found is not None and b"hello" in found.answer.body
    assert len(read_before) <= 10
    assert len([error for error in outcomes if isinstance(error, ChatError)]) == len(crowd)
