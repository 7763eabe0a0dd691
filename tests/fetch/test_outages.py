"""Reads and writes while Redis or Postgres is unavailable. Servers run as processes on separate stores."""

import asyncio
import uuid

import httpx

from local_stack.postgres import Postgres
from local_stack.valkey import Valkey
from tests.support.chat_stack import StartChatStack
from tests.support.fetching_crowd import Crowd, until


async def enter(client: httpx.AsyncClient) -> str:
    """Sign in and create a room with one message."""
    await client.post("/api/v1/sessions", json={"nickname": "ann"})
    room_id = f"r-{uuid.uuid4().hex}"
    assert (await client.post("/api/v1/rooms", json={"name": "A room", "id": room_id})).status_code == 201
    draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
    assert (await client.post(f"/api/v1/rooms/{room_id}/messages", json=draft)).status_code == 201
    return room_id


async def test_while_postgres_is_unavailable_the_latest_page_and_recent_events_are_served_with_age(
    start_chat_stack: StartChatStack, own_postgres: Postgres
) -> None:
    own_postgres.ensure_database("hotchat")
    stack = start_chat_stack(publish=0, scheduler=0, DATABASE_URL=own_postgres.url("hotchat"))
    async with httpx.AsyncClient(base_url=stack.chat_url, timeout=30) as client:
        room_id = await enter(client)
        page = await client.get(f"/api/v1/rooms/{room_id}/messages")
        tail = await client.get(f"/api/v1/rooms/{room_id}/events?after_seq=0")
        own_postgres.kill()

        async def are_stale() -> bool:
            stale_page = await client.get(f"/api/v1/rooms/{room_id}/messages")
            stale_tail = await client.get(f"/api/v1/rooms/{room_id}/events?after_seq=0")
            assert (stale_page.status_code, stale_tail.status_code) == (200, 200)
            assert stale_page.json() == page.json()
            assert stale_tail.json() == tail.json()
            return "age" in stale_page.headers and "age" in stale_tail.headers

        await until(are_stale, within_s=20, what="a stale page and tail")
        for path in (
            f"{room_id}/messages?before_seq=1",
            "unknown-room",
            f"{room_id}/messages/{uuid.uuid4()}",
        ):
            answer = await client.get(f"/api/v1/rooms/{path}")
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
            assert int(answer.headers["retry-after"]) >= 1

        own_postgres.start()

        async def is_fresh() -> bool:
            answer = await client.get(f"/api/v1/rooms/{room_id}/messages")
            return "age" not in answer.headers

        await until(is_fresh, within_s=20, what="a fresh page")
        assert (await client.get(f"/api/v1/rooms/{room_id}/messages?before_seq=1")).status_code == 200


async def test_readers_do_not_wait_while_postgres_is_unavailable(
    start_chat_stack: StartChatStack, own_postgres: Postgres
) -> None:
    own_postgres.ensure_database("hotchat")
    stack = start_chat_stack(publish=0, scheduler=0, DATABASE_URL=own_postgres.url("hotchat"))
    async with httpx.AsyncClient(base_url=stack.chat_url, timeout=30) as client:
        room_id = await enter(client)
        page = await client.get(f"/api/v1/rooms/{room_id}/messages")
        own_postgres.pause()
        try:

            async def is_stale() -> bool:
                answer = await client.get(f"/api/v1/rooms/{room_id}/messages")
                assert answer.status_code == 200
                assert answer.json() == page.json()
                return "age" in answer.headers

            await until(is_stale, within_s=20, what="a stale page")
            refused = await client.get(f"/api/v1/rooms/{room_id}/messages?before_seq=1")
            assert refused.status_code == 503
        finally:
            own_postgres.resume()

        async def answers() -> bool:
            answer = await client.get(f"/api/v1/rooms/{room_id}/messages?before_seq=1")
            return answer.status_code == 200

        await until(answers, within_s=20, what="an answer from the log")


async def test_without_redis_nothing_is_refused_and_its_return_makes_no_room_hot(
    start_chat_stack: StartChatStack, own_valkey: Valkey
) -> None:
    stack = start_chat_stack(
        publish=0,
        REDIS_URL=own_valkey.url(0),
        HOTCHAT_ENTER_PER_S="40",
        HOT_FETCH_BURST="1",
        HOT_FETCH_PER_CLIENT_PER_S="0.1",
        HOTCHAT_CALM_TICKS="1",
    )
    async with httpx.AsyncClient(base_url=stack.chat_url, timeout=30) as client:
        room_id = await enter(client)

        async def is_hot() -> bool:
            rooms = (await client.get("/api/v1/rooms")).json()["rooms"]
            return any(room["heat"]["hot"] for room in rooms)

        async def is_cold() -> bool:
            return not await is_hot()

        path = f"/api/v1/rooms/{room_id}/messages"
        async with Crowd([stack.chat_url], path):
            await until(is_hot, within_s=30, what="a hot room")
            own_valkey.kill()
            await until(is_cold, within_s=20, what="the end of the heat without Redis")
        async with Crowd([stack.chat_url], path) as crowd:

            async def have_been_many() -> bool:
                return crowd.sent > 400

            await until(have_been_many, within_s=30, what="400 fetches")
        assert set(crowd.statuses) == {200}
        [server] = stack.chat_servers
        log = server.log_tail(10_000)
        for part in ("demand counters", "hot rooms"):
            assert log.count(f"Redis is down for {part}") == 1

        own_valkey.start()

        async def is_back() -> bool:
            return "Redis is up again for hot rooms" in server.log_tail(10_000)

        await until(is_back, within_s=20, what="the return of Redis")
        assert await is_cold()


async def test_while_postgres_is_unavailable_or_recovering_every_refused_write_gets_503(
    start_chat_stack: StartChatStack, own_postgres: Postgres
) -> None:
    """This includes calls that use the pool, and the time in which Postgres recovers and refuses connections."""
    own_postgres.ensure_database("hotchat")
    stack = start_chat_stack(publish=1, scheduler=0, DATABASE_URL=own_postgres.url("hotchat"))
    async with httpx.AsyncClient(base_url=stack.chat_url, timeout=30) as client:
        room_id = await enter(client)
        async with client.stream("GET", f"{stack.publish_url}/stream/v1/rooms/{room_id}") as stream:
            lines = stream.aiter_lines()
            while await anext(lines) != "event: stream.opened":
                pass
            own_postgres.kill()

            async def is_accepted() -> bool:
                """Send one round of writes. Each is stored, or refused as the contract says."""
                draft = {"client_message_id": str(uuid.uuid4()), "text": "back"}
                answers = [
                    await client.post("/api/v1/sessions", json={"nickname": "bob"}),
                    await client.post(
                        "/api/v1/rooms", json={"name": "Another", "id": f"r-{uuid.uuid4().hex}"}
                    ),
                    await client.post(f"/api/v1/rooms/{room_id}/messages", json=draft),
                ]
                for answer in answers:
                    if answer.status_code != 201:
                        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
                        assert int(answer.headers["retry-after"]) >= 1
                return all(answer.status_code == 201 for answer in answers)

            assert not await is_accepted()
            starting = asyncio.create_task(asyncio.to_thread(own_postgres.start))
            await until(is_accepted, within_s=60, what="the return of Postgres")
            await starting
            async with asyncio.timeout(20):
                while '"text":"back"' not in await anext(lines):
                    pass
