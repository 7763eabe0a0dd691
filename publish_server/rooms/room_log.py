"""One room's head and its newest frames. No await, clock or socket: each call is one atomic step."""

from bisect import bisect_left, bisect_right
from enum import Enum
from typing import Final, NamedTuple

import orjson

from chat_contract.events import Message, RecentMessage
from publish_server.encoding.sse_frames import event_frame, gap_frame
from publish_server.metrics import TEXTS_REMOVED
from publish_server.rooms.calm_runs import CalmNews, SkippedRun
from publish_server.rooms.log_entry import REMOVALS, TEXT_EVENTS, LogEntry, event_of, without_people
from publish_server.rooms.purge_marks import PurgeMarks

_COUNTED_EVENTS: Final = frozenset({b"message.created", b"message.deleted"})
"""Types of events that change how many messages a reader has to read."""

RECENT_EVENTS_SCANNED: Final = 500
"""Events searched for recent messages, so that many reactions do not make the search expensive."""

_NO_MARKS: Final[dict[bytes | None, int]] = {}


class OfferResult(Enum):
    """What happened to an offered event. The values are labels of a metric."""

    APPENDED = "appended"
    DUPLICATE = "duplicate"
    EARLY = "early"
    REFETCH = "refetch"


class JoinedFrames(NamedTuple):
    """Frames joined to one body; a reader of it has everything up to `to_seq`.

    `merged`: how many frames later ones replaced.
    """

    to_seq: int
    body: bytes
    merged: int = 0


