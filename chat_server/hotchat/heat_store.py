"""The heat in Redis. Any number of schedulers may run; each tick is handled by exactly one of them."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson
from redis.asyncio import Redis

from chat_contract.redis_keys import (
    DRAINED_AT_MS,
    FETCHES,
    FETCHES_COUNTED,
    HEAT_ANNOUNCED,
    HOT,
    HOT_TTL_MS,
    PUBLISHERS,
    VIEWERS,
    VIEWERS_SUMMED,
    VIEWERS_TTL_MS,
    viewers_of,
)
from chat_contract.timestamps import rfc3339_ms
from chat_server.hotchat.policy import HotEntry
from chat_server.hotchat.redis_entries import (
    LUA_FUNCTIONS,
    decode_counts,
    decode_entries,
    decode_room_ids,
)

REDIS_TIMEOUT_S: Final = 0.8
MIN_TICK_MS: Final = 900
"""A drain this soon after the last one does nothing: another scheduler has handled the tick."""

SUM_VIEWERS_EVERY_MS: Final = 1_900

# All scripts use Redis' clock, so that schedulers on several machines agree. If that clock was set back, the drain
# counts as a first one: the elapsed time is unknown, so there is no rate.
_DRAIN = (
    LUA_FUNCTIONS
    + """
drop_other_type(KEYS[1], 'hash')
drop_other_type(KEYS[2], 'string')
drop_other_type(KEYS[4], 'hash')
drop_other_type(KEYS[5], 'set')
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local before_ms = tonumber(redis.call('GET', KEYS[2]) or '-1') or -1
if before_ms ~= before_ms then before_ms = -1 end
local elapsed_ms = now_ms - before_ms
if before_ms >= 0 and elapsed_ms >= 0 and elapsed_ms < tonumber(ARGV[1]) then return false end
local counts = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], string.format('%.0f', now_ms))
local total = 0
for i = 2, #counts, 2 do total = total + count_in(counts[i]) end
if total > 0 and type(redis.pcall('INCRBY', KEYS[3], total)) == 'table' then redis.call('SET', KEYS[3], total) end
if before_ms < 0 or elapsed_ms < 0 then elapsed_ms = 0 end
return {now_ms, elapsed_ms, counts, redis.call('HGETALL', KEYS[4]), redis.call('SMEMBERS', KEYS[5])}
"""
)

# Fencing: a scheduler that was paused between drain and write finds the time of a later tick and writes nothing.
_WRITE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2], KEYS[3])
for i = 3, #ARGV, 3 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  if ARGV[i + 2] == '1' then redis.call('SADD', KEYS[3], ARGV[i]) end
end
if #ARGV >= 3 then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 1
"""

_SUM_VIEWERS = (
    LUA_FUNCTIONS
    + """
if redis.call('PTTL', KEYS[1]) == -1 then redis.call('DEL', KEYS[1]) end
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return false end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
drop_other_type(KEYS[2], 'zset')
drop_other_type(KEYS[3], 'hash')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now_ms - tonumber(ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[2], now_ms + tonumber(ARGV[2]), '+inf')
local viewers = {}
for _, process_id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  drop_other_type(ARGV[3] .. process_id, 'hash')
  local open = redis.call('HGETALL', ARGV[3] .. process_id)
  for i = 1, #open, 2 do viewers[open[i]] = (viewers[open[i]] or 0) + count_in(open[i + 1]) end
end
local changed = {}
local before = redis.call('HGETALL', KEYS[3])
for i = 1, #before, 2 do
  if not viewers[before[i]] then
    changed[#changed + 1] = before[i]
    changed[#changed + 1] = 0
    redis.call('HDEL', KEYS[3], before[i])
  elseif viewers[before[i]] == tonumber(before[i + 1]) then
    viewers[before[i]] = nil
  end
end
for room_id, count in pairs(viewers) do
  if count > 0 then
    changed[#changed + 1] = room_id
    changed[#changed + 1] = count
    redis.call('HSET', KEYS[3], room_id, count)
  end
end
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return changed
"""
)


class Drained(NamedTuple):
    """The input of one tick. `elapsed_ms` is 0 for a first drain, whose counts give no rate."""

    at_ms: int
    elapsed_ms: int
    counts: dict[str, int]
    previous: dict[str, HotEntry]
    announced: frozenset[str]

    @property
    def now(self) -> str:
        """The time of the tick, RFC 3339."""
        return rfc3339_ms(datetime.fromtimestamp(self.at_ms / 1000, UTC))


def encode_entry(entry: HotEntry) -> bytes:
    return orjson.dumps(entry._asdict())


class HeatStore:
    """Every method raises redis.exceptions.RedisError, OSError or TimeoutError if Redis does not answer in time."""

    def __init__(self, redis: Redis) -> None:
        """`redis` returns bytes (decode_responses off)."""
        self._redis = redis

    async def drain(self) -> Drained | None:
        """Take the counts of this tick, exactly once over all schedulers. None if another scheduler has taken them."""
        keys = (FETCHES, DRAINED_AT_MS, FETCHES_COUNTED, HOT, HEAT_ANNOUNCED)
        reply = await self._script(_DRAIN, keys, MIN_TICK_MS)
        if reply is None:
            return None
        at_ms, elapsed_ms, counts, previous, announced = reply
        return Drained(
            at_ms,
            elapsed_ms,
            decode_counts(_pairs(counts)),
            decode_entries(_pairs(previous)),
            decode_room_ids(announced),
        )

    async def write(self, tick: Drained, entries: Mapping[str, HotEntry]) -> bool:
        """Store the result of the tick. Returns False and writes nothing if a later tick has begun."""
        arguments: list[str | bytes | int] = [tick.at_ms, HOT_TTL_MS]
        for room_id, entry in entries.items():
            arguments += (room_id, encode_entry(entry), "1" if entry.hot else "0")
        return bool(await self._script(_WRITE, (DRAINED_AT_MS, HOT, HEAT_ANNOUNCED), *arguments))

    async def sum_viewers(self) -> dict[str, int]:
        """Sum the viewers that publish_servers report. Returns the rooms whose sum changed.

        The result is empty if another scheduler has just summed them.
        """
        keys = (VIEWERS_SUMMED, PUBLISHERS, VIEWERS)
        changed = await self._script(_SUM_VIEWERS, keys, SUM_VIEWERS_EVERY_MS, VIEWERS_TTL_MS, viewers_of(""))
        return decode_counts(_pairs(changed or []))

    async def _script(self, script: str, keys: tuple[str, ...], *arguments: str | bytes | int) -> Any:
        async with asyncio.timeout(REDIS_TIMEOUT_S):
            return await self._redis.eval(script, len(keys), *keys, *arguments)


def _pairs(flat: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(flat[::2], flat[1::2], strict=True))
