"""The report of open streams to Redis."""

import pytest
from redis.asyncio import Redis

from chat_contract.redis_keys import PUBLISHERS, viewers_of
from publish_server.fanout.own_viewers import ROOMS_PER_CALL, ViewersReport


@pytest.mark.asyncio
async def test_a_report_replaces_the_previous_one_for_any_number_of_rooms(
    redis_url: str,
) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        report = ViewersReport(dict, redis, "a-process")
        rooms = {f"room-{number}": number + 1 for number in range(2 * ROOMS_PER_CALL + 1)}
        for streams in (rooms, {"lobby": 3}, {}):
            await report._report(streams)
            reported = await redis.hgetall(viewers_of("a-process"))
            assert reported == {room: str(count) for room, count in streams.items()}
            assert await redis.zscore(PUBLISHERS, "a-process")
            assert not await redis.exists(f"{viewers_of('a-process')}:building")
