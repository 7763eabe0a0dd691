"""A crowd of callers, admitted a few at a time."""

import asyncio
from collections import deque


class Turns:
    """Admits at most `per_round` callers in each round of the event loop, in order of arrival.

    Each waiting caller is an open connection, so the bound on connections bounds the queue.
    """

    def __init__(self, per_round: int) -> None:
        self._per_round = per_round
        self._left = per_round
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return when it is the caller's turn; at once if no caller waits."""
        if self._left > 0 and not self._waiting:
            self._spend()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _spend(self) -> None:
        if self._left == self._per_round:
            asyncio.get_running_loop().call_soon(self._begin_round)
        self._left -= 1

    def _begin_round(self) -> None:
        self._left = self._per_round
        while self._waiting and self._left > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                self._spend()
                turn.set_result(None)
