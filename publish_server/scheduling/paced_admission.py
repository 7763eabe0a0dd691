"""Admits a crowd of callers a few at a time."""

import asyncio
from collections import deque


class PacedAdmission:
    """Admits at most `per_iteration` callers in each iteration of the event loop, in order of arrival.

    Each waiting caller is an open connection, so the bound on connections bounds the queue.
    """

    def __init__(self, per_iteration: int) -> None:
        self._per_iteration = per_iteration
        self._left = per_iteration
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Return when the caller is admitted; at once if no caller waits."""
        if self._left > 0 and not self._waiting:
            self._spend()
            return
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(admitted)
        await admitted

    def _spend(self) -> None:
        self._left -= 1
        if self._left == 0:  # not for each caller: a callback alone costs an iteration
            asyncio.get_running_loop().call_soon(self._begin_iteration)

    def _begin_iteration(self) -> None:
        self._left = self._per_iteration
        while self._waiting and self._left > 0:
            admitted = self._waiting.popleft()
            if not admitted.done():
                self._spend()
                admitted.set_result(None)
