"""Fair shares: how much of a server one address and one user may use, and who is never limited.

`SHARES` is the table of all shares, which `docs/settings.md` shows. A `Share` says what it covers, a setting says how
much. `Shares` decides once at start which limits are in force. `rate` and `count` answer None for a limit that is off,
so that a request without limits costs nothing:

    self._requests = shares.rate("requests")                       # at start
    if self._requests is not None:                                 # for each request
        self._requests.check(shares.source_of(scope), person, now_s)   # raises ChatError rate_limited

Part of each address's share is reserved for established people (sessions older than 10 minutes): a flood of requests
without a session cannot lock out the people who were there before. One user gets less than the reserved part.
Limits hold per process. Nothing in here reads a clock or waits.
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from ipaddress import ip_network
from random import Random
from typing import Final, Literal, NamedTuple, TypeVar
from uuid import UUID

from prometheus_client import Counter

from server_kit.http.asgi import Scope, raw_header
from server_kit.http.client_address import (
    NO_ADDRESS,
    address_key,
    client_address_of,
    is_in,
    parsed_address,
)
from server_kit.http.problem import ChatError, jittered
from server_kit.http.rate_limit_headers import rate_limit_headers
from server_kit.settings import ServerSettings
from server_kit.token_buckets import TokenBuckets

ESTABLISHED_AFTER_S: Final = 600
RESERVED_PART: Final = 0.25
USER_PART: Final = 0.1
"""Less than RESERVED_PART, so that one established user cannot use up what is reserved for all of them."""

FULL_RETRY_S: Final = 5.0
"""When a client may try again that has too many streams or connections open: we cannot know when it closes one."""

MAX_SOURCES: Final = 20_000
"""Addresses whose exemption is cached. Overflow rule: CLEAR."""

REFUSALS: Final = Counter("hotchat_share_refusals_total", "Requests refused by a share", ["share"])


@dataclass(frozen=True, slots=True)
class Share:
    """One row of the table. `setting` names the field that holds the limit; 0 there means no limit.

    `window_s`: the limit is per that many seconds; None: it bounds what is open at the same time.
    `burst_s`: how many seconds' worth may come at once. `by="user"`: a limit of each user, in force everywhere.
    `user_part`: the part of an address's limit that one user may take, over all addresses; None: no bound by user.
    """

    name: str
    setting: str
    window_s: float | None
    covers: str
    refusal: str
    by: Literal["address", "user"] = "address"
    burst_s: float = 2.0
    reserved_part: float = RESERVED_PART
    user_part: float | None = USER_PART


SHARES: Final = {
    share.name: share
    for share in (
        Share(
            "requests",
            "requests_per_address_per_s",
            1,
            "every request to either server, except calls between our servers",
            "Too many requests from your address",
        ),
        Share(
            "connections",
            "connections_per_address",
            None,
            "open connections of a peer that is no trusted proxy, streams included",
            "Too many open connections from your address",
            reserved_part=0,  # nobody has a session before the first request
            user_part=None,
        ),
        Share(
            "new_connections",
            "requests_per_address_per_s",
            1,
            "new connections of a peer that is no trusted proxy",
            "Too many new connections from your address",
            burst_s=5,
            reserved_part=0,  # nobody has a session before the first request
            user_part=None,
        ),
        Share(
            "streams",
            "streams_per_address",
            None,
            "open streams of rooms and of room lists",
            "Too many open streams from your address",
        ),
        Share(
            "followed_rooms",
            "followed_rooms_per_address",
            None,
            "distinct rooms that open streams follow",
            "Too many followed rooms from your address",
        ),
        Share(
            "unknown_rooms",
            "unknown_rooms_per_address",
            None,
            "distinct rooms of streams that wait until chat_server confirms them",
            "Too many unknown rooms from your address",
            user_part=None,  # a part of one user would have no room for a whole list
        ),
        Share(
            "fetches",
            "fetches_per_address_per_s",
            1,
            "GETs of one room while it is cold, search left out",
            "Too many fetches from your address",
            burst_s=6,
        ),
        Share(
            "room_lists",
            "room_lists_per_address_per_s",
            1,
            "lists of rooms and searches among them",
            "Too many lists of rooms from your address",
            burst_s=4,
        ),
        Share(
            "page_loads",
            "page_loads_per_address_per_s",
            1,
            "`/api/v1/config` and `/api/v1/me`, which the page asks for when it loads",
            "Too many loads of the page from your address",
            burst_s=4,
        ),
        Share(
            "operation",
            "operation_per_address_per_s",
            1,
            "health checks, metrics, `/docs` and `/openapi.json` of either server",
            "Too many health checks, metrics or documents from your address",
            burst_s=2,
        ),
        Share(
            "searches",
            "searches_per_address_per_s",
            1,
            "searches in a room",
            "Too many searches from your address",
            burst_s=4,
        ),
        Share(
            "sessions",
            "sessions_per_address_per_min",
            60,
            "new sessions",
            "Too many new sessions from your address",
            burst_s=30,
            reserved_part=0,  # nobody has a session yet
            user_part=None,
        ),
        Share(
            "session_ends",
            "session_ends_per_user_per_min",
            60,
            "ends of sessions",
            "You are ending sessions too often",
            by="user",
            burst_s=60,
            reserved_part=0,
            user_part=None,
        ),
        Share(
            "posts",
            "posts_per_address_per_s",
            1,
            "new messages over all rooms",
            "Too many messages from your address",
        ),
        Share(
            "edits",
            "edits_per_address_per_s",
            1,
            "edits of messages over all rooms",
            "Too many edits from your address",
        ),
        Share(
            "deletions",
            "deletions_per_address_per_s",
            1,
            "deletions of messages over all rooms",
            "Too many deletions from your address",
        ),
        Share(
            "reactions",
            "reactions_per_address_per_s",
            1,
            "reactions given and taken back over all rooms",
            "Too many reactions from your address",
        ),
        Share(
            "pins",
            "pins_per_address_per_min",
            60,
            "pins and unpins",
            "Too many pins from your address",
            burst_s=30,
        ),
        Share(
            "typing",
            "typing_per_address_per_s",
            1,
            "typing signals",
            "Too many typing signals from your address",
        ),
        Share(
            "room_creations",
            "room_creations_per_address_per_min",
            60,
            "new rooms",
            "Too many new rooms from your address",
            burst_s=60,
        ),
        Share(
            "room_changes",
            "room_changes_per_address_per_min",
            60,
            "changes of rooms' settings",
            "Too many changes of rooms from your address",
            burst_s=60,
        ),
        Share(
            "operator_guesses",
            "operator_guesses_per_address_per_min",
            60,
            "wrong operator tokens; in force on loopback, too",
            "Too many wrong operator tokens from your address",
            burst_s=60,
            reserved_part=0,
            user_part=None,
        ),
    )
}


class Person(NamedTuple):
    """The verified user of a request."""

    user_id: Hashable
    is_established: bool


def person(user_id: UUID, now_unix_s: float) -> Person:
    """The age of a user is in their id (UUIDv7)."""
    return Person(user_id, now_unix_s - (user_id.int >> 80) / 1000 >= ESTABLISHED_AFTER_S)


class Source(NamedTuple):
    """Where a request or a connection comes from. `address` is the key of every limit by address.

    `is_exempt`: a trusted proxy itself, or one of SHARES_EXEMPT. `is_local`: a peer on this machine that forwards
    nobody, which only limits that were set on purpose apply to.
    """

    address: str
    is_exempt: bool = False
    is_local: bool = False


class Limit(NamedTuple):
    """`is_default`: nobody has set it."""

    value: float
    is_default: bool

    def exempts(self, source: Source) -> bool:
        return source.is_exempt or (self.is_default and source.is_local)


class RateShare:
    """So much per time. Key tables are bounded as TokenBuckets says (LRU; a dropped bucket is full again)."""

    def __init__(self, share: Share, limit: Limit, rng: Random) -> None:
        assert share.window_s is not None
        self.share = share
        self.limit = limit
        self._rng = rng
        self._refused = REFUSALS.labels(share.name)
        per_s = limit.value / share.window_s
        self._by_address = share.by == "address"
        user_part = share.user_part if self._by_address else 1.0
        self._common = self._buckets(per_s * (1 - share.reserved_part))
        self._reserve = self._buckets(per_s * share.reserved_part)
        self._users = self._buckets(per_s * user_part) if user_part else None

    def wait_s(self, source: Source, person: Person | None, now_s: float) -> float:
        """Take one: 0.0 when there was one, else the seconds until there is one again."""
        if self._by_address and self.limit.exempts(source):
            return 0.0
        if person is not None and self._users is not None:
            wait_s = self._users.take(person.user_id, now_s)
            if wait_s > 0:
                return wait_s
        if not self._by_address:
            return 0.0
        wait_s = self._common.take(source.address, now_s)
        if wait_s > 0 and person is not None and person.is_established and self._reserve.rate_per_s > 0:
            return min(wait_s, self._reserve.take(source.address, now_s))
        return wait_s

    def check(self, source: Source, person: Person | None, now_s: float) -> None:
        """Take one. Raises ChatError `rate_limited`, counted."""
        wait_s = self.wait_s(source, person, now_s)
        if wait_s > 0:
            self._refused.inc()
            raise self._refusal(jittered(wait_s, self._rng))

    def _refusal(self, wait_s: float) -> ChatError:
        buckets = self._common if self._by_address else self._users
        assert buckets is not None
        return ChatError(
            "rate_limited",
            f"{self.share.refusal}; try again in {wait_s:.1f} s.",
            retry_after_s=wait_s,
            headers=rate_limit_headers(
                self.share.name,
                quota=int(buckets.burst),
                window_s=buckets.burst / buckets.rate_per_s,
                remaining=0,
                reset_s=wait_s,
            ),
        )

    def _buckets(self, rate_per_s: float) -> TokenBuckets:
        return TokenBuckets(rate_per_s, max(1.0, rate_per_s * self.share.burst_s))


class Place:
    """One of a CountShare's places, taken until `leave`."""

    __slots__ = ("_address", "_share", "_user_id")

    def __init__(self, share: "CountShare | None", address: str, user_id: Hashable | None) -> None:
        self._share = share
        self._address = address
        self._user_id = user_id

    def leave(self) -> None:
        """Give the place back; once is enough, more is harmless."""
        share, self._share = self._share, None
        if share is not None:
            share._left(self._address, self._user_id)


