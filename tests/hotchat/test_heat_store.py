"""Any number of schedulers, any of them killed or stopped: each tick counts once. On a real Valkey."""

import asyncio

from redis.asyncio import Redis

from chat_contract.redis_keys import (
    FETCHES,
    FETCHES_COUNTED,
    HOT,
    HOT_TTL_MS,
    PUBLISHERS,
    VIEWERS,
    VIEWERS_SUMMED,
    slow_mode,
    viewers_of,
)
from chat_server.hotchat.heat_store import HeatStore
from chat_server.hotchat.policy import HotEntry
from local_stack.valkey import Valkey
from tests.hotchat.conftest import let_time_pass

HOT_LOBBY = HotEntry(True, "2026-01-02T03:04:05.678Z", 2000.0, 0)


async def test_the_first_drain_only_sets_the_clock(redis: Redis) -> None:
    await redis.hset(FETCHES, "lobby", "70000")
    first = await HeatStore(redis).drain()
    assert first is not None
    assert first.elapsed_ms == 0
    assert await redis.exists(FETCHES) == 0
    assert await redis.get(FETCHES_COUNTED) == b"70000"


async def test_two_schedulers_in_one_second_count_once(redis: Redis) -> None:
    one, other = HeatStore(redis), HeatStore(redis)
    await one.drain()
    await let_time_pass(redis, 1000)
    await redis.hset(FETCHES, "lobby", "500")
    tick = await one.drain()
    assert tick is not None
    assert tick.counts == {"lobby": 500}
    assert 1000 <= tick.elapsed_ms < 3000
    await redis.hset(FETCHES, "lobby", "20")
    assert await other.drain() is None
    assert await redis.hget(FETCHES, "lobby") == b"20"


async def test_after_an_outage_the_elapsed_time_is_the_whole_of_it(redis: Redis) -> None:
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, 60_000)
    tick = await store.drain()
    assert tick is not None
    assert tick.elapsed_ms >= 60_000


async def test_a_clock_that_jumped_back_is_a_first_drain(redis: Redis) -> None:
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, -3_600_000)
    await redis.hset(FETCHES, "lobby", "500")
    tick = await store.drain()
    assert tick is not None
    assert tick.elapsed_ms == 0


async def test_the_next_tick_knows_what_the_last_one_wrote(redis: Redis) -> None:
    one, other = HeatStore(redis), HeatStore(redis)
    await one.drain()
    await let_time_pass(redis, 1000)
    tick = await one.drain()
    assert tick is not None
    assert await one.write(tick, {"lobby": HOT_LOBBY, "kitchen": HotEntry(False, None, 150.0, 0)})
    await let_time_pass(redis, 1000)
    following = await other.drain()
    assert following is not None
    assert following.previous == {"lobby": HOT_LOBBY, "kitchen": HotEntry(False, None, 150.0, 0)}
    assert following.announced == {"lobby"}


async def test_a_dead_schedulers_flag_expires(redis: Redis) -> None:
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, 1000)
    tick = await store.drain()
    assert tick is not None
    await store.write(tick, {"lobby": HOT_LOBBY})
    assert 0 < await redis.pttl(HOT) <= HOT_TTL_MS


async def test_a_room_whose_flag_expired_is_still_known_as_announced(redis: Redis) -> None:
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, 1000)
    tick = await store.drain()
    assert tick is not None
    await store.write(tick, {"lobby": HOT_LOBBY})
    await redis.delete(HOT)
    await let_time_pass(redis, 20_000)
    following = await store.drain()
    assert following is not None
    assert following.previous == {}
    assert following.announced == {"lobby"}


async def test_the_late_write_of_a_stopped_scheduler_is_void(redis: Redis) -> None:
    stopped, running = HeatStore(redis), HeatStore(redis)
    await stopped.drain()
    await let_time_pass(redis, 1000)
    late = await stopped.drain()
    assert late is not None
    while await now_ms(redis) == late.at_ms:
        pass  # the time that passes is pretended, and ticks are told apart by their millisecond
    await let_time_pass(redis, 1000)
    tick = await running.drain()
    assert tick is not None
    assert await running.write(tick, {})
    assert not await stopped.write(late, {"lobby": HOT_LOBBY})
    assert await redis.exists(HOT) == 0


