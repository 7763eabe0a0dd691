"""Runs one Lua script in Redis and reads its reply."""

import asyncio
from typing import Any, Final

from redis.asyncio import Redis

REDIS_TIMEOUT_S: Final = 0.8


async def run_script(redis: Redis, script: str, keys: tuple[str, ...], *arguments: str | bytes | int) -> Any:
    """Raises redis.exceptions.RedisError, OSError, or TimeoutError after REDIS_TIMEOUT_S."""
    async with asyncio.timeout(REDIS_TIMEOUT_S):
        return await redis.eval(script, len(keys), *keys, *arguments)


def pairs(flat: list[Any]) -> list[tuple[Any, Any]]:
    """Names and values, which a script returns in turn."""
    return list(zip(flat[::2], flat[1::2], strict=True))
