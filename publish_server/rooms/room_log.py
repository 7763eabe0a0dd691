"""One room's head and its newest frames. No await, clock or socket in here: each call is one atomic step."""

from bisect import bisect_left, bisect_right
from enum import Enum
from typing import Any, Final, NamedTuple

import orjson

from chat_contract.events import Message
from publish_server.encoding.sse_frames import event_frame, gap_frame
from publish_server.metrics import BLANKED

CARRY_TEXT: Final = frozenset({b"message.created", b"message.edited", b"message.pinned"})
"""Events that hold a message's text."""

_ABOUT_A_MESSAGE: Final = CARRY_TEXT | {b"message.deleted"}

MAX_ID_BYTES: Final = 64
_MESSAGE_ID: Final = b'"message":{"id":"'
_MESSAGE_ID_BEFORE: Final = 240
"""Where a message's id stands in what chat_server encodes: behind type, room and seq. Inside a text those quotes would
be escaped, so what is found is the id."""


class Verdict(Enum):
    APPENDED = "appended"
    DUPLICATE = "duplicate"
    EARLY = "early"
    REFETCH = "refetch"


class Entry(NamedTuple):
    """A frame as it goes out. `conflate` names what a later event of the same name stands for.

    `message_id` is set on events that carry a message's text, and on its deletion.
    """

    frame: bytes
    type: bytes
    conflate: bytes | None
    message_id: bytes | None = None


class Slice(NamedTuple):
    """Joined frames that bring a cursor to `to_seq`."""

    to_seq: int
    body: bytes


