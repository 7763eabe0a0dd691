"""Events older than a room's ring, for streams that resume: shared, aligned pages, each read once however many ask."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from chat_contract.limits import EVENTS_PAGE_MAX
from publish_server.chat_client import ChatClient, ChatUnavailable, StoredEvents
from publish_server.metrics import PAGES
from publish_server.room import MAX_DELETED, Room
from publish_server.room_log import RoomLog
from publish_server.stream_connection import StreamConnection

log = logging.getLogger(__name__)

MAX_PAGES: Final = 64
MAX_READS: Final = 4
"""Reads at the same time: a restart with thousands of old cursors must not take chat_server's pool."""
RETRY_S: Final = 0.5
GIVE_UP_S: Final = 10.0
"""Events that chat_server answers without for so long, though it told of them, will not come: a restored store."""


PageKey = tuple[str, int]


class History:
    """At most MAX_PAGES pages, least recently used out first."""

    def __init__(
        self,
        client: ChatClient,
        resume: Callable[[Iterable[StreamConnection]], None],
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._clock = clock
        self._resume = resume
        self._pages: OrderedDict[PageKey, RoomLog] = OrderedDict()
        self._waiting: dict[PageKey, set[StreamConnection]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reads = asyncio.Semaphore(MAX_READS)

    def page(self, room_id: str, cursor: int) -> RoomLog | None:
        """The page that goes on after `cursor`, when it is here and reaches beyond it."""
        key = (room_id, cursor - cursor % EVENTS_PAGE_MAX)
        page = self._pages.get(key)
        if page is None or page.head <= cursor:
            return None
        self._pages.move_to_end(key)
        return page

    def want(self, room: Room, cursor: int, connection: StreamConnection) -> None:
        """Read that page and resume the connection then. While chat_server cannot be asked the stream holds."""
        key = (room.id, cursor - cursor % EVENTS_PAGE_MAX)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.add(connection)
            PAGES.labels("joined").inc()
            return
        self._waiting[key] = {connection}
        task = asyncio.create_task(self._read(room, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def mark_deleted(self, room_id: str, message_id: bytes) -> list[int]:
        """A message was deleted: its text goes out of the room's pages; returns the seqs that held it, ascending."""
        seqs: set[int] = set()
        for key, page in self._pages.items():
            if key[0] == room_id:
                seqs.update(page.mark_deleted(message_id))
        return sorted(seqs)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, room: Room, key: PageKey) -> None:
        start = key[1]
        page = RoomLog(EVENTS_PAGE_MAX, 2**63)
        page.start(start)
        deletions = room.deletions
        give_up_at = self._clock() + GIVE_UP_S
        try:
            while any(not connection.is_closed for connection in self._waiting[key]):
                end = min(start + EVENTS_PAGE_MAX, max(room.reported, room.log.floor))
                if page.head >= end or self._clock() > give_up_at:
                    page.skip_to(end)
                    break
                # Everything up to `end` was stored before this read, so what the answer lacks of it is gone.
                try:
                    async with self._reads:
                        answer = await self._client.events(room.id, page.head, EVENTS_PAGE_MAX)
                except ChatUnavailable:
                    PAGES.labels("failed").inc()
                    give_up_at = self._clock() + GIVE_UP_S
                    await asyncio.sleep(RETRY_S)
                    continue
                PAGES.labels("read").inc()
                fill(page, answer, end)
                if page.head < end and not answer.has_more:
                    # older than what we know: chat_server answers from memory for a moment
                    await asyncio.sleep(RETRY_S / 5)
            # An answer may be from before a deletion that has come since.
            for message_id in room.deleted:
                page.mark_deleted(message_id)
            if page.head > start and room.deletions - deletions <= MAX_DELETED:
                self._pages[key] = page
                while len(self._pages) > MAX_PAGES:
                    self._pages.popitem(last=False)
            # Otherwise who waits asks again: more has been deleted than the room remembers.
        finally:
            self._resume(self._waiting.pop(key))


def fill(page: RoomLog, answer: StoredEvents, end: int) -> None:
    """Add an answer to the page; a seq it lacks is a gap, unless the answer may be older than the event.

    An event beyond the page says the same of everything before it: a room's events are stored in the order of seq.
    """
    limit = page.floor + EVENTS_PAGE_MAX
    for event in answer.events:
        if event.seq > limit:
            page.skip_to(limit)
            break
        page.skip_to(event.seq - 1)
        page.offer(event.seq, event.entry)
    if not answer.has_more:
        page.skip_to(min(end, answer.last_seq))
