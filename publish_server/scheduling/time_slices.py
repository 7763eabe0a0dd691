"""Long work, cut so that nobody waits for all of it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Final

SLICE_S: Final = 0.003
"""Work that cannot tell its steps' cost by their number stops after this long, in seconds of its clock."""


async def run_in_slices(steps: Iterator[None]) -> None:
    """Run work that yields wherever others may have the event loop: every few milliseconds."""
    for _ in steps:
        await asyncio.sleep(0)


class Turns:
    """Lets a crowd through a few at a time: at most `at_once` in each round of the event loop, in order.

    Who waits is an open connection each, so their number has the bound of those.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._left = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Come back when it is the caller's turn: at once unless there is a crowd."""
        if self._left > 0 and not self._waiting:
            self._spend()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _spend(self) -> None:
        if self._left == self._at_once:
            asyncio.get_running_loop().call_soon(self._begin_round)
        self._left -= 1

    def _begin_round(self) -> None:
        self._left = self._at_once
        while self._waiting and self._left > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                self._spend()
                turn.set_result(None)
