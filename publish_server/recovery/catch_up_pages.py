"""Events older than a room's ring, for resuming streams: aligned pages, each read once for all streams that need it."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from chat_contract.limits import EVENTS_PAGE_MAX
from publish_server.metrics import PAGE_BYTES, PAGES
from publish_server.recovery.chat_client import ChatClient, ChatUnavailable, StoredEvents
from publish_server.rooms.purge_marks import purge_in
from publish_server.rooms.recent_deletions import MAX_DELETIONS
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import RoomLog

MAX_PAGE_BYTES: Final = 2**20
"""A page that holds this many bytes is full; the next page continues from there."""

MAX_CALLS: Final = 4
"""Calls at the same time, so that thousands of old cursors after a restart do not exhaust chat_server's pool."""

MAX_READS: Final = 16
"""Pages that are being read, retries and pauses included."""

KEEP_UNUSED_S: Final = 20.0
"""A crowd resumes within seconds. Pages that nobody needs any more free their memory."""

RETRY_S: Final = 0.5
GIVE_UP_S: Final = 10.0
"""If chat_server announced events but its pages still omit them after this long, they are gone (the database was
restored)."""


class WaitingStream(Protocol):
    """A stream that waits for a page."""

    is_closed: bool


S = TypeVar("S", bound=WaitingStream)

PageKey = tuple[int, int]
"""Room number, and the cursor at which the page begins."""


class Page(NamedTuple):
    """`size_bytes` and `is_full` are as of the read; deletions and purges may have removed texts since.

    `refetch_seq` and `erasures` are those of the room's purge marks before the read. Once one of them has risen, the
    page must be read again.
    """

    log: RoomLog
    refetch_seq: int
    erasures: int
    size_bytes: int
    is_full: bool


