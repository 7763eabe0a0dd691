"""Shares of the calls of chat_server, checked before anything else is done for a request.

`SHARE_OF` names the share of every call; a test fails for a call without one. A request that its share refuses is not
parsed, counted as a fetch or looked up, and no store is asked about it.
"""

from collections.abc import Callable
from typing import Final

from chat_server.http.asgi_responses import send_problem
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import ChatError
from server_kit.session_tokens import SessionTokens, session_in
from server_kit.shares import Person, RateShare, Shares, person

REQUESTS: Final = "requests"
"""Calls that cost no more than any other request: what bounds all requests of an address bounds them."""

SERVICE: Final = "service"
"""Calls between our own servers, which the service token bounds."""

FETCHES: Final = "fetches"

_ROOM: Final = "/api/v1/rooms/{room_id}"
_MESSAGE: Final = f"{_ROOM}/messages/{{message_id}}"

SHARE_OF: Final = {
    ("POST", "/api/v1/sessions"): "sessions",
    ("DELETE", "/api/v1/sessions"): "session_ends",
    ("DELETE", "/api/v1/sessions/current"): "session_ends",
    ("GET", "/api/v1/me"): REQUESTS,
    ("GET", "/api/v1/config"): REQUESTS,
    ("GET", "/api/v1/rooms"): "room_lists",
    ("POST", "/api/v1/rooms"): "room_creations",
    ("PATCH", _ROOM): "room_changes",
    ("POST", f"{_ROOM}/typing"): "typing",
    ("POST", f"{_ROOM}/messages"): "posts",
    ("PATCH", _MESSAGE): "edits",
    ("DELETE", _MESSAGE): "deletions",
    ("PUT", f"{_MESSAGE}/pin"): "pins",
    ("DELETE", f"{_MESSAGE}/pin"): "pins",
    ("PUT", f"{_MESSAGE}/reactions/{{kind}}"): "reactions",
    ("DELETE", f"{_MESSAGE}/reactions/{{kind}}"): "reactions",
    ("GET", _ROOM): FETCHES,
    ("GET", f"{_ROOM}/messages"): FETCHES,
    ("GET", f"{_ROOM}/events"): FETCHES,
    ("GET", f"{_ROOM}/reactions/mine"): FETCHES,
    ("GET", _MESSAGE): FETCHES,
    ("GET", f"{_MESSAGE}/reactions"): FETCHES,
    ("GET", f"{_ROOM}/search"): "searches",
    ("GET", "/docs"): REQUESTS,
    ("GET", "/docs/start.js"): REQUESTS,
    ("GET", "/openapi.json"): REQUESTS,
    ("GET", "/healthz/live"): REQUESTS,
    ("GET", "/healthz/ready"): REQUESTS,
    ("GET", "/metrics"): REQUESTS,
    ("POST", "/internal/v1/heads"): SERVICE,
    ("GET", "/internal/v1/rooms/{room_id}/events"): SERVICE,
}

MAX_REMEMBERED: Final = 4_096
"""Calls whose share is remembered. Overflow rule: all are forgotten at once."""

_Literals = tuple[tuple[int, str], ...]
"""The segments of a path that are the same for every call, by position."""


def share_of(method: str, path: str) -> str | None:
    """The share of a call; None for a path that is no call. HEAD counts as GET."""
    segments = path.split("/")
    for literals, share in _BY_SHAPE.get(("GET" if method == "HEAD" else method, len(segments)), ()):
        if all(segments[at] == literal for at, literal in literals):
            return share
    return None


def _by_shape() -> dict[tuple[str, int], list[tuple[_Literals, str]]]:
    """The calls by method and number of segments; among equals the one with more literals comes first."""
    shapes: dict[tuple[str, int], list[tuple[_Literals, str]]] = {}
    for (method, template), share in SHARE_OF.items():
        segments = template.split("/")
        literals = tuple((at, text) for at, text in enumerate(segments) if not text.startswith("{"))
        shapes.setdefault((method, len(segments)), []).append((literals[1:], share))
    for calls in shapes.values():
        calls.sort(key=lambda call: -len(call[0]))
    return shapes


_BY_SHAPE: Final = _by_shape()


def _room_id(path: str) -> str:
    return path.split("/", 5)[4]


class ShareGate:
    """Refuses what is over its share. `clock` is monotonic seconds, `unix_clock` seconds since 1970.

    Fetches of a hot room are left to the throttle, which has shares of its own.
    """

    def __init__(
        self,
        shares: Shares,
        tokens: SessionTokens,
        is_hot: Callable[[str], bool],
        clock: Callable[[], float],
        unix_clock: Callable[[], float],
    ) -> None:
        self._source_of = shares.source_of
        self._tokens = tokens
        self._is_hot = is_hot
        self._clock = clock
        self._unix_clock = unix_clock
        names = set(SHARE_OF.values()) - {REQUESTS, SERVICE}
        self._limits: dict[str, RateShare] = {
            name: limit for name in sorted(names) if (limit := shares.rate(name)) is not None
        }
        self._methods = frozenset(method for (method, _), name in SHARE_OF.items() if name in self._limits)
        if "GET" in self._methods:
            self._methods |= {"HEAD"}
        self._known: dict[tuple[str, str], RateShare | None] = {}

    async def __call__(self, scope: Scope, _: Receive, send: Send, extra: RawHeaders) -> bool:
        """True when the request was refused, and is answered."""
        if scope["method"] not in self._methods:
            return False
        limit = self._limit(scope["method"], scope["path"])
        if limit is None or (limit.share.name == FETCHES and self._is_hot(_room_id(scope["path"]))):
            return False
        source = self._source_of(scope)
        if limit.share.by == "address" and limit.limit.spares(source):
            return False
        try:
            limit.check(source, self._person(scope), self._clock())
        except ChatError as error:
            await send_problem(send, error, extra, is_head=scope["method"] == "HEAD")
            return True
        return False

    def _limit(self, method: str, path: str) -> RateShare | None:
        call = (method, path)
        try:
            return self._known[call]
        except KeyError:
            pass
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        name = share_of(method, path)
        limit = self._known[call] = None if name is None else self._limits.get(name)
        return limit

    def _person(self, scope: Scope) -> Person | None:
        now_s = self._unix_clock()
        try:
            session = session_in(scope, self._tokens, now_s)
        except ChatError:
            return None
        return None if session is None else person(session.user_id, now_s)
