"""The outermost ASGI layer of both servers: request id and CORS, without a framework's cost on hot paths."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from chat_contract.http.cors import RawHeaders, cors_headers, preflight_headers
from chat_contract.http.request_id import request_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def raw_header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that (lower-case) name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


Gate = Callable[[Scope, Receive, Send, RawHeaders], Awaitable[bool]]
"""Answers a request itself, with these headers added, and says so; False leaves it to the next in line."""


def with_edge(app: ASGIApp, allowed_origins: Sequence[str], gates: Sequence[Gate] = ()) -> ASGIApp:
    """`app` behind the gates, with X-Request-ID on every response, CORS where an Origin asks, and preflights answered.

    The gates get the server's own `send`; they may be filled in later.
    """

    async def edge(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        origin = given_id = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"x-request-id":
                given_id = value
        extra: RawHeaders = [(b"x-request-id", request_id(given_id))]
        if origin is not None:
            host = raw_header(scope, b"host") or b""
            is_preflight = raw_header(scope, b"access-control-request-method") is not None
            if scope["method"] == "OPTIONS" and is_preflight:
                extra += preflight_headers(origin, host, allowed_origins)
                await send({"type": "http.response.start", "status": 204, "headers": extra})
                await send({"type": "http.response.body", "body": b""})
                return
            extra += cors_headers(origin, host, allowed_origins)
        for gate in gates:
            if await gate(scope, receive, send, extra):
                return

        async def send_with_extra(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        await app(scope, receive, send_with_extra)

    return edge
