"""Servers and schedulers as processes, on real stores: clients heat a room, and every fetch is counted."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from redis.asyncio import Redis

from chat_contract.redis_keys import HOT
from chat_contract.topics import CHAT_SIGNALS, header
from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.fetching_crowd import Crowd, fetches_counted, until
from tests.support.plain_http import client_of

# Far below the rate of eight clients, so that a slow machine heats the room too.
SOON_HOT = {"HOTCHAT_ENTER_PER_S": "40", "HOT_FETCH_BURST": "1", "HOT_FETCH_PER_CLIENT_PER_S": "0.1"}


async def make_room(stack: ChatStack) -> str:
    async with client_of(stack.chat_url) as client:
        await client.post("/api/v1/sessions", json={"nickname": "ann"})
        response = await client.post("/api/v1/rooms", json={"name": "A room", "id": f"r-{uuid.uuid4().hex}"})
        room_id: str = response.json()["id"]
        return room_id


@asynccontextmanager
async def signals(bootstrap_servers: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of signals sent from now on. Subscribing creates the topic."""
    consumer = AIOKafkaConsumer(CHAT_SIGNALS, bootstrap_servers=bootstrap_servers, metadata_max_age_ms=500)
    await consumer.start()
    try:

        async def has_partitions() -> bool:
            return bool(consumer.assignment())

        await until(has_partitions, within_s=30, what="the topic of signals")
        for partition in consumer.assignment():
            await consumer.seek_to_end(partition)
            await consumer.position(partition)
        yield consumer
    finally:
        await consumer.stop()


async def next_heat(consumer: AIOKafkaConsumer, room_id: str, *, hot: bool) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            record = await consumer.getone()
            event: dict[str, Any] = json.loads(record.value)
            if event["type"] == "room.heat" and event["room_id"] == room_id and event["heat"]["hot"] is hot:
                assert record.key == room_id.encode()
                assert header(record.headers, "type") == b"room.heat"
                return event


async def test_many_fetches_heat_a_room_are_throttled_and_the_room_cools_afterwards(
    start_chat_stack: StartChatStack, kafka_bootstrap_servers: str
) -> None:
    stack = start_chat_stack(publish=0, HOTCHAT_CALM_TICKS="1", **SOON_HOT)
    room_id, quiet_room = await make_room(stack), await make_room(stack)
    async with (
        signals(kafka_bootstrap_servers) as consumer,
        client_of(stack.chat_url) as other,
    ):
        async with Crowd([stack.chat_url], f"/api/v1/rooms/{room_id}/messages?before_seq=1") as crowd:
            hot = await next_heat(consumer, room_id, hot=True)
            assert hot["heat"]["fetches_per_s"] >= 40
            assert hot["heat"]["since"].endswith("Z")

            async def is_refused() -> bool:
                return len(crowd.refused) > 20

            await until(is_refused, within_s=20, what="a refusal")
            quiet = await other.get(f"/api/v1/rooms/{quiet_room}/messages?before_seq=1")
            assert quiet.status_code == 200, "another room's fetches are never refused"
        assert set(crowd.statuses) == {200, 429}
        for refused in crowd.refused:
            assert refused.json()["code"] == "room_hot"
            assert int(refused.headers["retry-after"]) >= 1
            assert "ratelimit" in refused.headers
        cold = await next_heat(consumer, room_id, hot=False)
        assert cold["heat"]["since"] is None
        assert cold["version"] > hot["version"]

        async def is_served() -> bool:
            return (await other.get(f"/api/v1/rooms/{room_id}/messages?before_seq=1")).status_code == 200

        await until(is_served, within_s=20, what="a cool room")


async def test_two_servers_and_two_schedulers_count_every_fetch_once(
    start_chat_stack: StartChatStack, redis_url: str
) -> None:
    stack = start_chat_stack(chat=2, publish=0, scheduler=2, **SOON_HOT)
    room_id = await make_room(stack)
    urls = [server.base_url for server in stack.chat_servers]
    async with Crowd(urls, f"/api/v1/rooms/{room_id}/messages", clients=8) as crowd:

        async def has_refused() -> bool:
            return crowd.statuses[429] > 200 and crowd.statuses[200] > 0

        await until(has_refused, within_s=60, what="a hot room")
    assert await fetches_counted(redis_url, at_least=crowd.sent) == crowd.sent


async def test_a_hot_room_cools_when_all_schedulers_are_killed(
    start_chat_stack: StartChatStack, redis_url: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=2, HOTCHAT_CALM_TICKS="1000", **SOON_HOT)
    room_id = await make_room(stack)
    async with (
        Redis.from_url(redis_url) as redis,
        client_of(stack.chat_url) as client,
        Crowd([stack.chat_url], f"/api/v1/rooms/{room_id}/messages"),
    ):

        async def is_hot() -> bool:
            rooms = (await client.get("/api/v1/rooms")).json()["rooms"]
            return any(room["heat"]["hot"] for room in rooms)

        async def is_cold() -> bool:
            return not await is_hot()

        await until(is_hot, within_s=30, what="a hot room")
        one, other = stack.schedulers
        one.kill()
        ttl_after_kill_ms = await redis.pttl(HOT)

        async def is_renewed() -> bool:
            return bool(await redis.pttl(HOT) > ttl_after_kill_ms)

        await until(is_renewed, within_s=20, what="a tick of the remaining scheduler")
        assert await is_hot()
        other.kill()
        await until(is_cold, within_s=20, what="the expiry of the hot flag")


async def test_a_scheduler_stops_cleanly_on_sigterm(start_chat_stack: StartChatStack) -> None:
    [scheduler] = start_chat_stack(chat=0, publish=0, scheduler=1).schedulers

    async def ticks() -> bool:
        return "ticks every" in scheduler.log_tail()

    await until(ticks, within_s=20, what="the first log line of the scheduler")
    scheduler.ask_to_stop()
    assert scheduler.wait_stopped(within_s=10) == 0
    assert "Traceback" not in scheduler.log_tail()
    assert "Unclosed" not in scheduler.log_tail()
