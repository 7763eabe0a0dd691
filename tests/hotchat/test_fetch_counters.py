"""Counts reach Redis once, or are dropped with a number: never doubled, never late. On a real Valkey."""

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from chat_contract.redis_keys import FETCHES
from chat_server.hotchat import fetch_counters
from chat_server.hotchat.fetch_counters import FetchCounters
from local_stack.valkey import Valkey


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def dropped(reason: str = "redis_unavailable") -> float:
    return REGISTRY.get_sample_value("hotchat_fetch_counts_dropped_total", {"reason": reason}) or 0.0


async def test_every_count_arrives_however_it_is_split(redis: Redis) -> None:
    one = FetchCounters(redis, process_id="one", clock=Clock())
    two = FetchCounters(redis, process_id="two", clock=Clock())
    for number in range(1000):
        (one if number % 3 else two).count("lobby")
        if number % 100 == 0:
            await one.flush()
            await two.flush()
    two.count("kitchen")
    await one.flush()
    await two.flush()
    assert await redis.hgetall(FETCHES) == {b"lobby": b"1000", b"kitchen": b"1"}


class LostAnswers(Redis):
    """A connection on which the answer to a flush is lost after Redis has taken it."""

    lost = 0

    async def eval(self, *arguments: object) -> object:
        await super().eval(*arguments)  # type: ignore[arg-type]
        if self.lost < 2:
            self.lost += 1
            raise RedisConnectionError("the answer was lost")
        return 1


async def test_a_flush_whose_answer_was_lost_is_not_counted_twice(redis: Redis, redis_url: str) -> None:
    async with LostAnswers.from_url(redis_url) as unlucky:
        counters = FetchCounters(unlucky, process_id="one", clock=Clock())
        for _ in range(3):
            counters.count("lobby")
            await counters.flush()
        counters.count("lobby")
        await counters.flush()
        await counters.flush()
    assert await redis.hgetall(FETCHES) == {b"lobby": b"4"}


async def test_what_piled_up_in_an_outage_is_dropped_and_told(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    clock, before = Clock(), dropped()
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
    told = [record.message for record in caplog.records if record.name == fetch_counters.__name__]
    assert len([line for line in told if "unavailable" in line]) == 1


async def test_a_flood_of_rooms_does_not_grow_the_process(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_counters, "MAX_ROOMS", 10)
    before = dropped("too_many_rooms")
    counters = FetchCounters(redis, process_id="one", clock=Clock())
    for number in range(15):
        counters.count(f"room-{number}")
        counters.count("room-0")
    await counters.flush()
    assert await redis.hlen(FETCHES) == 10
    assert await redis.hget(FETCHES, "room-0") == b"16"
    assert dropped("too_many_rooms") - before == 5
