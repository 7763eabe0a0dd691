"""Counts reach Redis exactly once and in time, or are dropped and reported. On a real Valkey."""

import asyncio
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from chat_contract.redis_keys import AUTHORS, FETCHES, POSTS
from chat_server.hotchat import demand_counters
from chat_server.hotchat.demand_counters import DemandCounters
from chat_server.hotchat.new_demand import author_digest
from local_stack.valkey import Valkey
from tests.support.manual_clock import ManualClock


def dropped(reason: str = "redis_unavailable") -> float:
    return REGISTRY.get_sample_value("hotchat_fetch_counts_dropped_total", {"reason": reason}) or 0.0


async def test_counts_of_two_processes_and_many_flushes_add_up(redis: Redis) -> None:
    one = DemandCounters(redis, process_id="one", clock=ManualClock())
    two = DemandCounters(redis, process_id="two", clock=ManualClock())
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
    counters = DemandCounters(redis, process_id="one", clock=ManualClock())
    flushed_before = REGISTRY.get_sample_value("hotchat_fetch_counts_flushed_total") or 0.0
    for total in (3, 6):
        for _ in range(3):
            counters.count("lobby")
        await asyncio.gather(counters.flush(), counters.flush())
        assert await redis.hgetall(FETCHES) == {b"lobby": b"%d" % total}
    assert REGISTRY.get_sample_value("hotchat_fetch_counts_flushed_total") == flushed_before + 6


async def test_a_flush_adds_what_was_counted_while_another_one_was_under_way(redis: Redis) -> None:
    counters = DemandCounters(redis, process_id="one", clock=ManualClock())
    counters.count("lobby")
    under_way = asyncio.create_task(counters.flush())
    await asyncio.sleep(0)
    counters.count("lobby")
    await counters.flush()
    assert await redis.hgetall(FETCHES) == {b"lobby": b"2"}
    await under_way


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
        counters = DemandCounters(client, process_id="one", clock=ManualClock())
        for _ in range(3):
            counters.count("lobby")
            await counters.flush()
        counters.count("lobby")
        await counters.flush()
        await counters.flush()
    assert await redis.hgetall(FETCHES) == {b"lobby": b"4"}


class DelayedFirstTry(Redis):
    """A client whose first flush reaches Redis only when a test delivers it."""

    delayed: tuple[Any, ...] | None = None

    async def eval(self, script: str, numkeys: int, *arguments: Any) -> int:
        if self.delayed is None:
            self.delayed = (script, numkeys, *arguments)
            raise RedisConnectionError
        await super().eval(script, numkeys, *arguments)
        return 1


async def test_a_first_try_that_arrives_after_later_batches_adds_nothing(
    redis: Redis, redis_url: str
) -> None:
    async with DelayedFirstTry.from_url(redis_url) as client:
        counters = DemandCounters(client, process_id="one", clock=ManualClock())
        counters.count("lobby")
        await counters.flush()
        await counters.flush()
        counters.count("lobby")
        await counters.flush()
        assert isinstance(client, DelayedFirstTry) and client.delayed is not None
        await client.eval(*client.delayed)
    assert await redis.hgetall(FETCHES) == {b"lobby": b"2"}


