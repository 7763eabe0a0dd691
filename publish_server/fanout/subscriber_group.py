"""The up-to-date subscribers of a room that read the same bytes, and one flush to all of them."""

import logging
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from publish_server.encoding.gzip_blocks import Tally
from publish_server.encoding.stream_encoding import Wire
from publish_server.metrics import FLUSHES_SHARED
from publish_server.streams.connection import FAILED, StreamConnection, shared_pages, write_all

if TYPE_CHECKING:
    from publish_server.rooms.room import Room

log = logging.getLogger(__name__)


class Audience:
    """`live` maps descriptors to connections that have all the room has flushed.

    While a flush is on its way, `left` remembers the descriptors that went, for they may come back as someone else.
    """

    __slots__ = ("flush_bytes", "is_notify", "left", "live", "room", "tally", "wire")

    def __init__(self, room: "Room", wire: Wire, *, is_notify: bool) -> None:
        self.room = room
        self.wire = wire
        self.is_notify = is_notify
        self.live: dict[int, StreamConnection] = {}
        self.left: set[int] | None = None
        self.flush_bytes = 0
        self.tally = Tally()

    def add(self, connection: StreamConnection) -> None:
        connection.is_live = True
        if connection.tally is not None:
            connection.tally.join(self.tally)
        self.live[connection.descriptor] = connection

    def remove(self, connection: StreamConnection) -> None:
        if connection.is_live:
            connection.is_live = False
            if connection.tally is not None:
                connection.tally.leave(self.tally)
            del self.live[connection.descriptor]
            if self.left is not None:
                self.left.add(connection.descriptor)

    def flush(self, body: bytes, slice_writes: int) -> Iterator[tuple[int, int]]:
        """Write `body` to everyone who is live now; yields (writes, bytes) after each slice of `slice_writes`.

        Between slices anyone may come or go: who comes already has `body`, by catching up to the room's `flushed`.
        """
        if self.wire.is_gzip:
            self.tally.add(body)
        descriptors = list(self.live)
        self.left = left = set[int]()
        try:
            data = yield from _nothing_written(self.wire.encode_in_slices(body))
            self.flush_bytes = len(data)
            with shared_pages(data, len(descriptors)) as pages:
                if pages is not None:
                    FLUSHES_SHARED.inc()
                for start in range(0, len(descriptors), slice_writes):
                    part = descriptors[start : start + slice_writes]
                    if left:
                        part = [descriptor for descriptor in part if descriptor not in left]
                    for descriptor, taken in write_all(part, data, pages):
                        connection = self.live.get(descriptor)
                        if connection is not None:  # else cut by what one before it left in memory
                            _hand_over(connection, data, taken)
                    yield len(part), len(part) * len(data)
        finally:
            self.left = None


def _nothing_written(encoding: Generator[None, None, bytes]) -> Generator[tuple[int, int], None, bytes]:
    """The slices of an encoding as those of a flush."""
    while True:
        try:
            next(encoding)
        except StopIteration as end:
            data: bytes = end.value
            return data
        yield 0, 0


def _hand_over(connection: StreamConnection, data: bytes, taken: int) -> None:
    """What the kernel did not take waits in the transport, as a view of the shared bytes; then it is stalled."""
    if taken != FAILED:
        try:
            connection.write(memoryview(data)[taken:])
            return
        except Exception:
            # One subscriber's trouble must not leave its step: thousands of others share this flush.
            log.exception("a stream could not be written to")
    connection.transport.abort()
    connection.streams.lost(connection)
