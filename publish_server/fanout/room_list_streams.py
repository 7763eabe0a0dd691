"""Streams of room lists: what moved in up to 100 rooms, coalesced. Synchronous throughout."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from publish_server.encoding.sse_frames import own_frame, retry_line
from publish_server.encoding.stream_encoding import Wire
from publish_server.fanout.open_streams import OpenStreams, Streams
from publish_server.rooms.room import Room
from publish_server.streams.connection import Connection

PAUSE_S: Final = 1.0
"""A list is written to at most this often."""

MARKS_AT_ONCE: Final = 500
"""Lists that learn of a room's news in one step."""

UPDATED: Final = 1
LISTED: Final = {b"room.heat": 2, b"room.viewers": 4}
"""What a list shows of each room besides that it moved, and the bit of each."""

ALL: Final = UPDATED | sum(LISTED.values())

_PING: Final = own_frame("stream.ping", {"seq": 0})  # a list has no seq of its own


class ListConnection(Connection):
    """One open list. Overflow rule LATEST: of each room and kind it is told what is so when its client can read.

    `news` are the kinds of each room that wait to be written; there is no queue of frames.
    """

    __slots__ = ("is_paused", "news", "rooms")

    streams: "RoomLists"

    def __init__(
        self, streams: "RoomLists", transport: asyncio.Transport, wire: Wire, rooms: Sequence[Room]
    ) -> None:
        super().__init__(streams, transport, wire)
        self.rooms = rooms
        self.news: dict[Room, int] = {}
        self.is_paused = False


class _Marking(NamedTuple):
    """A room's news on their way to its lists."""

    kinds: int
    room: Room
    left: list[ListConnection]


class RoomLists(Streams[ListConnection]):
    """Every open list. A room's news are noted at once and brought to its lists from the pump, a slice at a time."""

    def __init__(self, open_streams: OpenStreams) -> None:
        super().__init__(open_streams)
        self.wake_pump: Callable[[], None] = lambda: None
        self._moved: OrderedDict[Room, int] = OrderedDict()
        self._marking: _Marking | None = None
        self._ready: OrderedDict[ListConnection, None] = OrderedDict()
        self._paused: deque[tuple[float, ListConnection]] = deque()

    def kind(self, connection: ListConnection) -> str:
        return "list"

    def join(self, connection: ListConnection, head: bytes, retry_ms: int) -> None:
        """Begin a response with `head`; where every room is follows."""
        self.joined(connection)
        for room in connection.rooms:
            room.lists.add(connection)
            if room.log.started:
                connection.news[room] = ALL
        connection.begin(head, retry_line(retry_ms))
        self._make_ready(connection)

    def room_moved(self, room: Room, kinds: int = UPDATED) -> None:
        """Those kinds of the room's news are to be told."""
        if room.lists:
            self._moved[room] = self._moved.get(room, 0) | kinds
            self.wake_pump()

    def resume_due(self) -> None:
        """End the pauses that are over."""
        now = self.open.clock()
        while self._paused and self._paused[0][0] <= now:
            _, connection = self._paused.popleft()
            connection.is_paused = False
            self._make_ready(connection)

    def advance_some(self, until: float) -> bool:
        """Work until the clock says `until`; False when nothing is left to do."""
        while self._step():
            if self.open.clock() >= until:
                return True
        return False

    def ping(self, connection: ListConnection) -> None:
        if not connection.is_stalled:
            connection.send(_PING)

    def drained(self, connection: ListConnection) -> None:
        super().drained(connection)
        self._make_ready(connection)

    def forget(self, connection: ListConnection) -> None:
        for room in connection.rooms:
            room.lists.discard(connection)
            room.idle_since = self.open.clock()
        connection.news.clear()
        self._ready.pop(connection, None)

    def _step(self) -> bool:
        """Bring a room's news to some of its lists, or write to one list; False when there is nothing to do."""
        if self._marking is not None:
            kinds, room, left = self._marking
            for connection in left[-MARKS_AT_ONCE:]:
                if not connection.is_closed:
                    connection.news[room] = connection.news.get(room, 0) | kinds
                    self._make_ready(connection)
            del left[-MARKS_AT_ONCE:]
            if not left:
                self._marking = None
        elif self._moved:
            room, kinds = self._moved.popitem(last=False)
            self._marking = _Marking(kinds, room, list(room.lists))
        elif self._ready:
            connection, _ = self._ready.popitem(last=False)
            self._write(connection)
        else:
            return False
        return True

    def _make_ready(self, connection: ListConnection) -> None:
        if connection.news and not (connection.is_paused or connection.is_stalled or connection.is_closed):
            self._ready[connection] = None
            self.wake_pump()

    def _write(self, connection: ListConnection) -> None:
        if connection.is_stalled:
            return
        frames = []
        for room, kinds in connection.news.items():
            if kinds & UPDATED:
                frames.append(room.listed_frame())
            frames += [
                room.latest_signals[name]
                for name, bit in LISTED.items()
                if kinds & bit and name in room.latest_signals
            ]
        connection.news.clear()
        connection.is_paused = True
        self._paused.append((self.open.clock() + PAUSE_S, connection))
        connection.send(b"".join(frames))
