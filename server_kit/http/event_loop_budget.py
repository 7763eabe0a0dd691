"""Bounds what all connections together parse in one iteration of the event loop.

Without it, 800 posts that arrive together are parsed and handled in a single iteration: timers, commits and every other
request wait 60 ms for them.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

MAX_COST: Final = 128
"""About 2.5 ms of CPU time, parsing and handling included: 128 reads, 16 short posts or 8 posts of 16 KB. A read that
waits for a later iteration costs a third more."""

READ_COST: Final = 1
POST_COST: Final = 8
OTHER_COST: Final = 24
"""A read that memory answers takes about 20 µs, a post five times that, a call that FastAPI routes over 0.3 ms."""

BYTES_PER_COST: Final = 2_048


def cost_of(data: bytes, cheap_reads: tuple[bytes, ...]) -> int:
    """The cost of these received bytes, by the call they begin with. The rest of a body counts as some other call.

    `cheap_reads`: first bytes of reads that FastAPI does not route, but for rare ones.
    """
    if data.startswith(cheap_reads):
        return READ_COST + len(data) // BYTES_PER_COST
    return (POST_COST if data.startswith(b"POST") else OTHER_COST) + len(data) // BYTES_PER_COST


class EventLoopBudget:
    """Overflow rule: WAIT. What exceeds `MAX_COST` is parsed in later iterations; addresses take turns."""

    __slots__ = ("_at_end", "_waiting", "spent")

    def __init__(self, at_end: Callable[[], bool] = lambda: False) -> None:
        """`at_end` is called when everything that arrived in an iteration is parsed, before what waits is. It returns
        True to be called in the next iteration, too."""
        self._at_end = at_end
        self.spent = 0
        """More may be parsed in this iteration while it is below MAX_COST."""
        self._waiting: OrderedDict[str, deque[Callable[[], None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Connections whose bytes wait for a later iteration."""
        return sum(map(len, self._waiting.values()))

    def begin(self) -> None:
        """To be called when `spent` is 0 and something is about to be spent."""
        self.spent = 1
        asyncio.get_running_loop().call_soon(self._next_iteration)

    def wait(self, peer: str, resume: Callable[[], None]) -> None:
        """Call `resume` when the turn of this peer comes; what it parses is spent from that iteration's budget."""
        self._waiting.setdefault(peer, deque()).append(resume)
        if self.spent == 0:
            self.begin()

    def _next_iteration(self) -> None:
        has_more = self._at_end()
        if not self._waiting and not has_more:
            self.spent = 0
            return
        self.begin()
        while self._waiting and self.spent < MAX_COST:
            peer, of_peer = self._waiting.popitem(last=False)
            resume = of_peer.popleft()
            if of_peer:
                self._waiting[peer] = of_peer
            resume()