class CatchUpPages(Generic[S]):
    """Pages of at most `max_bytes` together; a page that is being read counts as a full one.

    Overflow rule LEAST_RECENTLY_USED: pages are evicted before another one is read. A page that nobody has used for
    KEEP_UNUSED_S is evicted too. Beyond MAX_READS a read waits and holds nothing but the set of its streams. `resume`
    is called with the streams of a page once it has been read.
    """

    def __init__(
        self,
        client: ChatClient,
        resume: Callable[[Room, Iterable[S]], None],
        *,
        clock: Callable[[], float],
        max_bytes: int,
    ) -> None:
        self._client = client
        self._clock = clock
        self._resume = resume
        self._max_bytes = max_bytes
        self._report_purge: Callable[[Room, int], None] = lambda room, up_to_seq: None
        self._bytes = 0
        self._pages: OrderedDict[PageKey, Page] = OrderedDict()
        self._used_s: dict[PageKey, float] = {}
        self._waiting: dict[PageKey, set[S]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls = asyncio.Semaphore(MAX_CALLS)
        self._reads = asyncio.Semaphore(MAX_READS)
        PAGE_BYTES.set_function(lambda: self._bytes)

    @property
    def bytes_held(self) -> int:
        """Bytes of all pages; those that are being read count as full ones."""
        return self._bytes

    def report_purges(self, report: Callable[[Room, int], None]) -> None:
        """Call `report` for each purge that is first seen in a page, with the seq up to which texts are purged."""
        self._report_purge = report

    def page(self, room: Room, cursor: int) -> RoomLog | None:
        """The page that continues after `cursor`; None if it is not in memory."""
        key = self._key(room, cursor)
        page = self._pages.get(key)
        purges = room.log.purges
        if page is None or page.log.head <= cursor:
            return None
        if page.refetch_seq < purges.refetch_seq or page.erasures < purges.erasures:
            return None
        self._pages.move_to_end(key)
        self._used_s[key] = self._clock()
        return page.log

    def read(self, room: Room, cursor: int, stream: S) -> None:
        """Read the page after `cursor`, then resume the stream. It waits while chat_server is unavailable."""
        key = self._key(room, cursor)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.add(stream)
            PAGES.labels("joined").inc()
            return
        self._waiting[key] = {stream}
        task = asyncio.create_task(self._read(room, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def mark_deleted(self, room: Room, message_id: bytes) -> list[int]:
        """Remove the message's text from the room's pages; returns the seqs that had it, ascending."""
        seqs: set[int] = set()
        for key, page in self._pages.items():
            if key[0] == room.number:
                seqs.update(page.log.mark_deleted(message_id))
        return sorted(seqs)

    def drop_unused(self) -> Iterator[None]:
        """Evict pages that nobody has used for KEEP_UNUSED_S; yields after each."""
        until_s = self._clock() - KEEP_UNUSED_S
        while self._pages:
            key = next(iter(self._pages))
            if self._used_s[key] > until_s:
                break
            PAGES.labels("unused").inc()
            self._evict(key)
            yield

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _key(self, room: Room, cursor: int) -> PageKey:
        """Pages begin at multiples of EVENTS_PAGE_MAX, and where the previous page was full by its bytes."""
        start = cursor - cursor % EVENTS_PAGE_MAX
        while (page := self._pages.get((room.number, start))) is not None:
            if not page.is_full or page.log.head > cursor:
                break
            start = page.log.head
        return (room.number, start)

    async def _read(self, room: Room, key: PageKey) -> None:
        start = key[1]
        refetch_seq, erasures = room.log.purges.refetch_seq, room.log.purges.erasures
        try:
            async with self._reads:
                self._reserve(MAX_PAGE_BYTES)
                try:
                    page = await self._read_page(room, key)
                finally:
                    self._bytes -= MAX_PAGE_BYTES
                if page is not None and page.head > start:
                    self._evict(key)
                    self._reserve(page.bytes_held)
                    self._pages[key] = Page(page, refetch_seq, erasures, page.bytes_held, is_full(page))
                    self._used_s[key] = self._clock()
        finally:
            self._resume(room, self._waiting.pop(key))

    async def _read_page(self, room: Room, key: PageKey) -> RoomLog | None:
        """The page; None if so many messages were deleted meanwhile that it must be read again."""
        start = key[1]
        page = RoomLog(EVENTS_PAGE_MAX, 2**63, room.log.purges)
        page.start(start)
        limit = start - start % EVENTS_PAGE_MAX + EVENTS_PAGE_MAX
        deletions = room.recent_deletions
        deletions_before = deletions.count
        give_up_at = self._clock() + GIVE_UP_S
        while any(not stream.is_closed for stream in self._waiting[key]):
            end = min(limit, max(room.server_head, room.log.floor))
            if is_full(page):
                break
            if page.head >= end or self._clock() > give_up_at:
                page.skip_to(end)
                break
            # Events up to `end` were stored before this read, so those that the reply omits are gone.
            try:
                async with self._calls:
                    stored = await self._client.events(room.id, page.head, EVENTS_PAGE_MAX)
            except ChatUnavailable:
                PAGES.labels("failed").inc()
                give_up_at = self._clock() + GIVE_UP_S
                await asyncio.sleep(RETRY_S)
                continue
            PAGES.labels("read").inc()
            self._take_purges(room, stored)
            fill(page, stored, end, limit)
            if page.head < end and not stored.has_more and not is_full(page):
                # The reply is older than the known head: chat_server answers from memory for a moment.
                await asyncio.sleep(RETRY_S / 5)
        # A reply may be older than a deletion.
        for message_id in deletions.message_ids:
            page.mark_deleted(message_id)
        return page if deletions.count - deletions_before <= MAX_DELETIONS else None

    def _take_purges(self, room: Room, stored: StoredEvents) -> None:
        """A purge from before the room was followed is seen only here. An older reply may contain its texts."""
        for event in stored.events:
            purge = purge_in(event.entry.type, event.entry.frame)
            if purge is not None and room.purge(purge):
                self._report_purge(room, purge.up_to_seq)

    def _reserve(self, size_bytes: int) -> None:
        """Take that many bytes of the budget, and evict the least recently used pages for it."""
        self._bytes += size_bytes
        while self._bytes > self._max_bytes and self._pages:
            PAGES.labels("evicted").inc()
            self._evict(next(iter(self._pages)))

    def _evict(self, key: PageKey) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            del self._used_s[key]
            self._bytes -= page.size_bytes


def is_full(page: RoomLog) -> bool:
    return page.bytes_held >= MAX_PAGE_BYTES


def fill(page: RoomLog, stored: StoredEvents, end: int, limit: int) -> None:
    """Add a reply to the page. A seq that the reply omits becomes a gap, unless the reply may be older than the event.

    A room's events are stored in seq order, so an event beyond the page's `limit` proves that all before it are gone.
    A page that is full stops there and implies nothing about the events that follow.
    """
    for event in stored.events:
        if event.seq > limit:
            page.skip_to(limit)
            break
        page.skip_to(event.seq - 1)
        page.offer(event.seq, event.entry)
        if is_full(page):
            return
    if not stored.has_more:
        page.skip_to(min(end, stored.last_seq))
