"""The newest events of a room at one moment: catching up after a short absence costs no statement."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from chat_contract.limits import RECENT_EVENTS_MAX
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.read_repository import MAX_PAGE_BYTES, RECENT_EVENTS_MAX_BYTES, count_within
from chat_server.fetch.rows import EventRow, EventRows
from chat_server.http.cached_response import CachedResponse
from chat_server.kafka.committed_event import HIDES_TEXT, CommittedEvent
from server_kit.http.problem import ChatError

MAX_REMEMBERED_PAGES: Final = 64


def events_body(events: list[EventRow], after_seq: int, last_seq: int, has_more: bool) -> bytes:
    """An EventPage of at most MAX_PAGE_BYTES of payloads, but at least one event."""
    count = count_within(events, MAX_PAGE_BYTES)
    if count < len(events):
        events, has_more = events[:count], True
    cursor = events[-1].seq if events else after_seq
    joined = b",".join([event.payload for event in events])
    more = b"true" if has_more else b"false"
    return b'{"events":[%b],"cursor":%d,"last_seq":%d,"has_more":%b}' % (joined, cursor, last_seq, more)


def cursor_expired(after_seq: int, oldest_seq: int) -> ChatError:
    return ChatError(
        "cursor_expired",
        f"Events after {after_seq} are no longer kept; fetch the newest page and go on from its cursor.",
        oldest_seq=oldest_seq,
    )


class RecentEventsSnapshot:
    """The pages cached in it take at most as much memory as its events."""

    def __init__(self, room_id: str, rows: EventRows, taken_at_s: float) -> None:
        self.room_id = room_id
        self.last_seq = rows.last_seq
        self.oldest_seq = rows.oldest_seq
        self.taken_at_s = taken_at_s
        count = count_within(reversed(rows.events), RECENT_EVENTS_MAX_BYTES)
        self._events = rows.events[len(rows.events) - count :]
        self._seqs = [event.seq for event in self._events]
        payload_bytes = sum(len(event.payload) for event in self._events)
        self.size_bytes = 2 * payload_bytes + 250 * len(self._events) + 1_000
        is_whole_log = not self._events or self._seqs[0] <= rows.oldest_seq
        self._reaches_back_to = rows.oldest_seq - 1 if is_whole_log else self._seqs[0] - 1
        self._max_page_bytes = max(payload_bytes, 1)
        self._pages: dict[tuple[int, int], CachedResponse] = {}
        self._page_bytes = 0

    def holds(self, want: int) -> bool:
        """Always True: a snapshot holds as many events as its bounds allow, regardless of `want`."""
        return want >= 0

    def reaches(self, after_seq: int) -> bool:
        """Whether every stored event after that seq is in this snapshot."""
        return after_seq >= self._reaches_back_to

    def page(self, query: FetchQuery) -> CachedResponse | None:
        """The events after the query's seq, None when they reach back further. Raises ChatError `cursor_expired`."""
        if query.seq < self.oldest_seq - 1:
            raise cursor_expired(query.seq, self.oldest_seq)
        return self.page_within(query) if self.reaches(query.seq) else None

    def page_within(self, query: FetchQuery) -> CachedResponse:
        """The events after the query's seq, all of which are in this snapshot."""
        after_seq, limit = query.seq, query.limit
        answer = self._pages.get((after_seq, limit))
        if answer is not None:
            return answer
        start = bisect_right(self._seqs, after_seq)
        events = self._events[start : start + limit]
        body = events_body(events, after_seq, self.last_seq, start + limit < len(self._events))
        answer = CachedResponse(body, self.room_id, self.last_seq, query.tag)
        self._remember((after_seq, limit), answer)
        return answer

    def extended(self, newer: EventRows, taken_at_s: float) -> "RecentEventsSnapshot | None":
        """This snapshot with the events after it, itself if there are none. None if all events must be read again:

        That is so after a deletion or purge, which hides text of older events, and where seqs do not follow each other.
        """
        follows = newer.last_seq - self.last_seq == len(newer.events) and not newer.has_more
        if follows and not newer.events and newer.oldest_seq == self.oldest_seq:
            self.taken_at_s = taken_at_s
            return self
        if not follows or any(event.type in HIDES_TEXT for event in newer.events):
            return None
        events = [*self._events, *newer.events][-RECENT_EVENTS_MAX:]
        return RecentEventsSnapshot(
            self.room_id, EventRows(newer.last_seq, newer.oldest_seq, events), taken_at_s
        )

    def extended_by_commit(self, committed: Sequence[CommittedEvent]) -> "RecentEventsSnapshot | None":
        """This snapshot with the events of a commit, as `extended` does."""
        newer = [
            EventRow(event.seq, event.type, event.payload) for event in committed if event.seq > self.last_seq
        ]
        if not newer:
            return None
        return self.extended(EventRows(newer[-1].seq, self.oldest_seq, newer), self.taken_at_s)

    def _remember(self, key: tuple[int, int], answer: CachedResponse) -> None:
        full = len(self._pages) >= MAX_REMEMBERED_PAGES
        if full or self._page_bytes + len(answer.body) > self._max_page_bytes:
            self._pages.clear()
            self._page_bytes = 0
        self._pages[key] = answer
        self._page_bytes += len(answer.body)