class CountShare:
    """So many open at the same time. Its tables hold only who has something open, so what is open bounds them."""

    def __init__(self, share: Share, limit: Limit, rng: Random) -> None:
        assert share.window_s is None
        self.share = share
        self.limit = limit
        self._rng = rng
        self._refused = REFUSALS.labels(share.name)
        self._all = int(limit.value)
        self._common = math.ceil(limit.value * (1 - share.reserved_part))
        self._of_user = max(1, int(limit.value * share.user_part)) if share.user_part else self._all
        self._by_address: dict[str, int] = {}
        self._by_user: dict[Hashable, int] = {}

    def enter(self, source: Source, person: Person | None = None) -> Place | None:
        """Take a place; None when there is none left, counted as a refusal."""
        if self.limit.exempts(source):
            return Place(None, source.address, None)
        open_here = self._by_address.get(source.address, 0)
        most = self._all if person is not None and person.is_established else self._common
        user_id = None if person is None else person.user_id
        open_of_user = 0 if user_id is None else self._by_user.get(user_id, 0)
        if open_here >= most or open_of_user >= self._of_user:
            self._refused.inc()
            return None
        self._by_address[source.address] = open_here + 1
        if user_id is not None:
            self._by_user[user_id] = open_of_user + 1
        return Place(self, source.address, user_id)

    def refusal(self) -> ChatError:
        """The problem for a client that got no place."""
        wait_s = jittered(FULL_RETRY_S, self._rng)
        return ChatError(
            "rate_limited",
            f"{self.share.refusal}; close some and try again in {wait_s:.0f} s.",
            retry_after_s=wait_s,
            headers=rate_limit_headers(
                self.share.name, quota=self._all, window_s=None, remaining=0, reset_s=wait_s
            ),
        )

    def _left(self, address: str, user_id: Hashable | None) -> None:
        _take_one_off(self._by_address, address)
        if user_id is not None:
            _take_one_off(self._by_user, user_id)


