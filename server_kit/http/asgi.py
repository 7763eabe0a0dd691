"""The HTTP layers of both servers in plain ASGI: request id, CORS, admission, responders, then FastAPI."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol

from starlette.requests import ClientDisconnect

from server_kit.http.cors import RawHeaders, cors_headers, preflight_headers
from server_kit.http.problem import PROBLEMS_SENT, ChatError
from server_kit.http.request_id import request_id
from server_kit.limited_log import LimitedLog

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def raw_header(scope: Scope, name: bytes) -> bytes | None:
    """The value of the first header with this lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


REFUSED_BY_SHARE: Final = "hotchat.refused_by_share"
"""A key of `scope`, present once a share has refused the request. `GuardedProtocol` then pauses the connection."""

Responder = Callable[[Scope, Receive, Send, RawHeaders], Awaitable[bool]]
"""Responds with these extra headers and returns True, or returns False to leave the request to the next layer."""


class RequestHead(NamedTuple):
    """The headers that admission reads, collected in one pass. `hosts`: the number of Host headers."""

    request_id: bytes | None
    origin: bytes | None
    host: bytes
    hosts: int
    is_forwarded: bool


def request_head(scope: Scope) -> RequestHead:
    origin = given_id = None
    host = b""
    hosts = 0
    is_forwarded = False
    for name, value in scope["headers"]:
        if name == b"host":
            host = value
            hosts += 1
        elif name == b"origin":
            origin = value
        elif name == b"x-request-id":
            given_id = value
        elif name == b"x-forwarded-for":
            is_forwarded = True
    return RequestHead(given_id, origin, host, hosts, is_forwarded)


def scan_headers(scope: Scope) -> tuple[bytes | None, bytes | None, bool, bool]:
    """X-Request-ID, Host, whether admission must check the request even if its host passes, whether it has an Origin.

    The first lines of every request, therefore without RequestHead.
    """
    given_id = host = None
    needs_check = has_origin = False
    for name, value in scope["headers"]:
        if name == b"host":
            needs_check = needs_check or host is not None
            host = value
        elif name == b"x-request-id":
            given_id = value
        elif name == b"x-forwarded-for":
            needs_check = True
        elif name == b"origin":
            needs_check = has_origin = True
    return given_id, host, needs_check, has_origin


class Admit(Protocol):
    """Decides which requests are admitted. `check` raises ChatError for one that is not.

    `passes`: Host values for which a request without Origin and X-Forwarded-For needs no check.
    """

    passes: AbstractSet[bytes]

    def check(self, scope: Scope, head: RequestHead) -> None: ...


def with_http_layers(
    app: ASGIApp, allowed_origins: Sequence[str], admission: Admit, responders: Sequence[Responder] = ()
) -> ASGIApp:
    """Wrap `app` and the responders: adds X-Request-ID and CORS headers, answers preflights, admits requests.

    Responders get the server's own `send`. `responders` may be filled later. An exception becomes a problem+json.
    """
    passes = admission.passes
    failures = LimitedLog(log, time.monotonic)
    answer = _in_turn(responders, app)

    async def layered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        given_id, host, needs_check, _ = scan_headers(scope)
        extra: RawHeaders = [(b"x-request-id", request_id(given_id))]
        if (needs_check or host not in passes) and not await _admitted(
            admission, allowed_origins, scope, send, extra
        ):
            return
        try:
            await answer(scope, receive, send, extra)
        except ClientDisconnect:
            pass  # the client disconnected before its body was complete
        except Exception as error:
            failures.warning("failed", "A request failed", exc_info=error)
            with suppress(RuntimeError):  # uvicorn raises it if the response has already begun
                await send_problem(scope, send, internal_error(), extra)

    return layered


def _in_turn(
    responders: Sequence[Responder], app: ASGIApp
) -> Callable[[Scope, Receive, Send, RawHeaders], Awaitable[None]]:
    """An app that tries the responders in order, then `app`; adds the extra headers."""

    async def answer(scope: Scope, receive: Receive, send: Send, extra: RawHeaders) -> None:
        for responder in responders:
            if await responder(scope, receive, send, extra):
                return

        async def send_with_extra(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        await app(scope, receive, send_with_extra)

    return answer


async def _admitted(
    admission: Admit, allowed_origins: Sequence[str], scope: Scope, send: Send, extra: RawHeaders
) -> bool:
    """False if the request was refused or was a preflight; both are answered here. Adds CORS headers to `extra`."""
    head = request_head(scope)
    is_preflight = False
    if head.origin is not None:
        is_preflight = _is_preflight(scope)
        make_headers = preflight_headers if is_preflight else cors_headers
        extra += make_headers(head.origin, head.host, allowed_origins)
    try:
        admission.check(scope, head)
    except ChatError as error:
        await send_problem(scope, send, error, extra)
        return False
    if is_preflight:
        await send({"type": "http.response.start", "status": 204, "headers": extra})
        await send({"type": "http.response.body", "body": b""})
    return not is_preflight


def _is_preflight(scope: Scope) -> bool:
    return scope["method"] == "OPTIONS" and raw_header(scope, b"access-control-request-method") is not None


def internal_error() -> ChatError:
    return ChatError("internal", "Something went wrong here. Try again; tell the operator if it stays.")


def problem_body(scope: Scope, error: ChatError) -> tuple[bytes, bytes]:
    """The Content-Length of the error and the body to send, which is empty for a HEAD. Every sender calls it.

    Notes a rate limit in the scope, so that the connection pauses.
    """
    if error.code == "rate_limited":
        scope[REFUSED_BY_SHARE] = True
    body = error.body()
    return b"%d" % len(body), b"" if scope["method"] == "HEAD" else body


async def send_problem(scope: Scope, send: Send, error: ChatError, extra: RawHeaders) -> None:
    """Send the error as a complete response; count it unless uvicorn refuses, because a response has already begun."""
    length, body = problem_body(scope, error)
    headers = [*extra, (b"content-length", length), *error.raw_headers()]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    PROBLEMS_SENT.labels(error.code).inc()
    await send({"type": "http.response.body", "body": body})
