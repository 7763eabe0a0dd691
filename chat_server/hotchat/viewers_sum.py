"""Sums the viewers of each room over all publish_servers, in Redis. Each process reports its own viewers there."""

from typing import Final, NamedTuple

from redis.asyncio import Redis

from chat_contract.redis_keys import PUBLISHERS, VIEWERS, VIEWERS_SUMMED, VIEWERS_TTL_MS, viewers_of
from chat_server.hotchat.redis_entries import LUA_FUNCTIONS, decode_counts
from chat_server.hotchat.redis_script import pairs, run_script

SUM_EVERY_MS: Final = 1_900

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
return {now_ms, changed}
"""
)


class ViewerChanges(NamedTuple):
    """The rooms whose sum of viewers changed. `at_ms`: the time of the sum by Redis' clock, 0 without a sum."""

    at_ms: int
    viewers: dict[str, int]


class ViewersSum:
    """Any number of schedulers may use it; one of them sums at a time."""

    def __init__(self, redis: Redis) -> None:
        """`redis` returns bytes (decode_responses off)."""
        self._redis = redis

    async def changes(self) -> ViewerChanges:
        """Sum the viewers. Returns the rooms whose sum changed; none if another scheduler has just summed them.

        Raises redis.exceptions.RedisError, OSError or TimeoutError if Redis does not answer in time.
        """
        keys = (VIEWERS_SUMMED, PUBLISHERS, VIEWERS)
        reply = await run_script(
            self._redis, _SUM_VIEWERS, keys, SUM_EVERY_MS, VIEWERS_TTL_MS, viewers_of("")
        )
        if reply is None:
            return ViewerChanges(0, {})
        at_ms, changed = reply
        return ViewerChanges(at_ms, decode_counts(pairs(changed)))
