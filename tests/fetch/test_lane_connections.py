"""The connections of a read lane: reused, replaced after a loss, closed when unused. On a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest

from chat_server.postgres.lane_connections import MAX_IDLE_S, LaneConnections
from tests.fetch.conftest import Store
from tests.support.manual_clock import ManualClock

NAME = "hotchat lane connections"
OWN_PID = "SELECT pg_backend_pid()"
TIMEOUT_S = 20.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def connect(store: Store) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(store.dsn, server_settings={"application_name": NAME})


def connections_to(store: Store, clock: ManualClock) -> LaneConnections:
    return LaneConnections(partial(connect, store), timeout_s=TIMEOUT_S, clock=clock)


@pytest.fixture
async def connections(store: Store, clock: ManualClock) -> AsyncIterator[LaneConnections]:
    connections = connections_to(store, clock)
    yield connections
    connections.close()
    await until_open(store, [])


async def pid_of(connections: LaneConnections) -> int:
    """The Postgres process of the connection that is used next."""
    [[pid]] = await connections.fetch(OWN_PID, ())
    assert isinstance(pid, int)
    return pid


async def until_open(store: Store, pids: list[int]) -> None:
    """Wait until Postgres has exactly these connections of the lane."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            rows = await store.connection.fetch(
                "SELECT pid FROM pg_stat_activity WHERE application_name = $1", NAME
            )
            if sorted(pid for (pid,) in rows) == sorted(pids):
                return
            await asyncio.sleep(0.01)


async def test_statements_in_a_row_use_one_connection_and_start_no_task(
    connections: LaneConnections,
) -> None:
    pid = await pid_of(connections)
    started: list[str] = []

    def counted(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> "asyncio.Task[Any]":
        started.append(str(work))
        return asyncio.Task(work, loop=loop, **options)

    loop = asyncio.get_running_loop()
    loop.set_task_factory(counted)
    try:
        assert [await pid_of(connections) for _ in range(10)] == [pid] * 10
    finally:
        loop.set_task_factory(None)
    assert started == []


async def test_simultaneous_statements_have_a_connection_each(connections: LaneConnections) -> None:
    slow = "SELECT pg_backend_pid() FROM pg_sleep(0.1)"
    for _ in range(2):
        rows = await asyncio.gather(*(connections.fetch(slow, ()) for _ in range(3)))
        assert len({pid for [[pid]] in rows}) == 3


async def test_an_error_of_a_statement_keeps_the_connection(connections: LaneConnections) -> None:
    pid = await pid_of(connections)
    for statement, argument in (("SELECT $1::text", "\0"), ("SELECT $1::bigint", 2**70)):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connections.fetch(statement, (argument,))
        assert await pid_of(connections) == pid


async def test_a_lost_connection_is_replaced(connections: LaneConnections, store: Store) -> None:
    lost = await pid_of(connections)
    await store.connection.execute("SELECT pg_terminate_backend($1)", lost)
    await until_open(store, [])
    found = await pid_of(connections)
    assert found != lost
    await until_open(store, [found])


async def test_a_statement_without_an_answer_closes_its_connection(store: Store, clock: ManualClock) -> None:
    """The connections are open before: on a busy machine that takes longer than the timeout."""
    other, silent = opened = [await connect(store) for _ in range(2)]
    left, hanging = [each.get_server_pid() for each in opened]

    async def next_opened() -> "asyncpg.Connection[asyncpg.Record]":
        return opened.pop()

    hurried = LaneConnections(next_opened, timeout_s=0.2, clock=clock)
    with pytest.raises(TimeoutError):
        await hurried.fetch("SELECT pg_sleep(60)", ())
    assert silent.is_closed()
    # Its process notices nothing while it sleeps.
    await store.connection.execute("SELECT pg_terminate_backend($1)", hanging)
    await until_open(store, [left])
    await other.close()


async def test_connections_that_are_not_used_for_a_minute_are_closed(
    connections: LaneConnections, store: Store, clock: ManualClock
) -> None:
    slow = "SELECT pg_backend_pid() FROM pg_sleep(0.1)"
    rows = await asyncio.gather(*(connections.fetch(slow, ()) for _ in range(3)))
    pids = [pid for [[pid]] in rows]
    clock.now_s += MAX_IDLE_S / 2
    used = await pid_of(connections)
    await until_open(store, pids)
    clock.now_s += MAX_IDLE_S / 2
    assert [await pid_of(connections) for _ in range(2)] == [used, used]
    await until_open(store, [used])
    clock.now_s += MAX_IDLE_S
    found = await pid_of(connections)
    assert found != used
    await until_open(store, [found])


async def test_closing_also_ends_statements_and_connections_under_way(
    connections: LaneConnections, store: Store
) -> None:
    await pid_of(connections)
    statements = [asyncio.create_task(connections.fetch("SELECT pg_sleep(1)", ())) for _ in range(2)]
    await asyncio.sleep(0)
    connections.close()
    errors = await asyncio.gather(*statements, return_exceptions=True)
    assert all(
        isinstance(error, (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)) for error in errors
    )
    await until_open(store, [])
