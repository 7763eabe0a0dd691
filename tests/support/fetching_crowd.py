"""Clients that fetch one room over HTTP and count the responses, and the servers' own count."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Self

import httpx
from redis.asyncio import Redis

from chat_contract.redis_keys import FETCHES, FETCHES_COUNTED
from tests.support.plain_http import NO_CERTIFICATES

POLL_S = 0.05


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float, what: str) -> None:
    """Poll until `condition` is true. Raises AssertionError if it is not in time."""
    deadline_s = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < deadline_s, f"{what} did not happen within {within_s:g} s"
        await asyncio.sleep(POLL_S)


async def fetches_counted(redis_url: str, *, at_least: int) -> int:
    """The fetches that schedulers have turned into heat, once they are so many and nothing waits for a drain."""
    async with Redis.from_url(redis_url) as redis:

        async def counted() -> int:
            return int(await redis.get(FETCHES_COUNTED) or 0)

        async def are_counted() -> bool:
            return await counted() >= at_least

        async def is_drained() -> bool:
            return not await redis.exists(FETCHES)

        await until(are_counted, within_s=20, what="the count of all fetches")
        await until(is_drained, within_s=20, what="the last drain")
        return await counted()


class Crowd:
    """`clients` connections that fetch as fast as possible until `stop` is called."""

    def __init__(self, base_urls: list[str], path: str, clients: int = 8) -> None:
        self.statuses: Counter[int] = Counter()
        self.refused: list[httpx.Response] = []
        self.failed = 0
        self._stopping = False
        self._path = path
        self._urls = [base_urls[number % len(base_urls)] for number in range(clients)]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._fetch(url)) for url in self._urls]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks)

    @property
    def sent(self) -> int:
        """Fetches that were answered."""
        return sum(self.statuses.values())

    async def _fetch(self, base_url: str) -> None:
        async with httpx.AsyncClient(base_url=base_url, timeout=30, verify=NO_CERTIFICATES) as client:
            while not self._stopping:
                answer = await client.get(self._path)
                self.statuses[answer.status_code] += 1
                if answer.status_code == 429:
                    self.refused.append(answer)
