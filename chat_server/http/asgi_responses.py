"""Responses of the fast path, in plain ASGI."""

from collections.abc import Sequence
from typing import Final

from chat_server.http.single_write_response import ResponseHead, send_response
from server_kit.http.asgi import Scope, Send
from server_kit.http.cors import RawHeaders
from server_kit.http.http_layers import NO_STORE
from server_kit.http.problem import PROBLEMS_SENT, ChatError
from server_kit.http.problem_response import problem_body

Reply = tuple[ResponseHead, Sequence[tuple[bytes, bytes]], bytes]
"""Head, further headers and body of one response; the body's length is among the headers."""

_JSON: Final = (b"content-type", b"application/json")


def json_reply(status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> Reply:
    """A response whose body is encoded JSON. No cache keeps it: not everybody may see it."""
    return ResponseHead(status, [_JSON, NO_STORE, (b"content-length", b"%d" % len(body))]), headers, body


async def send_problem(scope: Scope, send: Send, error: ChatError, extra: RawHeaders) -> None:
    """The error as problem+json, counted; without its body to a HEAD."""
    head, _, body = problem_reply(scope, error)
    await send_response(send, head, extra, body)


def problem_reply(scope: Scope, error: ChatError) -> Reply:
    """The error as problem+json, counted; without its body to a HEAD."""
    PROBLEMS_SENT.labels(error.code).inc()
    length, body = problem_body(scope, error)
    return ResponseHead(error.status, [(b"content-length", length), *error.raw_headers()]), (), body
