"""The fast path below ASGI: a stream's socket, taken over from uvicorn, and the loop that writes to many of them.

ASGI's `send` costs 3–4 µs a call above the system call's 10, and keeps a task, a parser and a request cycle for each
idle stream. So once a request is validated, its connection changes hands in the way uvicorn's own websocket upgrade
does it: the transport gets a new protocol, and uvicorn's is told that its connection is lost (with an exception, so
that it leaves the transport open). From then on uvicorn neither counts the stream nor waits for it.

Rules that keep writing to bare descriptors safe:
- `write_all` may write to a descriptor only while its transport has nothing buffered, else bytes would overtake
  each other. With a write limit of 0 the transport says `pause_writing` whenever it buffers anything.
- A descriptor leaves every table before its transport closes (`Streams.lost` is the first thing `connection_lost`
  does), since the kernel gives the number to the next connection.
- Never with TLS, where the transport's bytes are not the socket's.

A large flush to a large crowd is not copied into every socket: it is put into an anonymous file once, and the
sockets get references to its pages (`sendfile`). Nothing is ever written into that file again, so what a slow client
has yet to read cannot change under it; the pages go when the last socket has let go of them.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import sendfile, write
from typing import TYPE_CHECKING, Any, NamedTuple

from publish_server.encoding.gzip_blocks import StreamTally
from server_kit.http.connections import ConnectionPlace
from server_kit.shares import Place

if TYPE_CHECKING:
    from publish_server.encoding.stream_encoding import Wire
    from publish_server.fanout.open_streams import Streams
    from publish_server.fanout.subscriber_group import Audience

FAILED = -1
FITS_BYTES = 8 * 1024  # a flush of that size fits the send buffer that a stream starts with
MAX_SEND_BUFFER = 64 * 1024
TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", 18)


SHARED_FROM_BYTES = 4 * 1024
SHARED_FROM_WRITES = 128
"""Below either of them making the file costs more than the copies."""


@contextmanager
def shared_pages(data: bytes, writes: int) -> Iterator[int | None]:
    """A file that holds `data` for so many writes of it; None where copies are cheaper or no such file exists."""
    file = _file_of(data) if len(data) >= SHARED_FROM_BYTES and writes >= SHARED_FROM_WRITES else None
    try:
        yield file
    finally:
        if file is not None:
            os.close(file)


def _file_of(data: bytes) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        file = os.memfd_create("flush")
    except OSError:  # no descriptor left for it: copies still go out
        return None
    try:
        if write(file, data) == len(data):
            return file
    except OSError:  # no memory left
        pass
    os.close(file)
    return None


def write_all(descriptors: Sequence[int], data: bytes, pages: int | None = None) -> list[tuple[int, int]]:
    """Write `data` to each descriptor; returns (descriptor, bytes taken or FAILED) of those that did not take all.

    `pages` is a file that holds the same bytes. Nothing else belongs into this loop: 5,000 subscribers and 12 flushes
    a second go through it.
    """
    size = len(data)
    short = []
    for descriptor in descriptors:
        try:
            taken = write(descriptor, data) if pages is None else sendfile(descriptor, pages, 0, size)
            if taken != size:
                short.append((descriptor, taken))
        except BlockingIOError:
            short.append((descriptor, 0))
        except OSError:
            short.append((descriptor, FAILED))
    return short


class Connection(asyncio.Protocol):
    """One open stream's socket and what every kind of stream keeps of it.

    When the transport buffers something the stream `is_stalled` until that is out.
    """

    __slots__ = (
        "closes_at",
        "connection_place",
        "descriptor",
        "held",
        "is_closed",
        "is_stalled",
        "place",
        "slot",
        "streams",
        "transport",
        "wire",
    )

    def __init__(self, streams: "Streams[Any]", transport: asyncio.Transport, wire: "Wire") -> None:
        self.streams = streams
        self.transport = transport
        self.wire = wire
        self.descriptor: int = transport.get_extra_info("socket").fileno()
        self.closes_at = 0.0
        self.slot = 0
        self.held: int | None = None
        self.place: Place | None = None
        self.connection_place: ConnectionPlace | None = None
        self.is_stalled = False
        self.is_closed = False

    def begin(self, head: bytes, body: bytes) -> None:
        """The response's head and its first body, in one write."""
        self.write(head + self.wire.opening(body))

    def send(self, body: bytes, data: bytes | None = None) -> None:
        """A body for this stream alone; `data` is the body encoded for its wire, where that is at hand."""
        if body:
            self.write(self.wire.encode(body) if data is None else data)

    def write(self, data: bytes | memoryview) -> None:
        """Bytes behind whatever the transport still holds. May stall the connection at once."""
        if not self.is_closed:
            self.transport.write(data)
            if self.is_stalled and self.held is None:
                self.streams.holds(self, data)

    def finish(self, body: bytes) -> None:
        """The last body, then an orderly end. A client that takes nothing is cut instead."""
        if self.is_stalled:
            self.transport.abort()
        else:
            self.transport.write(self.wire.encode(body) + self.wire.ending(None))
            self.transport.close()

    def pause_writing(self) -> None:
        self.is_stalled = True
        if not self.is_closed:
            self.streams.stalled(self)

    def resume_writing(self) -> None:
        self.is_stalled = False
        if not self.is_closed:
            self.streams.drained(self)

    def data_received(self, data: bytes) -> None:
        # A second request on the socket of a response that never ends can never be answered.
        if not self.is_closed:
            self.streams.spoke(self)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.streams.lost(self)


