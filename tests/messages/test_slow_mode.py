"""Turns in slow mode, on a real Valkey."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from chat_contract import redis_keys
from chat_server.limits.slow_mode_store import SlowModeStore, Turn
from chat_server.limits.turn_clock import TurnClock, fraction_of, has_turn
from server_kit.http.problem import ChatError
from server_kit.redis_client import open_redis

ANN = uuid.uuid4()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


async def take(redis: Redis, name: str, act: redis_keys.SlowedAct = "post") -> Turn:
    return await SlowModeStore(redis).take_turn(act, "room", ANN, name, 30)


async def test_only_a_repeat_of_the_write_that_holds_the_turn_passes(redis: Redis) -> None:
    assert (await take(redis, "one")).is_new
    assert not (await take(redis, "one")).is_new
    with pytest.raises(ChatError) as refused:
        await take(redis, "two")
    assert refused.value.code == "slow_mode"
    assert (await take(redis, "two", "edit")).is_new


async def test_only_the_write_that_took_a_turn_can_give_it_back(redis: Redis) -> None:
    first = await take(redis, "one")
    await (await take(redis, "one")).give_back()
    with pytest.raises(ChatError):
        await take(redis, "two")
    await first.give_back()
    assert (await take(redis, "two")).is_new
    await first.give_back()
    assert not (await take(redis, "two")).is_new


async def test_writes_pass_if_the_entry_has_the_wrong_type_or_redis_is_unavailable(redis: Redis) -> None:
    await redis.lpush(redis_keys.slow_mode("post", "room", str(ANN)), "x")
    assert not (await take(redis, "one")).is_new
    async with Redis(host="127.0.0.1", port=1) as unavailable:
        turn = await take(unavailable, "one")
        await turn.give_back()
        assert not turn.is_new


async def test_a_turn_without_a_ttl_is_replaced(redis: Redis) -> None:
    await redis.set(redis_keys.slow_mode("post", "room", str(ANN)), "one")
    assert (await take(redis, "two")).is_new
    assert 0 < await redis.pttl(redis_keys.slow_mode("post", "room", str(ANN))) <= 30_000


async def test_a_shorter_interval_applies_to_turns_taken_before(redis: Redis) -> None:
    await SlowModeStore(redis).take_turn("post", "room", ANN, "one", 3_600)
    with pytest.raises(ChatError) as refused:
        await take(redis, "two")
    assert refused.value.headers["Retry-After"] == "30"
    assert await redis.pttl(redis_keys.slow_mode("post", "room", str(ANN))) <= 30_000


async def test_a_burst_of_turns_uses_a_bounded_number_of_connections(redis_url: str) -> None:
    async with open_redis(f"{redis_url}?client_name=burst", 3) as redis:
        turns = await asyncio.gather(
            *(SlowModeStore(redis).take_turn("post", "room", uuid.uuid4(), "one", 30) for _ in range(50))
        )
        assert all(turn.is_new for turn in turns)
        assert [client["name"] for client in await redis.client_list()].count("burst") == 3


@pytest.mark.parametrize("last", [None, 0.0, 0.3, 0.7, 1.2, 1.9, 2.6, 40.0])
@pytest.mark.parametrize(
    "clock", [TurnClock(0.0, 0.0), TurnClock(1.25, 0.5), TurnClock(1.75), TurnClock(2.0, 2.0)]
)
async def test_governed_turns_in_redis_are_those_of_the_turn_clock(
    redis: Redis, clock: TurnClock, last: float | None
) -> None:
    for _ in range(5):
        person = uuid.uuid4()
        key = redis_keys.slow_mode("post", "room", str(person))
        if last is not None:
            await redis.set(key, f"one {last!r}")
        take = SlowModeStore(redis).take_governed_turn("post", "room", person, "two", 40, clock)
        if has_turn(last, clock, fraction_of(person)):
            assert (await take).is_new
            assert await redis.get(key) == f"two {clock.turns!r}".encode()
        else:
            with pytest.raises(ChatError) as refused:
                await take
            assert refused.value.code == "slow_mode"
            assert 1 <= int(refused.value.headers["Retry-After"]) <= 40


async def test_the_same_write_keeps_its_governed_turn_and_gives_it_back_once(redis: Redis) -> None:
    slow_mode, clock = SlowModeStore(redis), TurnClock(5.0)

    async def take(name: str) -> Turn:
        return await slow_mode.take_governed_turn("post", "room", ANN, name, 40, clock)

    first = await take("one")
    assert first.is_new
    assert not (await take("one")).is_new
    with pytest.raises(ChatError):
        await take("two")
    await first.give_back()
    assert (await take("two")).is_new
    # The room leaves `auto`.
    assert not (await slow_mode.take_turn("post", "room", ANN, "two", 30)).is_new
    async with Redis(host="127.0.0.1", port=1) as unavailable:
        assert not (
            await SlowModeStore(unavailable).take_governed_turn("post", "room", ANN, "x", 40, clock)
        ).is_new