async def test_counts_gathered_during_an_outage_are_dropped_and_logged_once(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    clock, before = ManualClock(), dropped()
    async with Redis.from_url(own_valkey.url(0)) as redis:
        counters = DemandCounters(redis, process_id="one", clock=clock)
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
    logged = [record.message for record in caplog.records if record.name == demand_counters.__name__]
    assert len([line for line in logged if "is down" in line]) == 1


async def test_counts_of_more_rooms_than_the_bound_are_dropped_and_counted(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demand_counters, "MAX_ROOMS", 10)
    before = dropped("too_many_rooms")
    counters = DemandCounters(redis, process_id="one", clock=ManualClock())
    for number in range(15):
        counters.count(f"room-{number}")
        counters.count("room-0")
    await counters.flush()
    assert await redis.hlen(FETCHES) == 10
    assert await redis.hget(FETCHES, "room-0") == b"16"
    assert dropped("too_many_rooms") - before == 5


async def posts(redis: Redis) -> dict[bytes | str, bytes | str]:
    return {field: value for field, value in (await redis.hgetall(POSTS)).items() if field != b"since"}


async def test_posts_are_counted_once_with_their_authors_and_the_target(redis: Redis) -> None:
    clock = ManualClock()
    counters = DemandCounters(redis, process_id="one", clock=clock)
    ann, bob, post = uuid4(), uuid4(), uuid4()
    for author, client_message_id in ((ann, post), (ann, post), (ann, uuid4()), (bob, uuid4())):
        counters.count_post("lobby", author, client_message_id, 5.0)
    counters.count_stored_post("lobby", is_exempt=True)
    counters.count_stored_post("lobby", is_exempt=False)
    counters.count("lobby")
    await asyncio.gather(counters.flush(), counters.flush())
    expected = {
        b"d:lobby": b"3", b"a:lobby": b"2", b"n:lobby": b"2", b"p:lobby": b"2", b"e:lobby": b"1", b"t:lobby": b"5.0"
    }  # fmt: skip
    assert await posts(redis) == expected
    assert await redis.hgetall(FETCHES) == {b"lobby": b"1"}

    clock.now_s += 10
    await let_authors_age(redis, 10)
    counters.count_post("lobby", ann, uuid4(), None)
    await counters.flush()
    assert await posts(redis) == {
        **expected, b"d:lobby": b"4", b"a:lobby": b"3", b"t:lobby": b""
    }  # fmt: skip


async def let_authors_age(redis: Redis, seconds: int) -> None:
    """As if all authors had counted so much earlier."""
    counted = cast(list[tuple[bytes, float]], await redis.zrange(AUTHORS, 0, -1, withscores=True))
    for digest, counted_ms in counted:
        await redis.zadd(AUTHORS, {digest: counted_ms - 1000 * seconds})


async def test_chat_servers_count_a_person_once(redis: Redis) -> None:
    """Each has its own clock; Redis has the one that they share."""
    clock = ManualClock()
    servers = [DemandCounters(redis, process_id=str(number), clock=clock) for number in range(3)]
    people = [uuid4() for _ in range(50)]

    async def all_write_everywhere() -> dict[bytes | str, bytes | str]:
        for server in servers:
            for person in people:
                server.count_post("lobby", person, uuid4(), 5.0)
            server.count_post("kitchen", people[0], uuid4(), 5.0)
        await asyncio.gather(*(server.flush() for server in servers))
        found = await posts(redis)
        await redis.delete(POSTS)
        return {field: count for field, count in found.items() if field[:2] in (b"a:", b"n:")}

    counted_once = {b"a:lobby": b"50", b"n:lobby": b"50", b"a:kitchen": b"1", b"n:kitchen": b"1"}
    assert await all_write_everywhere() == counted_once
    clock.now_s += 10
    assert await all_write_everywhere() == {}, "no time has passed for Redis"
    clock.now_s += 10
    await let_authors_age(redis, 10)
    assert await all_write_everywhere() == {b"a:lobby": b"50", b"a:kitchen": b"1"}, "no newcomers"
    clock.now_s += 60
    await let_authors_age(redis, 60)
    assert await all_write_everywhere() == counted_once


async def test_authors_are_kept_as_digests_for_a_minute_and_the_oldest_are_forgotten(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = demand_counters._ADD_COUNTS.replace(str(demand_counters.MAX_SHARED_AUTHORS), "10")
    monkeypatch.setattr(demand_counters, "_ADD_COUNTS", script)
    counters = DemandCounters(redis, process_id="one", clock=ManualClock())
    people = [uuid4() for _ in range(15)]
    await write_in_turn(redis, counters, people)
    digests = await redis.zrange(AUTHORS, 0, -1)
    assert digests == [author_digest("lobby", person) for person in people[5:]]
    assert 0 < await redis.pttl(AUTHORS) <= 60_000
    await let_authors_age(redis, 61)
    await write_in_turn(redis, counters, [uuid4()])
    assert await redis.zcard(AUTHORS) == 1


async def write_in_turn(redis: Redis, counters: DemandCounters, people: list[UUID]) -> None:
    """One flush each, so that Redis' clock orders them."""
    for person in people:
        counters.count_post("lobby", person, uuid4(), 5.0)
        await counters.flush()
        before = await redis.time()
        while (await redis.time())[1] // 1000 == before[1] // 1000:
            pass


async def test_authors_beyond_those_of_one_batch_count_for_this_chat_server_alone(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demand_counters, "MAX_BATCH_AUTHORS", 10)
    counters = DemandCounters(redis, process_id="one", clock=ManualClock())
    for _ in range(15):
        counters.count_post("lobby", uuid4(), uuid4(), 5.0)
    await counters.flush()
    assert await posts(redis) == {b"d:lobby": b"15", b"a:lobby": b"15", b"n:lobby": b"10", b"t:lobby": b"5.0"}
    assert await redis.zcard(AUTHORS) == 10


async def test_authors_of_a_chat_server_of_the_version_before_are_added(redis: Redis) -> None:
    """It sends their number, counted by itself."""
    await redis.hset(POSTS, mapping={"d:lobby": 4, "a:lobby": 3, "since": 1})
    counters = DemandCounters(redis, process_id="one", clock=ManualClock())
    counters.count_post("lobby", uuid4(), uuid4(), 5.0)
    await counters.flush()
    assert await posts(redis) == {b"d:lobby": b"5", b"a:lobby": b"4", b"n:lobby": b"1", b"t:lobby": b"5.0"}


async def test_an_author_counts_again_after_the_clock_of_redis_was_set_back(redis: Redis) -> None:
    counters = DemandCounters(redis, process_id="one", clock=ManualClock())
    ann = uuid4()
    counters.count_post("lobby", ann, uuid4(), 5.0)
    await counters.flush()
    await let_authors_age(redis, -3600)
    counters = DemandCounters(redis, process_id="two", clock=ManualClock())
    counters.count_post("lobby", ann, uuid4(), 5.0)
    await counters.flush()
    assert (await posts(redis))[b"n:lobby"] == b"2"


async def test_posts_refused_before_they_are_read_count_once_a_second_and_person(redis: Redis) -> None:
    clock = ManualClock()
    counters = DemandCounters(redis, process_id="one", clock=clock)
    ann = uuid4()
    for _ in range(100):
        counters.count_refused_post("lobby", ann)
        clock.now_s += 0.019
    counters.count_refused_post("lobby", uuid4())
    await counters.flush()
    assert await posts(redis) == {b"d:lobby": b"3", b"a:lobby": b"2", b"n:lobby": b"2"}


async def test_a_post_in_a_room_without_slow_mode_costs_no_call_to_redis(own_valkey: Valkey) -> None:
    async with Redis.from_url(own_valkey.url()) as redis:
        counters = DemandCounters(redis, process_id="one", clock=ManualClock())
        calls = (await redis.info("stats"))["total_commands_processed"]
        for _ in range(1000):
            counters.count_post("lobby", uuid4(), uuid4(), None)
            counters.count_stored_post("lobby", is_exempt=False)
        assert (await redis.info("stats"))["total_commands_processed"] == calls + 1
