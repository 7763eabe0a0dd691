"""Which methods a path has: HEAD is answered as GET, any other method gets 405 with `Allow`, an unknown path 404."""

from collections.abc import Iterable, Iterator
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from server_kit.http.asgi import ASGIApp, Message, Receive, Scope, Send
from server_kit.http.path_table import PathTable
from server_kit.http.problem import method_not_allowed, nothing_here
from server_kit.http.problem_response import send_problem

CALLS_ONLY: Final = frozenset({"api", "healthz", "internal", "metrics", "stream"})
"""First segments of paths that are calls, never pages or files."""

IS_HEAD: Final = "hotchat.is_head"
"""In the scope of a HEAD that is answered as GET: an endless response must end after its head."""


def calls_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path template) of each route of the app, documented or not, except HEAD and mounted folders."""
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, Mount) and route.path is not None:
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, route.path


def with_methods(app: ASGIApp, calls: Iterable[tuple[str, str]]) -> ASGIApp:
    """`app`, which then receives only the methods that `calls` lists, by method and path template.

    Paths without a template are left to `app`, unless they are CALLS_ONLY.
    """
    methods: dict[str, set[str]] = {}
    for method, template in calls:
        methods.setdefault(template, set()).update((method, "HEAD") if method == "GET" else (method,))
    table = PathTable((("", template), allowed) for template, allowed in methods.items())

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        found = table.find("", path)
        if found is None:
            if CALLS_ONLY.isdisjoint(path.split("/", 2)[1:2]):
                await app(scope, receive, send)
            else:
                await send_problem(scope, send, nothing_here(), [])
        elif method not in found[0]:
            allowed = {"Allow": ", ".join(sorted(found[0]))}
            await send_problem(scope, send, method_not_allowed(allowed), [])
        elif method == "HEAD":
            await app({**scope, "method": "GET", IS_HEAD: True}, receive, _without_body(send))
        else:
            await app(scope, receive, send)

    return checked


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head
