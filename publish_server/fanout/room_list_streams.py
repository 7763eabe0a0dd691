"""Room-list streams: changes of up to 100 rooms each, coalesced. Synchronous throughout."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from publish_server.encoding.sse_frames import json_frame, retry_line
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.open_streams import OpenStreams, StreamLifecycle
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.stream import Place, Stream, StreamOwner

PAUSE_S: Final = 1.0
"""A stream is written to at most this often."""

STREAMS_PER_STEP: Final = 500
"""Streams that get a room's change in one step."""

UPDATED: Final = 1
SIGNAL_BITS: Final = {b"room.heat": 2, b"room.viewers": 4}
"""The signals that a list shows of each room, with a bit for each."""

ALL_CHANGES: Final = UPDATED | sum(SIGNAL_BITS.values())

_PING: Final = json_frame("stream.ping", {"seq": 0})
"""The stream covers many rooms, so it has no head."""


class RoomListStream(Stream):
    """Overflow rule LATEST: when the client reads again, it is sent the present state of each room that changed.

    `changes` maps rooms to the bits of what changed; there is no queue of frames.
    """

    __slots__ = ("audiences", "changes", "is_paused")

    def __init__(
        self,
        owner: StreamOwner,
        transport: asyncio.Transport,
        encoding: StreamEncoding,
        audiences: Sequence[RoomAudience],
        places: Sequence[Place] = (),
    ) -> None:
        super().__init__(owner, transport, encoding, places)
        self.audiences = audiences
        self.changes: dict[RoomAudience, int] = {}
        self.is_paused = False


class _Distribution(NamedTuple):
    """A room's changes on their way to its streams."""

    changes: int
    audience: RoomAudience
    left: list[RoomListStream]


class RoomListStreams(StreamLifecycle[RoomListStream]):
    """Every room-list stream. Changes of a room are noted at once and passed to its streams in steps."""

    def __init__(self, open_streams: OpenStreams, clock: Callable[[], float]) -> None:
        super().__init__(open_streams)
        self.has_work = asyncio.Event()
        self._clock = clock
        self._streams_of: dict[RoomAudience, set[RoomListStream]] = {}
        self._moved: OrderedDict[RoomAudience, int] = OrderedDict()
        self._distribution: _Distribution | None = None
        self._ready: OrderedDict[RoomListStream, None] = OrderedDict()
        self._paused: deque[tuple[float, RoomListStream]] = deque()

    def kind(self, stream: RoomListStream) -> str:
        return "list"

    def join(self, stream: RoomListStream, head: bytes, retry_ms: int) -> None:
        """Begin a response with `head`; the state of each room follows."""
        self.joined(stream)
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
        for audience in stream.audiences:
            audience.list_left()
            streams = self._streams_of[audience]
            streams.discard(stream)
            if not streams:
                del self._streams_of[audience]
        stream.changes.clear()
        self._ready.pop(stream, None)

    def advance(self, stream: RoomListStream) -> None:
        """Send the present state of everything that changed, in one write."""
        if stream.is_stalled:
            return
        frames = []
        for audience, changes in stream.changes.items():
            room = audience.room
            if changes & UPDATED:
                frames.append(room.list_frame())
            frames += [
                room.latest_signals[name]
                for name, bit in SIGNAL_BITS.items()
                if changes & bit and name in room.latest_signals
            ]
        stream.changes.clear()
        stream.is_paused = True
        self._paused.append((self._clock() + PAUSE_S, stream))
        stream.send(b"".join(frames))

    def _step(self) -> bool:
        """Pass a room's changes to some of its streams, or write to one stream; False if there is nothing to do."""
        if self._distribution is not None:
            changes, audience, left = self._distribution
            for stream in left[-STREAMS_PER_STEP:]:
                if not stream.is_closed:
                    stream.changes[audience] = stream.changes.get(audience, 0) | changes
                    self._make_ready(stream)
            del left[-STREAMS_PER_STEP:]
            if not left:
                self._distribution = None
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
        if stream.changes and not (stream.is_paused or stream.is_stalled or stream.is_closed):
            self._ready[stream] = None
            self.has_work.set()
