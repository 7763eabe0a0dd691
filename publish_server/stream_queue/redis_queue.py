"""The queue for streams in Redis, shared by all publish_servers. Redis' clock counts, so that all processes agree."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract.redis_keys import (
    FREE_SLOTS,
    PLACES_USED,
    QUEUE_STATE,
    QUEUE_TTL_MS,
    TURNS_CAME,
    WAITING,
    WAITING_UNTIL,
)
from publish_server.stream_queue.place_tokens import KEEP_S, QueuePlace
from publish_server.stream_queue.queue_policy import (
    FIRST_RENEWAL_S,
    GRACE_S,
    LATE_RENEWAL,
    LONGEST_RENEWAL_S,
    RATE_WINDOW_S,
    RENEWAL_PER_PLACE_S,
    Standing,
    present_for_s,
)
from server_kit.dependency_status import DependencyStatus

log = logging.getLogger(__name__)

MAX_WAITING: Final = 50_000
"""Places that wait at the same time. Overflow rule: REFUSE new ones."""

TIMEOUT_S: Final = 1.0
REPORT_GOOD_FOR_MS: Final = 3_000
ABSENT_PER_CALL: Final = 500

UNUSED_TURN_S: Final = 15.0
"""A place whose turn came this long ago is used up, so that nobody keeps a free slot from those behind."""

ANY_TURN: Final = 1_000_000_000
"""More free slots than anybody waits for."""

# Every script begins with this. A key of the wrong type is deleted. Those who seem to be present for longer than
# anybody can be are dropped, too: the clock was set back.
_BEGIN: Final = f"""
for number, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  local wanted = number <= 4 and 'zset' or 'hash'
  if kind ~= 'none' and kind ~= wanted then redis.call('DEL', key) end
end
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now_ms = math.floor(now_us / 1000)
local function drop(from_ms, to_ms)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], from_ms, to_ms, 'LIMIT', 0, {ABSENT_PER_CALL})) do
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
  end
end
drop('-inf', now_ms)
drop(now_ms + {round(present_for_s(10**9) * 1_000) + 1_000}, '+inf')
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now_ms)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now_ms - {KEEP_S * 1_000})
local function keep(...)
  for _, key in ipairs({{...}}) do redis.call('PEXPIRE', key, {QUEUE_TTL_MS}) end
end
"""

_STAND: Final = (
    _BEGIN
    + f"""
local id, number, free, free_anywhere = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('ZSCORE', KEYS[3], id) then return {{'used', redis.call('ZCARD', KEYS[1])}} end
if not redis.call('ZSCORE', KEYS[1], id) then
  local waiting = redis.call('ZCARD', KEYS[1])
  if waiting >= {MAX_WAITING} and free < 0 then return {{'full'}} end
  if waiting == 0 then redis.call('HSET', KEYS[5], 'since', now_ms) end
  if number == '0' then
    local last = tonumber(redis.call('HGET', KEYS[5], 'last')) or 0
    number = string.format('%.0f', math.max(now_us, last + 1))
    redis.call('HSET', KEYS[5], 'last', number)
  end
  redis.call('ZADD', KEYS[1], number, id)
else
  number = string.format('%.0f', redis.call('ZSCORE', KEYS[1], id))
end
local ahead = redis.call('ZRANK', KEYS[1], id)
local window_ms = now_ms - (tonumber(redis.call('HGET', KEYS[5], 'since')) or now_ms)
local waiting = redis.call('ZCARD', KEYS[1])
local admitted = redis.call('ZCOUNT', KEYS[3], now_ms + {round((KEEP_S - RATE_WINDOW_S) * 1_000)}, '+inf')
local came_ms
if ahead < free_anywhere then
  came_ms = math.min(now_ms, tonumber(redis.call('ZSCORE', KEYS[4], id)) or now_ms)
  redis.call('ZADD', KEYS[4], came_ms, id)
else
  redis.call('ZREM', KEYS[4], id)
end
local verdict = 'waits'
if came_ms and now_ms - came_ms >= {round(UNUSED_TURN_S * 1_000)} then
  verdict = 'used'
elseif ahead < free then
  verdict = 'enters'
