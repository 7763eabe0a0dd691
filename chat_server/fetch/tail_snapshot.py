"""The newest events of a room at one moment: catching up after a short absence costs no statement."""

from bisect import bisect_right
from typing import Final

from chat_contract.limits import TAIL_EVENTS
from chat_server.fetch.cached_response import Answer
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.rows import EventRow, EventRows
from server_kit.http.problem import ChatError

MAX_TAIL_CHARACTERS: Final = 2_000_000
"""Overflow rule: the oldest events of the tail are left to the database."""

MAX_PAGE_CHARACTERS: Final = 1_000_000
"""A page of very long messages ends early, with `has_more`."""

MAX_REMEMBERED_PAGES: Final = 64


def events_body(events: list[EventRow], after_seq: int, last_seq: int, has_more: bool) -> bytes:
    """An EventPage, cut at MAX_PAGE_CHARACTERS."""
    characters = 0
    for count, event in enumerate(events, start=1):
        characters += len(event.payload)
        if characters > MAX_PAGE_CHARACTERS and count > 1:
            events, has_more = events[: count - 1], True
            break
    cursor = events[-1].seq if events else after_seq
    joined = ",".join([event.payload for event in events])
    more = "true" if has_more else "false"
    return f'{{"events":[{joined}],"cursor":{cursor},"last_seq":{last_seq},"has_more":{more}}}'.encode()


def cursor_expired(after_seq: int, oldest_seq: int) -> ChatError:
    return ChatError(
        "cursor_expired",
        f"Events after {after_seq} are no longer kept; fetch the newest page and go on from its cursor.",
        oldest_seq=oldest_seq,
    )


class TailSnapshot:
    """The pages it remembers together weigh at most as much as its events again."""

    def __init__(self, room_id: str, rows: EventRows, taken_at_s: float) -> None:
        self.room_id = room_id
        self.last_seq = rows.last_seq
        self.oldest_seq = rows.oldest_seq
        self.taken_at_s = taken_at_s
        self._events = _fitting(rows.events)
        self._seqs = [event.seq for event in self._events]
        characters = sum(len(event.payload) for event in self._events)
        self.size_bytes = 2 * characters + 250 * len(self._events) + 1_000
        is_whole_log = not self._events or self._seqs[0] <= rows.oldest_seq
        self._reaches_back_to = rows.oldest_seq - 1 if is_whole_log else self._seqs[0] - 1
        self._max_page_bytes = max(characters, 1)
        self._pages: dict[tuple[int, int], Answer] = {}
        self._page_bytes = 0

    def holds(self, want: int) -> bool:
        """Always: a tail is as long as it may be, whatever is wanted of it."""
        return want >= 0

    def page(self, query: FetchQuery) -> Answer | None:
        """The events after the query's seq, None when they reach back further. Raises ChatError `cursor_expired`."""
        after_seq, limit = query.seq, query.limit
        answer = self._pages.get((after_seq, limit))
        if answer is not None:
            return answer
        if after_seq < self.oldest_seq - 1:
            raise cursor_expired(after_seq, self.oldest_seq)
        if after_seq < self._reaches_back_to:
            return None
        start = bisect_right(self._seqs, after_seq)
        events = self._events[start : start + limit]
        body = events_body(events, after_seq, self.last_seq, start + limit < len(self._events))
        answer = Answer(body, self.room_id, self.last_seq, query.tag)
        self._remember((after_seq, limit), answer)
        return answer

    def extended(self, newer: EventRows, taken_at_s: float) -> "TailSnapshot | None":
        """This tail with the events after it, itself when there are none; None when only a whole read tells the truth.

        That is so after a deletion, which blanks the text in older events, and where seqs do not follow each other.
        """
        follows = newer.last_seq - self.last_seq == len(newer.events) and not newer.has_more
        if follows and not newer.events and newer.oldest_seq == self.oldest_seq:
            self.taken_at_s = taken_at_s
            return self
        if not follows or any(event.type == "message.deleted" for event in newer.events):
            return None
        events = [*self._events, *newer.events][-TAIL_EVENTS:]
        return TailSnapshot(self.room_id, EventRows(newer.last_seq, newer.oldest_seq, events), taken_at_s)

    def _remember(self, key: tuple[int, int], answer: Answer) -> None:
        full = len(self._pages) >= MAX_REMEMBERED_PAGES
        if full or self._page_bytes + len(answer.body) > self._max_page_bytes:
            self._pages.clear()
            self._page_bytes = 0
        self._pages[key] = answer
        self._page_bytes += len(answer.body)


def _fitting(events: list[EventRow]) -> list[EventRow]:
    """The newest events that fit into MAX_TAIL_CHARACTERS, at least one."""
    characters = 0
    for count, event in enumerate(reversed(events), start=1):
        characters += len(event.payload)
        if characters > MAX_TAIL_CHARACTERS and count > 1:
            return events[-(count - 1) :]
    return events
