"""Counts the fetches and posts of each room in memory and adds the counts to Redis four times a second."""

import asyncio
from collections.abc import Callable
from logging import getLogger
from typing import Final
from uuid import UUID

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract.redis_keys import AUTHORS, FETCHES, POSTS, flushed_by
from chat_server.hotchat.new_demand import (
    AUTHOR_GAP_S,
    DIGEST_BYTES,
    NEWCOMER_GAP_S,
    NewDemand,
    author_digest,
)
from chat_server.hotchat.redis_entries import LUA_FUNCTIONS
from server_kit.dependency_status import DependencyStatus

FLUSH_EVERY_S: Final = 0.25
FLUSH_TIMEOUT_S: Final = 1.0
MAX_ROOMS: Final = 20_000
"""Rooms counted between two flushes. Overflow rule: DROP the counts of further rooms."""

MAX_COUNT_AGE_S: Final = 2.0
"""Older counts are dropped, so that fetches counted during an outage do not heat a room once Redis is back."""

MAX_BATCH_AUTHORS: Final = 2_000
"""Authors in one batch, 8 bytes each. Overflow rule: ALONE; further ones count without the other chat_servers."""

MAX_SHARED_AUTHORS: Final = 100_000
"""Authors that all chat_servers remember for a minute. Overflow rule: OLDEST; such a person counts as new again."""

SHARED_AUTHOR_GAP_S: Final = AUTHOR_GAP_S - MAX_COUNT_AGE_S
"""Shorter than the gap in a process, whose flushes may be late: else a person would be left out for two gaps."""

_FLUSHED_TTL_S: Final = 30

_DROPPED = Counter(
    "hotchat_fetch_counts_dropped_total", "Fetches that were never added to the heat", ["reason"]
)
_FLUSHED = Counter("hotchat_fetch_counts_flushed_total", "Fetches added to the heat")
_POSTS_DROPPED = Counter(
    "hotchat_post_counts_dropped_total", "Posts that were never added to the heat", ["reason"]
)
_POSTS_FLUSHED = Counter(
    "hotchat_post_counts_flushed_total", "Posts added to the heat, refused ones included"
)
_AUTHORS_COUNTED_ALONE = Counter(
    "hotchat_authors_counted_alone_total", "Authors beyond those of one batch: ALONE"
)
_AUTHORS_FORGOTTEN = Counter(
    "hotchat_authors_forgotten_total", "Authors of the last minute beyond those remembered: OLDEST"
)

