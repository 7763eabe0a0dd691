"""The listeners of one room: how subscribers join, catch up, stall and leave. Synchronous throughout."""

from asyncio import Future
from collections.abc import Callable, Iterable
from typing import Final

from chat_contract.events import StreamOpened
from publish_server.encoding.sse_frames import gap_frame, json_frame, retry_line
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.catch_up import MAX_REPLAY, CatchUp
from publish_server.fanout.open_streams import OpenStreams, StreamLifecycle
from publish_server.fanout.replay_queue import ReplayQueue
from publish_server.fanout.subscriber import Subscriber
from publish_server.fanout.subscriber_group import SubscriberGroup
from publish_server.metrics import GAPS
from publish_server.recovery.head_check_queue import HeadCheckQueue
from publish_server.rooms.room import Room

NEVER: Final = float("-inf")

HEAD_GOOD_FOR_S: Final = 5.0
"""Without a newer head, a private room sends nothing: somebody may have lost access meanwhile."""

VERIFY_WITHIN_S: Final = 1.5
"""Once the access has changed, a private room sends nothing if its readers cannot be checked within this time."""


class HeadWaiter:
    """Waits until the head of each of some rooms is known, or that the room does not exist."""

    __slots__ = ("_known", "missing")

    def __init__(self, known: "Future[None]") -> None:
        self._known = known
        self.missing = 0

    def one_is_known(self) -> None:
        self.missing -= 1
        if self.missing == 0 and not self._known.done():
            self._known.set_result(None)


