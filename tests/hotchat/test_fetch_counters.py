"""Counts reach Redis exactly once and in time, or are dropped and reported. On a real Valkey."""

import asyncio

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from chat_contract.redis_keys import FETCHES
from chat_server.hotchat import fetch_counters
from chat_server.hotchat.fetch_counters import FetchCounters
from local_stack.valkey import Valkey
from tests.support.manual_clock import ManualClock


def dropped(reason: str = "redis_unavailable") -> float:
    return REGISTRY.get_sample_value("hotchat_fetch_counts_dropped_total", {"reason": reason}) or 0.0


async def test_counts_of_two_processes_and_many_flushes_add_up(redis: Redis) -> None:
    one = FetchCounters(redis, process_id="one", clock=ManualClock())
    two = FetchCounters(redis, process_id="two", clock=ManualClock())
    for number in range(1000):
        (one if number % 3 else two).count("lobby")
        if number % 100 == 0:
            await one.flush()
            await two.flush()
    two.count("kitchen")
    await one.flush()
    await two.flush()
    assert await redis.hgetall(FETCHES) == {b"lobby": b"1000", b"kitchen": b"1"}


async def test_flushes_at_once_count_once(redis: Redis) -> None:
    counters = FetchCounters(redis, process_id="one", clock=ManualClock())
    flushed_before = REGISTRY.get_sample_value("hotchat_fetch_counts_flushed_total") or 0.0
    for total in (3, 6):
        for _ in range(3):
            counters.count("lobby")
        await asyncio.gather(counters.flush(), counters.flush())
        assert await redis.hgetall(FETCHES) == {b"lobby": b"%d" % total}
    assert REGISTRY.get_sample_value("hotchat_fetch_counts_flushed_total") == flushed_before + 6


class LostReplies(Redis):
    """A client that loses the replies to the first two flushes after Redis has applied them."""

    lost = 0

    async def eval(self, *arguments: object) -> object:
        await super().eval(*arguments)  # type: ignore[arg-type]
        if self.lost < 2:
            self.lost += 1
            raise RedisConnectionError("the reply was lost")
        return 1


async def test_a_flush_whose_reply_was_lost_is_not_counted_twice(redis: Redis, redis_url: str) -> None:
    async with LostReplies.from_url(redis_url) as client:
        counters = FetchCounters(client, process_id="one", clock=ManualClock())
        for _ in range(3):
            counters.count("lobby")
            await counters.flush()
        counters.count("lobby")
        await counters.flush()
        await counters.flush()
    assert await redis.hgetall(FETCHES) == {b"lobby": b"4"}


async def test_counts_gathered_during_an_outage_are_dropped_and_logged_once(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    clock, before = ManualClock(), dropped()
    async with Redis.from_url(own_valkey.url(0)) as redis:
        counters = FetchCounters(redis, process_id="one", clock=clock)
        own_valkey.stop()
        for _ in range(10):
            counters.count("lobby")
            await counters.flush()
            clock.now_s += 0.3
        own_valkey.start()
        clock.now_s += 3
        await counters.flush()
        counters.count("lobby")
        await counters.flush()
        assert await redis.hgetall(FETCHES) == {b"lobby": b"1"}
    assert dropped() - before == 10
    logged = [record.message for record in caplog.records if record.name == fetch_counters.__name__]
    assert len([line for line in logged if "is down" in line]) == 1


async def test_counts_of_more_rooms_than_the_bound_are_dropped_and_counted(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_counters, "MAX_ROOMS", 10)
    before = dropped("too_many_rooms")
    counters = FetchCounters(redis, process_id="one", clock=ManualClock())
    for number in range(15):
        counters.count(f"room-{number}")
        counters.count("room-0")
    await counters.flush()
    assert await redis.hlen(FETCHES) == 10
    assert await redis.hget(FETCHES, "room-0") == b"16"
    assert dropped("too_many_rooms") - before == 5