# The batch number makes a flush idempotent: a retry after a lost reply adds nothing, nor does a first try that arrives
# after its retry and the batches that followed.
# Redis does not roll back a script, so an entry that is not a number is replaced. If the script failed on it, the retry
# would add the other counts twice.
# Authors are counted here, because only Redis knows what the other chat_servers have counted. A drain by a scheduler of
# the version before finds their number where it always was.
_ADD_COUNTS = (
    LUA_FUNCTIONS
    + f"""
local digest_bytes, max_authors = {DIGEST_BYTES}, {MAX_SHARED_AUTHORS}
local author_gap_ms, newcomer_gap_ms = {SHARED_AUTHOR_GAP_S * 1000:.0f}, {NEWCOMER_GAP_S * 1000:.0f}
"""
    + """
drop_other_type(KEYS[1], 'hash')
drop_other_type(KEYS[2], 'string')
drop_other_type(KEYS[3], 'hash')
drop_other_type(KEYS[4], 'zset')
if (tonumber(redis.call('GET', KEYS[2])) or 0) >= tonumber(ARGV[1]) then return 0 end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local function increase(key, field, count)
  if type(redis.pcall('HINCRBY', key, field, count)) == 'table' then redis.call('HSET', key, field, count) end
end
local function count_authors(room_id, digests)
  local authors, newcomers = 0, 0
  for at = 1, #digests, digest_bytes do
    local digest = string.sub(digests, at, at + digest_bytes - 1)
    local quiet_ms = now_ms - (redis.call('ZSCORE', KEYS[4], digest) or 0)
    if quiet_ms < 0 then quiet_ms = now_ms end
    if quiet_ms >= newcomer_gap_ms then newcomers = newcomers + 1 end
    if quiet_ms >= author_gap_ms then
      authors = authors + 1
      redis.call('ZADD', KEYS[4], now_ms, digest)
    end
  end
  if authors > 0 then increase(KEYS[3], 'a:' .. room_id, authors) end
  if newcomers > 0 then increase(KEYS[3], 'n:' .. room_id, newcomers) end
end
local fetches_end = 3 + tonumber(ARGV[3])
for i = 4, fetches_end, 2 do increase(KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = fetches_end + 1, #ARGV, 2 do
  local kind = string.sub(ARGV[i], 1, 2)
  if kind == 't:' then
    redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
  elseif kind == 'w:' then
    count_authors(string.sub(ARGV[i], 3), ARGV[i + 1])
  else
    increase(KEYS[3], ARGV[i], ARGV[i + 1])
  end
end
local forgotten = 0
if #ARGV > fetches_end then
  redis.call('HSETNX', KEYS[3], 'since', string.format('%.0f', now_ms))
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now_ms - newcomer_gap_ms)
  forgotten = redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -max_authors - 1)
  redis.call('PEXPIRE', KEYS[4], newcomer_gap_ms)
end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
return forgotten
"""
)

log = getLogger(__name__)


