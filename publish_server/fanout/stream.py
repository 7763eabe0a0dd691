"""What every kind of stream has: a socket, and an owner that decides what to send."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from publish_server.encoding.stream_encoding import StreamEncoding
from server_kit.limits.shares import Seat


class StreamOwner(Protocol):
    """Receives a stream's events and acts on the stream. StreamLifecycle implements it."""

    def advance(self, stream: Any) -> None: ...
    def ping(self, stream: Any) -> None: ...
    def may_finish(self, stream: Any) -> bool: ...
    def finish(self, stream: Any, reason: str) -> None: ...
    def cut(self, stream: Any, reason: str) -> None: ...
    def stalled(self, stream: Any) -> None: ...
    def drained(self, stream: Any) -> None: ...
    def buffered(self, stream: Any, data: bytes | memoryview) -> None: ...
    def received_data(self, stream: Any) -> None: ...
    def lost(self, stream: Any) -> None: ...


class Stream(asyncio.Protocol):
    """One open stream. `is_stalled` while its transport buffers bytes that the client has not read.

    `seats` are given back when the stream ends. `buffered` belongs to StalledStreams; `closes_at` and
    `wheel_slot` belong to TimerWheel.
    """

    __slots__ = (
        "buffered",
        "closes_at",
        "descriptor",
        "encoding",
        "is_closed",
        "is_stalled",
        "owner",
        "seats",
        "transport",
        "wheel_slot",
    )

    def __init__(
        self,
        owner: StreamOwner,
        transport: asyncio.Transport,
        encoding: StreamEncoding,
        seats: Sequence[Seat] = (),
    ) -> None:
        self.owner = owner
        self.transport = transport
        self.encoding = encoding
        self.seats = seats
        self.descriptor: int = transport.get_extra_info("socket").fileno()
        self.closes_at = 0.0
        self.wheel_slot = 0
        self.buffered: Any = None
        self.is_stalled = False
        self.is_closed = False

    def begin(self, head: bytes, body: bytes) -> None:
        """Send the response's head and its first body in one write."""
        self.write(head + self.encoding.encode_first(body))

    def send(self, body: bytes, data: bytes | None = None) -> None:
        """Send a body to this stream alone; `data` is the encoded body, if the caller has it."""
        if body:
            self.write(self.encoding.encode(body) if data is None else data)

    def write(self, data: bytes | memoryview) -> None:
        """Write encoded bytes behind those that the transport still buffers. This may stall the stream at once."""
        if not self.is_closed:
            self.transport.write(data)
            if self.is_stalled and self.buffered is None:
                self.owner.buffered(self, data)

    def finish(self, body: bytes) -> None:
        """Send the last body and end the response. A stalled client is disconnected instead."""
        if self.is_stalled:
            self.transport.abort()
        else:
            self.transport.write(self.encoding.encode(body) + self.encoding.ending(None))
            self.transport.close()

    def pause_writing(self) -> None:
        self.is_stalled = True
        if not self.is_closed:
            self.owner.stalled(self)

    def resume_writing(self) -> None:
        self.is_stalled = False
        if not self.is_closed:
            self.owner.drained(self)

    def data_received(self, data: bytes) -> None:
        if not self.is_closed:
            self.owner.received_data(self)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.owner.lost(self)
