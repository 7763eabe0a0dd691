"""One room's head and its newest frames. No await, clock or socket in here: each call is one atomic step."""

from bisect import bisect_right
from enum import Enum
from itertools import islice
from typing import Final, NamedTuple

import orjson

from chat_contract.events import Message
from publish_server.frames import event_frame, gap_frame

MAX_LOOKED_BACK: Final = 200
"""Frames that a list of rooms looks through for the newest message; behind more reactions it keeps the one it has."""

_CARRY_TEXT: Final = frozenset({b"message.created", b"message.edited", b"message.pinned"})
_MESSAGE_TYPES: Final = frozenset({b"message.created", b"message.edited", b"message.deleted"})


class Verdict(Enum):
    APPENDED = "appended"
    DUPLICATE = "duplicate"
    EARLY = "early"
    REFETCH = "refetch"


class Entry(NamedTuple):
    """A frame as it goes out. `conflate` names what a later event of the same name stands for."""

    frame: bytes
    type: bytes
    conflate: bytes | None


class Slice(NamedTuple):
    """Joined frames that bring a cursor to `to_seq`."""

    to_seq: int
    body: bytes


class RoomLog:
    """Every seq in (floor, head] is here exactly once, in order; a hole that will never be filled is a gap frame.

    Bounds: `max_events` and `max_bytes`, oldest out first (then `floor` rises). Events that come early wait for the
    hole before them, at most MAX_EARLY of them; overflow rule REFETCH: dropped here, read from chat_server later.
    Before `start` the head is unknown and everything is early.
    """

    MAX_EARLY = 2_000

    __slots__ = (
        "_bytes",
        "_early",
        "_entries",
        "_seqs",
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

    @property
    def bytes_held(self) -> int:
        return self._bytes

    @property
    def early_count(self) -> int:
        return len(self._early)

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
        if len(self._early) >= self.MAX_EARLY:
            return Verdict.REFETCH
        self._early[seq] = entry
        return Verdict.EARLY

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
        for index in range(first, last):
            entry = self._entries[index]
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
        """The newest message, as its later edit or deletion left it; None when it is not among the newest frames."""
        changed: dict[str, Message] = {}
        for entry in islice(reversed(self._entries), MAX_LOOKED_BACK):
            if entry.type not in _MESSAGE_TYPES:
                continue
            message: Message = orjson.loads(entry.frame.split(b"\ndata: ", 1)[1])["message"]
            if entry.type == b"message.created":
                return changed.get(message["id"], message)
            changed.setdefault(message["id"], message)
        return None

    def blank_message(self, message_id: str) -> int:
        """Take a deleted message's text out of every frame held here; returns how many held it."""
        needle = message_id.encode()
        blanked = 0
        for index, entry in enumerate(self._entries):
            if needle in entry.frame:
                blank = blanked_entry(self._seqs[index], entry, message_id)
                if blank is not None:
                    self._bytes += len(blank.frame) - len(entry.frame)
                    self._entries[index] = blank
                    blanked += 1
        for seq, entry in self._early.items():
            if needle in entry.frame:
                blank = blanked_entry(seq, entry, message_id)
                if blank is not None:
                    self._early[seq] = blank
                    blanked += 1
        return blanked

    def _append(self, seq: int, entry: Entry) -> None:
        self._seqs.append(seq)
        self._entries.append(entry)
        self.head = seq
        self._bytes += len(entry.frame)
        # Trimmed an eighth at a time, since taking from the front of a list moves the rest.
        if len(self._seqs) > self.max_events + self.max_events // 8 or self._bytes > self.max_bytes * 9 // 8:
            self._trim()

    def _trim(self) -> None:
        drop = max(0, len(self._seqs) - self.max_events)
        size = self._bytes - sum(len(entry.frame) for entry in self._entries[:drop])
        while size > self.max_bytes and drop < len(self._seqs) - 1:
            size -= len(self._entries[drop].frame)
            drop += 1
        if drop:
            self.floor = self._seqs[drop - 1]
            self._bytes = size
            del self._seqs[:drop]
            del self._entries[:drop]

    def _drain_early(self) -> None:
        early = self._early
        while (entry := early.pop(self.head + 1, None)) is not None:
            self._append(self.head + 1, entry)

    def _drop_stale(self) -> None:
        for seq in [seq for seq in self._early if seq <= self.head]:
            del self._early[seq]


def blanked_entry(seq: int, entry: Entry, message_id: str) -> Entry | None:
    """The entry without its message's text; None when it is not about that message or has no text."""
    if entry.type not in _CARRY_TEXT:
        return None
    event = orjson.loads(entry.frame.split(b"\ndata: ", 1)[1])
    message = event.get("message") or {}
    if message.get("id") != message_id or not message.get("text"):
        return None
    message["text"] = ""
    return entry._replace(frame=event_frame(entry.type, orjson.dumps(event), seq))