class Shares:
    """Which limits apply to which source (docs/contract.md, "Shares")."""

    def __init__(self, settings: ServerSettings, rng: Random) -> None:
        self._settings = settings
        self._rng = rng
        self._client_address: Callable[[Scope], str] = client_address_of(settings.trusted_proxies)
        self._trusted = [ip_network(network, strict=False) for network in settings.trusted_proxies]
        self._exempt = self._trusted + [
            ip_network(network, strict=False) for network in settings.shares_exempt
        ]
        self._is_loopback_only = is_loopback(settings.hotchat_bind)
        self._sources: dict[str, Source] = {}

    def source_of(self, scope: Scope) -> Source:
        """The source of a request: the resolved client, whom a trusted proxy may have named."""
        source = self._source(self._client_address(scope))
        if source.is_local and raw_header(scope, b"x-forwarded-for") is not None:
            return source._replace(is_local=False)
        return source

    def source_of_peer(self, peer: str) -> Source:
        """The source of a connection, before any request: the peer itself."""
        return self._source(peer)

    def trusts(self, peer: str) -> bool:
        """Whether the peer is one of TRUSTED_PROXIES."""
        return is_in(parsed_address(peer), self._trusted)

    def rate(self, name: str) -> RateShare | None:
        """None when the limit is off."""
        share = SHARES[name]
        limit = self._limit(share)
        return RateShare(share, limit, self._rng) if limit.value > 0 else None

    def count(self, name: str) -> CountShare | None:
        """None when the limit is off."""
        share = SHARES[name]
        limit = self._limit(share)
        return CountShare(share, limit, self._rng) if limit.value > 0 else None

    def _limit(self, share: Share) -> Limit:
        is_default = share.setting not in self._settings.model_fields_set
        if is_default and share.by == "address" and self._is_loopback_only:
            return Limit(0, is_default)
        return Limit(float(getattr(self._settings, share.setting)), is_default)

    def _source(self, address: str) -> Source:
        source = self._sources.get(address)
        if source is None:
            if len(self._sources) >= MAX_SOURCES:
                self._sources.clear()
            source = Source(
                address_key(address),
                is_exempt=is_in(parsed_address(address), self._exempt),
                is_local=is_loopback(address),
            )
            self._sources[address] = source
        return source


def is_loopback(address: str) -> bool:
    """Whether it is this machine only, as the address of a peer (also a Unix socket's) or one to listen on."""
    parsed = parsed_address(address)
    return address in (NO_ADDRESS, "localhost") if parsed is None else parsed.is_loopback


_Key = TypeVar("_Key")


def _take_one_off(counts: dict[_Key, int], key: _Key) -> None:
    left = counts[key] - 1
    if left:
        counts[key] = left
    else:
        del counts[key]
