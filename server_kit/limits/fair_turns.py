"""Fair queueing: a bounded number of turns at a resource, shared between client addresses.

A crowd at one address delays only itself. Each free turn goes to the waiting address with the fewest running turns,
and among those to the one that has used the least time. Source of the accounting: start-time fair queueing, Goyal, Vin
and Cheng, SIGCOMM 1996.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from server_kit.http.problem import ChatError

MAX_REMEMBERED: Final = 4_096
"""Addresses whose used time is kept. Overflow rule: FORGET idle ones, which then count as new."""


class FairTurns:
    """`clock` is monotonic, in seconds.

    - `at_once`: running turns; `at_once_of_address`: those of one address.
    - `max_waiting_of_address`, `max_waiting`: waiting requests. Overflow rule: REFUSE the new one.
    - `wait_s`: the longest wait of a request. Overflow rule: REFUSE.
    - `refusal(is_own_fault)` makes the error to raise. True: the address asks for more than its fair share, because it
      has other requests or got turns meanwhile. False: there are not enough turns for all addresses.
    """

    def __init__(
        self,
        at_once: int,
        *,
        at_once_of_address: int,
        max_waiting_of_address: int,
        max_waiting: int,
        wait_s: float,
        clock: Callable[[], float],
        refusal: Callable[[bool], ChatError],
    ) -> None:
        self._free = at_once
        self._at_once_of_address = at_once_of_address
        self._max_waiting_of_address = max_waiting_of_address
        self._max_waiting = max_waiting
        self._wait_s = wait_s
        self._clock = clock
        self._refusal = refusal
        self._clients: dict[str, _Client] = {}
        self._queue: dict[str, _Client] = {}
        self._waiting = 0
        self._now_s = 0.0
        """Virtual time: the time that the last address to get a turn had used by then. New addresses start here."""

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Hold a turn for the block. Raises the ChatError of `refusal`."""
        turn = await self.take(address)
        try:
            yield
        finally:
            turn.end()

    async def take(self, address: str) -> "Turn":
        """Wait for a turn, which the caller must end. Raises the ChatError of `refusal`."""
        client = self._client(address)
        # `end` hands a free turn to a waiting request at once, so this overtakes nobody.
        if self._free and client.running < self._at_once_of_address:
            return self._begin(client)
        if len(client.waiting) >= self._max_waiting_of_address:
            raise self._refusal(True)
        if self._waiting >= self._max_waiting:
            raise self._refusal(False)
        granted: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        turns_before = client.turns
        client.waiting.append(granted)
        self._queue[address] = client
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                return await granted
        except BaseException as error:
            if granted.done() and not granted.cancelled():
                granted.result().end()
            elif granted in client.waiting:  # otherwise `end` has already removed it
                self._leave(client, granted)
            if isinstance(error, TimeoutError):
                raise self._refusal(client.is_active or client.turns > turns_before) from None
            raise

    def _client(self, address: str) -> "_Client":
        client = self._clients.get(address)
        if client is None:
            if len(self._clients) >= MAX_REMEMBERED:
                self._clients = {key: known for key, known in self._clients.items() if known.is_active}
            client = self._clients[address] = _Client(address)
        if not client.is_active:
            client.used_s = max(client.used_s, self._now_s)
        return client

    def _begin(self, client: "_Client") -> "Turn":
        self._free -= 1
        client.running += 1
        client.turns += 1
        self._now_s = max(self._now_s, client.used_s)
        return Turn(self, client, self._clock())

    def _leave(self, client: "_Client", granted: "asyncio.Future[Turn]") -> None:
        client.waiting.remove(granted)
        self._waiting -= 1
        if not client.waiting:
            del self._queue[client.address]

    def end(self, client: "_Client", began_s: float) -> None:
        """Called by Turn: charge the time, then hand out the free turns."""
        self._free += 1
        client.running -= 1
        client.used_s += self._clock() - began_s
        while self._free and (following := self._next()) is not None:
            granted = following.waiting[0]
            self._leave(following, granted)
            if not granted.done():
                granted.set_result(self._begin(following))

    def _next(self) -> "_Client | None":
        limit = self._at_once_of_address
        return min(
            (client for client in self._queue.values() if client.running < limit),
            key=lambda client: (client.running, client.used_s),
            default=None,
        )


class Turn:
    """A running turn. Call `end` exactly once."""

    __slots__ = ("_began_s", "_client", "_turns")

    def __init__(self, turns: FairTurns, client: "_Client", began_s: float) -> None:
        self._turns = turns
        self._client = client
        self._began_s = began_s

    def end(self) -> None:
        self._turns.end(self._client, self._began_s)


class _Client:
    """One address: its running turns, all its turns, its waiting requests and its used (virtual) time."""

    __slots__ = ("address", "running", "turns", "used_s", "waiting")

    def __init__(self, address: str) -> None:
        self.address = address
        self.running = 0
        self.turns = 0
        self.used_s = 0.0
        self.waiting: deque[asyncio.Future[Turn]] = deque()

    @property
    def is_active(self) -> bool:
        return bool(self.running or self.waiting)
