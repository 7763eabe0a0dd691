"""Whether Postgres and Redis answer; simultaneous health checks share one query."""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat_server.postgres.errors import STORE_ERRORS
from server_kit.single_flight import SingleFlight

CHECK_WITHIN_S: Final = 1.0
FRESH_S: Final = 0.25
"""Health checks within this time share one result, so that a flood of them costs four queries a second."""


class StoresAnswer(NamedTuple):
    postgres: bool
    redis: bool


class Readiness:
    """Holds a Postgres connection of its own, which no other work can keep busy."""

    def __init__(self, dsn: str, redis: Redis, clock: Callable[[], float]) -> None:
        """`clock` is monotonic, in seconds."""
        self._dsn = dsn
        self._redis = redis
        self._clock = clock
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._answer = StoresAnswer(postgres=False, redis=False)
        self._answered_at_s = float("-inf")
        self._flights: SingleFlight[str, StoresAnswer] = SingleFlight()

    async def stores(self) -> StoresAnswer:
        """At most FRESH_S old, within about CHECK_WITHIN_S."""
        if self._clock() - self._answered_at_s <= FRESH_S:
            return self._answer
        return await self._flights.join("stores", self._ask)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _ask(self) -> StoresAnswer:
        self._answer = StoresAnswer(*await asyncio.gather(self._postgres_answers(), self._redis_answers()))
        self._answered_at_s = self._clock()
        return self._answer

    async def _postgres_answers(self) -> bool:
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(
                        self._dsn, server_settings={"application_name": "hotchat health"}
                    )
                await self._connection.execute("SELECT 1")
        except STORE_ERRORS:
            self.close()
            return False
        return True

    async def _redis_answers(self) -> bool:
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                await self._redis.ping()
        except (RedisError, OSError, TimeoutError):
            return False
        return True
