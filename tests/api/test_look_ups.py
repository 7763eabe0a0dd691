"""A flood of look-ups from one address delays nobody at another address. On real servers."""

import asyncio
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from chat_server.limits.look_up_turns import MAX_CHANGES_WAITING
from chat_server.postgres.pools import asyncpg_dsn, connections_of
from tests.support.chat_stack import StartChatStack

pytestmark = pytest.mark.skipif(
    sys.platform != "linux",
    reason="only Linux accepts every address of 127.0.0.0/8 without configuration",
)

LOOK_UPS = connections_of(10).look_ups
"""Connections for look-ups with the default DATABASE_POOL_SIZE."""

OF_ADDRESS = LOOK_UPS // 2

ClientAt = Callable[[str, str], httpx.AsyncClient]


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    yield connection
    await connection.close()


@pytest.fixture
async def client_at() -> AsyncIterator[ClientAt]:
    """Opens a client of the server at the URL that calls from the loopback address."""
    async with AsyncExitStack() as stack:

        def open_client(base_url: str, address: str) -> httpx.AsyncClient:
            transport = httpx.AsyncHTTPTransport(
                local_address=address, limits=httpx.Limits(max_connections=None)
            )
            client = httpx.AsyncClient(base_url=base_url, transport=transport, timeout=30)
            stack.push_async_callback(client.aclose)
            return client

        yield open_client


