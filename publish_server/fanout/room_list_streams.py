"""Room-list streams: changes of up to 100 rooms each, coalesced. Synchronous throughout."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

from publish_server.encoding.sse_frames import json_frame, retry_line
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.open_streams import OpenStreams, StreamLifecycle
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.stream import Stream, StreamOwner
from server_kit.limits.shares import Seat

PAUSE_S: Final = 1.0
"""The shortest time between two writes to a stream."""

STREAMS_PER_STEP: Final = 500
"""Streams that get a room's change in one step."""

UPDATED: Final = 1
SIGNAL_BITS: Final = {b"room.heat": 2, b"room.viewers": 4}
"""The signals that a list shows of each room, with a bit for each."""

NEW_ROOMS_MAX: Final = 20
NEW_ROOMS_KEPT_S: Final = 60.0
"""Announcements of new rooms that a stream may still lack. Overflow rule: OLDEST; the list itself shows those rooms."""

ALL_CHANGES: Final = UPDATED | sum(SIGNAL_BITS.values())

_PING: Final = json_frame("stream.ping", {"seq": 0})
"""The stream covers many rooms, so it has no head."""


class RoomListStream(Stream):
    """Overflow rule LATEST: when the client reads again, it gets the current state of each changed room.

    `changes` maps rooms to the bits of what changed; there is no queue of frames. `new_rooms_seen` counts the new rooms
    that were announced to the stream or are too old for it.
    """

    __slots__ = ("audiences", "changes", "is_paused", "new_rooms_seen", "readable", "reader")

    def __init__(
        self,
        owner: StreamOwner,
        transport: asyncio.Transport,
        encoding: StreamEncoding,
        audiences: Sequence[RoomAudience],
        seats: Sequence[Seat] = (),
        reader: UUID | None = None,
        readable: Iterable[str] = (),
    ) -> None:
        super().__init__(owner, transport, encoding, seats)
        self.reader = reader
        self.readable = frozenset(readable)
        self.audiences = audiences
        self.changes: dict[RoomAudience, int] = {}
        self.is_paused = False
        self.new_rooms_seen = 0


class _NewRoom(NamedTuple):
    """`frame` is empty once the room is hidden."""

    created_at_s: float
    room_id: bytes
    frame: bytes


class _Distribution(NamedTuple):
    """A room's changes on their way to its streams. Without a room: the streams that lack a new room."""

    changes: int
    audience: RoomAudience | None
    left: list[RoomListStream]


