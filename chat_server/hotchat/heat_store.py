"""The heat in Redis. Any number of schedulers may run; each tick is handled by exactly one of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from redis.asyncio import Redis

from chat_contract.redis_keys import (
    DRAINED_AT_MS,
    FETCHES,
    FETCHES_COUNTED,
    HEAT_ANNOUNCED,
    HOT,
    HOT_TTL_MS,
    POSTS,
)
from chat_contract.timestamps import rfc3339_ms
from chat_server.hotchat.heat_policy import HotEntry
from chat_server.hotchat.redis_entries import (
    LUA_FUNCTIONS,
    decode_counts,
    decode_entries,
    decode_posts,
    decode_room_ids,
    encode_entry,
)
from chat_server.hotchat.redis_script import pairs, run_script
from chat_server.hotchat.slow_mode_governor import PostCounts

MIN_TICK_MS: Final = 900
"""A drain this soon after the last one does nothing: another scheduler has handled the tick."""

# All scripts use Redis' clock, so that schedulers on several machines agree. If that clock was set back, the drain
# counts as a first one: the elapsed time is unknown, so there is no rate.
_DRAIN = (
    LUA_FUNCTIONS
    + """
drop_other_type(KEYS[1], 'hash')
drop_other_type(KEYS[2], 'string')
drop_other_type(KEYS[4], 'hash')
drop_other_type(KEYS[5], 'set')
drop_other_type(KEYS[6], 'hash')
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local before_ms = tonumber(redis.call('GET', KEYS[2]) or '-1') or -1
if before_ms ~= before_ms then before_ms = -1 end
local elapsed_ms = now_ms - before_ms
if before_ms >= 0 and elapsed_ms >= 0 and elapsed_ms < tonumber(ARGV[1]) then return false end
local counts = redis.call('HGETALL', KEYS[1])
local posts = redis.call('HGETALL', KEYS[6])
redis.call('DEL', KEYS[1], KEYS[6])
redis.call('SET', KEYS[2], string.format('%.0f', now_ms))
local total = 0
for i = 2, #counts, 2 do total = total + count_in(counts[i]) end
if total > 0 and type(redis.pcall('INCRBY', KEYS[3], total)) == 'table' then redis.call('SET', KEYS[3], total) end
if before_ms < 0 or elapsed_ms < 0 then elapsed_ms = 0 end
return {now_ms, elapsed_ms, counts, redis.call('HGETALL', KEYS[4]), redis.call('SMEMBERS', KEYS[5]), posts}
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


class DrainedCounts(NamedTuple):
    """The input of one tick. `elapsed_ms` is 0 for a first drain, whose counts give no rate."""

    at_ms: int
    elapsed_ms: int
    counts: dict[str, int]
    previous: dict[str, HotEntry]
    announced: frozenset[str]
    posts: dict[str, PostCounts]
    posts_elapsed_ms: int
    """Longer than `elapsed_ms` if a scheduler of the version before has drained fetches only."""

    @property
    def now(self) -> str:
        """The time of the tick, RFC 3339."""
        return rfc3339_ms(datetime.fromtimestamp(self.at_ms / 1000, UTC))


class HeatStore:
    """Every method raises redis.exceptions.RedisError, OSError or TimeoutError if Redis does not answer in time."""

    def __init__(self, redis: Redis) -> None:
        """`redis` returns bytes (decode_responses off)."""
        self._redis = redis

    async def drain(self) -> DrainedCounts | None:
        """Take the counts of this tick, exactly once over all schedulers. None if another scheduler has taken them."""
        keys = (FETCHES, DRAINED_AT_MS, FETCHES_COUNTED, HOT, HEAT_ANNOUNCED, POSTS)
        reply = await run_script(self._redis, _DRAIN, keys, MIN_TICK_MS)
        if reply is None:
            return None
        at_ms, elapsed_ms, counts, previous, announced, posts = reply
        written, since_ms = decode_posts(pairs(posts))
        return DrainedCounts(
            at_ms,
            elapsed_ms,
            decode_counts(pairs(counts)),
            decode_entries(pairs(previous)),
            decode_room_ids(announced),
            written,
            elapsed_ms if since_ms is None else max(elapsed_ms, at_ms - since_ms),
        )

    async def write(self, tick: DrainedCounts, entries: Mapping[str, HotEntry]) -> bool:
        """Store the result of the tick. Returns False and writes nothing if a later tick has begun."""
        arguments: list[str | bytes | int] = [tick.at_ms, HOT_TTL_MS]
        for room_id, entry in entries.items():
            arguments += (room_id, encode_entry(entry), "1" if entry.is_announced else "0")
        return bool(await run_script(self._redis, _WRITE, (DRAINED_AT_MS, HOT, HEAT_ANNOUNCED), *arguments))
