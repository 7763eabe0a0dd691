"""Slow mode: one message per person and interval, over all processes. Kept in Redis; without Redis nobody waits."""

import logging
from typing import Final
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract import redis_keys
from chat_contract.http.problem import ChatError
from chat_contract.http.rate_limit_headers import rate_limit_headers

log = logging.getLogger(__name__)

MAX_SLOW_MODE_S: Final = 6 * 3600


class SlowMode:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def enter(self, room_id: str, user_id: UUID, slow_mode_s: int) -> None:
        """Take this person's turn. Raises ChatError `slow_mode` with the wait."""
        key = redis_keys.slow_mode(room_id, str(user_id))
        try:
            if await self._redis.set(key, b"1", nx=True, px=slow_mode_s * 1000):
                return
            wait_s = max(0.001, await self._redis.pttl(key) / 1000)
        except (RedisError, OSError, TimeoutError):
            return
        raise ChatError(
            "slow_mode",
            f"This room is in slow mode; you can write again in {wait_s:.0f} s.",
            retry_after_s=wait_s,
            headers=rate_limit_headers(
                "slow-mode", quota=1, window_s=slow_mode_s, remaining=0, reset_s=wait_s
            ),
        )

    async def leave(self, room_id: str, user_id: UUID) -> None:
        """Give the turn back: the message was not stored."""
        try:
            await self._redis.delete(redis_keys.slow_mode(room_id, str(user_id)))
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("Slow mode is not given back: %r", error)
