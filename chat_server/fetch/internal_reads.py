"""Reads for publish_server: the heads of rooms, who may read them, and events that it missed."""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from chat_contract.internal_api import RoomHead
from chat_contract.limits import EVENTS_PAGE_MAX
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.read_repository import ReadRepository
from chat_server.fetch.room_reads import RoomReads
from chat_server.hotchat.fetch_kind import FetchKind
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.rooms.access_repository import Access

CACHE_BYTES: Final = 32 * 1024 * 1024


class InternalReads(RoomReads):
    """Reads that are neither counted as fetches nor refused, with caches of their own."""

    def __init__(
        self, repository: ReadRepository, hot_rooms: HotRooms, *, clock: Callable[[], float]
    ) -> None:
        super().__init__(repository, hot_rooms, clock=clock, caches="internal ", max_bytes=CACHE_BYTES)

    async def events_page(self, room_id: str, after_seq: int, limit: int = EVENTS_PAGE_MAX) -> bytes:
        """An EventPage as new as the call.

        A hub that asks has heard of events, such as a deletion, which a cached tail or a running read may lack.
        """
        query = FetchQuery(FetchKind.EVENTS, room_id, limit, after_seq)
        cached = self._recent_events.cached(room_id)
        if cached is not None and not cached.reaches(after_seq):
            return (await self.read_history(query)).body
        tail = await self._recent_events.read_since(room_id, self._clock())
        page = tail.page(query)
        return (await self.read_history(query)).body if page is None else page.body

    async def access(self, pairs: Iterable[tuple[str, UUID]]) -> list[Access]:
        """The access of each pair of a room and a person; rooms that do not exist are left out."""
        return await self._repository.access(pairs)

    async def heads(self, room_ids: list[str]) -> dict[str, RoomHead]:
        """The heads of these rooms; rooms that do not exist are left out."""
        heads = await self._repository.heads(room_ids)
        for room_id, head in heads.items():
            head["heat"] = self._hot_rooms.heat(room_id)
            if head.get("slow_mode") == "auto":
                head["slow_mode_s"] = self._hot_rooms.governed_s(room_id)
        return heads