class StreamConnection(Connection):
    """One open tab: a cursor into its room's log, not a queue.

    Overflow rule: CATCH_UP from the log while it reaches back, then GAP. While `is_live` it has all that its room has
    flushed and needs no cursor of its own.
    """

    __slots__ = (
        "audience",
        "cursor",
        "is_live",
        "is_opened",
        "is_replaying",
        "send_buffer",
        "signals_seen",
        "tally",
    )

    def __init__(
        self, streams: "Streams[Any]", transport: asyncio.Transport, audience: "Audience", cursor: int | None
    ) -> None:
        super().__init__(streams, transport, audience.wire)
        self.audience = audience
        self.cursor = cursor
        self.tally = StreamTally() if audience.wire.is_gzip else None
        self.send_buffer = 0
        self.signals_seen = 0
        self.is_opened = False
        self.is_live = False
        self.is_replaying = False

    def begin(self, head: bytes, body: bytes) -> None:
        self._count(body)
        super().begin(head, body)

    def send(self, body: bytes, data: bytes | None = None) -> None:
        if body:
            self._count(body)
            super().send(body, data)

    def finish(self, body: bytes) -> None:
        if self.is_stalled:
            self.transport.abort()
        else:
            self._count(body)
            self.transport.write(self.wire.encode(body) + self.wire.ending(self.tally))
            self.transport.close()

    def _count(self, body: bytes) -> None:
        if self.tally is None:
            return
        if self.is_live:
            self.tally.leave(self.audience.tally)
        self.tally.add(body)
        if self.is_live:
            self.tally.join(self.audience.tally)

    def widen(self) -> None:
        """Let the kernel take a flush of the current size whole, as this client has shown that it reads.

        A flush beyond the send buffer costs more steps each time; a buffer for a client that reads nothing is waste.
        """
        wanted = min(MAX_SEND_BUFFER, self.audience.flush_bytes)
        if wanted > max(FITS_BYTES, self.send_buffer):
            self.send_buffer = min(MAX_SEND_BUFFER, wanted * 3 // 2)
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.send_buffer)


class HasPipelined(Exception):
    """Another request came right behind this one, or the client has gone."""


class Taken(NamedTuple):
    """A connection out of uvicorn's hands, the header lines of its response, and its places to give back."""

    transport: asyncio.Transport
    head: bytes
    place: ConnectionPlace | None


def take_transport(send: Any, *, send_buffer_bytes: int, stall_s: float) -> Taken:
    """The transport behind uvicorn's own `send`, and the header lines that uvicorn would add.

    Raises HasPipelined, with the transport closed. Needs GuardedProtocol, without TLS.
    """
    cycle = send.__self__
    transport: asyncio.Transport = cycle.transport
    assert transport.get_extra_info("sslcontext") is None, (
        "streams bypass the transport, so TLS belongs to the edge"
    )
    protocol: Any = transport.get_protocol()
    default_headers = b"".join(b"%b: %b\r\n" % pair for pair in cycle.default_headers)
    cycle.flow.resume_reading()
    has_pipelined = bool(protocol.pipeline)
    protocol.pipeline.clear()
    place = protocol.hand_over()
    transport.set_write_buffer_limits(high=0)
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    # a client that vanished without a word is found out by what it does not acknowledge
    sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, round(stall_s * 1000))
    if has_pipelined or transport.is_closing():
        transport.close()
        if place is not None:
            place.leave()
        raise HasPipelined
    return Taken(transport, default_headers, place)


def response_head(
    headers: Sequence[tuple[bytes, bytes]], default_headers: bytes, *, is_chunked: bool
) -> bytes:
    """Status line and headers of a stream."""
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    if is_chunked:
        return b"HTTP/1.1 200 OK\r\n%b%btransfer-encoding: chunked\r\n\r\n" % (default_headers, lines)
    return b"HTTP/1.0 200 OK\r\n%b%bconnection: close\r\n\r\n" % (default_headers, lines)
