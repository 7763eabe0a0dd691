"""Takes a stream's socket over from uvicorn. No other module of this package knows uvicorn's internals.

ASGI's `send` costs 3–4 µs per call, and keeps a task, a parser and a request cycle for each idle stream. So a validated
request's connection is taken over in the way of uvicorn's own websocket upgrade: the transport gets another protocol,
and uvicorn's protocol gets `connection_lost` (with an exception, so that it leaves the transport open). From then on
uvicorn neither counts the stream nor waits for it.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

from server_kit.limits.shares import Seat

TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", 18)


class HasPipelined(Exception):
    """The client sent another request behind this one, or it has disconnected."""


class Taken(NamedTuple):
    """A connection, the header lines that uvicorn adds to a response, and the seats to leave at the stream's end."""

    transport: asyncio.Transport
    default_headers: bytes
    seats: tuple[Seat, ...]


def take_transport(send: Any, *, send_buffer_bytes: int, stall_s: float) -> Taken:
    """Take the transport behind uvicorn's own `send`.

    Raises HasPipelined, with the transport closed. Requires GuardedProtocol without TLS.
    """
    cycle = send.__self__
    transport: asyncio.Transport = cycle.transport
    assert transport.get_extra_info("sslcontext") is None, (
        "streams bypass the transport, so TLS belongs to the edge"
    )
    protocol: Any = transport.get_protocol()
    default_headers = b"".join([b"%b: %b\r\n" % pair for pair in cycle.default_headers])
    cycle.flow.resume_reading()
    has_pipelined = bool(protocol.pipeline)
    protocol.pipeline.clear()
    seats = protocol.hand_over()
    transport.set_write_buffer_limits(high=0)
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    # A client that vanished without closing is detected by the bytes that it does not acknowledge.
    sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, round(stall_s * 1000))
    if has_pipelined or transport.is_closing():
        transport.close()
        for seat in seats:
            seat.leave()
        raise HasPipelined
    return Taken(transport, default_headers, seats)


def response_head(
    headers: Sequence[tuple[bytes, bytes]], default_headers: bytes, *, is_chunked: bool
) -> bytes:
    """Status line and headers of a stream."""
    lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    if is_chunked:
        return b"HTTP/1.1 200 OK\r\n%b%btransfer-encoding: chunked\r\n\r\n" % (default_headers, lines)
    return b"HTTP/1.0 200 OK\r\n%b%bconnection: close\r\n\r\n" % (default_headers, lines)