class RoomLog:
    """Every seq in (floor, head] is here exactly once, in order; a hole that will never be filled is a gap frame.

    Bounds: `max_events` and `max_bytes`, oldest out first (then `floor` rises). Events that come early wait for the
    hole before them, at most MAX_EARLY of them and `max_bytes`; overflow rule REFETCH: dropped here, read from
    chat_server later.
    Before `start` the head is unknown and everything is early.

    A deletion costs the same however much is held: an index finds the seqs that carry the message's text, and a mark
    takes the text out of each frame when it is next read. So no frame with a deleted text leaves the log.
    """

    MAX_EARLY = 2_000

    __slots__ = (
        "_bytes",
        "_deleted",
        "_early",
        "_early_bytes",
        "_entries",
        "_newest_message",
        "_seqs",
        "_texts",
        "floor",
        "head",
        "max_bytes",
        "max_events",
        "started",
    )

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self.max_events = max_events
        self.max_bytes = max_bytes
        self.started = False
        self.head = 0
        self.floor = 0
        self._seqs: list[int] = []
        self._entries: list[Entry] = []
        self._bytes = 0
        self._early: dict[int, Entry] = {}
        self._early_bytes = 0
        self._texts: dict[bytes, int | list[int]] = {}  # most messages have one text, which needs no list
        self._deleted: set[bytes] = set()
        self._newest_message: bytes | None = None

    @property
    def bytes_held(self) -> int:
        """Of frames in order and of early ones."""
        return self._bytes + self._early_bytes

    @property
    def early_count(self) -> int:
        return len(self._early)

    def indexed_seqs(self) -> int:
        return sum(len(self._seqs_of(message_id)) for message_id in self._texts)

    def _seqs_of(self, message_id: bytes) -> list[int]:
        """Of the frames that carry the message's text, oldest first."""
        seqs = self._texts.get(message_id, [])
        return seqs if isinstance(seqs, list) else [seqs]

    def start(self, head: int) -> None:
        """The room's head is known: what came early and is older is history, the rest follows."""
        self.started = True
        self.head = self.floor = head
        self._drop_stale()
        self._drain_early()

    def offer(self, seq: int, entry: Entry) -> Verdict:
        """Append the next event, drop an old one, keep an early one until the hole before it is filled."""
        if self.started:
            if seq == self.head + 1:
                self._append(seq, entry)
                if self._early:
                    self._drain_early()
                return Verdict.APPENDED
            if seq <= self.head:
                return Verdict.DUPLICATE
        if seq in self._early:
            return Verdict.DUPLICATE
        size = len(entry.frame)
        if self._early and (len(self._early) >= self.MAX_EARLY or self._early_bytes + size > self.max_bytes):
            verdict = Verdict.REFETCH
        else:
            self._early[seq] = entry
            self._early_bytes += size
            verdict = Verdict.EARLY
        if entry.type == b"message.deleted" and entry.message_id is not None:
            # The hole before it may stay for a while; what is here goes at once.
            self.mark_deleted(entry.message_id)
        return verdict

    def shrink(self, max_bytes: int) -> None:
        """Give up the oldest frames until what is in order weighs no more than that; the newest one stays.

        Where that does not do, what came early is given up, too, and read again later.
        """
        self._trim(max_bytes)
        if self.bytes_held > max_bytes:
            self._early.clear()
            self._early_bytes = 0

    def hole(self) -> tuple[int, int] | None:
        """(after, before): events strictly between are missing while later ones wait."""
        return (self.head, min(self._early)) if self.started and self._early else None

    def skip_to(self, seq: int) -> None:
        """The events in (head, seq] will never come: a gap stands for them, and what waited behind it follows."""
        if seq > self.head:
            self._append(seq, Entry(gap_frame(self.head, seq), b"stream.gap", None))
            self._drop_stale()
            self._drain_early()

    def since(self, cursor: int, to_seq: int, max_bytes: int) -> Slice | None:
        """The frames in (cursor, to_seq], joined, at most max_bytes of them but one at least; None below the floor.

        Of events that conflate only the last stays, in its own place with its own id.
        """
        if cursor < self.floor:
            return None
        first = bisect_right(self._seqs, cursor)
        last = bisect_right(self._seqs, to_seq, lo=first)
        size = 0
        entries: dict[bytes | int, bytes] = {}
        deleted = self._deleted
        for index in range(first, last):
            entry = self._entries[index]
            if deleted and entry.message_id in deleted:
                entry = self._blank(index)
            size += len(entry.frame)
            if size > max_bytes and index > first:
                last = index
                break
            name = entry.conflate
            if name is None:
                entries[index] = entry.frame
            else:
                # taken out first: the later event keeps its own place
                entries.pop(name, None)
                entries[name] = entry.frame
        return Slice(self._seqs[last - 1] if last > first else cursor, b"".join(entries.values()))

    def last_message(self) -> Message | None:
        """The newest message, as its later edit or deletion left it; None when it is not among the frames here.

        Reads one frame, whatever came after it.
        """
        message_id = self._newest_message
        seqs = [] if message_id is None else self._seqs_of(message_id)
        if not seqs:
            return None
        event = _event_of(self._entries[bisect_left(self._seqs, seqs[-1])])
        if event is None:
            return None
        message: Message = event["message"]
        if message_id in self._deleted:
            message["text"] = ""
            message["deleted"] = True
        return message

    def mark_deleted(self, message_id: bytes) -> list[int]:
        """The message's text goes out of every frame held here; returns the seqs of those frames, oldest first."""
        seqs = self._seqs_of(message_id)
        if seqs:
            self._deleted.add(message_id)
        return seqs

    def _blank(self, index: int) -> Entry:
        """The entry at that place, from now on without its message's text."""
        entry = self._entries[index]
        if entry.type not in CARRY_TEXT:
            return entry
        event, seq = _event_of(entry), self._seqs[index]
        if event is None:
            blank = Entry(gap_frame(seq - 1, seq), b"stream.gap", None, entry.message_id)
        elif event["message"].get("text"):
            event["message"]["text"] = ""
            blank = entry._replace(frame=event_frame(entry.type, orjson.dumps(event), seq))
        else:
            return entry
        self._bytes += len(blank.frame) - len(entry.frame)
        self._entries[index] = blank
        BLANKED.inc()
        return blank

    def _append(self, seq: int, entry: Entry) -> None:
        self._seqs.append(seq)
        self._entries.append(entry)
        self.head = seq
        self._bytes += len(entry.frame)
        if entry.message_id is not None:
            self._index(seq, entry.type, entry.message_id)
        # Trimmed an eighth at a time, since taking from the front of a list moves the rest.
        if len(self._seqs) > self.max_events + self.max_events // 8 or self._bytes > self.max_bytes * 9 // 8:
            self._trim(self.max_bytes)

    def _index(self, seq: int, event_type: bytes, message_id: bytes) -> None:
        if event_type == b"message.deleted":
            self.mark_deleted(message_id)
            return
        seqs = self._texts.get(message_id)
        if seqs is None:
            self._texts[message_id] = seq
        elif isinstance(seqs, list):
            seqs.append(seq)
        else:
            self._texts[message_id] = [seqs, seq]
        if event_type == b"message.created":
            self._newest_message = message_id

    def _trim(self, max_bytes: int) -> None:
        drop = max(0, len(self._seqs) - self.max_events)
        size = self._bytes - sum(len(entry.frame) for entry in self._entries[:drop])
        while size > max_bytes and drop < len(self._seqs) - 1:
            size -= len(self._entries[drop].frame)
            drop += 1
        if drop:
            self.floor = self._seqs[drop - 1]
            self._bytes = size
            self._unindex(self._entries[:drop])
            del self._seqs[:drop]
            del self._entries[:drop]

    def _unindex(self, dropped: list[Entry]) -> None:
        """Those entries leave, the oldest ones of the log; so do index and marks of messages with no other entry."""
        texts, floor = self._texts, self.floor
        for entry in dropped:
            message_id = entry.message_id
            seqs = None if message_id is None else texts.get(message_id)
            if message_id is None or seqs is None:
                continue
            if isinstance(seqs, list):
                del seqs[: bisect_right(seqs, floor)]
                if seqs:
                    continue
            del texts[message_id]
            self._deleted.discard(message_id)

    def _drain_early(self) -> None:
        early = self._early
        while (entry := early.pop(self.head + 1, None)) is not None:
            self._early_bytes -= len(entry.frame)
            self._append(self.head + 1, entry)

    def _drop_stale(self) -> None:
        for seq in [seq for seq in self._early if seq <= self.head]:
            self._early_bytes -= len(self._early.pop(seq).frame)


def message_id_in(event_type: bytes, value: bytes) -> bytes | None:
    """The id of the message that an event carries, for events that do.

    Found without parsing in what chat_server encodes. Raises ValueError when another encoding is no JSON.
    """
    if event_type not in _ABOUT_A_MESSAGE:
        return None
    at = value.find(_MESSAGE_ID, 0, _MESSAGE_ID_BEFORE)
    if at >= 0:
        start = at + len(_MESSAGE_ID)
        end = value.find(b'"', start, start + MAX_ID_BYTES)
        if end > start:
            return value[start:end]
    message = orjson.loads(value).get("message")
    text_id = message.get("id") if isinstance(message, dict) else None
    return text_id.encode() if isinstance(text_id, str) else None


def _event_of(entry: Entry) -> Any:
    """The event; None when it cannot be read, for it came through unparsed and must not stop the whole process."""
    try:
        return orjson.loads(entry.frame.split(b"\ndata: ", 1)[1])
    except orjson.JSONDecodeError:
        return None
