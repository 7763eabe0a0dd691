"""Makes a room's filters ready before its texts are checked, so that commits rarely read or build them under locks."""

import asyncio
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.filters.filter_cache import FilterCache
from chat_server.filters.repository import read_filter
from chat_server.filters.rules import TextFilter
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.pools import driver_connection
from server_kit.limits.fair_semaphore import FairSemaphore
from server_kit.limits.fair_single_flight import FairSingleFlight

LOAD_WITHIN_S: Final = 0.5
"""The longest wait once there is a permit: Postgres may neither answer nor fail."""

PAUSE_PER_LETTER_S: Final = 4e-6
"""After a build: four times as long as the build took, so that builds take at most a fifth of the event loop."""


class FilterLoader:
    """Reads and builds the filters of each room once for all concurrent callers, and builds one at a time."""

    def __init__(self, engine: AsyncEngine, cache: FilterCache, semaphore: FairSemaphore) -> None:
        """`semaphore` bounds the look-ups."""
        self._engine = engine
        self._cache = cache
        self._flights: FairSingleFlight[str, TextFilter | None] = FairSingleFlight(semaphore)
        self._builds = asyncio.Lock()

    async def get(self, room_id: str, version: int, address: str) -> TextFilter | None:
        """The room's filters in this version or a newer one, built; None if it has none or Postgres does not answer.

        `address` is the client's; a query takes one of its permits. Raises the errors of the semaphore.
        """
        known = self._cache.get(room_id)
        if (0 if known is None else known.version) < version:
            flight = await self._flights.start(room_id, address, lambda: self._load(room_id))
            try:
                async with asyncio.timeout(LOAD_WITHIN_S):
                    return await asyncio.shield(flight)
            except STORE_ERRORS:
                return None  # the commit reads the filters, or refuses the write
        if known is not None and not known.is_built:
            known.build()
            await asyncio.sleep(0)
        return known

    async def _load(self, room_id: str) -> TextFilter | None:
        async with driver_connection(self._engine) as connection:
            text_filter = await read_filter(connection, room_id)
        if text_filter is not None:
            async with self._builds:
                text_filter.build()
                self._cache.put(room_id, text_filter)
                await asyncio.sleep(text_filter.letters * PAUSE_PER_LETTER_S)
        return text_filter
