"""Checks each call of chat_server against its share, before any other work for the request.

server_kit/limits/share_definitions.py defines the shares. routes.py and call_shares.py say which call has which share.

A refused request is neither parsed nor counted as a fetch, and costs no query.
"""

from collections.abc import Callable, Mapping
from typing import Final

from chat_server.http.asgi_responses import send_problem
from chat_server.limits.host_shares import (
    MODERATION,
    MODERATION_OF_ADDRESS,
    REPORTS,
    REPORTS_OF_ADDRESS,
)
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.http.cors import RawHeaders
from server_kit.http.path_table import PathTable
from server_kit.http.problem import ChatError
from server_kit.limits.shares import Person, RateShare, Shares, person
from server_kit.session_tokens import SessionTokens, session_in

REQUESTS: Final = "requests"
"""Cheap calls, which only the share of all requests of an address bounds."""

SERVICE: Final = "service"
"""Calls between our own servers, which the service token bounds."""

FETCHES: Final = "fetches"

ALSO_OF_ADDRESS: Final = {MODERATION: MODERATION_OF_ADDRESS, REPORTS: REPORTS_OF_ADDRESS}
"""Calls with a limit by user that have a share of their address, too."""

MAX_CACHED: Final = 4_096
"""Methods and paths whose limits are cached. Overflow rule: CLEAR."""


def _room_id(path: str) -> str:
    return path.split("/", 5)[4]


def _limits_of(name: str, shares: Shares) -> tuple[RateShare, ...]:
    """The limits in force of calls with this share."""
    names = (name, ALSO_OF_ADDRESS[name]) if name in ALSO_OF_ADDRESS else (name,)
    return tuple(limit for each in names if (limit := shares.rate(each)) is not None)


class ShareLimiter:
    """Refuses calls over their share. `share_of` names the share of each call by method and path template.

    `clock` is monotonic seconds, `unix_clock` seconds since 1970. Fetches of rooms that `throttles` names are left to
    the throttle, which has shares of its own.
    """

    def __init__(
        self,
        share_of: Mapping[tuple[str, str], str],
        shares: Shares,
        tokens: SessionTokens,
        throttles: Callable[[str], bool],
        clock: Callable[[], float],
        unix_clock: Callable[[], float],
    ) -> None:
        self._source_of = shares.source_of
        self._tokens = tokens
        self._throttles = throttles
        self._clock = clock
        self._unix_clock = unix_clock
        names = set(share_of.values()) - {REQUESTS, SERVICE}
        self._limits: dict[str, tuple[RateShare, ...]] = {
            name: limits for name in sorted(names) if (limits := _limits_of(name, shares))
        }
        self._methods = frozenset(method for (method, _), name in share_of.items() if name in self._limits)
        if "GET" in self._methods:
            self._methods |= {"HEAD"}
        self._calls = PathTable((call, self._limits.get(name, ())) for call, name in share_of.items())
        self._cached: dict[tuple[str, str], tuple[RateShare, ...]] = {}

    def check(self, scope: Scope) -> None:
        """Take one of the call's share. Raises ChatError `rate_limited`."""
        if scope["method"] not in self._methods:
            return
        limits = self._limits_at(scope["method"], scope["path"])
        if not limits or (limits[0].share.name == FETCHES and self._throttles(_room_id(scope["path"]))):
            return
        source = self._source_of(scope)
        for limit in limits:
            if limit.share.by == "user" or not limit.limit.exempts(source):
                limit.check(source, self._person(scope), self._clock())

    async def __call__(self, scope: Scope, _: Receive, send: Send, extra: RawHeaders) -> bool:
        """True if the request was refused, and is answered."""
        try:
            self.check(scope)
        except ChatError as error:
            await send_problem(scope, send, error, extra)
            return True
        return False

    def _limits_at(self, method: str, path: str) -> tuple[RateShare, ...]:
        call = (method, path)
        try:
            return self._cached[call]
        except KeyError:
            pass
        if len(self._cached) >= MAX_CACHED:
            self._cached.clear()
        found = self._calls.find("GET" if method == "HEAD" else method, path)
        limits = self._cached[call] = () if found is None else found[0]
        return limits

    def _person(self, scope: Scope) -> Person | None:
        now_s = self._unix_clock()
        try:
            session = session_in(scope, self._tokens, now_s)
        except ChatError:
            return None
        return None if session is None else person(session.user_id, now_s)