async def sign_in(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/sessions", json={"nickname": "ann"})
    assert answer.status_code == 201
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


async def signed_in_at(client_at: ClientAt, url: str, *addresses: str) -> list[httpx.AsyncClient]:
    """A client with a session at each address."""
    clients = [client_at(url, address) for address in addresses]
    for client in clients:
        await sign_in(client)
    return clients


async def make_room(client: httpx.AsyncClient) -> str:
    room_id = f"r-{uuid.uuid4().hex}"
    key = {"Idempotency-Key": room_id}
    answer = await client.post("/api/v1/rooms", json={"name": "A room", "id": room_id}, headers=key)
    assert answer.status_code == 201
    return room_id


async def post(client: httpx.AsyncClient, room_id: str) -> int:
    draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
    return (await client.post(f"/api/v1/rooms/{room_id}/messages", json=draft)).status_code


async def rename(client: httpx.AsyncClient, room_id: str) -> int:
    return (await client.patch(f"/api/v1/rooms/{room_id}", json={"name": "Another name"})).status_code


async def insert_rooms(connection: "asyncpg.Connection[asyncpg.Record]", count: int) -> list[str]:
    """Rooms that no process knows yet."""
    rooms = [f"new-{uuid.uuid4().hex}" for _ in range(count)]
    await connection.execute(
        "INSERT INTO rooms (id, name, created_at, active_at, visibility)"
        " SELECT unnest($1::text[]), 'A room', now(), now(), 'public'",
        rooms,
    )
    return rooms


async def changes_waiting(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Statements that wait for the row of a room."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    count: int = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE '%UPDATE rooms SET%'"
    )
    return count


async def until_waiting(connection: "asyncpg.Connection[asyncpg.Record]", changes: int) -> None:
    async with asyncio.timeout(20):
        while await changes_waiting(connection) != changes:
            await asyncio.sleep(0.01)


async def lock_rooms(connection: "asyncpg.Connection[asyncpg.Record]", rooms: list[str]) -> None:
    await connection.execute("SELECT 1 FROM rooms WHERE id = ANY($1::text[]) FOR UPDATE", rooms)


async def test_posts_to_invented_rooms_of_one_address_delay_no_first_post_of_another(
    start_chat_stack: StartChatStack,
    client_at: ClientAt,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    url = start_chat_stack(publish=0, scheduler=0).chat_url
    attacker, bystander = await signed_in_at(client_at, url, "127.0.0.2", "127.0.0.3")
    flood = [asyncio.create_task(post(attacker, f"none-{number}")) for number in range(300)]
    answers = [await post(bystander, room_id) for room_id in await insert_rooms(connection, 10)]
    statuses = Counter(await asyncio.gather(*flood))
    assert answers == [201] * 10
    assert set(statuses) <= {404, 429}
    assert statuses[404] > 0


async def test_hanging_look_ups_of_one_address_delay_nobody_at_another(
    start_chat_stack: StartChatStack,
    client_at: ClientAt,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    """Locked rows keep the attacker's changes of its rooms waiting, so its share of the connections stays taken."""
    url = start_chat_stack(publish=0, scheduler=0).chat_url
    attacker, bystander = await signed_in_at(client_at, url, "127.0.0.2", "127.0.0.3")
    rooms = [await make_room(attacker) for _ in range(2 * LOOK_UPS)]
    unknown = await insert_rooms(connection, 2)
    async with connection.transaction():
        await lock_rooms(connection, rooms)
        hanging = [asyncio.create_task(rename(attacker, room_id)) for room_id in rooms]
        await until_waiting(connection, OF_ADDRESS)
        flood = [asyncio.create_task(post(attacker, f"none-{number}")) for number in range(150)]
        for room_id in unknown:
            await sign_in(bystander)
            assert await post(bystander, room_id) == 201
            assert await rename(bystander, await make_room(bystander)) == 200
        assert await changes_waiting(connection) == OF_ADDRESS
        assert not any(request.done() for request in flood)
    assert set(await asyncio.gather(*flood)) <= {404, 429}
    assert set(await asyncio.gather(*hanging)) <= {200, 429}


async def test_changes_of_one_room_hold_one_connection(
    start_chat_stack: StartChatStack,
    client_at: ClientAt,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    url = start_chat_stack(publish=0, scheduler=0).chat_url
    owner = client_at(url, "127.0.0.2")
    await sign_in(owner)
    room_id = await make_room(owner)
    refused_at_least = 9
    async with connection.transaction():
        await lock_rooms(connection, [room_id])
        changes = [
            asyncio.create_task(rename(owner, room_id))
            for _ in range(1 + MAX_CHANGES_WAITING + refused_at_least)
        ]
        await until_waiting(connection, 1)
        await sign_in(owner)
        async with asyncio.timeout(20):
            while sum(change.done() for change in changes) < refused_at_least:
                await asyncio.sleep(0.01)
        assert {change.result() for change in changes if change.done()} == {429}
        assert await changes_waiting(connection) == 1
    statuses = Counter(await asyncio.gather(*changes))
    assert set(statuses) == {200, 429}
    assert statuses[429] >= refused_at_least


async def test_a_session_ends_in_every_process_while_all_look_ups_hang(
    start_chat_stack: StartChatStack,
    client_at: ClientAt,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    stack = start_chat_stack(chat=2, publish=0, scheduler=0)
    first, second = (server.base_url for server in stack.chat_servers)
    rooms: list[tuple[httpx.AsyncClient, str]] = []
    for attacker in await signed_in_at(client_at, first, "127.0.0.2", "127.0.0.3"):
        rooms += [(attacker, await make_room(attacker)) for _ in range(OF_ADDRESS)]
    person = client_at(second, "127.0.0.4")
    await sign_in(person)
    async with connection.transaction():
        await lock_rooms(connection, [room_id for _, room_id in rooms])
        hanging = [asyncio.create_task(rename(attacker, room_id)) for attacker, room_id in rooms]
        await until_waiting(connection, LOOK_UPS)
        assert (await person.delete("/api/v1/sessions/current")).status_code == 204
        async with asyncio.timeout(20):
            while (await person.get(f"{first}/api/v1/me")).status_code != 401:
                await asyncio.sleep(0.05)
        assert await changes_waiting(connection) == LOOK_UPS
    assert await asyncio.gather(*hanging) == [200] * LOOK_UPS
