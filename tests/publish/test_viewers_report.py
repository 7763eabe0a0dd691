"""What Redis is told of open streams."""

import pytest
from redis.asyncio import Redis

from chat_contract.redis_keys import PUBLISHERS, viewers_of
from publish_server.fanout.viewers_report import ROOMS_AT_ONCE, ViewersReport
from tests.publish.hub_fixtures import a_hub


@pytest.mark.asyncio
async def test_a_report_takes_the_place_of_the_last_one_whole_however_many_rooms_there_are(
    redis_url: str,
) -> None:
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        report = ViewersReport(a_hub(), redis, "a-process")
        rooms = {f"room-{number}": number + 1 for number in range(2 * ROOMS_AT_ONCE + 1)}
        for streams in (rooms, {"lobby": 3}, {}):
            await report._report(streams)
            told = await redis.hgetall(viewers_of("a-process"))
            assert told == {room: str(count) for room, count in streams.items()}
            assert await redis.zscore(PUBLISHERS, "a-process")
            assert not await redis.exists(f"{viewers_of('a-process')}:building")
