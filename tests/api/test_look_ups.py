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

from chat_server.postgres.pools import connections_of
from tests.support.chat_stack import StartChatStack

pytestmark = pytest.mark.skipif(
    sys.platform != "linux",
    reason="only Linux accepts every address of 127.0.0.0/8 without configuration",
)

LOOK_UPS = connections_of(10).look_ups
"""Connections for look-ups with the default DATABASE_POOL_SIZE."""

OF_ADDRESS = LOOK_UPS // 2

PROXY = "127.0.0.4"

ClientAt = Callable[[str, str], httpx.AsyncClient]


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


async def sign_in(client: httpx.AsyncClient) -> uuid.UUID:
    """Returns the id of the new user."""
    answer = await client.post("/api/v1/sessions", json={"nickname": "ann"})
    assert answer.status_code == 201
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return uuid.UUID(answer.json()["user"]["id"])


async def make_room(client: httpx.AsyncClient, room_id: str) -> int:
    key = {"Idempotency-Key": room_id}
    body = {"name": "A room", "id": room_id}
    return (await client.post("/api/v1/rooms", json=body, headers=key)).status_code


def new_rooms(count: int) -> list[str]:
    return [f"r-{uuid.uuid4().hex}" for _ in range(count)]


async def post(client: httpx.AsyncClient, room_id: str) -> int:
    draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
    return (await client.post(f"/api/v1/rooms/{room_id}/messages", json=draft)).status_code


async def insert_rooms(connection: "asyncpg.Connection[asyncpg.Record]", count: int) -> list[str]:
    """Rooms that no process knows yet."""
    rooms = [f"new-{uuid.uuid4().hex}" for _ in range(count)]
    await connection.execute(
        "INSERT INTO rooms (id, name, created_at, active_at, visibility)"
        " SELECT unnest($1::text[]), 'A room', now(), now(), 'public'",
        rooms,
    )
    return rooms


async def keys_waiting(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Statements that wait for another transaction with the same idempotency key."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    count: int = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO idempotency_keys%'"
    )
    return count


async def until_waiting(connection: "asyncpg.Connection[asyncpg.Record]", calls: int) -> None:
    async with asyncio.timeout(20):
        while await keys_waiting(connection) != calls:
            await asyncio.sleep(0.01)


async def hold_keys(
    connection: "asyncpg.Connection[asyncpg.Record]", user_id: uuid.UUID, keys: list[str]
) -> None:
    """Calls with these keys hang until the connection's transaction ends."""
    await connection.execute(
        "INSERT INTO idempotency_keys (user_id, key, request_hash, status, answer, created_at)"
        " SELECT $1, unnest($2::text[]), '', 0, '', now()",
        user_id,
        keys,
    )


async def test_posts_to_invented_rooms_of_one_address_delay_no_first_post_of_another(
    start_chat_stack: StartChatStack,
    client_at: ClientAt,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    url = start_chat_stack(publish=0, scheduler=0).chat_url
    attacker, bystander = client_at(url, "127.0.0.2"), client_at(url, "127.0.0.3")
    for client in (attacker, bystander):
        await sign_in(client)
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
    """Held keys keep the attacker's new rooms waiting, so its share of the connections stays taken. Both are behind one
    proxy, which names their addresses."""
    url = start_chat_stack(publish=0, scheduler=0, TRUSTED_PROXIES=PROXY).chat_url
    attacker, bystander = client_at(url, PROXY), client_at(url, PROXY)
    attacker.headers["X-Forwarded-For"], bystander.headers["X-Forwarded-For"] = "203.0.113.2", "203.0.113.3"
    attacker_id = await sign_in(attacker)
    rooms = new_rooms(2 * LOOK_UPS)
    unknown = await insert_rooms(connection, 2)
    transaction = connection.transaction()
    await transaction.start()
    await hold_keys(connection, attacker_id, rooms)
    hanging = [asyncio.create_task(make_room(attacker, room_id)) for room_id in rooms]
    await until_waiting(connection, OF_ADDRESS)
    flood = [asyncio.create_task(post(attacker, f"none-{number}")) for number in range(150)]
    for room_id in unknown:
        await sign_in(bystander)
        assert await post(bystander, room_id) == 201
        assert await make_room(bystander, *new_rooms(1)) == 201
    assert await keys_waiting(connection) == OF_ADDRESS
    assert not any(request.done() for request in flood)
    await transaction.rollback()
    assert set(await asyncio.gather(*flood)) <= {404, 429}
    assert set(await asyncio.gather(*hanging)) <= {201, 429}


async def test_changes_of_rooms_hold_no_connection_for_look_ups(
    start_chat_stack: StartChatStack,
    client_at: ClientAt,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    url = start_chat_stack(publish=0, scheduler=0).chat_url
    owner = client_at(url, "127.0.0.2")
    await sign_in(owner)
    rooms = new_rooms(2 * LOOK_UPS)
    for room_id in rooms:
        assert await make_room(owner, room_id) == 201
    async with connection.transaction():
        await connection.execute("SELECT 1 FROM rooms WHERE id = ANY($1::text[]) FOR UPDATE", rooms)
        changes = [
            asyncio.create_task(owner.patch(f"/api/v1/rooms/{room_id}", json={"name": "Tea"}))
            for room_id in rooms
        ]
        await sign_in(owner)
        assert not all(change.done() for change in changes)
    statuses = {answer.status_code for answer in await asyncio.gather(*changes)}
    assert statuses <= {200, 503}


async def test_a_session_ends_in_every_process_while_all_look_ups_hang(
    start_chat_stack: StartChatStack,
    client_at: ClientAt,
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    stack = start_chat_stack(chat=2, publish=0, scheduler=0)
    first, second = (server.base_url for server in stack.chat_servers)
    person = client_at(second, "127.0.0.4")
    await sign_in(person)
    attackers = [client_at(first, address) for address in ("127.0.0.2", "127.0.0.3")]
    ids = [await sign_in(attacker) for attacker in attackers]
    rooms = new_rooms(OF_ADDRESS)
    transaction = connection.transaction()
    await transaction.start()
    for attacker_id in ids:
        await hold_keys(connection, attacker_id, rooms)
    hanging = [
        asyncio.create_task(make_room(attacker, room_id)) for attacker in attackers for room_id in rooms
    ]
    await until_waiting(connection, LOOK_UPS)
    assert (await person.delete("/api/v1/sessions/current")).status_code == 204
    async with asyncio.timeout(20):
        while (await person.get(f"{first}/api/v1/me")).status_code != 401:
            await asyncio.sleep(0.05)
    assert await keys_waiting(connection) == LOOK_UPS
    await transaction.rollback()
    assert set(await asyncio.gather(*hanging)) <= {201, 409}
