"""A room's newest messages at one moment; every page size is cut from the same snapshot."""

from collections.abc import Callable, Sequence
from typing import Final

from chat_contract.limits import PAGE_DEFAULT, PAGE_MAX
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.read_repository import MAX_MESSAGES_BYTES, MAX_SHORT_TEXT_BYTES
from chat_server.fetch.rows import EncodedMessage, MessageRows, RoomRow
from chat_server.http.cached_response import CachedResponse, content_tag
from chat_server.kafka.committed_event import CommittedEvent

ENTRY_BYTES: Final = 200
"""Approximate memory of a message on top of its JSON."""

MIN_REMEMBERED_BYTES: Final = 4_000


def page_body(
    messages: list[EncodedMessage],
    cursor: int,
    *,
    pinned: Sequence[EncodedMessage] = (),
    room_json: bytes = b"",
    **flags: bool,
) -> bytes:
    """A MessagePage. `flags` are its has_more and companions; `pinned` and `room` are left out when empty."""
    flags_json = "".join(f',"{name}":{"true" if flag else "false"}' for name, flag in flags.items())
    joined = b",".join([message.json for message in messages])
    pins = b',"pinned":[%b]' % b",".join([message.json for message in pinned]) if pinned else b""
    room = b',"room":%b' % room_json if room_json else b""
    return b'{"messages":[%b],"cursor":%d%b%b%b}' % (joined, cursor, flags_json.encode(), pins, room)


def messages_held(want: int) -> int:
    """The most messages of a snapshot that must have `want`."""
    return PAGE_DEFAULT if want <= PAGE_DEFAULT else PAGE_MAX


class LatestPageSnapshot:
    """The pages cached in it take at most about as much memory as its messages."""

    def __init__(self, rows: MessageRows, taken_at_s: float, room_json: bytes) -> None:
        """`room_json` is the room's own representation, which the latest page carries."""
        self.room = rows.room
        self._room_json = room_json
        self._room_tag = content_tag(repr(rows.room).encode())
        self.last_seq = rows.room.last_seq
        self.messages = rows.messages
        self.has_older = rows.has_older
        self.taken_at_s = taken_at_s
        self.is_short = rows.is_short
        self._is_full = rows.is_full
        self._pinned = rows.pinned
        self._json_bytes = sum(len(message.json) for message in (*rows.messages, *rows.pinned))
        self.size_bytes = MIN_REMEMBERED_BYTES + 2 * self._json_bytes + ENTRY_BYTES * (len(rows.messages) + 5)
        self._pages: dict[int, CachedResponse] = {}
        self._page_bytes = 0

    def confirmed(self, room: RoomRow, taken_at_s: float, room_json: bytes) -> "LatestPageSnapshot":
        """Itself, valid at a later time: no seq was taken in between, at most the room's settings changed."""
        if room_json != self._room_json:
            self._room_json = room_json
            self._room_tag = content_tag(repr(room).encode())
            self._pages.clear()
            self._page_bytes = 0
        self.room = room
        self.taken_at_s = taken_at_s
        return self

    def extended_by_commit(
        self, committed: Sequence[CommittedEvent], room_json: Callable[[RoomRow], bytes]
    ) -> "LatestPageSnapshot | None":
        """This snapshot with the messages of a commit after it. None if the room must be read again:

        That is so after any other event, where seqs do not follow each other, and for long or pinned messages.
        """
        events = [event for event in committed if event.seq > self.last_seq]
        is_plain = self.is_short and not self._is_full and not self.room.has_erasures
        follows = bool(events) and events[-1].seq - self.last_seq == len(events)
        if not (is_plain and follows and all(event.type == "message.created" for event in events)):
            return None
        new = [EncodedMessage(event.seq, event.message_json) for event in events]
        new_sizes = [len(message.json) for message in new]
        if max(new_sizes) > MAX_SHORT_TEXT_BYTES or self._json_bytes + sum(new_sizes) > MAX_MESSAGES_BYTES:
            return None
        limit = messages_held(len(self.messages))
        messages = [*self.messages, *new]
        room = self.room._replace(
            last_seq=events[-1].seq, message_count=self.room.message_count + len(events)
        )
        rows = MessageRows(room, messages[-limit:], has_older=self.has_older or len(messages) > limit)
        return LatestPageSnapshot(rows, self.taken_at_s, room_json(room))

    def holds(self, want: int) -> bool:
        return not self.has_older or self._is_full or len(self.messages) >= want

    def newest(self, query: FetchQuery) -> CachedResponse:
        """The latest page; shorter than requested when the snapshot does not hold as many messages.

        The room's settings change without a seq, so they are part of the ETag. Its heat and viewers are not: streams
        report them, and a client that polls keeps its 304.
        """
        answer = self._pages.get(query.limit)
        if answer is None:
            messages = self.messages[-query.limit :]
            has_more = self.has_older or len(self.messages) > query.limit
            body = page_body(
                messages,
                self.last_seq,
                has_more=has_more,
                pinned=self._pinned,
                room_json=self._room_json,
            )
            tag = f"{query.tag}.{self._room_tag}"
            answer = CachedResponse(body, self.room.id, self.last_seq, tag)
            self._remember(query.limit, answer)
        return answer

    def after(self, query: FetchQuery) -> CachedResponse | None:
        """The page after the query's seq, None when it reaches back further than the snapshot."""
        if self.has_older and (not self.messages or self.messages[0].seq > query.seq + 1):
            return None
        newer = [message for message in self.messages if message.seq > query.seq]
        body = page_body(newer[: query.limit], self.last_seq, has_more=len(newer) > query.limit)
        return CachedResponse(body, self.room.id, self.last_seq, query.tag)

    def _remember(self, limit: int, answer: CachedResponse) -> None:
        if self._page_bytes + len(answer.body) > max(self._json_bytes, MIN_REMEMBERED_BYTES):
            self._pages.clear()
            self._page_bytes = 0
        self._pages[limit] = answer
        self._page_bytes += len(answer.body)
