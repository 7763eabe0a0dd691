"""Reads that cost a database query which no snapshot bounds: history, and rooms that this process does not know.

Anybody can ask for old pages or invent room ids, so addresses take turns.
"""

from uuid import UUID

from chat_server.fetch.query import FetchQuery
from chat_server.fetch.room_reads import ReadResult, RoomReads
from chat_server.http.cached_response import CachedResponse
from server_kit.limits.fair_semaphore import FairSemaphore
from server_kit.limits.fair_single_flight import FairSingleFlight


class HistoryReads:
    """Old pages, single messages, reactions. Equal reads under way at the same time are one query."""

    def __init__(self, reads: RoomReads, semaphore: FairSemaphore) -> None:
        self._reads = reads
        self._semaphore = semaphore
        self._flights: FairSingleFlight[FetchQuery, CachedResponse] = FairSingleFlight(semaphore)

    async def read(self, query: FetchQuery, address: str) -> CachedResponse:
        """Raises the ChatErrors of RoomReads.read_history and of the semaphore."""
        return await self._flights.join(query, address, lambda: self._reads.read_history(query))

    async def reactions_of(self, query: FetchQuery, user_id: UUID, address: str) -> CachedResponse:
        """The user's own reactions. Raises the ChatErrors of RoomReads.reactions_of and of the semaphore."""
        async with self._semaphore.permit(address):
            return await self._reads.reactions_of(query, user_id)


class UnknownRoomReads:
    """Snapshots of rooms that this process has not seen. Equal reads under way at the same time share a permit."""

    def __init__(self, reads: RoomReads, semaphore: FairSemaphore) -> None:
        self._reads = reads
        self._flights: FairSingleFlight[FetchQuery, ReadResult | None] = FairSingleFlight(semaphore)

    async def read(self, query: FetchQuery, address: str) -> ReadResult | None:
        """Raises the ChatErrors of RoomReads.from_snapshot and of the semaphore."""
        return await self._flights.join(
            query, address, lambda: self._reads.from_snapshot(query, is_hot=False)
        )
