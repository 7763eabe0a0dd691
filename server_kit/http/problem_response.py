"""Sends errors as problem+json in plain ASGI."""

from typing import Final

from server_kit.http.asgi import Scope, Send
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import PROBLEMS_SENT, ChatError

REFUSED_BY_SHARE: Final = "hotchat.refused_by_share"
"""A key of `scope`, present once a share has refused the request. `GuardedProtocol` then pauses the connection."""


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
