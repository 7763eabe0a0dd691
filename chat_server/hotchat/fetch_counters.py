"""Counts the fetches of each room in memory and adds the counts to Redis four times a second."""

import asyncio
from collections.abc import Callable
from logging import getLogger
from typing import Final

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract.redis_keys import FETCHES, flushed_by
from chat_server.hotchat.redis_entries import LUA_FUNCTIONS
from server_kit.dependency_status import DependencyStatus

FLUSH_EVERY_S: Final = 0.25
FLUSH_TIMEOUT_S: Final = 1.0
MAX_ROOMS: Final = 20_000
"""Rooms counted between two flushes. Overflow rule: DROP the counts of further rooms."""

MAX_COUNT_AGE_S: Final = 2.0
"""Older counts are dropped, so that fetches counted during an outage do not heat a room once Redis is back."""

_FLUSHED_TTL_S: Final = 30

_DROPPED = Counter(
    "hotchat_fetch_counts_dropped_total", "Fetches that were never added to the heat", ["reason"]
)
_FLUSHED = Counter("hotchat_fetch_counts_flushed_total", "Fetches added to the heat")

# The batch number makes a flush idempotent: a retry after a lost reply adds nothing.
# Redis does not roll back a script, so an entry that is not a number is replaced. If the script failed on it, the retry
# would add the other counts twice.
_ADD_COUNTS = (
    LUA_FUNCTIONS
    + """
drop_other_type(KEYS[1], 'hash')
drop_other_type(KEYS[2], 'string')
if redis.call('GET', KEYS[2]) == ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do
  if type(redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])) == 'table' then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
return 1
"""
)

log = getLogger(__name__)


class _Batch:
    """Counts since the first fetch at `since_s`. A batch gets its number when it is first sent."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.since_s: float | None = None

    def total(self) -> int:
        return sum(self.counts.values())


class FetchCounters:
    """Call `count` for every fetch of a known room; `run` flushes the counts. One instance per process."""

    def __init__(self, redis: Redis, *, process_id: str, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock
        self._open = _Batch()
        self._sent: _Batch | None = None
        self._sent_number = 0
        self._flushed_key = flushed_by(process_id)
        self._status = DependencyStatus(log, store="Redis", part="fetch counters")

    def count(self, room_id: str) -> None:
        counts = self._open.counts
        if room_id in counts:
            counts[room_id] += 1
        elif len(counts) < MAX_ROOMS:
            if not counts:
                self._open.since_s = self._clock()
            counts[room_id] = 1
        else:
            _DROPPED.labels("too_many_rooms").inc()

    async def run(self) -> None:
        """Flush until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Add the counts to Redis. After an error the batch is sent again, with its number, until it is too old.

        Two flushes at once send the same batch, which Redis adds once.
        """
        self._drop_old()
        if self._sent is None and self._open.counts:
            self._sent, self._open = self._open, _Batch()
            self._sent_number += 1
        sent = self._sent
        if sent is None:
            return
        arguments: list[str | int] = [self._sent_number, _FLUSHED_TTL_S]
        for room_id, count in sent.counts.items():
            arguments += (room_id, count)
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT_S):
                await self._redis.eval(_ADD_COUNTS, 2, FETCHES, self._flushed_key, *arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._status.failed(error)
        else:
            if self._sent is sent:
                _FLUSHED.inc(sent.total())
                self._sent = None
            self._status.answered()

    def _drop_old(self) -> None:
        oldest_s = self._clock() - MAX_COUNT_AGE_S
        if self._sent is not None and self._sent.since_s is not None and self._sent.since_s < oldest_s:
            _DROPPED.labels("redis_unavailable").inc(self._sent.total())
            self._sent = None
        if self._open.since_s is not None and self._open.since_s < oldest_s:
            _DROPPED.labels("redis_unavailable").inc(self._open.total())
            self._open = _Batch()
