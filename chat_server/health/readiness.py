"""Whether Postgres and Redis are up; simultaneous health checks share one query of each."""

import asyncio
from collections.abc import Callable
from logging import getLogger
from typing import Final

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_server.postgres.errors import STORE_ERRORS
from server_kit.dependency_status import DependencyStatus
from server_kit.single_flight import SingleFlight

log = getLogger(__name__)

CHECK_WITHIN_S: Final = 1.0
FRESH_S: Final = 0.25
"""Health checks within this time share one result, so that a flood of them costs four queries a second."""


class Readiness:
    """Holds a Postgres connection of its own, which no other work can keep busy."""

    def __init__(self, dsn: str, redis: Redis, clock: Callable[[], float]) -> None:
        """`clock` is monotonic, in seconds."""
        self._dsn = dsn
        self._redis = redis
        self._clock = clock
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._postgres_status = DependencyStatus(log, store="Postgres", part="readiness")
        self._redis_status = DependencyStatus(log, store="Redis", part="readiness")
        self._checked_at_s = float("-inf")
        self._flights: SingleFlight[str, None] = SingleFlight()

    @property
    def is_postgres_up(self) -> bool:
        return not self._postgres_status.is_down

    @property
    def is_redis_up(self) -> bool:
        return not self._redis_status.is_down

    async def check(self) -> None:
        """Make the properties at most FRESH_S old, within about CHECK_WITHIN_S."""
        if self._clock() - self._checked_at_s > FRESH_S:
            await self._flights.join("check", self._ask)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _ask(self) -> None:
        await asyncio.gather(self._ask_postgres(), self._ask_redis())
        self._checked_at_s = self._clock()

    async def _ask_postgres(self) -> None:
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(
                        self._dsn, server_settings={"application_name": "hotchat health"}
                    )
                await self._connection.execute("SELECT 1")
        except STORE_ERRORS as error:
            self.close()
            self._postgres_status.failed(error)
        else:
            self._postgres_status.answered()

    async def _ask_redis(self) -> None:
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                await self._redis.ping()
        except (RedisError, OSError, TimeoutError) as error:
            self._redis_status.failed(error)
        else:
            self._redis_status.answered()
