"""Streams of every kind: how many are open, who is stalled, and how a stream ends. Synchronous throughout."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from publish_server.encoding.sse_frames import closing_frame
from publish_server.metrics import CLOSED, HELD_BYTES, LAGGING, STREAMS
from publish_server.streams.connection import Connection

C = TypeVar("C", bound=Connection)


class Held(NamedTuple):
    """Bytes that wait in transports, and the streams whose clients have not taken all of them."""

    data: object
    size: int
    by: set[Connection]


class OpenStreams:
    """The streams of this process, of rooms and of lists. `stalled_since` is in the order of time, in seconds.

    Bound of what clients have not taken: `max_held_bytes`, bytes that several streams share counted once. Overflow
    rule CUT: the stream that alone holds something for longest is closed, and may come back to where it was.
    """

    def __init__(self, clock: Callable[[], float], max_held_bytes: int) -> None:
        self.clock = clock
        self.held_bytes = 0
        self._max_held_bytes = max_held_bytes
        self._held: dict[int, Held] = {}
        self.count = 0
        self.stalled_since: dict[Connection, float] = {}
        self.on_left: Callable[[Connection], None] = lambda connection: None
        LAGGING.set_function(lambda: len(self.stalled_since))
        HELD_BYTES.set_function(lambda: self.held_bytes)

    def hold(self, connection: Connection, data: bytes | memoryview) -> None:
        """The connection's client has not taken all of `data`: it stays in memory until it has."""
        whole = data.obj if isinstance(data, memoryview) else data
        held = self._held.get(id(whole))
        if held is None:
            held = self._held[id(whole)] = Held(whole, len(data), set())
            self.held_bytes += held.size
        held.by.add(connection)
        connection.held = id(whole)
        while self.held_bytes > self._max_held_bytes:
            alone = next((held for held in self._held.values() if len(held.by) == 1), held)
            for longest in list(alone.by):
                longest.streams.cut(longest, "held_bytes")

    def release(self, connection: Connection) -> None:
        """The client has taken all, or has gone."""
        if connection.held is not None:
            held = self._held[connection.held]
            connection.held = None
            held.by.discard(connection)
            if not held.by:
                del self._held[id(held.data)]
                self.held_bytes -= held.size


class Streams(Generic[C]):
    """What happens to the streams of one kind, and what ends them."""

    def __init__(self, open_streams: OpenStreams) -> None:
        self.open = open_streams

    def kind(self, connection: C) -> str:
        """The label of the metric."""
        raise NotImplementedError

    def ping(self, connection: C) -> None:
        """Let the client know that the stream lives."""
        raise NotImplementedError

    def forget(self, connection: C) -> None:
        """The stream has ended: take it out of every table of its kind."""
        raise NotImplementedError

    def may_finish(self, connection: C) -> bool:
        """False while a write to the stream is on its way."""
        return True

    def joined(self, connection: C) -> None:
        self.open.count += 1
        STREAMS.labels(self.kind(connection)).inc()

    def stalled(self, connection: C) -> None:
        self.open.stalled_since[connection] = self.open.clock()

    def holds(self, connection: C, data: bytes | memoryview) -> None:
        self.open.hold(connection, data)

    def drained(self, connection: C) -> None:
        self.open.stalled_since.pop(connection, None)
        self.open.release(connection)

    def finish(self, connection: C, reason: str) -> None:
        """Say stream.closing and end the response."""
        if not connection.is_closed:
            self._leave(connection, reason)
            connection.finish(closing_frame(reason))

    def cut(self, connection: C, reason: str) -> None:
        """End a stream whose client cannot be told."""
        if not connection.is_closed:
            self._leave(connection, reason)
            connection.transport.abort()

    def spoke(self, connection: C) -> None:
        self.cut(connection, "second_request")

    def lost(self, connection: C) -> None:
        if not connection.is_closed:
            self._leave(connection, "client")

    def _leave(self, connection: C, reason: str) -> None:
        """Out of every table, before the descriptor can become someone else's."""
        self.forget(connection)
        connection.is_closed = True
        self.open.stalled_since.pop(connection, None)
        self.open.release(connection)
        if connection.place is not None:
            connection.place.leave()
        if connection.connection_place is not None:
            connection.connection_place.leave()
        self.open.count -= 1
        STREAMS.labels(self.kind(connection)).dec()
        CLOSED.labels(reason).inc()
        self.open.on_left(connection)
