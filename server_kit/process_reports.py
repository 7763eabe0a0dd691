"""Writes a small record of this process to Redis once a second, for the control room: one call, whatever the load.

Without Redis nothing is written, and nothing else changes.
"""

import asyncio
import logging
import math
import os
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, cast

import orjson
from prometheus_client.metrics import MetricWrapperBase
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract.ops_snapshot import MAX_PROCESSES, RATES, ProcessKind, ProcessRecord
from chat_contract.redis_keys import PROCESSES, PROCESSES_TTL_MS
from server_kit.dependency_status import DependencyStatus
from server_kit.loop_metrics import longest_step_s
from server_kit.process_metrics import resident_bytes

REPORT_S: Final = 1.0
WITHDRAW_WITHIN_S: Final = 0.5

# A full hash is first rid of old records.
_REPORT: Final = """
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', KEYS[1]) end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local max, ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= max then
  local records = redis.call('HGETALL', KEYS[1])
  for i = 1, #records, 2 do
    local at_ms = tonumber(string.match(records[i + 1], '^%d+')) or 0
    if at_ms < now_ms - ttl_ms then redis.call('HDEL', KEYS[1], records[i]) end
  end
  if redis.call('HLEN', KEYS[1]) >= max then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now_ms) .. ':' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ttl_ms)
return 1
"""

log = logging.getLogger(__name__)


class Totals(NamedTuple):
    """What a process has done since its start: a field for each of RATES, and flushes."""

    fetches_served: float = 0
    fetches_not_modified: float = 0
    fetches_refused: float = 0
    posts: float = 0
    posts_refused: float = 0
    deliveries: float = 0
    flushes: float = 0


class OwnFigures(NamedTuple):
    """What only the server itself knows about its process."""

    is_ready: bool
    streams: int
    shed_level: int
    totals: Totals
    kafka_lag_events: int | None = None


class Sample(NamedTuple):
    at_s: float
    cpu_s: float
    totals: Totals


def rates_between(before: Sample, after: Sample) -> dict[str, float]:
    """By the names of RATES."""
    seconds = max(1e-3, after.at_s - before.at_s)

    def change(name: str) -> float:
        return float(getattr(after.totals, name) - getattr(before.totals, name))

    return {rate: round(change(rate.removesuffix("_per_s")) / seconds, 1) for rate in RATES}


def flush_width(before: Totals, after: Totals) -> float | None:
    """Streams that a flush reached on average; None without a flush."""
    flushes = after.flushes - before.flushes
    return round((after.deliveries - before.deliveries) / flushes, 1) if flushes > 0 else None


def value_of(metric: MetricWrapperBase, suffix: str = "_total") -> float:
    """The sum over all labels of a counter, or with `_count` of a histogram's observations."""
    samples = (sample for family in metric.collect() for sample in family.samples)
    return math.fsum(float(sample.value) for sample in samples if sample.name.endswith(suffix))


def process_id(kind: ProcessKind) -> str:
    """Readable, and the same for no two processes that run at once."""
    return f"{kind}-{socket.gethostname()[:32]}-{os.getpid()}"


class ProcessReport:
    """`measure` must not block. `clock` is monotonic, in seconds; `redis` may decode replies or not."""

    def __init__(
        self, redis: Redis, kind: ProcessKind, measure: Callable[[], OwnFigures], clock: Callable[[], float]
    ) -> None:
        self._redis = redis
        self._kind = kind
        self._id = process_id(kind)
        self._measure = measure
        self._clock = clock
        self._started_s = clock()
        self._last: Sample | None = None
        self._status = DependencyStatus(log, store="Redis", part="process reports")

    def record(self) -> ProcessRecord:
        """The figures since the last call."""
        own = self._measure()
        now = Sample(self._clock(), time.process_time(), own.totals)
        before, self._last = self._last or now, now
        return {
            "id": self._id,
            "kind": self._kind,
            "ready": own.is_ready,
            "uptime_s": round(now.at_s - self._started_s, 1),
            "cpu_share": round((now.cpu_s - before.cpu_s) / max(1e-3, now.at_s - before.at_s), 3),
            "resident_bytes": resident_bytes(),
            "streams": own.streams,
            "longest_step_ms": round(longest_step_s() * 1000, 1),
            "shed_level": own.shed_level,
            "kafka_lag_events": own.kafka_lag_events,
            "flush_width_streams": flush_width(before.totals, now.totals),
            "rates": rates_between(before, now),
        }

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(REPORT_S):
                    await self._write(self.record())
            except (RedisError, OSError, TimeoutError) as error:
                self._status.failed(error)
            else:
                self._status.answered()
            await asyncio.sleep(REPORT_S)

    async def withdraw(self) -> None:
        """Remove the record at shutdown, so that it does not linger until it is too old."""
        try:
            async with asyncio.timeout(WITHDRAW_WITHIN_S):
                await cast(Awaitable[Any], self._redis.hdel(PROCESSES, self._id))
        except (RedisError, OSError, TimeoutError):
            log.debug("the record of this process remains until it is too old")

    async def _write(self, record: ProcessRecord) -> None:
        reply = self._redis.eval(
            _REPORT,
            1,
            PROCESSES,
            self._id,
            orjson.dumps(record),
            MAX_PROCESSES,
            PROCESSES_TTL_MS,
        )
        await reply