async def report(redis: Redis, process_id: str, at_ms: int, viewers: dict[str, int]) -> None:
    await redis.zadd(PUBLISHERS, {process_id: at_ms})
    await redis.delete(viewers_of(process_id))
    if viewers:
        await redis.hset(
            viewers_of(process_id), mapping={room: str(count) for room, count in viewers.items()}
        )


async def now_ms(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def test_viewers_are_summed_over_processes_and_changes_are_told_once(redis: Redis) -> None:
    store, at_ms = HeatStore(redis), await now_ms(redis)
    await report(redis, "one", at_ms, {"lobby": 3, "kitchen": 1})
    await report(redis, "two", at_ms, {"lobby": 4})
    assert await store.sum_viewers() == {"lobby": 7, "kitchen": 1}
    assert await HeatStore(redis).sum_viewers() == {}, "another scheduler did it this time"
    await redis.delete(VIEWERS_SUMMED)
    assert await store.sum_viewers() == {}, "nothing has changed"
    await report(redis, "one", at_ms, {"lobby": 3})
    await redis.delete(VIEWERS_SUMMED)
    assert await store.sum_viewers() == {"kitchen": 0}
    assert await redis.hgetall(VIEWERS) == {b"lobby": b"7"}


async def test_the_viewers_of_a_dead_process_are_forgotten(redis: Redis) -> None:
    store, at_ms = HeatStore(redis), await now_ms(redis)
    await report(redis, "one", at_ms, {"lobby": 3})
    await report(redis, "dead", at_ms - 16_000, {"lobby": 40})
    assert await store.sum_viewers() == {"lobby": 3}
    assert await redis.zrange(PUBLISHERS, 0, -1) == [b"one"]


SLOW_MODE_FLOOD = 20_000
"""Keys of one round: together they need more memory than the test leaves."""


async def test_heat_survives_a_flood_of_turns_in_slow_mode(own_valkey: Valkey) -> None:
    """Turns live for up to six hours, heat for seconds: what expires first must not be evicted first."""
    async with Redis.from_url(own_valkey.url()) as redis:
        store = HeatStore(redis)
        await store.drain()
        await redis.config_set("maxmemory", (await redis.info("memory"))["used_memory"] + 4 * 2**20)
        rounds = evicted = 0
        while rounds < 3 or evicted < SLOW_MODE_FLOOD:
            await let_time_pass(redis, 1000)
            tick = await store.drain()
            assert tick is not None
            assert rounds == 0 or tick.previous == {"lobby": HOT_LOBBY}
            assert await store.write(tick, {"lobby": HOT_LOBBY})
            await redis.pexpire(HOT, 60_000)  # still much sooner than the turns, but not within a round
            await take_turns(redis, rounds)
            assert await redis.hexists(HOT, "lobby"), f"the heat was evicted in round {rounds}"
            await until_idle(redis, slow_mode("post", f"room-{rounds}", str(SLOW_MODE_FLOOD - 1)))
            evicted = (await redis.info("stats"))["evicted_keys"]
            rounds += 1


async def take_turns(redis: Redis, number: int) -> None:
    """As SlowMode does, in one pipeline."""
    async with redis.pipeline(transaction=False) as pipeline:
        for user in range(SLOW_MODE_FLOOD):
            key = slow_mode("post", f"room-{number}", str(user))
            pipeline.set(key, "x" * 36, nx=True, px=6 * 3600 * 1000)
        await pipeline.execute()


async def until_idle(redis: Redis, key: str) -> None:
    """Until Valkey's clock of least recent use, which counts seconds, has moved on. It may have evicted the key."""
    async with asyncio.timeout(20):
        while await redis.exists(key) and await redis.object("IDLETIME", key) == 0:
            await asyncio.sleep(0.05)
