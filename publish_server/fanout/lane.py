"""A lane: one shared stream of a room's frames, and how far its subscribers are.

Every room has two: the full lane, and the calm lane, which leaves out what chat_server has marked.
"""

from collections.abc import Callable
from math import inf
from typing import Final, NamedTuple

from publish_server.encoding.sse_frames import gap_frame
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.calm_pacer import CalmPacer
from publish_server.fanout.subscriber import Subscriber
from publish_server.fanout.subscriber_group import SubscriberGroup
from publish_server.metrics import GAPS, REACTIONS_MERGED
from publish_server.rooms.calm_runs import CalmNews
from publish_server.rooms.room import Room

MAX_FLUSH_BYTES: Final = 128 * 1024
"""Frames of one flush; the rest waits for the next flush."""


class Bodies(NamedTuple):
    """What one flush writes: to subscribers of events, and to those in notify mode."""

    events: bytes
    update: bytes


class Lane:
    """`flushed`: the seq that live subscribers have, or will have at the end of the flush in progress.

    `catching_up`: opened streams that lack events or signals. The live ones are in `groups`. `on_flushed` is called at
    the end of each flush. `flushed_at_s`: the start of the last flush that reached the head. `postponed_until_s`: see
    Broadcaster.
    """

    is_calm = False

    def __init__(self, room: Room, is_withheld: Callable[[], bool], on_flushed: Callable[[], None]) -> None:
        self.room = room
        self.log = room.log
        self.on_flushed = on_flushed
        self._is_withheld = is_withheld
        self.groups: dict[tuple[StreamEncoding, bool], SubscriberGroup] = {}
        self.catching_up: set[Subscriber] = set()
        self.flushed = 0
        self.is_flushing = False
        self.is_queued = False
        self.flushed_at_s = -inf
        self.postponed_until_s = inf

    def group(self, encoding: StreamEncoding, *, is_notify: bool = False) -> SubscriberGroup:
        key = (encoding, is_notify)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = SubscriberGroup(encoding, is_notify=is_notify, is_calm=self.is_calm)
        return group

    def live_count(self) -> int:
        return sum(len(group.live) for group in self.groups.values())

    def is_compressed(self) -> bool:
        return any(group.encoding.is_gzip and group.live for group in self.groups.values())

    def has_removal(self) -> bool:
        """Whether a deletion or purge waits for the next flush."""
        return self.log.last_removal_seq > self.flushed

    def has_news(self) -> bool:
        """Whether anything waits for a flush."""
        raise NotImplementedError

    def needs_flush(self) -> bool:
        """Whether a flush should begin now."""
        return self.has_news() and not self._is_withheld()

    def take_bodies(self) -> Bodies:
        """What the next flush writes; `flushed` moves to there."""
        raise NotImplementedError

    def _take_events(self, to_seq: int) -> bytes:
        """The frames after `flushed` up to `to_seq`, at most MAX_FLUSH_BYTES."""
        part = self.log.since(self.flushed, to_seq, MAX_FLUSH_BYTES, is_calm=self.is_calm)
        if part is None:
            # More events arrived than the ring holds before this flush had its turn.
            gap = gap_frame(self.flushed, self.log.head)
            self.flushed = self.log.head
            GAPS.labels("overrun").inc(self.live_count())
            return gap
        self.flushed = part.to_seq
        REACTIONS_MERGED.inc(part.merged)
        return part.body


class FullLane(Lane):
    """Every event, and `room.updated` for streams in notify mode. `notified_seq`: the head of the last one of these."""

    def __init__(self, room: Room, is_withheld: Callable[[], bool], on_flushed: Callable[[], None]) -> None:
        super().__init__(room, is_withheld, on_flushed)
        self.notify_pending = False
        self.notified_seq = 0

    def has_news(self) -> bool:
        return self.log.head > self.flushed or bool(self.room.pending_signals) or self.notify_pending

    def take_bodies(self) -> Bodies:
        events = self._take_events(self.log.head) + b"".join(self.room.pending_signals.values())
        self.room.pending_signals.clear()
        if not self.notify_pending:
            return Bodies(events, b"")
        self.notify_pending = False
        self.notified_seq = self.log.head
        return Bodies(events, self.room.updated_frame())


class CalmLane(Lane):
    """Events without those that are left out, less often than the full lane; see calm_pacer.py.

    While `stream_count` is 0 it keeps nothing. `signals` maps a type to the frame that waits for the next flush.
    """

    is_calm = True

    def __init__(
        self,
        room: Room,
        is_withheld: Callable[[], bool],
        on_flushed: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(room, is_withheld, on_flushed)
        self.stream_count = 0
        self.signals: dict[bytes, bytes] = {}
        self._clock = clock
        self._pacer = CalmPacer()

    def joined(self, flushed: int) -> None:
        """One stream more; the first one begins where the full lane is."""
        if self.stream_count == 0:
            self.flushed = flushed
            self.signals.clear()
            self._pacer = CalmPacer()
        self.stream_count += 1

    def left(self) -> None:
        self.stream_count -= 1

    def has_news(self) -> bool:
        return self.stream_count > 0 and (self.log.head > self.flushed or bool(self.signals))

    def needs_flush(self) -> bool:
        if not super().needs_flush():
            return False
        news, now_s = self._news(), self._clock()
        self._pacer.note(news, now_s)
        return self._pacer.due_s(news, now_s, has_signals=bool(self.signals)) <= now_s

    def take_bodies(self) -> Bodies:
        news, now_s = self._news(), self._clock()
        is_tail = news.shown_seq is None and self._pacer.is_tail_due(now_s)
        to_seq = self.log.head if is_tail else news.shown_seq
        events = b"" if to_seq is None else self._take_events(to_seq)
        self._pacer.flushed(news, now_s, has_tail=self.log.head > self.flushed)
        signals = b"".join(self.signals.values())
        self.signals.clear()
        return Bodies(events + signals, b"")

    def _news(self) -> CalmNews:
        return self.log.calm_news(self.flushed)
