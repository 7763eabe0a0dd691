"""Slow mode: one message and one edit per person and interval, over all processes.

Kept in Redis; while Redis is down nobody waits. The turn's key holds the name of the write that took it, so the
same message or edit, sent again, never waits for itself.
"""

import logging
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract import redis_keys
from server_kit.http.problem import ChatError
from server_kit.http.rate_limit_headers import rate_limit_headers

log = logging.getLogger(__name__)

MAX_SLOW_MODE_S: Final = 6 * 3600

_REDIS_ERRORS: Final = (RedisError, OSError, TimeoutError)
_VERBS: Final[dict[redis_keys.SlowedAct, str]] = {"post": "write", "edit": "edit"}
_GIVE_BACK: Final = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


@dataclass(frozen=True, slots=True)
class Turn:
    """A person's turn in one room. `is_new` is False if the same write had it already, or Redis is down."""

    redis: Redis
    key: str
    name: str
    is_new: bool

    async def give_back(self) -> None:
        """Call if nothing was written. Keeps a turn that is not new, or that another write has taken since."""
        if not self.is_new:
            return
        try:
            await self.redis.eval(_GIVE_BACK, 1, self.key, self.name)
        except _REDIS_ERRORS as error:
            log.debug("A turn in slow mode is not given back: %r", error)


class SlowMode:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def take_turn(
        self, act: redis_keys.SlowedAct, room_id: str, user_id: UUID, name: str, slow_mode_s: int
    ) -> Turn:
        """Take this person's turn for the write called `name`.

        Raises ChatError `slow_mode` with the wait when another write has it.
        """
        key = redis_keys.slow_mode(act, room_id, str(user_id))
        try:
            if await self._redis.set(key, name, nx=True, px=slow_mode_s * 1000):
                return Turn(self._redis, key, name, is_new=True)
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.get(key)
                pipeline.pttl(key)
                taken_by, wait_ms = await pipeline.execute()
            if wait_ms < 0:
                # The key expired meanwhile, or has no expiry, in which case no client may wait for it.
                await self._redis.set(key, name, px=slow_mode_s * 1000)
                return Turn(self._redis, key, name, is_new=True)
            if wait_ms > slow_mode_s * 1000:
                # The interval was shortened after this turn was taken.
                wait_ms = slow_mode_s * 1000
                await self._redis.pexpire(key, wait_ms)
        except _REDIS_ERRORS:
            return Turn(self._redis, key, name, is_new=False)
        if taken_by == name.encode():
            return Turn(self._redis, key, name, is_new=False)
        wait_s = max(0.001, wait_ms / 1000)
        raise ChatError(
            "slow_mode",
            f"This room is in slow mode; you can {_VERBS[act]} again in {wait_s:.0f} s.",
            retry_after_s=wait_s,
            headers=rate_limit_headers(
                "slow-mode", quota=1, window_s=slow_mode_s, remaining=0, reset_s=wait_s
            ),
        )
