"""Redis values that our servers never write. A task that reads one must continue."""

import asyncio
from typing import Final

from redis.asyncio import Redis

from chat_contract import redis_keys
from load_tests.abuse.attack import AttackList
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
VIEWERS_WITHIN_S: Final = 30.0
BAD: Final = ("1.5", "-1", "9" * 400, "", "nan", "\x00", "[]", '{"hot":"yes"}', "\ufffd")


@ATTACKS.add("Redis values of the wrong type", "M3")
async def bad_values(drill: Drill) -> None:
    """Afterwards viewers of a new room must still be counted, which requires all involved tasks."""
    owner = await drill.person()
    room = await drill.room(owner)
    await drill.start_measuring()
    redis = Redis.from_url(drill.redis_url)
    try:
        for value in BAD:
            for key in (redis_keys.VIEWERS, redis_keys.HOT, redis_keys.FETCHES):
                await redis.hset(key, mapping={"lobby": value, room: value, value: value})
                await redis.pexpire(key, 4_000)
            await asyncio.sleep(0.3 if drill.scale.is_full else 0.0)
        for key in (redis_keys.VIEWERS, redis_keys.HOT, redis_keys.FETCHES, redis_keys.PUBLISHERS):
            await redis.set(key, "not the right type", px=1_000)
        await drill.hold()
        await redis.delete(redis_keys.VIEWERS, redis_keys.HOT, redis_keys.FETCHES, redis_keys.PUBLISHERS)
    finally:
        await redis.aclose()
    await owner.stream(f"/stream/v1/rooms/{room}")
    drill.expect(await _has_viewer(drill, room), "viewers are no longer counted after a bad value in Redis")


async def _has_viewer(drill: Drill, room: str) -> bool:
    reader = drill.attacker()
    try:
        async with asyncio.timeout(VIEWERS_WITHIN_S):
            while True:
                answer = await reader.call("GET", f"/api/v1/rooms/{room}", what="a room")
                if answer.status == 200 and answer.json()["viewers"] >= 1:
                    return True
                await asyncio.sleep(0.25)
    except TimeoutError:
        return False
