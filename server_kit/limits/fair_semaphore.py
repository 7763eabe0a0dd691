"""A semaphore whose permits are shared fairly between client addresses.

A crowd at one address delays only itself. Each free permit goes to the waiting address that holds the fewest, and among
those to the one that has used the least time. Source of the accounting: start-time fair queueing, Goyal, Vin and Cheng,
SIGCOMM 1996.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from server_kit.http.problem import ChatError

MAX_REMEMBERED: Final = 4_096
"""Addresses whose used time is kept. Overflow rule: FORGET idle ones, which then count as new."""


class FairSemaphore:
    """`clock` is monotonic, in seconds.

    - `permits`: how many there are; `permits_of_address`: how many one address may hold.
    - `max_waiting_of_address`, `max_waiting`: waiting requests. Overflow rule: REFUSE the new one.
    - `wait_s`: the longest wait of a request. Overflow rule: REFUSE.
    - `refusal(is_own_fault)` makes the error to raise. True: the address asks for more than its fair share, because it
      has other requests or got permits meanwhile. False: there are not enough permits for all addresses.
    """

    def __init__(
        self,
        permits: int,
        *,
        permits_of_address: int,
        max_waiting_of_address: int,
        max_waiting: int,
        wait_s: float,
        clock: Callable[[], float],
        refusal: Callable[[bool], ChatError],
    ) -> None:
        self._free = permits
        self._permits_of_address = permits_of_address
        self._max_waiting_of_address = max_waiting_of_address
        self._max_waiting = max_waiting
        self._wait_s = wait_s
        self._clock = clock
        self._refusal = refusal
        self._clients: dict[str, _Client] = {}
        self._queue: dict[str, _Client] = {}
        self._waiting = 0
        self._now_s = 0.0
        """Virtual time: the time that the last address to get a permit had used by then. New addresses start here."""

    @asynccontextmanager
    async def permit(self, address: str) -> AsyncIterator[None]:
        """Hold a permit for the block. Raises the ChatError of `refusal`."""
        permit = await self.acquire(address)
        try:
            yield
        finally:
            permit.release()

    async def acquire(self, address: str) -> "Permit":
        """Wait for a permit, which the caller must release. Raises the ChatError of `refusal`."""
        client = self._client(address)
        # `release` gives a free permit to a waiting request at once, so this overtakes nobody.
        if self._free and client.held < self._permits_of_address:
            return self._grant(client)
        if len(client.waiting) >= self._max_waiting_of_address:
            raise self._refusal(True)
        if self._waiting >= self._max_waiting:
            raise self._refusal(False)
        granted: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        granted_before = client.granted
        client.waiting.append(granted)
        self._queue[address] = client
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                return await granted
        except BaseException as error:
            if granted.done() and not granted.cancelled():
                granted.result().release()
            elif granted in client.waiting:  # otherwise `release` has already removed it
                self._leave(client, granted)
            if isinstance(error, TimeoutError):
                raise self._refusal(client.is_active or client.granted > granted_before) from None
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

    def _grant(self, client: "_Client") -> "Permit":
        self._free -= 1
        client.held += 1
        client.granted += 1
        self._now_s = max(self._now_s, client.used_s)
        return Permit(self, client, self._clock())

    def _leave(self, client: "_Client", granted: "asyncio.Future[Permit]") -> None:
        client.waiting.remove(granted)
        self._waiting -= 1
        if not client.waiting:
            del self._queue[client.address]

    def release(self, client: "_Client", granted_at_s: float) -> None:
        """Called by Permit: charge the time, then grant the free permits."""
        self._free += 1
        client.held -= 1
        client.used_s += self._clock() - granted_at_s
        while self._free and (following := self._next()) is not None:
            granted = following.waiting[0]
            self._leave(following, granted)
            if not granted.done():
                granted.set_result(self._grant(following))

    def _next(self) -> "_Client | None":
        limit = self._permits_of_address
        return min(
            (client for client in self._queue.values() if client.held < limit),
            key=lambda client: (client.held, client.used_s),
            default=None,
        )


class Permit:
    """A granted permit. Call `release` exactly once."""

    __slots__ = ("_client", "_granted_at_s", "_semaphore")

    def __init__(self, semaphore: FairSemaphore, client: "_Client", granted_at_s: float) -> None:
        self._semaphore = semaphore
        self._client = client
        self._granted_at_s = granted_at_s

    def release(self) -> None:
        self._semaphore.release(self._client, self._granted_at_s)


class _Client:
    """One address: the permits it holds, all that it was granted, its waiting requests and its used (virtual) time."""

    __slots__ = ("address", "granted", "held", "used_s", "waiting")

    def __init__(self, address: str) -> None:
        self.address = address
        self.held = 0
        self.granted = 0
        self.used_s = 0.0
        self.waiting: deque[asyncio.Future[Permit]] = deque()

    @property
    def is_active(self) -> bool:
        return bool(self.held or self.waiting)
