"""The open streams of this process, and how a stream of any kind begins and ends. Synchronous throughout."""

from collections.abc import Callable
from functools import cache
from typing import ClassVar, Final, Generic, TypeVar

from publish_server.encoding.sse_frames import closing_frame
from publish_server.fanout.stalled_streams import StalledStreams
from publish_server.fanout.stream import Stream
from publish_server.fanout.timer_wheel import TimerWheel
from publish_server.metrics import CLOSED, STREAMS

S = TypeVar("S", bound=Stream)

_streams: Final = cache(STREAMS.labels)
_closed: Final = cache(CLOSED.labels)
"""By their labels, of which there are a few. The look-up takes 2 µs."""

RETURNING: Final = ("lifetime", "shutdown")
"""Reasons for which the server ends a stream that its client will open again."""


class OpenStreams:
    """How many streams are open, which of them have stalled, and when each is pinged."""

    def __init__(self, stalled: StalledStreams, wheel: TimerWheel) -> None:
        self.stalled = stalled
        self.wheel = wheel
        self.count = 0
        self.return_token: Callable[[], str | None] = lambda: None
        """Makes the place with which the client of a stream that the server has just ended may return."""


class StreamLifecycle(Generic[S]):
    """The owner of streams of one kind. Subclasses decide what is sent; this class ends streams. See StreamOwner.

    `may_return`: a client whose stream the server ends for a reason of RETURNING gets a place to return with.
    """

    may_return: ClassVar[bool] = True

    def __init__(self, open_streams: OpenStreams) -> None:
        self._open_streams = open_streams

    def kind(self, stream: S) -> str:
        """The label of the metric."""
        raise NotImplementedError

    def advance(self, stream: S) -> None:
        """Send what the stream lacks, as far as its client reads."""
        raise NotImplementedError

    def ping(self, stream: S) -> None:
        """Show the client that the stream is alive."""
        raise NotImplementedError

    def remove(self, stream: S) -> None:
        """The stream has ended: remove it from every table of its kind."""
        raise NotImplementedError

    def may_finish(self, stream: S) -> bool:
        """False while a flush that includes the stream is in progress."""
        return True

    def joined(self, stream: S) -> None:
        self._open_streams.count += 1
        self._open_streams.wheel.add(stream)
        _streams(self.kind(stream)).inc()

    def stalled(self, stream: S) -> None:
        self._open_streams.stalled.stalled(stream)

    def buffered(self, stream: S, data: bytes | memoryview) -> None:
        self._open_streams.stalled.buffered(stream, data)

    def drained(self, stream: S) -> None:
        self._open_streams.stalled.resumed(stream)

    def finish(self, stream: S, reason: str) -> None:
        """Send `stream.closing` and end the response."""
        if not stream.is_closed:
            self._end(stream, reason)
            is_returning = self.may_return and reason in RETURNING
            stream.finish(closing_frame(reason, self._open_streams.return_token() if is_returning else None))

    def cut(self, stream: S, reason: str) -> None:
        """End a stream whose client cannot receive a last frame."""
        if not stream.is_closed:
            self._end(stream, reason)
            stream.transport.abort()

    def received_data(self, stream: S) -> None:
        """A second request on the socket can never be answered, because the first response does not end."""
        self.cut(stream, "second_request")

    def lost(self, stream: S) -> None:
        if not stream.is_closed:
            self._end(stream, "client")

    def _end(self, stream: S, reason: str) -> None:
        """Remove the stream from every table before the kernel can reuse its descriptor."""
        self.remove(stream)
        stream.is_closed = True
        self._open_streams.stalled.resumed(stream)
        for seat in stream.seats:
            seat.leave()
        self._open_streams.count -= 1
        self._open_streams.wheel.remove(stream)
        _streams(self.kind(stream)).dec()
        _closed(reason).inc()
