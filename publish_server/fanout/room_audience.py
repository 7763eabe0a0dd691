"""The listeners of one room: how subscribers join, catch up, stall and leave. Synchronous throughout."""

from asyncio import Future
from collections.abc import Callable, Iterable
from typing import Final

from chat_contract.events import StreamOpened
from publish_server.encoding.sse_frames import gap_frame, json_frame, retry_line
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.catch_up import CatchUp, is_too_far_behind
from publish_server.fanout.lane import CalmLane, FullLane, Lane
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
    The opened ones are in their lane.
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

        self.full = FullLane(room, self.is_withheld, self.push_ending)
        self.calm = CalmLane(room, self.is_withheld, self.push_ending, clock)
        self.lanes: tuple[Lane, Lane] = (self.full, self.calm)
        self.pending_open: dict[Subscriber, int] = {}
        self.waiters: set[HeadWaiter] = set()
        self.subscriber_count = 0
        self.list_count = 0
        self.idle_since = clock()
        self.is_absent = False
        self._ending: dict[Subscriber, str] = {}
        self.was_withheld = False
        self._last_check = 0

        self.notify_at = NEVER

    # Lanes

    def group(
        self, encoding: StreamEncoding, *, is_notify: bool = False, is_calm: bool = False
    ) -> SubscriberGroup:
        """The group of a new stream. There is no calm one in notify mode."""
        return self.calm.group(encoding) if is_calm else self.full.group(encoding, is_notify=is_notify)

    def lane_of(self, stream: Subscriber) -> Lane:
        return self.calm if stream.group.is_calm else self.full

    def lowest_flushed(self) -> int:
        """No live subscriber lacks anything up to this seq."""
        return min(self.full.flushed, self.calm.flushed) if self.calm.stream_count else self.full.flushed

    def wants_updates(self) -> bool:
        """Whether any stream receives `room.updated`."""
        return bool(self.list_count) or any(group.is_notify for group in self.full.groups.values())

    def is_watched(self) -> bool:
        return bool(self.subscriber_count or self.list_count or self.waiters)

    # Room lists

    def list_joined(self) -> None:
        self.list_count += 1

    def list_left(self) -> None:
        self.list_count -= 1
        self.idle_since = self._clock()

    # The room's head

    def started(self, last_seq: int) -> None:
        """The room's head is known."""
        self.full.flushed = self.full.notified_seq = self.calm.flushed = last_seq
        self._wake_waiters()

    def end(self, reason: str) -> None:
        """The room does not exist, or no longer: its streams end, a few at a time."""
        self.is_absent = True
        self._wake_waiters()
        self.end_streams(self.subscribers(), reason)

    def subscribers(self) -> list[Subscriber]:
        streams = [*self.pending_open]
        for lane in self.lanes:
            streams += lane.catching_up
            for group in lane.groups.values():
                streams += group.live.values()
        return streams

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
        for lane in self.lanes:
            if lane.catching_up:
                self._replay_queue.push(self.room, lane.catching_up)

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
        if stream.group.is_calm:
            return "calm"
        return "notify" if stream.group.is_notify else "room"

    def join(self, subscriber: Subscriber, head: bytes, retry_ms: int) -> None:
        """Begin a response with `head`. The stream opens now if its cursor can be checked, otherwise later."""
        self.subscriber_count += 1
        if subscriber.group.is_calm:
            self.calm.joined(self.full.flushed)
        self.joined(subscriber)
        opening = self._opening(subscriber, is_checked=False)
        subscriber.begin(head, retry_line(retry_ms) + (opening or b""))
        if opening is None:
            self.pending_open[subscriber] = self._head_check_queue.add(self.room)
        elif subscriber.cursor is not None and subscriber.cursor < self.lane_of(subscriber).flushed:
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

        A client that has just fetched a page may have a cursor above the last event from Kafka. So a cursor above the
        head is a gap only after a head check.
        """
        room, log = self.room, self.log
        if not log.is_started:
            return None
        cursor, lane = subscriber.cursor, self.lane_of(subscriber)
        head = max(log.head, room.server_head)
        gap_to: int | None = None
        if cursor is None:
            start = lane.flushed
        else:
            start = cursor
            if cursor > head:
                if not is_checked:
                    return None
                gap_to = head
                GAPS.labels("above_head").inc()
            elif not subscriber.group.is_notify and is_too_far_behind(cursor, lane.flushed):
                gap_to = lane.flushed
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
        lane.catching_up.add(subscriber)
        return b"".join(frames)

    def advance(self, stream: Subscriber) -> None:
        """Send a subscriber what it lacks, as far as its client reads; once up to date, it becomes live."""
        if stream in self._ending and self.may_finish(stream):
            self.finish(stream, self._ending[stream])
        if stream.is_closed or stream.is_stalled or stream in self._ending or self.is_withheld():
            return
        if not stream.is_opened and not self._open(stream):
            return
        room, group, lane = self.room, stream.group, self.lane_of(stream)
        while not (stream.is_stalled or stream.is_live or stream.is_closed):
            assert stream.cursor is not None
            if group.is_notify:
                if stream.cursor < self.full.notified_seq:
                    stream.cursor = self.log.head
                    stream.send(room.updated_frame())
                    continue
            elif stream.cursor > lane.flushed:
                return
            elif stream.cursor < lane.flushed:
                piece = self._next_piece(room, stream, stream.cursor, lane.flushed)
                if piece is None:
                    return
                stream.cursor = piece.to_seq
                stream.send(piece.body, piece.data)
                continue
            if stream.signals_seen != room.signals_version and not group.is_notify:
                stream.signals_seen = room.signals_version
                stream.send(b"".join(room.latest_signals.values()))
                continue
            lane.catching_up.discard(stream)
            group.add(stream)

    def ping(self, stream: Subscriber) -> None:
        """`seq` is the room's head. It may be above the last event sent to the stream."""
        if stream.is_stalled or not self.may_finish(stream) or self.is_withheld():
            return
        head = self.log.head if self.log.is_started else stream.cursor or 0
        stream.send(json_frame("stream.ping", {"seq": head}))

    def may_finish(self, stream: Subscriber) -> bool:
        return not (stream.is_live and self.lane_of(stream).is_flushing)

    def stalled(self, stream: Subscriber) -> None:
        super().stalled(stream)
        if stream.is_live:
            lane = self.lane_of(stream)
            stream.group.remove(stream)
            stream.cursor = self.full.notified_seq if stream.group.is_notify else lane.flushed
            stream.signals_seen = self.room.signals_version
            lane.catching_up.add(stream)

    def drained(self, stream: Subscriber) -> None:
        super().drained(stream)
        stream.widen_send_buffer()
        # Not at once: when a crowd resumes, the kernel reports all of them in one loop iteration.
        self._replay_queue.push(self.room, [stream])

    def remove(self, stream: Subscriber) -> None:
        stream.group.remove(stream)
        self.lane_of(stream).catching_up.discard(stream)
        if stream.group.is_calm:
            self.calm.left()
        self.pending_open.pop(stream, None)
        self._ending.pop(stream, None)
        self.subscriber_count -= 1
        self.idle_since = self._clock()
