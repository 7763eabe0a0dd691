"""Events older than a room's ring, for streams that resume: shared, aligned pages, each read once however many ask."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from chat_contract.limits import EVENTS_PAGE_MAX
from publish_server.metrics import PAGE_BYTES, PAGES
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable, StoredEvents
from publish_server.rooms.room import MAX_DELETED, Room
from publish_server.rooms.room_log import RoomLog
from publish_server.streams.connection import StreamConnection

log = logging.getLogger(__name__)

MAX_PAGE_BYTES: Final = 2**20
"""A page takes no further event once it holds that much; the next page goes on from there."""

MAX_READS: Final = 4
"""Calls at the same time: a restart with thousands of old cursors must not take chat_server's pool."""

MAX_PAGES_READ: Final = 16
"""Pages that are being read, retries and pauses included."""

RETRY_S: Final = 0.5
GIVE_UP_S: Final = 10.0
"""Events that chat_server answers without for so long, though it told of them, will not come: a restored store."""


PageKey = tuple[str, int]


class Page(NamedTuple):
    """`size` and `is_full` are those of the moment when it was read; texts may have been taken out since."""

    log: RoomLog
    size: int
    is_full: bool


class History:
    """Pages of at most `max_bytes` together, those that are being read counted as full ones.

    Overflow rule LEAST_RECENTLY_USED: pages make room before another is read. Beyond MAX_PAGES_READ a read waits, and
    holds nothing but who waits for it.
    """

    def __init__(
        self,
        client: ChatClient,
        resume: Callable[[Room, Iterable[StreamConnection]], None],
        clock: Callable[[], float],
        max_bytes: int,
    ) -> None:
        self._client = client
        self._clock = clock
        self._resume = resume
        self._max_bytes = max_bytes
        self._bytes = 0
        self._pages: OrderedDict[PageKey, Page] = OrderedDict()
        self._waiting: dict[PageKey, set[StreamConnection]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reads = asyncio.Semaphore(MAX_READS)
        self._pages_read = asyncio.Semaphore(MAX_PAGES_READ)
        PAGE_BYTES.set_function(lambda: self._bytes)

    @property
    def bytes_held(self) -> int:
        """Of all pages, those that are being read counted as full ones."""
        return self._bytes

    def page(self, room_id: str, cursor: int) -> RoomLog | None:
        """The page that goes on after `cursor`, when it is here and reaches beyond it."""
        key = self._key(room_id, cursor)
        page = self._pages.get(key)
        if page is None or page.log.head <= cursor:
            return None
        self._pages.move_to_end(key)
        return page.log

    def want(self, room: Room, cursor: int, connection: StreamConnection) -> None:
        """Read that page and resume the connection then. While chat_server cannot be asked the stream holds."""
        key = self._key(room.id, cursor)
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
                seqs.update(page.log.mark_deleted(message_id))
        return sorted(seqs)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _key(self, room_id: str, cursor: int) -> PageKey:
        """Pages begin at multiples of EVENTS_PAGE_MAX, and where a page before was full by its bytes."""
        start = cursor - cursor % EVENTS_PAGE_MAX
        while (page := self._pages.get((room_id, start))) is not None:
            if not page.is_full or page.log.head > cursor:
                break
            start = page.log.head
        return (room_id, start)

    async def _read(self, room: Room, key: PageKey) -> None:
        start = key[1]
        try:
            async with self._pages_read:
                self._make_room(MAX_PAGE_BYTES)
                try:
                    page = await self._read_page(room, key)
                finally:
                    self._bytes -= MAX_PAGE_BYTES
                if page is not None and page.head > start:
                    self._forget(key)
                    self._make_room(page.bytes_held)
                    self._pages[key] = Page(page, page.bytes_held, is_full(page))
        finally:
            self._resume(room, self._waiting.pop(key))

    async def _read_page(self, room: Room, key: PageKey) -> RoomLog | None:
        """The page; None when more was deleted meanwhile than the room remembers, so that it must be read again."""
        start = key[1]
        page = RoomLog(EVENTS_PAGE_MAX, 2**63)
        page.start(start)
        limit = start - start % EVENTS_PAGE_MAX + EVENTS_PAGE_MAX
        deletions = room.deletions
        give_up_at = self._clock() + GIVE_UP_S
        while any(not connection.is_closed for connection in self._waiting[key]):
            end = min(limit, max(room.reported, room.log.floor))
            if is_full(page):
                break
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
            fill(page, answer, end, limit)
            if page.head < end and not answer.has_more and not is_full(page):
                # older than what we know: chat_server answers from memory for a moment
                await asyncio.sleep(RETRY_S / 5)
        # An answer may be from before a deletion that has come since.
        for message_id in room.deleted:
            page.mark_deleted(message_id)
        return page if room.deletions - deletions <= MAX_DELETED else None

    def _make_room(self, size: int) -> None:
        """Take that many bytes of the budget; the least recently used pages leave for it."""
        self._bytes += size
        while self._bytes > self._max_bytes and self._pages:
            PAGES.labels("evicted").inc()
            self._forget(next(iter(self._pages)))

    def _forget(self, key: PageKey) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._bytes -= page.size


def is_full(page: RoomLog) -> bool:
    return page.bytes_held >= MAX_PAGE_BYTES


def fill(page: RoomLog, answer: StoredEvents, end: int, limit: int) -> None:
    """Add an answer to the page; a seq it lacks is a gap, unless the answer may be older than the event.

    An event beyond the page's `limit` says the same of everything before it: a room's events are stored in the order
    of seq. The page stops where it is full; that says nothing of what follows.
    """
    for event in answer.events:
        if event.seq > limit:
            page.skip_to(limit)
            break
        page.skip_to(event.seq - 1)
        page.offer(event.seq, event.entry)
        if is_full(page):
            return
    if not answer.has_more:
        page.skip_to(min(end, answer.last_seq))
