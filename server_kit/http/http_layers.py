"""The HTTP layers of both servers in plain ASGI: request id, CORS, admission, responders, then FastAPI."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final, Protocol

from starlette.requests import ClientDisconnect

from server_kit.http.asgi import ASGIApp, Message, Receive, Scope, Send, raw_header
from server_kit.http.cors import RawHeaders, cors_headers, preflight_headers
from server_kit.http.problem import ChatError
from server_kit.http.problem_response import internal_error, send_problem
from server_kit.http.request_head import RequestHead, request_head, scan_headers
from server_kit.http.request_id import request_id
from server_kit.limited_log import LimitedLog

log = logging.getLogger(__name__)

NO_STORE: Final = (b"cache-control", b"no-store")

_ABOUT_CACHES: Final = frozenset({b"cache-control", b"etag"})

Responder = Callable[[Scope, Receive, Send, RawHeaders], Awaitable[bool]]
"""Responds with these extra headers and returns True, or returns False to leave the request to the next layer."""


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
    """An app that tries the responders in order, then `app`; adds the extra headers.

    A response of `app` without headers for caches gets `no-store`: it may be for one person only.
    """

    async def answer(scope: Scope, receive: Receive, send: Send, extra: RawHeaders) -> None:
        for responder in responders:
            if await responder(scope, receive, send, extra):
                return

        async def send_with_extra(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                message["headers"] = [*headers, *extra]
                if _ABOUT_CACHES.isdisjoint(name.lower() for name, _ in headers):
                    message["headers"].append(NO_STORE)
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
