"""An empty Valkey database for each test, and a way to move the time of the last drain."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from chat_contract.redis_keys import DRAINED_AT_MS


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()
        yield redis


async def let_time_pass(redis: Redis, ms: int) -> None:
    """Move the last drain `ms` into the past. The scripts use Redis' clock, which a test cannot set."""
    drained_at_ms = int(await redis.get(DRAINED_AT_MS) or 0)
    await redis.set(DRAINED_AT_MS, drained_at_ms - ms)
