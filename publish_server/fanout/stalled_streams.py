"""Streams whose clients do not read: how long they have stalled, and how many bytes wait for them."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from publish_server.fanout.stream import Stream
from publish_server.metrics import BUFFERED_BYTES, STALLED

STREAMS_PER_STEP: Final = 200


class _Buffered(NamedTuple):
    """Bytes in the buffers of transports, and the streams whose clients have not read them.

    The streams are a dictionary, which takes half of the memory of a set.
    """

    data: object
    size: int
    streams: dict[Stream, None]


class StalledStreams:
    """A stream that stays stalled for `stall_s` is closed.

    Bound of the buffered bytes: `max_buffered_bytes`; bytes that several streams share count once. Overflow rule CUT:
    close the stream that has held bytes of its own for longest. Its client may resume where it was.
    """

    def __init__(self, clock: Callable[[], float], *, stall_s: float, max_buffered_bytes: int) -> None:
        self._clock = clock
        self._stall_s = stall_s
        self._max_buffered_bytes = max_buffered_bytes
        self._buffered: dict[int, _Buffered] = {}
        self._since: dict[Stream, float] = {}
        self.buffered_bytes = 0
        STALLED.set_function(lambda: len(self._since))
        BUFFERED_BYTES.set_function(lambda: self.buffered_bytes)

    def stalled(self, stream: Stream) -> None:
        self._since[stream] = self._clock()

    def buffered(self, stream: Stream, data: bytes | memoryview) -> None:
        """The transport keeps all of `data` in memory until the client has read it."""
        whole = data.obj if isinstance(data, memoryview) else data
        buffered = self._buffered.get(id(whole))
        if buffered is None:
            buffered = self._buffered[id(whole)] = _Buffered(whole, len(data), {})
            self.buffered_bytes += buffered.size
        buffered.streams[stream] = None
        stream.buffered = buffered
        while self.buffered_bytes > self._max_buffered_bytes:
            unshared = next((each for each in self._buffered.values() if len(each.streams) == 1), buffered)
            for longest in list(unshared.streams):
                longest.owner.cut(longest, "held_bytes")

    def resumed(self, stream: Stream) -> None:
        """The client has read everything, or the stream has ended."""
        self._since.pop(stream, None)
        buffered: _Buffered | None = stream.buffered
        if buffered is not None:
            stream.buffered = None
            del buffered.streams[stream]
            if not buffered.streams:
                del self._buffered[id(buffered.data)]
                self.buffered_bytes -= buffered.size

    def cut_overdue(self) -> Iterator[None]:
        """Close the streams that have stalled for too long; yields between steps."""
        now = self._clock()
        for number, (stream, since) in enumerate(list(self._since.items()), 1):
            if now - since < self._stall_s:
                break
            if number % STREAMS_PER_STEP == 0:
                yield
            # It may have resumed or ended between steps.
            if self._since.get(stream) == since:
                stream.owner.cut(stream, "stalled")
