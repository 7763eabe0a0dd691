"""The queue in Redis: first come, first served, nobody overtakes, and each place opens one stream."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from chat_contract.redis_keys import PLACES_USED, QUEUE_STATE, TURNS_CAME, WAITING, WAITING_UNTIL
from publish_server.stream_queue import redis_queue
from publish_server.stream_queue.place_tokens import QueuePlace, returning_place
from publish_server.stream_queue.redis_queue import UNUSED_TURN_S, QueueDown, QueueFull, RedisQueue

pytestmark = pytest.mark.asyncio


def new_place(number: int) -> QueuePlace:
    return QueuePlace(f"{number:016x}", 0, 0)


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator["Redis"]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest_asyncio.fixture
async def queue(redis: "Redis") -> RedisQueue:
    return RedisQueue(redis, "a-process", time.monotonic)


async def test_places_are_numbered_in_the_order_of_arrival_and_keep_their_number(queue: RedisQueue) -> None:
    first, second = [(await queue.stand(new_place(number))).place for number in (1, 2)]
    assert 0 < first.number < second.number
    for place, ahead in ((second, 1), (first, 0)):
        turn = await queue.stand(place)
        assert turn.place.number == place.number
        assert turn.standing is not None
        assert (turn.standing.ahead, turn.waiting) == (ahead, 2)


async def test_a_used_place_opens_no_second_stream(queue: RedisQueue) -> None:
    place = (await queue.stand(new_place(1))).place
    turns = await asyncio.gather(*(queue.enter(place, 5) for _ in range(20)))
    assert sum(turn.is_used_now for turn in turns) == 1
    assert (await queue.stand(place)).standing is None


async def test_a_place_that_is_given_back_stands_where_it_stood(queue: RedisQueue) -> None:
    first, second = [(await queue.stand(new_place(number))).place for number in (1, 2)]
    assert (await queue.enter(first, 1)).is_used_now
    await queue.give_back(first)
    assert not (await queue.enter(second, 1)).is_used_now
    assert (await queue.enter(first, 1)).is_used_now


async def test_a_place_that_is_not_renewed_lets_others_pass_and_keeps_its_number(
    queue: RedisQueue, redis: "Redis"
) -> None:
    gone, here = [(await queue.stand(new_place(number))).place for number in (1, 2)]
    await redis.zadd(WAITING_UNTIL, {gone.id: 1})
    turn = await queue.stand(here)
    assert turn.standing is not None
    assert (turn.standing.ahead, turn.waiting) == (0, 1)
    await queue.stand(gone)
    assert not (await queue.enter(here, 1)).is_used_now


async def let_time_pass(redis: "Redis", place: QueuePlace, seconds: float) -> None:
    """The turn of this place came so many seconds earlier."""
    await redis.zincrby(TURNS_CAME, -1_000 * seconds, place.id)


async def test_a_turn_that_is_renewed_and_never_used_is_lost(queue: RedisQueue, redis: "Redis") -> None:
    idle, next_one = [(await queue.stand(new_place(number), 1)).place for number in (1, 2)]
    await let_time_pass(redis, idle, UNUSED_TURN_S - 2)
    assert (await queue.stand(idle, 1)).standing is not None
    assert not (await queue.enter(next_one, 1)).is_used_now
    await let_time_pass(redis, idle, 2)
    assert (await queue.stand(idle, 1)) == (idle, False, None, 1)
    assert not (await queue.enter(idle, 2)).is_used_now
    assert (await queue.enter(next_one, 1)).is_used_now


async def test_a_place_that_is_used_and_given_back_or_absent_keeps_no_turn_for_longer(
    queue: RedisQueue, redis: "Redis"
) -> None:
    place = (await queue.stand(new_place(1), 1)).place
    assert (await queue.enter(place, 1)).is_used_now
    await queue.give_back(place)
    await redis.zadd(WAITING_UNTIL, {place.id: 1})
    await let_time_pass(redis, place, UNUSED_TURN_S)
    turn = await queue.enter(place, 1)
    assert not turn.is_used_now
    assert turn.standing is None


async def test_the_time_of_a_turn_begins_when_it_comes(queue: RedisQueue, redis: "Redis") -> None:
    place = (await queue.stand(new_place(1), 1)).place
    await let_time_pass(redis, place, UNUSED_TURN_S - 1)
    await queue.stand(place, 0)  # somebody returned and took the slot
    await queue.stand(place, 1)
    await let_time_pass(redis, place, UNUSED_TURN_S - 1)
    assert (await queue.enter(place, 1)).is_used_now


async def test_returning_streams_come_first(queue: RedisQueue) -> None:
    waiting = (await queue.stand(new_place(1))).place
    returning = returning_place(2, time.time(), 60)
    assert (await queue.enter(returning, 1)).is_used_now
    other = returning_place(3, time.time(), 60)
    assert (await queue.enter(other, 0)).standing is not None
    assert not (await queue.enter(waiting, 1)).is_used_now


async def test_the_order_returns_after_redis_has_lost_its_data(queue: RedisQueue, redis: "Redis") -> None:
    first, second = [(await queue.stand(new_place(number))).place for number in (1, 2)]
    await redis.flushdb()
    third = (await queue.stand(new_place(3))).place
    for place in (second, first):
        await queue.stand(place)
    turn = await queue.stand(third)
    assert turn.standing is not None
    assert turn.standing.ahead == 2
    assert not (await queue.enter(second, 1)).is_used_now


async def test_the_queue_is_bounded(
    queue: RedisQueue, redis: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    await redis.zadd(WAITING, {f"{number}": number for number in range(1, redis_queue.MAX_WAITING + 1)})
    with pytest.raises(QueueFull):
        await queue.stand(new_place(1))


async def test_every_key_expires_and_a_key_of_another_type_is_replaced(
    queue: RedisQueue, redis: "Redis"
) -> None:
    for key in (WAITING, WAITING_UNTIL, PLACES_USED, TURNS_CAME, QUEUE_STATE):
        await redis.set(key, "a value from elsewhere")
    place = (await queue.stand(new_place(1))).place
    assert (await queue.enter(place, 1)).is_used_now
    await queue.report(3)
    for name in await redis.keys():
        assert 0 < await redis.pttl(name) <= 180_000


async def test_each_process_learns_the_free_slots_of_the_others(redis: "Redis") -> None:
    one, other = (RedisQueue(redis, name, time.monotonic) for name in ("one", "other"))
    await one.report(2)
    assert (await other.report(3)).free_elsewhere == 2
    assert (await one.report(1)).free_elsewhere == 3
    await one.withdraw()
    assert (await other.report(4)).free_elsewhere == 0


async def test_without_redis_every_call_raises_queue_down() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as redis:
        queue = RedisQueue(redis, "a-process", time.monotonic)
        for _ in range(3):
            with pytest.raises(QueueDown):
                await queue.stand(new_place(1))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("join", "renew", "enter", "leave", "newcomer", "return")), st.integers(0, 9)
        ),
        max_size=40,
    )
)
async def test_nobody_overtakes_whatever_happens(redis_url: str, steps: list[tuple[str, int]]) -> None:
    """A model of two processes with three slots each, which people enter and leave in any order."""
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()
        queues = [RedisQueue(redis, f"{number}", time.monotonic) for number in range(2)]
        inside, free = 0, 3
        line: list[QueuePlace] = []  # in the order in which they must enter
        for number, (step, which) in enumerate(steps, 1):
            queue = queues[which % 2]
            if step == "join":
                line.append((await queue.stand(new_place(number))).place)
            elif step == "return":
                place = returning_place(number, time.time(), 60)
                await queue.stand(place)
                line.insert(sum(each.is_returning for each in line), place)
            elif step == "leave" and inside:
                inside, free = inside - 1, free + 1
            elif step == "newcomer" and await queue.waiting() < free:
                assert len(line) < free
                inside, free = inside + 1, free - 1
            elif step in ("renew", "enter") and line:
                index = which % len(line)
                turn = await (queue.stand(line[index]) if step == "renew" else queue.enter(line[index], free))
                assert turn.standing is not None
                assert turn.standing.ahead == index
                assert turn.is_used_now == (step == "enter" and index < free)
                if turn.is_used_now:
                    line.pop(index)
                    inside, free = inside + 1, free - 1
            assert await queue.waiting() == len(line)
            assert free >= 0