class RoomListStreams(StreamLifecycle[RoomListStream]):
    """Every room-list stream. Changes of a room are noted at once and passed to its streams in steps.

    Its clients do not return with a place: without a list they still follow their room.
    """

    may_return = False

    def __init__(self, open_streams: OpenStreams, clock: Callable[[], float]) -> None:
        super().__init__(open_streams)
        self.has_work = asyncio.Event()
        self._clock = clock
        self._streams_of: dict[RoomAudience, set[RoomListStream]] = {}
        self._streams: dict[RoomListStream, None] = {}
        self._new_rooms: deque[_NewRoom] = deque(maxlen=NEW_ROOMS_MAX)
        self._new_rooms_count = 0
        self._is_new_room_due = False
        self._moved: OrderedDict[RoomAudience, int] = OrderedDict()
        self._distribution: _Distribution | None = None
        self._ready: OrderedDict[RoomListStream, None] = OrderedDict()
        self._paused: deque[tuple[float, RoomListStream]] = deque()

    def kind(self, stream: RoomListStream) -> str:
        return "list"

    def join(self, stream: RoomListStream, head: bytes, retry_ms: int) -> None:
        """Begin a response with `head`; the state of each room follows."""
        self.joined(stream)
        self._streams[stream] = None
        # The client may have read its list of rooms shortly before these were created.
        stream.new_rooms_seen = self._new_rooms_count - self._count_recent()
        for audience in stream.audiences:
            audience.list_joined()
            self._streams_of.setdefault(audience, set()).add(stream)
            if audience.log.is_started:
                stream.changes[audience] = ALL_CHANGES
        stream.begin(head, retry_line(retry_ms))
        self._make_ready(stream)

    def room_moved(self, audience: RoomAudience, changes: int = UPDATED) -> None:
        """Pass these changes of the room to its streams soon."""
        if audience.list_count:
            self._moved[audience] = self._moved.get(audience, 0) | changes
            self.has_work.set()

    def readers_of(self, audience: RoomAudience) -> set[UUID]:
        """The people whose lists show this private room."""
        return {
            stream.reader
            for stream in self._streams_of.get(audience, ())
            if stream.reader is not None and audience.room.id in stream.readable
        }

    def access_lost(self, audience: RoomAudience, lost: Collection[UUID]) -> None:
        """Lists of these people no longer show the room."""
        for stream in self._streams_of.get(audience, ()):
            if stream.reader in lost:
                stream.readable -= {audience.room.id}

    def room_created(self, room_id: bytes, frame: bytes) -> None:
        """Announce a new room to every stream soon."""
        self._new_rooms.append(_NewRoom(self._clock(), room_id, frame))
        self._new_rooms_count += 1
        self._is_new_room_due = True
        self.has_work.set()

    def room_hidden(self, room_id: bytes) -> None:
        """Streams that lack the announcement of this room do not get it."""
        for number, room in enumerate(self._new_rooms):
            if room.room_id == room_id:
                self._new_rooms[number] = room._replace(frame=b"")

    def end_pauses(self) -> Iterator[None]:
        """End the pauses that are over."""
        now = self._clock()
        while self._paused and self._paused[0][0] <= now:
            _, stream = self._paused.popleft()
            stream.is_paused = False
            self._make_ready(stream)
        yield

    def run_until(self, until_s: float) -> bool:
        """Work until the clock reads `until_s`; False when there is nothing left to do."""
        while self._step():
            if self._clock() >= until_s:
                return True
        return False

    def ping(self, stream: RoomListStream) -> None:
        if not stream.is_stalled:
            stream.send(_PING)

    def drained(self, stream: RoomListStream) -> None:
        super().drained(stream)
        self._make_ready(stream)

    def remove(self, stream: RoomListStream) -> None:
        self._streams.pop(stream, None)
        for audience in stream.audiences:
            audience.list_left()
            streams = self._streams_of[audience]
            streams.discard(stream)
            if not streams:
                del self._streams_of[audience]
        stream.changes.clear()
        self._ready.pop(stream, None)

    def advance(self, stream: RoomListStream) -> None:
        """Send the current state of everything that changed, in one write."""
        if stream.is_stalled:
            return
        frames = self._unseen_rooms(stream)
        now_s = self._clock()
        for audience, changes in stream.changes.items():
            room = audience.room
            if audience.is_absent or (room.is_private and room.id not in stream.readable):
                continue  # deleted, or not for this reader
            if audience.is_withheld():
                continue  # its release reports all changes again
            if changes & UPDATED:
                frames.append(room.list_frame(now_s))
            frames += [
                room.latest_signals[name]
                for name, bit in SIGNAL_BITS.items()
                if changes & bit and name in room.latest_signals
            ]
        stream.changes.clear()
        stream.is_paused = True
        self._paused.append((now_s + PAUSE_S, stream))
        stream.send(b"".join(frames))

    def _step(self) -> bool:
        """Pass a room's changes to some of its streams, or write to one stream; False if there is nothing to do."""
        if self._distribution is not None:
            changes, audience, left = self._distribution
            for stream in left[-STREAMS_PER_STEP:]:
                if not stream.is_closed:
                    if audience is not None:
                        stream.changes[audience] = stream.changes.get(audience, 0) | changes
                    self._make_ready(stream)
            del left[-STREAMS_PER_STEP:]
            if not left:
                self._distribution = None
        elif self._is_new_room_due:
            self._is_new_room_due = False
            self._distribution = _Distribution(0, None, list(self._streams))
        elif self._moved:
            audience, changes = self._moved.popitem(last=False)
            self._distribution = _Distribution(changes, audience, list(self._streams_of.get(audience, ())))
        elif self._ready:
            stream, _ = self._ready.popitem(last=False)
            self.advance(stream)
        else:
            return False
        return True

    def _make_ready(self, stream: RoomListStream) -> None:
        has_news = stream.changes or stream.new_rooms_seen < self._new_rooms_count
        if has_news and not (stream.is_paused or stream.is_stalled or stream.is_closed):
            self._ready[stream] = None
            self.has_work.set()

    def _count_recent(self) -> int:
        """How many of the kept new rooms are still announced to streams that join now."""
        oldest_s = self._clock() - NEW_ROOMS_KEPT_S
        return sum(room.created_at_s >= oldest_s for room in self._new_rooms)

    def _unseen_rooms(self, stream: RoomListStream) -> list[bytes]:
        """The announcements that the stream lacks, of those that are kept."""
        lacking = min(len(self._new_rooms), self._new_rooms_count - stream.new_rooms_seen)
        stream.new_rooms_seen = self._new_rooms_count
        return [room.frame for room in islice(self._new_rooms, len(self._new_rooms) - lacking, None)]
