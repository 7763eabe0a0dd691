"""Reports to Redis how many streams of each room this process has. chat_server's scheduler sums the processes."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_contract.redis_keys import PUBLISHERS, VIEWERS_TTL_MS, viewers_of
from publish_server.metrics import VIEWERS_REPORTS
from server_kit.dependency_status import DependencyStatus

log = logging.getLogger(__name__)

REPORT_S: Final = 2.0
ROOMS_PER_CALL: Final = 500


class ViewersReport:
    """`counts` returns open streams by room id. Without Redis viewers are unknown, and nothing else changes."""

    def __init__(self, counts: Callable[[], dict[str, int]], redis: "Redis", process_id: str) -> None:
        self._counts = counts
        self._redis = redis
        self._process_id = process_id
        self._status = DependencyStatus(log, store="Redis", part="viewers report")

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(REPORT_S):
                    await self._report(self._counts())
            except (RedisError, OSError, TimeoutError) as error:
                VIEWERS_REPORTS.labels("failed").inc()
                self._status.failed(error)
            else:
                VIEWERS_REPORTS.labels("ok").inc()
                self._status.answered()
            await asyncio.sleep(REPORT_S)

    async def withdraw(self) -> None:
        """Remove this process from Redis at shutdown, so that its viewers do not linger until their TTL."""
        try:
            async with asyncio.timeout(0.5):
                await self._redis.zrem(PUBLISHERS, self._process_id)
                await self._redis.delete(viewers_of(self._process_id))
        except (RedisError, OSError, TimeoutError):
            log.debug("viewers remain until their TTL")

    async def _report(self, streams: dict[str, int]) -> None:
        """Replace the process's hash in one step. It is sent in parts, because encoding 10,000 rooms takes 20 ms."""
        seconds, microseconds = await self._redis.time()
        key = viewers_of(self._process_id)
        building = f"{key}:building"
        rooms = list(streams)
        await self._redis.delete(building)
        for start in range(0, len(rooms), ROOMS_PER_CALL):
            part = rooms[start : start + ROOMS_PER_CALL]
            await self._redis.hset(building, mapping={room: streams[room] for room in part})
            await self._redis.pexpire(building, VIEWERS_TTL_MS)
        async with self._redis.pipeline(transaction=True) as pipe:
            if streams:
                pipe.rename(building, key)
                pipe.pexpire(key, VIEWERS_TTL_MS)
            else:
                pipe.delete(key)
            pipe.zadd(PUBLISHERS, {self._process_id: seconds * 1000 + microseconds // 1000})
            await pipe.execute()