class _Batch:
    """Counts since the first fetch at `since_s`. A batch gets its number when it is first sent."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.posts: dict[str, _Posts] = {}
        self.authors = 0
        self.since_s: float | None = None

    def total(self) -> int:
        return sum(self.counts.values())

    def total_posts(self) -> int:
        return sum(posts.demand for posts in self.posts.values())

    def arguments(self) -> list[str | int | bytes]:
        """The number of arguments about fetches, those, then those about posts."""
        arguments: list[str | int | bytes] = [2 * len(self.counts)]
        for room_id, count in self.counts.items():
            arguments += (room_id, count)
        for room_id, posts in self.posts.items():
            for kind, count in zip("dape", posts.counts(), strict=True):
                if count:
                    arguments += (f"{kind}:{room_id}", count)
            if posts.authors:
                digests = (author_digest(room_id, author_id) for author_id in posts.authors)
                arguments += (f"w:{room_id}", b"".join(digests))
            if posts.is_target_known:
                arguments += (f"t:{room_id}", "" if posts.target is None else repr(posts.target))
        return arguments


class _Posts:
    """What people wrote in one room, see PostCounts. `alone`: authors beyond MAX_BATCH_AUTHORS."""

    __slots__ = ("alone", "authors", "demand", "exempt", "is_target_known", "passed", "target")

    def __init__(self) -> None:
        self.demand = self.alone = self.passed = self.exempt = 0
        self.authors: list[UUID] = []
        self.target: float | None = None
        self.is_target_known = False

    def set_target(self, target: float | None) -> None:
        self.target, self.is_target_known = target, True

    def counts(self) -> tuple[int, int, int, int]:
        return self.demand, self.alone, self.passed, self.exempt


class DemandCounters:
    """Call `count` for every fetch of a known room, and the others for posts; `run` flushes the counts. One instance
    per process."""

    def __init__(self, redis: Redis, *, process_id: str, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock
        self._open = _Batch()
        self._sent: _Batch | None = None
        self._sent_number = 0
        self._flushing = asyncio.Lock()
        self._flushed_key = flushed_by(process_id)
        self._new_demand = NewDemand()
        self._status = DependencyStatus(log, store="Redis", part="demand counters")

    def count(self, room_id: str) -> None:
        counts = self._open.counts
        if room_id in counts:
            counts[room_id] += 1
        elif len(counts) < MAX_ROOMS:
            if self._open.since_s is None:
                self._open.since_s = self._clock()
            counts[room_id] = 1
        else:
            _DROPPED.labels("too_many_rooms").inc()

    def count_post(
        self, room_id: str, author_id: UUID, client_message_id: UUID, target: float | None
    ) -> None:
        """Report a post before slow mode may refuse it. A repeat is no new demand. `target`: of slow mode `auto`."""
        posts = self._posts_of(room_id)
        if posts is None:
            return
        posts.set_target(target)
        if self._new_demand.is_new_post(author_id, client_message_id):
            self._count_demand(posts, room_id, author_id)

    def count_refused_post(self, room_id: str, author_id: UUID) -> None:
        """Report a post to a known room that a limit refuses before it is read."""
        if self._new_demand.is_new_refusal(room_id, author_id, self._clock()):
            posts = self._posts_of(room_id)
            if posts is not None:
                self._count_demand(posts, room_id, author_id)

    def count_stored_post(self, room_id: str, *, is_exempt: bool) -> None:
        """Report a new message. `is_exempt`: its author waits less than others in slow mode `auto`."""
        posts = self._posts_of(room_id)
        if posts is not None:
            posts.passed += 1
            posts.exempt += is_exempt

    def note_target(self, room_id: str, target: float | None) -> None:
        """Report that hosts have changed slow mode."""
        posts = self._posts_of(room_id)
        if posts is not None:
            posts.set_target(target)

    def _count_demand(self, posts: _Posts, room_id: str, author_id: UUID) -> None:
        posts.demand += 1
        if self._new_demand.is_new_author(room_id, author_id, self._clock()):
            self._open.authors += 1
            if self._open.authors <= MAX_BATCH_AUTHORS:
                posts.authors.append(author_id)
            else:
                posts.alone += 1
                _AUTHORS_COUNTED_ALONE.inc()

    def _posts_of(self, room_id: str) -> _Posts | None:
        """None: more rooms than MAX_ROOMS were written in since the last flush."""
        posts = self._open.posts.get(room_id)
        if posts is None:
            if len(self._open.posts) >= MAX_ROOMS:
                _POSTS_DROPPED.labels("too_many_rooms").inc()
                return None
            if self._open.since_s is None:
                self._open.since_s = self._clock()
            posts = self._open.posts[room_id] = _Posts()
        return posts

    async def run(self) -> None:
        """Flush until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Add the counts to Redis. After an error the batch is sent again, with its number, until it is too old.

        A flush waits for one that is under way, and adds what was counted meanwhile.
        """
        async with self._flushing:
            await self._flush()

    async def _flush(self) -> None:
        self._drop_old()
        if self._sent is None and self._open.since_s is not None:
            self._sent, self._open = self._open, _Batch()
            self._sent_number += 1
        sent = self._sent
        if sent is None:
            return
        arguments = [self._sent_number, _FLUSHED_TTL_S, *sent.arguments()]
        keys = FETCHES, self._flushed_key, POSTS, AUTHORS
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT_S):
                forgotten = await self._redis.eval(_ADD_COUNTS, len(keys), *keys, *arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._status.failed(error)
        else:
            _AUTHORS_FORGOTTEN.inc(forgotten)
            _FLUSHED.inc(sent.total())
            _POSTS_FLUSHED.inc(sent.total_posts())
            self._sent = None
            self._status.answered()

    def _drop_old(self) -> None:
        oldest_s = self._clock() - MAX_COUNT_AGE_S
        if self._sent is not None and self._sent.since_s is not None and self._sent.since_s < oldest_s:
            _drop(self._sent)
            self._sent = None
        if self._open.since_s is not None and self._open.since_s < oldest_s:
            _drop(self._open)
            self._open = _Batch()


def _drop(batch: _Batch) -> None:
    _DROPPED.labels("redis_unavailable").inc(batch.total())
    _POSTS_DROPPED.labels("redis_unavailable").inc(batch.total_posts())
