"""Each tick is handled once, with any number of schedulers, some of them killed or paused. On a real Valkey."""

import asyncio
from typing import Any

from redis.asyncio import Redis

from chat_contract.redis_keys import (
    FETCHES,
    FETCHES_COUNTED,
    HOT,
    HOT_TTL_MS,
    POSTS,
    slow_mode,
)
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.heat_store import HeatStore
from chat_server.hotchat.slow_mode_governor import PostCounts
from local_stack.valkey import Valkey
from tests.hotchat.conftest import let_time_pass

SLOW_MODE_FLOOD = 20_000
"""Keys of one round; they need more memory than the test allows."""

HOT_LOBBY = HotEntry(True, "2026-01-02T03:04:05.678Z", 2000.0, 0)


async def test_the_first_drain_gives_no_rate(redis: Redis) -> None:
    await redis.hset(FETCHES, "lobby", "70000")
    first = await HeatStore(redis).drain()
    assert first is not None
    assert first.elapsed_ms == 0
    assert await redis.exists(FETCHES) == 0
    assert await redis.get(FETCHES_COUNTED) == b"70000"


async def test_only_one_of_two_schedulers_drains_in_one_second(redis: Redis) -> None:
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


async def test_posts_are_drained_with_the_fetches_and_timed_from_their_first_flush(redis: Redis) -> None:
    """A scheduler of the version before drains fetches only, so that posts may be older than its last drain."""
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, 1000)
    since_ms = int((await redis.time())[0]) * 1000 - 60_000
    fields: dict[Any, Any] = {
        "d:lobby": 9,
        "a:lobby": 4,
        "n:lobby": 3,
        "p:lobby": 7,
        "e:lobby": 2,
        "t:lobby": "2.5",
        "t:attic": "",
    }
    bad: dict[Any, Any] = {
        "d:cellar": "many",
        "t:cellar": "nan",
        "x:cellar": 1,
        "p:yard": 3,
    }
    await redis.hset(POSTS, mapping=fields | bad | {"since": since_ms})
    tick = await store.drain()
    assert tick is not None
    assert tick.posts == {
        "lobby": PostCounts(9, 7, 2, 4, 2.5, newcomers=3),
        "attic": PostCounts(),
        "yard": PostCounts(passed=3, is_target_known=False),
    }
    assert tick.elapsed_ms < 10_000 <= 60_000 <= tick.posts_elapsed_ms
    assert await redis.exists(POSTS) == 0


async def test_the_elapsed_time_covers_a_whole_outage(redis: Redis) -> None:
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, 60_000)
    tick = await store.drain()
    assert tick is not None
    assert tick.elapsed_ms >= 60_000


async def test_a_drain_after_the_clock_was_set_back_gives_no_rate(redis: Redis) -> None:
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, -3_600_000)
    await redis.hset(FETCHES, "lobby", "500")
    tick = await store.drain()
    assert tick is not None
    assert tick.elapsed_ms == 0


async def test_a_tick_reads_the_entries_that_another_scheduler_wrote(redis: Redis) -> None:
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


async def test_hot_flags_expire_without_further_ticks(redis: Redis) -> None:
    store = HeatStore(redis)
    await store.drain()
    await let_time_pass(redis, 1000)
    tick = await store.drain()
    assert tick is not None
    await store.write(tick, {"lobby": HOT_LOBBY})
    assert 0 < await redis.pttl(HOT) <= HOT_TTL_MS


async def test_a_room_stays_announced_after_its_hot_flag_expired(redis: Redis) -> None:
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


async def test_a_paused_scheduler_cannot_overwrite_a_later_tick(redis: Redis) -> None:
    paused, running = HeatStore(redis), HeatStore(redis)
    await paused.drain()
    await let_time_pass(redis, 1000)
    late = await paused.drain()
    assert late is not None
    while await now_ms(redis) == late.at_ms:
        pass  # let_time_pass does not move Redis' clock, and ticks are identified by their millisecond
    await let_time_pass(redis, 1000)
    tick = await running.drain()
    assert tick is not None
    assert await running.write(tick, {})
    assert not await paused.write(late, {"lobby": HOT_LOBBY})
    assert await redis.exists(HOT) == 0


async def now_ms(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def test_heat_is_not_evicted_by_many_slow_mode_turns(own_valkey: Valkey) -> None:
    """Turns live for up to six hours, heat for seconds: Valkey must not evict the keys that expire first."""
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
            await redis.pexpire(HOT, 60_000)  # long before the turns, but not within a round
            await take_turns(redis, rounds)
            assert await redis.hexists(HOT, "lobby"), f"the heat was evicted in round {rounds}"
            await until_idle(redis, slow_mode("post", f"room-{rounds}", str(SLOW_MODE_FLOOD - 1)))
            evicted = (await redis.info("stats"))["evicted_keys"]
            rounds += 1


async def take_turns(redis: Redis, number: int) -> None:
    """Set the keys that SlowMode sets, in one pipeline."""
    async with redis.pipeline(transaction=False) as pipeline:
        for user in range(SLOW_MODE_FLOOD):
            key = slow_mode("post", f"room-{number}", str(user))
            pipeline.set(key, "x" * 36, nx=True, px=6 * 3600 * 1000)
        await pipeline.execute()


async def until_idle(redis: Redis, key: str) -> None:
    """Wait until Valkey's LRU clock, which counts seconds, has advanced. Valkey may have evicted the key meanwhile."""
    async with asyncio.timeout(20):
        while await redis.exists(key) and await redis.object("IDLETIME", key) == 0:
            await asyncio.sleep(0.05)
