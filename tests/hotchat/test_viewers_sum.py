"""Viewers are summed over all publish_servers. On a real Valkey."""

from redis.asyncio import Redis

from chat_contract.redis_keys import PUBLISHERS, VIEWERS, VIEWERS_SUMMED, viewers_of
from chat_server.hotchat.viewers_sum import ViewersSum


async def now_ms(redis: Redis) -> int:
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def report(redis: Redis, process_id: str, at_ms: int, viewers: dict[str, int]) -> None:
    await redis.zadd(PUBLISHERS, {process_id: at_ms})
    await redis.delete(viewers_of(process_id))
    if viewers:
        await redis.hset(
            viewers_of(process_id), mapping={room: str(count) for room, count in viewers.items()}
        )


async def test_viewers_are_summed_over_processes_and_each_change_is_returned_once(redis: Redis) -> None:
    viewers, at_ms = ViewersSum(redis), await now_ms(redis)
    await report(redis, "one", at_ms, {"lobby": 3, "kitchen": 1})
    await report(redis, "two", at_ms, {"lobby": 4})
    first = await viewers.changes()
    assert first.viewers == {"lobby": 7, "kitchen": 1}
    assert first.at_ms >= at_ms
    assert (await ViewersSum(redis).changes()).viewers == {}, "another scheduler has just summed them"
    await redis.delete(VIEWERS_SUMMED)
    assert (await viewers.changes()).viewers == {}, "nothing has changed"
    await report(redis, "one", at_ms, {"lobby": 3})
    await redis.delete(VIEWERS_SUMMED)
    second = await viewers.changes()
    assert second.viewers == {"kitchen": 0}
    assert second.at_ms >= first.at_ms
    assert await redis.hgetall(VIEWERS) == {b"lobby": b"7"}


async def test_viewers_of_a_process_that_stopped_reporting_are_dropped(redis: Redis) -> None:
    viewers, at_ms = ViewersSum(redis), await now_ms(redis)
    await report(redis, "one", at_ms, {"lobby": 3})
    await report(redis, "dead", at_ms - 16_000, {"lobby": 40})
    assert (await viewers.changes()).viewers == {"lobby": 3}
    assert await redis.zrange(PUBLISHERS, 0, -1) == [b"one"]
