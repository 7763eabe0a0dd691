"""Types of plain ASGI, and how to read one header of a request."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

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