class RoomAudience(StreamLifecycle[Subscriber]):
    """The subscribers of one room, by how far they are.

    `pending_open`: streams whose cursor cannot be checked yet, with the number of the head check that they wait for.
    `catching_up`: opened streams that lack events or signals. The live ones are in `groups`.
    `flushed`: the seq that live subscribers have, or will have at the end of the flush in progress.
    `notified_seq`: the head of the last `room.updated`.
    """

    def __init__(
        self,
        room: Room,
        open_streams: OpenStreams,
        catch_up: CatchUp,
        replay_queue: ReplayQueue,
        head_check_queue: HeadCheckQueue,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(open_streams)
        self.room = room
        self.log = room.log
        self._next_piece = catch_up.next_piece
        self._replay_queue = replay_queue
        self._head_check_queue = head_check_queue
        self._clock = clock

        self.groups: dict[tuple[StreamEncoding, bool], SubscriberGroup] = {}
        self.catching_up: set[Subscriber] = set()
        self.pending_open: dict[Subscriber, int] = {}
        self.waiters: set[HeadWaiter] = set()
        self.subscriber_count = 0
        self.list_count = 0
        self.idle_since = clock()
        self.is_absent = False
        self._ending: dict[Subscriber, str] = {}
        self.was_withheld = False
        self._last_check = 0

        self.flushed = 0
        self.notified_seq = 0
        self.notify_at = NEVER
        self.notify_pending = False
        self.is_flushing = False
        self.is_queued = False

    # Groups

    def group(self, encoding: StreamEncoding, *, is_notify: bool) -> SubscriberGroup:
        key = (encoding, is_notify)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = SubscriberGroup(encoding, is_notify=is_notify)
        return group

    def live_count(self) -> int:
        return sum(len(group.live) for group in self.groups.values())

    def is_compressed(self) -> bool:
        return any(group.encoding.is_gzip and group.live for group in self.groups.values())

    def wants_updates(self) -> bool:
        """Whether any stream receives `room.updated`."""
        return bool(self.list_count) or any(group.is_notify for group in self.groups.values())

    def is_watched(self) -> bool:
        return bool(self.subscriber_count or self.list_count or self.waiters)

    def needs_flush(self) -> bool:
        has_news = self.log.head > self.flushed or bool(self.room.pending_signals) or self.notify_pending
        return has_news and not self.is_withheld()

    # Room lists

    def list_joined(self) -> None:
        self.list_count += 1

    def list_left(self) -> None:
        self.list_count -= 1
        self.idle_since = self._clock()

    # The room's head

    def started(self, last_seq: int) -> None:
        """The room's head is known."""
        self.flushed = self.notified_seq = last_seq
        self._wake_waiters()

    def end(self, reason: str) -> None:
        """The room does not exist, or no longer: its streams end, a few at a time."""
        self.is_absent = True
        self._wake_waiters()
        self.end_streams(self.subscribers(), reason)

    def subscribers(self) -> list[Subscriber]:
        live = (stream for group in self.groups.values() for stream in group.live.values())
        return [*self.pending_open, *self.catching_up, *live]

    def end_streams(self, streams: Iterable[Subscriber], reason: str) -> None:
        """End these streams with that reason, a few at a time."""
        self._ending.update(dict.fromkeys(streams, reason))
        self.push_ending()

    def push_ending(self) -> None:
        """Continue to end streams. A flush in progress calls this when it is done."""
        if self._ending:
            self._replay_queue.push(self.room, self._ending)

    def is_withheld(self) -> bool:
        """Whether nothing is sent for now: the room is private, and who may read it is not known well enough."""
        room = self.room
        if not room.is_private:
            return False
        now_s = self._clock()
        is_withheld = now_s - room.head_at_s > HEAD_GOOD_FOR_S or (
            room.unverified_since_s is not None and now_s - room.unverified_since_s > VERIFY_WITHIN_S
        )
        self.was_withheld = self.was_withheld or is_withheld
        return is_withheld

    def release(self) -> None:
        """A good head arrived: streams that were withheld may continue."""
        if self.catching_up:
            self._replay_queue.push(self.room, self.catching_up)

    def head_checked(self, check: int) -> None:
        """chat_server's reply number `check` arrived: open the streams that waited for it."""
        self._last_check = max(self._last_check, check)
        self.open_pending()

    def open_pending(self) -> None:
        """Try to open the streams that wait, a few at a time."""
        if self.pending_open:
            self._replay_queue.push(self.room, self.pending_open)

    def _wake_waiters(self) -> None:
        for waiter in self.waiters:
            waiter.one_is_known()

    # Subscribers

    def kind(self, stream: Subscriber) -> str:
        return "notify" if stream.group.is_notify else "room"

    def join(self, subscriber: Subscriber, head: bytes, retry_ms: int) -> None:
        """Begin a response with `head`. The stream opens now if its cursor can be checked, otherwise later."""
        self.subscriber_count += 1
        self.joined(subscriber)
        opening = self._opening(subscriber, is_checked=False)
        subscriber.begin(head, retry_line(retry_ms) + (opening or b""))
        if opening is None:
            self.pending_open[subscriber] = self._head_check_queue.add(self.room)
        elif subscriber.cursor is not None and subscriber.cursor < self.flushed:
            # A replay is joined and written in pieces of 64 KB, so a returning crowd takes turns.
            self._replay_queue.push(self.room, [subscriber])
        else:
            self.advance(subscriber)

    def _open(self, subscriber: Subscriber) -> bool:
        """Open a stream that waited for its room's head, or end it if only members may read the room."""
        if self.log.is_started and self.room.is_private and subscriber.reader is None:
            self.finish(subscriber, "room_not_found")
            return False
        opening = self._opening(subscriber, is_checked=self.pending_open[subscriber] <= self._last_check)
        if opening is None:
            return False
        del self.pending_open[subscriber]
        subscriber.send(opening)
        return True

    def _opening(self, subscriber: Subscriber, *, is_checked: bool) -> bytes | None:
        """`stream.opened` and the frames that follow it. None while the head, or a cursor above it, is unconfirmed.

        A client that has just fetched a page may have a cursor above the last event from Kafka, so a cursor above the
        head is a gap only after a head check.
        """
        room, log = self.room, self.log
        if not log.is_started:
            return None
        cursor = subscriber.cursor
        head = max(log.head, room.server_head)
        gap_to: int | None = None
        if cursor is None:
            start = self.flushed
        else:
            start = cursor
            if cursor > head:
                if not is_checked:
                    return None
                gap_to = head
                GAPS.labels("above_head").inc()
            elif not subscriber.group.is_notify and self.flushed - cursor > MAX_REPLAY:
                gap_to = self.flushed
                GAPS.labels("too_old").inc()
        opened: StreamOpened = {
            "room_id": room.id,
            "seq": start,
            "resumed": cursor is not None and gap_to is None,
            "heat": room.heat,
        }
        if room.name:
            opened["name"] = room.name
        frames = [json_frame("stream.opened", opened, start)]
        if gap_to is not None:
            frames.append(gap_frame(start, gap_to))
        if not subscriber.group.is_notify:
            frames += [frame for name, frame in room.latest_signals.items() if name != b"room.heat"]
        subscriber.cursor = start if gap_to is None else gap_to
        subscriber.is_opened = True
        subscriber.is_replaying = subscriber.cursor < log.floor
        subscriber.signals_seen = room.signals_version
        self.catching_up.add(subscriber)
        return b"".join(frames)

    def advance(self, stream: Subscriber) -> None:
        """Send a subscriber what it lacks, as far as its client reads; once up to date, it becomes live."""
        if stream in self._ending and self.may_finish(stream):
            self.finish(stream, self._ending[stream])
        if stream.is_closed or stream.is_stalled or stream in self._ending or self.is_withheld():
            return
        if not stream.is_opened and not self._open(stream):
            return
        room, group = self.room, stream.group
        while not (stream.is_stalled or stream.is_live or stream.is_closed):
            assert stream.cursor is not None
            if group.is_notify:
                if stream.cursor < self.notified_seq:
                    stream.cursor = self.log.head
                    stream.send(room.updated_frame())
                    continue
            elif stream.cursor > self.flushed:
                return
            elif stream.cursor < self.flushed:
                piece = self._next_piece(room, stream, stream.cursor, self.flushed)
                if piece is None:
                    return
                stream.cursor = piece.to_seq
                stream.send(piece.body, piece.data)
                continue
            if stream.signals_seen != room.signals_version and not group.is_notify:
                stream.signals_seen = room.signals_version
                stream.send(b"".join(room.latest_signals.values()))
                continue
            self.catching_up.discard(stream)
            group.add(stream)

    def ping(self, stream: Subscriber) -> None:
        """`seq` is the room's head. It may be above the last event sent to the stream."""
        if stream.is_stalled or (stream.is_live and self.is_flushing) or self.is_withheld():
            return
        head = self.log.head if self.log.is_started else stream.cursor or 0
        stream.send(json_frame("stream.ping", {"seq": head}))

    def may_finish(self, stream: Subscriber) -> bool:
        return not (stream.is_live and self.is_flushing)

    def stalled(self, stream: Subscriber) -> None:
        super().stalled(stream)
        if stream.is_live:
            stream.group.remove(stream)
            stream.cursor = self.notified_seq if stream.group.is_notify else self.flushed
            stream.signals_seen = self.room.signals_version
            self.catching_up.add(stream)

    def drained(self, stream: Subscriber) -> None:
        super().drained(stream)
        stream.widen_send_buffer()
        # Not at once: when a crowd resumes, the kernel reports all of them in one loop iteration.
        self._replay_queue.push(self.room, [stream])

    def remove(self, stream: Subscriber) -> None:
        stream.group.remove(stream)
        self.catching_up.discard(stream)
        self.pending_open.pop(stream, None)
        self._ending.pop(stream, None)
        self.subscriber_count -= 1
        self.idle_since = self._clock()
