"""A whole response in one step, below ASGI, for the fast path, whose headers are our own and known to be valid.

uvicorn checks every header of every response and writes head and body separately; for a page from memory that takes
more than half of its time. If anything is unusual (another server, HTTP/1.0, a client that reads slowly, a connection
about to close), the response is sent through uvicorn as usual. Needs uvicorn's httptools protocol, so its version is
pinned.
"""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from server_kit.http.asgi import Send
from server_kit.http.connections import GuardedProtocol
from server_kit.http.cors import RawHeaders


class ResponseHead:
    """Status and headers, for ASGI and as bytes on the wire. Built once, sent many times."""

    __slots__ = ("headers", "lines", "status")

    def __init__(self, status: int, headers: RawHeaders) -> None:
        self.status = status
        self.headers = headers
        self.lines = b"HTTP/1.1 %d %b\r\n%b" % (status, HTTPStatus(status).phrase.encode(), _lines(headers))


async def send_response(send: Send, head: ResponseHead, extra: RawHeaders, body: bytes) -> None:
    """Send the response. `head` or `extra` must hold the body's length, except for a HEAD request and a 304."""
    cycle = getattr(send, "__self__", None)
    if (
        isinstance(cycle, RequestResponseCycle)
        and cycle.keep_alive
        and not (cycle.response_started or cycle.disconnected or cycle.flow.write_paused)
        and isinstance(protocol := cycle.transport.get_protocol(), GuardedProtocol)
    ):
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        lines = (head.lines, _lines(cycle.default_headers), _lines(extra), b"\r\n")
        protocol.write_response(lines, body)
        cycle.on_response()
        return
    await send({"type": "http.response.start", "status": head.status, "headers": [*head.headers, *extra]})
    await send({"type": "http.response.body", "body": body})


def _lines(headers: RawHeaders) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])
