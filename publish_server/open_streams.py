"""Streams of every kind: how many are open, who is stalled, and how a stream ends. Synchronous throughout."""

from collections.abc import Callable
from typing import Generic, TypeVar

from publish_server.frames import closing_frame
from publish_server.metrics import CLOSED, LAGGING, STREAMS
from publish_server.stream_connection import Connection

C = TypeVar("C", bound=Connection)


class OpenStreams:
    """The streams of this process, of rooms and of lists. `stalled_since` is in the order of time, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.count = 0
        self.stalled_since: dict[Connection, float] = {}
        self.on_left: Callable[[Connection], None] = lambda connection: None
        LAGGING.set_function(lambda: len(self.stalled_since))


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

    def drained(self, connection: C) -> None:
        self.open.stalled_since.pop(connection, None)

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
        self.open.count -= 1
        STREAMS.labels(self.kind(connection)).dec()
        CLOSED.labels(reason).inc()
        self.open.on_left(connection)
