"""Single flight under a fair semaphore: the caller that starts the work waits for a permit; others share its result."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from server_kit.limits.fair_semaphore import FairSemaphore
from server_kit.single_flight import SingleFlight

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class FairSingleFlight(Generic[K, T]):
    def __init__(self, semaphore: FairSemaphore) -> None:
        self._semaphore = semaphore
        self._flights: SingleFlight[K, T] = SingleFlight()

    async def start(
        self, key: K, address: str, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> "asyncio.Task[T]":
        """The key's running task, or a task of `work` once there is a permit. Await it shielded.

        Raises the errors of the semaphore.
        """
        if not self._flights.is_running(key):
            permit = await self._semaphore.acquire(address)
            if self._flights.is_running(key):
                permit.release()
            else:
                self._flights.start(key, work).add_done_callback(lambda _: permit.release())
        return self._flights.start(key, work)

    async def join(self, key: K, address: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the key's running task, or of `work` once there is a permit. Raises the errors of both."""
        return await asyncio.shield(await self.start(key, address, work))
