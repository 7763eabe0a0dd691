"""Types of plain ASGI, how to read one header of a request, and how to notice that its client is gone."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


async def until_disconnected(receive: Receive) -> None:
    """Return once the client is gone. Discards its request's body."""
    while (await receive())["type"] != "http.disconnect":
        pass


def raw_header(scope: Scope, name: bytes) -> bytes | None:
    """The value of the first header with this lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None
