"""Bad data in Redis does not stop heat or viewers: bad entries are skipped, keys of the wrong type are replaced."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import Random

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from chat_contract.redis_keys import (
    DRAINED_AT_MS,
    FETCHES,
    FETCHES_COUNTED,
    HEAT_ANNOUNCED,
    HOT,
    POSTS,
    PUBLISHERS,
    VIEWERS,
    VIEWERS_SUMMED,
    viewers_of,
)
from chat_server.hotchat.demand_counters import DemandCounters
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.heat_store import HeatStore
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.hotchat.redis_entries import encode_entry
from chat_server.hotchat.viewers_sum import ViewersSum
from server_kit.background_tasks import BackgroundTasks
from tests.hotchat.conftest import let_time_pass

ENTRY = HotEntry(True, "2026-01-02T03:04:05.678Z", 2000.0, 0)
BAD_COUNTS = [
    b"1.5",
    b"abc",
    b"",
    b"-1",
    b"nan",
    b"inf",
    b"1e308",
    b"0x10",
    b"9" * 40,
    b"9223372036854775807",
    b"\xff",
]
BAD_ENTRIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    b'{"hot":true}',
    b'{"hot":true,"since":{},"fetches_per_s":1,"calm_ticks":0}',
    b'{"hot":true,"since":null,"fetches_per_s":1e999,"calm_ticks":0}',
    b'{"hot":true,"since":null,"fetches_per_s":1,"calm_ticks":1e999}',
    b'{"hot":true,"since":null,"fetches_per_s":"many","calm_ticks":0}',
]

Put = Callable[[Redis, str], Awaitable[object]]

TYPES: dict[str, Put] = {
    "string": lambda redis, key: redis.set(key, b"text"),
    "number": lambda redis, key: redis.set(key, b"1.5"),
    "list": lambda redis, key: redis.rpush(key, b"item"),
    "set": lambda redis, key: redis.sadd(key, b"member", b"\xff"),
    "zset": lambda redis, key: redis.zadd(key, {b"member": 1.0, b"far": float("inf")}),
    "hash": lambda redis, key: redis.hset(key, mapping={b"lobby": b"text", b"\xff": b"1"}),
}
KEYS = [
    FETCHES,
    POSTS,
    DRAINED_AT_MS,
    FETCHES_COUNTED,
    HOT,
    HEAT_ANNOUNCED,
    VIEWERS,
    VIEWERS_SUMMED,
    PUBLISHERS,
    viewers_of("one"),
    "{hotchat}:flushed:one",
]


def unreadable(kind: str) -> float:
    return REGISTRY.get_sample_value("hotchat_heat_entries_unreadable_total", {"kind": kind}) or 0.0


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("key", KEYS)
async def test_a_key_of_the_wrong_type_stops_heat_and_viewers_for_at_most_one_tick(
    redis: Redis, key: str, kind: str
) -> None:
    store, rooms = HeatStore(redis), HotRooms(redis, clock=time.monotonic)
    counters = DemandCounters(redis, process_id="one", clock=time.monotonic)
    await TYPES[kind](redis, key)

    counters.count("lobby")
    await counters.flush()
    first = await store.drain()
    await redis.delete(VIEWERS_SUMMED) if key != VIEWERS_SUMMED else None
    await ViewersSum(redis).changes()

    now_s, _ = await redis.time()
    await redis.zadd(PUBLISHERS, {"one": int(now_s) * 1000})
    await redis.delete(viewers_of("one"))
    await redis.hset(viewers_of("one"), "lobby", "3")
    await redis.delete(VIEWERS_SUMMED)
    assert (await ViewersSum(redis).changes()).viewers == {"lobby": 3}

    if first is None:  # a number in DRAINED_AT_MS can look like a recent drain
        first = await store.drain()
    await let_time_pass(redis, 1_000)
    counters.count("lobby")
    await counters.flush()
    tick = await store.drain()
    assert tick is not None
    assert tick.counts.get("lobby") == 1
    assert await store.write(tick, {"lobby": ENTRY})
    await rooms.refresh_hot()
    await rooms.refresh_viewers()
    assert rooms.is_hot("lobby")
    assert rooms.viewers("lobby") == 3
    assert int(await redis.get(FETCHES_COUNTED) or 0) >= 1


@pytest.mark.parametrize("bad", BAD_COUNTS)
async def test_a_bad_count_is_skipped_and_counted_and_other_counts_are_read(redis: Redis, bad: bytes) -> None:
    rooms, before = HotRooms(redis, clock=time.monotonic), unreadable("count")
    await redis.hset(VIEWERS, mapping={b"lobby": bad, b"kitchen": b"12", b"\xff": b"4"})
    await rooms.refresh_viewers()
    assert (rooms.viewers("lobby"), rooms.viewers("kitchen")) == (0, 12)
    assert unreadable("count") - before == 2

    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, 1_000)
    await redis.hset(FETCHES, mapping={b"lobby": bad, b"kitchen": b"12", b"\xff": b"4"})
    tick = await store.drain()
    assert tick is not None
    assert tick.counts == {"kitchen": 12}
    now_s, _ = await redis.time()
    await redis.zadd(PUBLISHERS, {"one": int(now_s) * 1000})
    await redis.hset(viewers_of("one"), mapping={b"lobby": bad, b"kitchen": b"7"})
    await ViewersSum(redis).changes()
    assert await redis.hget(VIEWERS, "kitchen") == b"7"


@pytest.mark.parametrize("bad", BAD_ENTRIES)
async def test_a_room_with_a_bad_heat_entry_is_cold_and_other_entries_are_read(
    redis: Redis, bad: bytes
) -> None:
    rooms, before = HotRooms(redis, clock=time.monotonic), unreadable("heat")
    await redis.hset(HOT, mapping={b"lobby": bad, b"kitchen": encode_entry(ENTRY)})
    await rooms.refresh_hot()
    assert (rooms.is_hot("lobby"), rooms.is_hot("kitchen")) == (False, True)
    assert unreadable("heat") - before == 1


async def test_a_flush_replaces_a_bad_count_and_adds_every_room_once(redis: Redis) -> None:
    counters = DemandCounters(redis, process_id="one", clock=time.monotonic)
    await redis.hset(FETCHES, "lobby", "abc")
    for room_id in ("attic", "lobby", "kitchen"):
        counters.count(room_id)
    await counters.flush()
    await counters.flush()
    assert await redis.hgetall(FETCHES) == {b"attic": b"1", b"lobby": b"1", b"kitchen": b"1"}


async def test_hot_rooms_are_refreshed_after_a_bad_viewer_count(redis: Redis) -> None:
    """`HSET {hotchat}:viewers lobby 1.5` once ended the refresh task, and with it all throttling."""
    tasks = BackgroundTasks(Random(7), time.monotonic)
    rooms = HotRooms(redis, clock=time.monotonic)
    await redis.hset(VIEWERS, "lobby", "1.5")
    async with asyncio.timeout(20), tasks.running("hot rooms", rooms.run):
        await redis.hset(HOT, "lobby", encode_entry(ENTRY))
        while not rooms.is_hot("lobby"):
            await asyncio.sleep(0.02)
    assert tasks.down() == {}