end
if verdict ~= 'waits' then
  redis.call('ZREM', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZADD', KEYS[3], now_ms + {KEEP_S * 1_000}, id)
else
  local renew_s = math.min({LONGEST_RENEWAL_S}, {FIRST_RENEWAL_S} + {RENEWAL_PER_PLACE_S} * ahead)
  redis.call('ZADD', KEYS[2], now_ms + (renew_s * {LATE_RENEWAL} + {GRACE_S}) * 1000, id)
end
keep(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
if verdict == 'used' then return {{'used', waiting - 1}} end
return {{verdict, number, ahead, waiting, admitted, window_ms}}
"""
)

_GIVE_BACK: Final = (
    _BEGIN
    + f"""
if redis.call('ZREM', KEYS[3], ARGV[1]) == 1 then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
  redis.call('ZADD', KEYS[2], now_ms + {GRACE_S * 1_000}, ARGV[1])
  keep(KEYS[1], KEYS[2])
end
"""
)

_REPORT: Final = (
    _BEGIN
    + f"""
redis.call('HSET', KEYS[6], ARGV[1], ARGV[2] .. ':' .. now_ms)
redis.call('PEXPIRE', KEYS[6], {QUEUE_TTL_MS})
local reports, free = redis.call('HGETALL', KEYS[6]), 0
for place = 1, #reports, 2 do
  local slots, at_ms = string.match(reports[place + 1], '^(%d+):(%d+)$')
  if slots and math.abs(now_ms - at_ms) <= {REPORT_GOOD_FOR_MS} then
    if reports[place] ~= ARGV[1] then free = free + slots end
  else
    redis.call('HDEL', KEYS[6], reports[place])
  end
end
return {{redis.call('ZCARD', KEYS[1]), free}}
"""
)

_COUNT: Final = _BEGIN + "return redis.call('ZCARD', KEYS[1])"

_KEYS: Final = (WAITING, WAITING_UNTIL, PLACES_USED, TURNS_CAME, QUEUE_STATE, FREE_SLOTS)


class QueueDown(Exception):
    """Redis does not answer, so there is no order."""


class QueueFull(Exception):
    """MAX_WAITING people wait."""


class Turn(NamedTuple):
    """The reply about a place. `standing` None: the place has already opened a stream, or did not use its turn.

    `is_used_now`: it opens one now, and no second one.
    """

    place: QueuePlace
    is_used_now: bool
    standing: Standing | None
    waiting: int


class Report(NamedTuple):
    waiting: int
    free_elsewhere: int


class RedisQueue:
    """Every method raises QueueDown if Redis does not answer within TIMEOUT_S; while it is down, at once."""

    def __init__(self, redis: "Redis", process_id: str, clock: Callable[[], float]) -> None:
        self._process_id = process_id
        self._status = DependencyStatus(
            log, store="Redis", part="queue for streams", retry_every_s=1.0, clock=clock
        )
        self._stand = redis.register_script(_STAND)
        self._give_back = redis.register_script(_GIVE_BACK)
        self._report = redis.register_script(_REPORT)
        self._count = redis.register_script(_COUNT)
        self._redis = redis

    async def stand(self, place: QueuePlace, free_anywhere: int = 0) -> Turn:
        """Join the queue or renew. The turn has come if fewer than `free_anywhere` are ahead. Raises QueueFull."""
        return await self._turn(place, -1, free_anywhere)

    async def enter(self, place: QueuePlace, free_slots: int, free_elsewhere: int = 0) -> Turn:
        """Use the place if fewer than `free_slots` people are ahead, else renew it."""
        return await self._turn(place, free_slots, free_slots + free_elsewhere)

    async def give_back(self, place: QueuePlace) -> None:
        """The stream of a used place did not open."""
        await self._call(self._give_back, place.id, place.number)

    async def waiting(self) -> int:
        """How many people wait."""
        return int(await self._call(self._count))

    async def report(self, free_slots: int) -> Report:
        """Report the free slots of this process, and learn those of the others."""
        waiting, free = await self._call(self._report, self._process_id, free_slots)
        return Report(int(waiting), int(free))

    async def withdraw(self) -> None:
        """Remove this process's report at shutdown."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.hdel(FREE_SLOTS, self._process_id)
        except (RedisError, OSError, TimeoutError):
            log.debug("the report of free slots remains until it is too old")

    async def _turn(self, place: QueuePlace, free_slots: int, free_anywhere: int) -> Turn:
        verdict, *rest = await self._call(self._stand, place.id, place.number, free_slots, free_anywhere)
        if verdict == b"full":
            raise QueueFull
        if verdict == b"used":
            return Turn(place, False, None, int(rest[0]))
        number, ahead, waiting, admitted, window_ms = map(int, rest)
        standing = Standing(ahead, waiting, admitted, window_ms / 1_000)
        return Turn(place._replace(number=number), verdict == b"enters", standing, waiting)

    async def _call(self, script: Any, *arguments: str | int) -> Any:
        if not self._status.may_try():
            raise QueueDown
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reply = await script(keys=_KEYS, args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._status.failed(error)
            raise QueueDown from error
        self._status.answered()
        return reply
