"""The ASGI router of the fast path: match, parse once, call the handler, write the response once."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from chat_server.fastpath.fetch_admission import FetchAdmission
from chat_server.fastpath.routes import API, FastRoute
from chat_server.fetch.handler import FETCHES, PROBLEM
from chat_server.http.asgi_responses import send_problem
from chat_server.http.query_string import QueryString
from chat_server.http.single_write_response import send_response
from chat_server.postgres.errors import STORE_ERRORS, described, store_unavailable
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.http.cors import RawHeaders
from server_kit.http.path_table import PathTable
from server_kit.http.problem import ChatError
from server_kit.limited_log import LimitedLog

failures = LimitedLog(logging.getLogger(__name__), time.monotonic)

MAX_PARSED: Final = 4_096
"""GET and POST requests whose parsing is cached. Overflow rule: CLEAR."""

MAX_CACHED_QUERY_BYTES: Final = 256

_CACHED_METHODS: Final = frozenset({"GET", "POST"})
"""Paths of PUT and DELETE name a message, so they rarely repeat."""

_PREFIX: Final = f"{API}/rooms"


class BoundRoute(NamedTuple):
    """A route with the method of the object that handles it."""

    route: FastRoute
    handler: Callable[..., Awaitable[Any]]
    is_fetch: bool


class FastPath:
    """A responder: answers the requests of `routes` and leaves others to the next layer. HEAD is answered as GET."""

    def __init__(
        self,
        routes: Iterable[FastRoute],
        handlers: Sequence[object],
        admission: FetchAdmission,
    ) -> None:
        """`handlers` are the objects whose methods the routes name."""
        bound = [BoundRoute(route, _bound(route, handlers), route.is_fetch) for route in routes]
        self._table = PathTable(((each.route.method, API + each.route.path), each) for each in bound)
        self._admit = admission.admit
        self.parsed: dict[tuple[str, str, bytes], tuple[BoundRoute, Any]] = {}
        """The route and the parsed request of earlier reads and posts, by method, path and query string."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, extra: RawHeaders) -> bool:
        """True if the request was one of these routes, and is answered."""
        path = scope["path"]
        if not path.startswith(_PREFIX):
            return False
        is_head = scope["method"] == "HEAD"
        method = "GET" if is_head else scope["method"]
        query_string = scope["query_string"] if method == "GET" else b""
        is_fetch = False
        try:
            matched = self.parsed.get((method, path, query_string))
            if matched is not None:
                bound, request = matched
                is_fetch = bound.is_fetch
            else:
                found = self._table.find(method, path)
                if found is None:
                    return False
                bound, ids = found
                is_fetch = bound.is_fetch
                request = bound.route.parse(ids, QueryString(query_string))
                if method in _CACHED_METHODS and len(query_string) <= MAX_CACHED_QUERY_BYTES:
                    if len(self.parsed) >= MAX_PARSED:
                        self.parsed.clear()
                    self.parsed[method, path, query_string] = bound, request
            if is_fetch:
                head, headers, body = await self._admit(bound.handler, request, scope, receive)
            else:
                head, headers, body = await bound.handler(request, scope, receive)
        except ChatError as error:
            if is_fetch:
                FETCHES[PROBLEM] += 1
            await send_problem(scope, send, error, extra)
        except STORE_ERRORS as error:
            failures.warning("store", "The store failed: %s", described(error))
            await send_problem(scope, send, store_unavailable(), extra)
        else:
            await send_response(
                send, head, [*headers, *extra] if headers else extra, b"" if is_head else body
            )
        return True


def _bound(route: FastRoute, handlers: Sequence[object]) -> Callable[..., Awaitable[Any]]:
    """The method `route.handler` of the object that has it. Raises LookupError."""
    name = route.handler.__name__
    for handler in handlers:
        if getattr(type(handler), name, None) is route.handler:
            method: Callable[..., Awaitable[Any]] = getattr(handler, name)
            return method
    raise LookupError(f"no object for {route.handler.__qualname__}")
