"""Keeps this process at the operator's exemptions of venues' addresses from the shares of addresses.

While the source does not answer, the last known exemptions stay in force, each until it ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from prometheus_client import Gauge

from server_kit.http.client_address import address_key
from server_kit.limits.shares import Shares

POLL_S: Final = 0.5
"""publish_server asks chat_server, which asks Postgres: a change is in force in both within 2 s."""

_IN_FORCE: Final = Gauge("hotchat_exemptions", "Addresses that the operator has exempted from shares")
_STALE: Final = Gauge("hotchat_exemptions_stale", "1 while the source of the exemptions does not answer")

ReadExemptions = Callable[[], Awaitable[Mapping[str, float]]]
"""Returns each exempted key of an address, and when that ends, in Unix seconds."""


class ExemptionsPoll:
    """`failures`: what `read` raises while its source is down. `clock`: Unix seconds."""

    def __init__(
        self,
        shares: Shares,
        read: ReadExemptions,
        failures: tuple[type[BaseException], ...],
        clock: Callable[[], float],
    ) -> None:
        self._shares = shares
        self._read = read
        self._failures = failures
        self._clock = clock
        self._turn = asyncio.Lock()
        self.until_s: Mapping[str, float] = {}
        self.is_stale = False

    async def poll(self) -> None:
        """Raises nothing while the source is down. One call at a time, so that an earlier read never wins."""
        async with self._turn:
            try:
                self.until_s = await self._read()
                self.is_stale = False
            except self._failures:  # `read` logs them
                self.is_stale = True
            self._apply()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.poll()
            await asyncio.sleep(POLL_S)

    def _apply(self) -> None:
        now_s = self._clock()
        in_force = frozenset(
            address_key(address) for address, until_s in self.until_s.items() if now_s < until_s
        )
        self._shares.exempt_venues(in_force)
        _IN_FORCE.set(len(in_force))
        _STALE.set(self.is_stale)
