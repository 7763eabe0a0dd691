"""Slow mode: one message and one edit per person and interval, over all processes.

Kept in Redis; while Redis is down nobody waits. The turn's key holds the name of the write that took it, so the
same message or edit, sent again, never waits for itself. In mode `auto` the governor sets the interval.
"""

import logging
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract import redis_keys
from chat_server.limits.turn_clock import MAX_WAIT_S, TurnClock, fraction_of, turn_in_s
from server_kit.http.problem import ChatError
from server_kit.http.rate_limit_headers import rate_limit_headers

log = logging.getLogger(__name__)

MAX_SLOW_MODE_S: Final = 6 * 3600

_REDIS_ERRORS: Final = (RedisError, OSError, TimeoutError)
_VERBS: Final[dict[redis_keys.SlowedAct, str]] = {"post": "write", "edit": "edit"}

# The value of a governed turn is its name and the reading of the turn clock. See turn_clock.has_turn.
_TAKE_GOVERNED: Final = """
local turns, last, fraction = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local held = redis.call('GET', KEYS[1])
if held then
  local name, reading = string.match(held, '^(%S+) (%S+)$')
  if (name or held) == ARGV[1] then return 2 end
  reading = tonumber(reading or '')
  if reading and reading <= turns + 1 then last = reading end
end
if math.floor(turns + fraction) <= math.floor(last + fraction) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[5])
return 1
"""

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


class SlowModeStore:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def take_governed_turn(
        self,
        act: redis_keys.SlowedAct,
        room_id: str,
        user_id: UUID,
        name: str,
        slow_mode_s: int,
        clock: TurnClock,
    ) -> Turn:
        """Take this person's turn in mode `auto`, where the wait may change and `clock` gives each person their turns.

        Raises ChatError `slow_mode` with the wait until their next turn.
        """
        key = redis_keys.slow_mode(act, room_id, str(user_id))
        fraction = fraction_of(user_id)
        arguments = (name, repr(clock.turns), repr(clock.since), repr(fraction), MAX_WAIT_S * 1000)
        try:
            taken = await self._redis.eval(_TAKE_GOVERNED, 1, key, *arguments)
        except _REDIS_ERRORS:
            return Turn(self._redis, key, name, is_new=False)
        if taken:
            return Turn(self._redis, key, f"{name} {clock.turns!r}", is_new=taken == 1)
        raise _refused(act, slow_mode_s, max(0.001, turn_in_s(clock, slow_mode_s, fraction)))

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
        if taken_by.split(b" ")[0] == name.encode():
            return Turn(self._redis, key, name, is_new=False)
        raise _refused(act, slow_mode_s, max(0.001, wait_ms / 1000))


def _refused(act: redis_keys.SlowedAct, slow_mode_s: int, wait_s: float) -> ChatError:
    return ChatError(
        "slow_mode",
        f"This room is in slow mode; you can {_VERBS[act]} again in {wait_s:.0f} s.",
        retry_after_s=wait_s,
        headers=rate_limit_headers("slow-mode", quota=1, window_s=slow_mode_s, remaining=0, reset_s=wait_s),
    )