class RoomLog:
    """Holds every seq in (floor, head] exactly once, in order. A gap frame replaces events that will never arrive.

    Bounds: `max_events` and `max_bytes`. The oldest frames leave first, which raises `floor`. Early events wait for the
    missing ones before them: at most MAX_EARLY events and `max_bytes`. Overflow rule REFETCH: drop the event here and
    read it from chat_server later.
    Before `start` the head is unknown and every event is early.

    The cost of a deletion does not depend on the number of frames: an index finds the seqs with the message's text, and
    each of these frames loses the text when it is next read. So no frame with a deleted text leaves the log.
    `last_removal_seq`: the newest deletion or purge. `last_unmerged_seq`: the newest event that no later one replaces
    within a flush. 0 if none was appended.
    A purge reads no frame either: `purges` is consulted when frames are read. An erasure searches all frames once.
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
        "_text_seqs",
        "floor",
        "head",
        "is_started",
        "last_removal_seq",
        "last_unmerged_seq",
        "max_bytes",
        "max_events",
        "purges",
    )

    def __init__(self, max_events: int, max_bytes: int, purges: PurgeMarks | None = None) -> None:
        self.purges = PurgeMarks() if purges is None else purges
        self.max_events = max_events
        self.max_bytes = max_bytes
        self.is_started = False
        self.head = 0
        self.floor = 0
        self.last_removal_seq = 0
        self.last_unmerged_seq = 0
        self._seqs: list[int] = []
        self._entries: list[LogEntry] = []
        self._bytes = 0
        self._early: dict[int, LogEntry] = {}
        self._early_bytes = 0
        self._text_seqs: dict[bytes, int | list[int]] = {}  # most messages have one text and need no list
        self._deleted: set[bytes] = set()
        self._newest_message: bytes | None = None

    @property
    def bytes_held(self) -> int:
        """Bytes of the frames in order and of the early ones."""
        return self._bytes + self._early_bytes

    @property
    def early_count(self) -> int:
        return len(self._early)

    def indexed_seqs(self) -> int:
        """How many seqs the index of texts holds."""
        return sum(len(self._seqs_of(message_id)) for message_id in self._text_seqs)

    def _seqs_of(self, message_id: bytes) -> list[int]:
        """Seqs of the frames with the message's text, oldest first."""
        seqs = self._text_seqs.get(message_id, [])
        return seqs if isinstance(seqs, list) else [seqs]

    def start(self, head: int) -> None:
        """Set the room's head. Early events up to it are dropped; those that follow it are appended."""
        self.is_started = True
        self.head = self.floor = head
        self._drop_stale()
        self._drain_early()

    def offer(self, seq: int, entry: LogEntry) -> OfferResult:
        """Append the next event, drop an old one, and keep an early one until those before it arrive."""
        if self.is_started:
            if seq == self.head + 1:
                self._append(seq, self._without_erased(seq, entry))
                if self._early:
                    self._drain_early()
                return OfferResult.APPENDED
            if seq <= self.head:
                return OfferResult.DUPLICATE
        if seq in self._early:
            return OfferResult.DUPLICATE
        entry = self._without_erased(seq, entry)
        size = len(entry.frame)
        if self._early and (len(self._early) >= self.MAX_EARLY or self._early_bytes + size > self.max_bytes):
            result = OfferResult.REFETCH
        else:
            self._early[seq] = entry
            self._early_bytes += size
            result = OfferResult.EARLY
        if entry.type == b"message.deleted" and entry.message_id is not None:
            # Events before it may be missing for a while; the texts held here must go at once.
            self.mark_deleted(entry.message_id)
        return result

    def shrink(self, max_bytes: int) -> None:
        """Drop the oldest frames until those in order take at most `max_bytes`; the newest one stays.

        If that is not enough, drop the early events too. They are read from chat_server later.
        """
        self._trim(max_bytes)
        if self.bytes_held > max_bytes:
            self._early.clear()
            self._early_bytes = 0

    def missing_between(self) -> tuple[int, int] | None:
        """The head and the first early seq: the events between them are missing. None if no event is early."""
        return (self.head, min(self._early)) if self.is_started and self._early else None

    def skip_to(self, seq: int) -> None:
        """Replace the events in (head, seq] by a gap, then append the early events that follow it."""
        if seq > self.head:
            self._append(seq, LogEntry(gap_frame(self.head, seq), b"stream.gap", None))
            self._drop_stale()
            self._drain_early()

    def drop_to(self, seq: int) -> None:
        """Drop every frame up to `seq`, also those that are still missing. Readers get pages or a gap instead."""
        for early in [each for each in self._early if each <= seq]:
            self._early_bytes -= len(self._early.pop(early).frame)
        if self.is_started:
            self.skip_to(seq)
            count = bisect_right(self._seqs, seq)
            dropped_bytes = sum(len(entry.frame) for entry in self._entries[:count])
            self._drop_oldest(count, self._bytes - dropped_bytes)

    def since(
        self, cursor: int, to_seq: int, max_bytes: int, *, is_calm: bool = False
    ) -> JoinedFrames | None:
        """Join the frames in (cursor, to_seq]: at most max_bytes, but at least one. None if cursor is below the floor.

        Of events with the same conflate key only the last stays, in its own place with its own id. `is_calm`: replace
        each run of events that the calm lane leaves out by one frame.
        """
        if cursor < self.floor:
            return None
        first = bisect_right(self._seqs, cursor)
        last = bisect_right(self._seqs, to_seq, lo=first)
        size = merged = 0
        entries: dict[bytes | int, bytes] = {}
        seqs, deleted = self._seqs, self._deleted
        purged = self.purges.up_to_seqs if self.purges.highest_seq > cursor else _NO_MARKS
        hides = bool(deleted or purged)
        run = SkippedRun(cursor)
        for index in range(first, last):
            entry = self._entries[index]
            if is_calm:
                if entry.is_left_out:
                    run.add(seqs[index], entry)
                    continue
                skipped = run.end_before(seqs[index])
                if skipped:
                    size += len(skipped)
                    entries[-index - 1] = skipped
            if hides and (entry.message_id in deleted or purged.get(entry.author_id, 0) >= seqs[index]):
                entry = self._remove_text(index)
            size += len(entry.frame)
            if size > max_bytes and index > first:
                last = index
                break
            name = entry.conflate
            if name is None:
                entries[index] = entry.frame
            else:
                # Remove the earlier event first: reassigning its key would keep the earlier place.
                merged += entries.pop(name, None) is not None
                entries[name] = entry.frame
        if skipped := run.end_before(seqs[last - 1] if last > first else cursor):
            entries[-last - 1] = skipped
        return JoinedFrames(seqs[last - 1] if last > first else cursor, b"".join(entries.values()), merged)

    def calm_news(self, cursor: int) -> CalmNews:
        """What the calm lane knows of the events after `cursor` without reading their frames."""
        shown_seq, has_left_out, has_reactions = None, False, False
        for index in range(bisect_right(self._seqs, cursor), len(self._seqs)):
            entry = self._entries[index]
            if entry.is_left_out:
                has_left_out = True
            else:
                shown_seq = self._seqs[index]
                has_reactions = has_reactions or entry.conflate is not None
        return CalmNews(shown_seq, has_left_out, has_reactions)

    def last_message(self) -> Message | None:
        """The newest message with its latest edit or deletion. None if the log no longer holds it.

        Decodes a single frame.
        """
        message_id = self._newest_message
        seqs = [] if message_id is None else self._seqs_of(message_id)
        if not seqs:
            return None
        entry = self._entries[bisect_left(self._seqs, seqs[-1])]
        event = event_of(entry)
        if event is None or entry.type not in TEXT_EVENTS:
            return None
        message: Message = event["message"]
        if message_id in self._deleted or self.purges.has(entry.author_id, seqs[-1]):
            message["text"] = ""
            message["deleted"] = True
        return message

    def recent_messages(self, after_seq: int, limit: int) -> list[RecentMessage]:
        """The messages that the newest events after `after_seq` created or deleted, the newest event first.

        At most `limit`, from at most RECENT_EVENTS_SCANNED events.
        """
        recent: dict[int, RecentMessage] = {}
        first = max(bisect_right(self._seqs, after_seq), len(self._seqs) - RECENT_EVENTS_SCANNED)
        for index in range(len(self._seqs) - 1, first - 1, -1):
            if len(recent) == limit:
                break
            entry = self._entries[index]
            if entry.message_id is None or entry.type not in _COUNTED_EVENTS:
                continue
            event = event_of(entry)
            if event is None:
                continue
            message: Message = event["message"]
            recent.setdefault(
                message["seq"],
                {
                    "seq": message["seq"],
                    "author_id": message["author"]["id"],
                    "deleted": message["deleted"]
                    or entry.message_id in self._deleted
                    or self.purges.has(entry.author_id, self._seqs[index]),
                },
            )
        return list(recent.values())

    def mark_deleted(self, message_id: bytes) -> list[int]:
        """Remove the message's text from every frame; returns the seqs of these frames, oldest first."""
        seqs = self._seqs_of(message_id)
        if seqs:
            self._deleted.add(message_id)
        return seqs

    def replace_erased(self) -> None:
        """Replace the people of `purges.erased` in every frame: some events that name them have no author."""
        for index, entry in enumerate(self._entries):
            replaced = self._without_erased(self._seqs[index], entry)
            self._bytes += len(replaced.frame) - len(entry.frame)
            self._entries[index] = replaced
        for seq, entry in self._early.items():
            replaced = self._without_erased(seq, entry)
            self._early_bytes += len(replaced.frame) - len(entry.frame)
            self._early[seq] = replaced

    def _without_erased(self, seq: int, entry: LogEntry) -> LogEntry:
        return without_people(seq, entry, self.purges.erased) if self.purges.erased else entry

    def _remove_text(self, index: int) -> LogEntry:
        """Replace the entry at that index by one whose message is shown as deleted, and return it."""
        entry = self._entries[index]
        if entry.type not in TEXT_EVENTS:
            return entry
        event, seq = event_of(entry), self._seqs[index]
        blank = entry._replace(author_id=None)
        if event is None:
            blank = LogEntry(gap_frame(seq - 1, seq), b"stream.gap", None, entry.message_id)
        elif event["message"].get("text"):
            event["message"] |= {"text": "", "deleted": True, "reactions": {}}
            blank = blank._replace(frame=event_frame(entry.type, orjson.dumps(event), seq))
        if blank.frame != entry.frame:
            TEXTS_REMOVED.inc()
        self._bytes += len(blank.frame) - len(entry.frame)
        self._entries[index] = blank
        return blank

    def _append(self, seq: int, entry: LogEntry) -> None:
        self._seqs.append(seq)
        self._entries.append(entry)
        self.head = seq
        if entry.conflate is None:
            self.last_unmerged_seq = seq
            if entry.type in REMOVALS:
                self.last_removal_seq = seq
        self._bytes += len(entry.frame)
        if entry.message_id is not None:
            self._index(seq, entry.type, entry.message_id)
        # Trim an eighth at a time, because each deletion at the front of a list moves the rest.
        if len(self._seqs) > self.max_events + self.max_events // 8 or self._bytes > self.max_bytes * 9 // 8:
            self._trim(self.max_bytes)

    def _index(self, seq: int, event_type: bytes, message_id: bytes) -> None:
        if event_type == b"message.deleted":
            self.mark_deleted(message_id)
            return
        seqs = self._text_seqs.get(message_id)
        if seqs is None:
            self._text_seqs[message_id] = seq
        elif isinstance(seqs, list):
            seqs.append(seq)
        else:
            self._text_seqs[message_id] = [seqs, seq]
        if event_type == b"message.created":
            self._newest_message = message_id

    def _trim(self, max_bytes: int) -> None:
        drop = max(0, len(self._seqs) - self.max_events)
        size = self._bytes - sum(len(entry.frame) for entry in self._entries[:drop])
        while size > max_bytes and drop < len(self._seqs) - 1:
            size -= len(self._entries[drop].frame)
            drop += 1
        self._drop_oldest(drop, size)

    def _drop_oldest(self, count: int, bytes_left: int) -> None:
        if count:
            self.floor = self._seqs[count - 1]
            self._bytes = bytes_left
            self._unindex(self._entries[:count])
            del self._seqs[:count]
            del self._entries[:count]

    def _unindex(self, dropped: list[LogEntry]) -> None:
        """Forget messages whose last entry is among `dropped`, the oldest entries of the log."""
        texts, floor = self._text_seqs, self.floor
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
