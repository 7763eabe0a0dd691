"""Single flight with fair turns: the caller that starts the work waits for a turn; others share its result."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from server_kit.limits.fair_turns import FairTurns
from server_kit.single_flight import SingleFlight

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class FairFlights(Generic[K, T]):
    def __init__(self, turns: FairTurns) -> None:
        self._turns = turns
        self._flights: SingleFlight[K, T] = SingleFlight()

    async def start(
        self, key: K, address: str, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> "asyncio.Task[T]":
        """The key's running task, or a task of `work` after a turn. Await it shielded. Raises the turns' errors."""
        if not self._flights.is_running(key):
            turn = await self._turns.take(address)
            if self._flights.is_running(key):
                turn.end()
            else:
                self._flights.start(key, work).add_done_callback(lambda _: turn.end())
        return self._flights.start(key, work)

    async def join(self, key: K, address: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the key's running task, or of `work` after a turn. Raises the errors of both."""
        return await asyncio.shield(await self.start(key, address, work))
