"""Bounds what all connections together parse in one iteration of the event loop.

Without it, 800 posts that arrive together are parsed and handled in a single iteration: timers, commits and every other
request wait 60 ms for them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

MAX_COST: Final = 128
"""About 3 ms of CPU time, parsing and handling included: 128 reads, 32 short posts or 14 posts of 16 KB."""

READ_COST: Final = 1
OTHER_COST: Final = 4
"""A post takes about four times the CPU time of a read that memory answers."""

BYTES_PER_COST: Final = 4_096

_G: Final = ord("G")


def cost_of(data: bytes) -> int:
    """The cost of these received bytes. Only a GET begins with a G, the rest of a body may; that is close enough."""
    return (READ_COST if data[0] == _G else OTHER_COST) + len(data) // BYTES_PER_COST


class IterationBudget:
    """Overflow rule: WAIT. What exceeds `MAX_COST` is parsed in later iterations, in order of arrival."""

    __slots__ = ("_waiting", "spent")

    def __init__(self) -> None:
        self.spent = 0
        """More may be parsed in this iteration while it is below MAX_COST."""
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def waiting(self) -> int:
        """Connections whose bytes wait for a later iteration."""
        return len(self._waiting)

    def begin(self) -> None:
        """To be called when `spent` is 0 and something is about to be spent."""
        self.spent = 1
        asyncio.get_running_loop().call_soon(self._next_iteration)

    def wait(self, resume: Callable[[], None]) -> None:
        """Call `resume` when its turn comes; what it parses is spent from that iteration's budget."""
        self._waiting.append(resume)
        if self.spent == 0:
            self.begin()

    def _next_iteration(self) -> None:
        if not self._waiting:
            self.spent = 0
            return
        self.begin()
        while self._waiting and self.spent < MAX_COST:
            self._waiting.popleft()()
