"""Many hanging reads do not affect posts, other reads, health checks or internal calls. On a real server."""

import asyncio
import uuid

import asyncpg
import httpx
import pytest

from chat_contract.internal_api import service_token
from chat_server.rooms.room_list import READ_EVERY_S
from tests.support.chat_stack import SECRET, StartChatStack

CROWD = 60


async def enter(client: httpx.AsyncClient) -> str:
    """Sign in and create a room with one message."""
    await client.post("/api/v1/sessions", json={"nickname": "ann"})
    room_id = f"r-{uuid.uuid4().hex}"
    assert (await client.post("/api/v1/rooms", json={"name": "A room", "id": room_id})).status_code == 201
    assert (await post(client, room_id)).status_code == 201
    return room_id


async def post(client: httpx.AsyncClient, room_id: str) -> httpx.Response:
    draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
    return await client.post(f"/api/v1/rooms/{room_id}/messages", json=draft)


@pytest.fixture
async def server_url(start_chat_stack: StartChatStack, database_url: str) -> str:
    return start_chat_stack(publish=0, scheduler=0, DATABASE_URL=database_url).chat_url


async def until_blocked(connection: "asyncpg.Connection[asyncpg.Record]", application: str) -> None:
    """Wait until a statement of the application waits for the lock that `connection` holds."""
    async with asyncio.timeout(20):
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
            application,
        ):
            await asyncio.sleep(0.01)
            await connection.execute("SELECT pg_stat_clear_snapshot()")


async def metric(client: httpx.AsyncClient, line: str) -> float:
    for text in (await client.get("/metrics")).text.splitlines():
        if text.startswith(f"{line} "):
            return float(text.rsplit(" ", 1)[1])
    return 0.0


async def test_hanging_reads_of_history_are_the_only_ones_refused(
    server_url: str, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with (
        httpx.AsyncClient(base_url=server_url, timeout=30) as bystander,
        httpx.AsyncClient(
            base_url=server_url, timeout=30, limits=httpx.Limits(max_connections=None)
        ) as crowd,
    ):
        room_id, attacked = await enter(bystander), await enter(crowd)
        path = f"/api/v1/rooms/{attacked}/reactions/mine"
        async with connection.transaction():
            await connection.execute("LOCK TABLE reactions IN ACCESS EXCLUSIVE MODE")
            attack = [asyncio.create_task(crowd.get(path, params={"from_seq": n})) for n in range(CROWD)]
            await until_blocked(connection, "hotchat reads")
            answers = [
                await post(bystander, room_id),
                *[
                    await bystander.get(path)
                    for path in (
                        f"/api/v1/rooms/{room_id}/messages",
                        f"/api/v1/rooms/{room_id}/events?after_seq=0",
                        f"/api/v1/rooms/{room_id}/search?q=hello",
                        "/api/v1/rooms",
                        "/api/v1/rooms?q=room",
                        "/healthz/ready",
                    )
                ],
                await bystander.post(
                    "/internal/v1/heads",
                    json={"rooms": [room_id]},
                    headers={"Authorization": f"Bearer {service_token(SECRET)}"},
                ),
            ]
            assert [answer.status_code for answer in answers] == [201, *[200] * 7]
            assert not any("age" in answer.headers for answer in answers)
            refused = await asyncio.gather(*attack)
        assert {answer.status_code for answer in refused} <= {429, 503}
        for answer in refused:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.json()["retry_after_ms"] > 0
        assert await metric(bystander, 'hotchat_store_down{part="reads",store="Postgres"}') == 0
        assert (await crowd.get(path)).status_code == 200


async def test_searches_of_many_words_over_many_connections_are_the_only_calls_refused(
    server_url: str, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with (
        httpx.AsyncClient(base_url=server_url, timeout=30) as bystander,
        httpx.AsyncClient(base_url=server_url, timeout=30) as crowd,
    ):
        room_id, attacked = await enter(bystander), await enter(crowd)
        path = f"/api/v1/rooms/{attacked}/search"
        words = " ".join("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv")
        answer = await crowd.get(path, params={"q": words})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        async with connection.transaction():
            # Like a search of a very large room, the lock holds the connections until Postgres cancels the statements.
            await connection.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
            attack = [asyncio.create_task(crowd.get(path, params={"q": f"a b c {n}"})) for n in range(12)]
            await until_blocked(connection, "hotchat search")
            assert (await bystander.get("/healthz/ready")).status_code == 200
            refused = await asyncio.gather(*attack)
        assert {answer.status_code for answer in refused} <= {429, 503}
        assert sum(answer.status_code == 429 for answer in refused) >= 8
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
        assert (await post(bystander, room_id)).status_code == 201
        assert (await bystander.get(f"/api/v1/rooms/{room_id}/search?q=hello")).status_code == 200


async def test_many_requests_for_the_room_list_cost_few_queries(server_url: str) -> None:
    async with httpx.AsyncClient(
        base_url=server_url, timeout=30, limits=httpx.Limits(max_connections=64)
    ) as crowd:
        await enter(crowd)
        loop = asyncio.get_running_loop()
        counted = 'hotchat_read_statements_total{statement="rooms"}'
        before, began_s = await metric(crowd, counted), loop.time()
        answers = await asyncio.gather(
            *(crowd.get("/api/v1/rooms", params={"limit": 50}) for _ in range(1_000))
        )
        reads = (loop.time() - began_s) / READ_EVERY_S
        assert {answer.status_code for answer in answers} == {200}
        assert await metric(crowd, counted) - before <= 2 + reads
        etag = answers[-1].headers["etag"]
        again = await crowd.get("/api/v1/rooms", params={"limit": 50}, headers={"If-None-Match": etag})
        assert again.status_code in (200, 304)


async def test_a_new_room_is_listed_at_once(server_url: str) -> None:
    async with httpx.AsyncClient(base_url=server_url, timeout=30) as client:
        for _ in range(5):
            room_id = await enter(client)
            rooms = (await client.get("/api/v1/rooms")).json()["rooms"]
            assert room_id in [room["id"] for room in rooms]
