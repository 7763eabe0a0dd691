"""The up-to-date subscribers of a room that read the same bytes, and one flush to all of them."""

import logging
import time
from collections.abc import Generator, Iterator

from publish_server.encoding.gzip_blocks import GzipChecksum
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.socket_writes import FAILED, shared_pages, write_to_all
from publish_server.fanout.subscriber import Subscriber
from publish_server.metrics import FLUSHES_SHARED
from server_kit.limited_log import LimitedLog

failures = LimitedLog(logging.getLogger(__name__), time.monotonic)


class SubscriberGroup:
    """`live` maps descriptors to subscribers that have everything the room has flushed.

    During a flush `left` remembers the descriptors that left, because the kernel may give them to new connections.
    """

    __slots__ = ("checksum", "encoding", "flush_bytes", "is_calm", "is_notify", "left", "live")

    def __init__(self, encoding: StreamEncoding, *, is_notify: bool = False, is_calm: bool = False) -> None:
        self.encoding = encoding
        self.is_notify = is_notify
        self.is_calm = is_calm
        self.live: dict[int, Subscriber] = {}
        self.left: set[int] | None = None
        self.flush_bytes = 0
        self.checksum = GzipChecksum()

    def add(self, subscriber: Subscriber) -> None:
        subscriber.is_live = True
        if subscriber.checksum is not None:
            subscriber.checksum.join(self.checksum)
        self.live[subscriber.descriptor] = subscriber

    def remove(self, subscriber: Subscriber) -> None:
        if subscriber.is_live:
            subscriber.is_live = False
            if subscriber.checksum is not None:
                subscriber.checksum.leave(self.checksum)
            del self.live[subscriber.descriptor]
            if self.left is not None:
                self.left.add(subscriber.descriptor)

    def flush(self, body: bytes, slice_writes: int) -> Iterator[tuple[int, int]]:
        """Write `body` to every subscriber that is live now; yields (writes, bytes) after each `slice_writes` writes.

        Subscribers may join or leave between slices. One that joins already has `body`, because it caught up to the
        room's `flushed`.
        """
        if self.encoding.is_gzip:
            self.checksum.add(body)
        descriptors = list(self.live)
        self.left = left = set[int]()
        try:
            data = yield from _without_writes(self.encoding.encode_in_slices(body))
            self.flush_bytes = len(data)
            with shared_pages(data, len(descriptors)) as pages:
                if pages is not None:
                    FLUSHES_SHARED.inc()
                for start in range(0, len(descriptors), slice_writes):
                    part = descriptors[start : start + slice_writes]
                    if left:
                        part = [descriptor for descriptor in part if descriptor not in left]
                    for descriptor, taken in write_to_all(part, data, pages):
                        subscriber = self.live.get(descriptor)
                        if subscriber is not None:  # otherwise it was cut to free memory
                            _buffer_rest(subscriber, data, taken)
                    yield len(part), len(part) * len(data)
        finally:
            self.left = None


def _without_writes(encoding: Generator[None, None, bytes]) -> Generator[tuple[int, int], None, bytes]:
    """The steps of an encoding as steps of a flush."""
    while True:
        try:
            next(encoding)
        except StopIteration as end:
            data: bytes = end.value
            return data
        yield 0, 0


def _buffer_rest(subscriber: Subscriber, data: bytes, taken: int) -> None:
    """Give the bytes that the kernel did not take to the transport, as a view of `data`. This stalls the subscriber."""
    if taken != FAILED:
        try:
            subscriber.write(memoryview(data)[taken:])
            return
        except Exception as error:
            # One subscriber's error must stay its own: thousands of others share this flush.
            failures.warning("write", "A stream could not be written to", exc_info=error)
    subscriber.transport.abort()
    subscriber.owner.lost(subscriber)
