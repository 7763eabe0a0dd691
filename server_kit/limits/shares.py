"""Fair shares: limits on what one address or one user may use of a server.

`share_definitions.py` lists all shares. `Shares` decides at start which limits apply. `rate` and `count` return None
for a limit that is off, so that it costs nothing per request:

    self._requests = shares.rate("requests")                       # at start
    if self._requests is not None:                                 # for each request
        self._requests.check(shares.source_of(scope), person, now_s)   # raises ChatError rate_limited

A part of each address's share is reserved for established people, whose sessions are older than 10 minutes. A flood of
requests without a session therefore cannot lock them out. One user gets less than the reserved part.
Limits apply per process. Times are arguments; nothing in here waits.
"""

import math
from collections.abc import Callable, Hashable
from ipaddress import ip_network
from random import Random
from typing import Final, NamedTuple, Protocol, TypeVar
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
from server_kit.http.problem import ChatError, jittered, rate_limited
from server_kit.http.rate_limit_headers import rate_limit_headers
from server_kit.limits.share_definitions import SHARES, Share
from server_kit.limits.token_buckets import TokenBuckets
from server_kit.settings import ServerSettings

ESTABLISHED_AFTER_S: Final = 600
FULL_RETRY_S: Final = 5.0
"""Retry-After of a client with too many open streams or connections: when it will close one is unknown."""

PROMISED_WINDOWS: Final = 2.0
"""Refused callers of one address are called back one after another, at most this many windows ahead. Overflow rule:
SPREAD; the others return at random times in the second half of that."""

MAX_SOURCES: Final = 20_000
"""Cached sources. Overflow rule: CLEAR."""

REFUSALS: Final = Counter("hotchat_share_refusals_total", "Requests refused by a share", ["share"])


class Person(NamedTuple):
    """The verified user of a request."""

    user_id: Hashable
    is_established: bool


def person(user_id: UUID, now_unix_s: float) -> Person:
    """A person with the age that their id (UUIDv7) contains."""
    return Person(user_id, now_unix_s - (user_id.int >> 80) / 1000 >= ESTABLISHED_AFTER_S)


class Source(NamedTuple):
    """The origin of a request or connection. `address` is the key of every limit by address.

    `is_exempt`: a trusted proxy itself, or an address of SHARES_EXEMPT. `is_local`: a peer on this machine that
    forwards no client; default limits do not apply to it. `is_venue`: the operator has exempted the address for some
    hours, from the shares of addresses, not from those of users.
    """

    address: str
    is_exempt: bool = False
    is_local: bool = False
    is_venue: bool = False


class Limit(NamedTuple):
    """The value of a setting; `is_default` if the environment does not set it."""

    value: float
    is_default: bool

    def exempts(self, source: Source) -> bool:
        return source.is_exempt or (self.is_default and source.is_local)


class RateShare:
    """A limit per time. The tables of addresses and users are bounded; overflow rule as in TokenBuckets."""

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

    def wait_s(self, source: Source, person: Person | None, now_s: float, tokens: float = 1.0) -> float:
        """Take one, or so many: 0.0 if they were available, otherwise the seconds until they will be.

        Nobody needs more than a whole burst.
        """
        if self._by_address and self.limit.exempts(source):
            return 0.0
        if person is not None and self._users is not None:
            wait_s = self._users.take(person.user_id, now_s, min(tokens, self._users.burst))
            if wait_s > 0:
                return wait_s
        if not self._by_address or source.is_venue:
            return 0.0
        wait_s = self._common.take(source.address, now_s, min(tokens, self._common.burst))
        if wait_s > 0 and person is not None and person.is_established and self._reserve.rate_per_s > 0:
            return min(wait_s, self._reserve.take(source.address, now_s, min(tokens, self._reserve.burst)))
        return wait_s

    def check(self, source: Source, person: Person | None, now_s: float, tokens: float = 1.0) -> None:
        """Take one, or so many. Raises ChatError `rate_limited` and counts the refusal."""
        wait_s = self.wait_s(source, person, now_s, tokens)
        if wait_s > 0:
            self._refused.inc()
            if tokens > 1:
                raise self._refusal(jittered(wait_s, self._rng))
            raise self._refusal(self._retry_after_s(source, wait_s, now_s))

    def _retry_after_s(self, source: Source, wait_s: float, now_s: float) -> float:
        """When the caller's turn is. Refused callers of an address queue for its tokens, so each finds one then."""
        if not self._by_address or source.is_venue or self._common.wait_s(source.address, now_s) == 0:
            return jittered(wait_s, self._rng)
        assert self.share.window_s is not None
        longest_s = PROMISED_WINDOWS * self.share.window_s
        wait_s = self._common.promise(source.address, now_s, longest_s)
        if wait_s >= longest_s:
            return longest_s * self._rng.uniform(0.5, 1.0)
        return wait_s

    def _refusal(self, wait_s: float) -> ChatError:
        buckets = self._common if self._by_address else self._users
        assert buckets is not None
        headers = rate_limit_headers(
            self.share.name,
            quota=int(buckets.burst),
            window_s=buckets.burst / buckets.rate_per_s,
            remaining=0,
            reset_s=wait_s,
        )
        return rate_limited(self.share.refusal, wait_s, headers)

    def _buckets(self, rate_per_s: float) -> TokenBuckets:
        return TokenBuckets(rate_per_s, max(1.0, rate_per_s * self.share.burst_s))


class Seat(Protocol):
    """One of a bounded number of things that may be open, for example one of an address's connections."""

    def leave(self) -> None:
        """Give the seat back; to be called once."""


class CountedSeat:
    """One seat of a CountShare, held until `leave`."""

    __slots__ = ("_address", "_share", "_user_id")

    def __init__(self, share: "CountShare | None", address: str, user_id: Hashable | None) -> None:
        self._share = share
        self._address = address
        self._user_id = user_id

    def leave(self) -> None:
        """Give the seat back. Further calls do nothing."""
        share, self._share = self._share, None
        if share is not None:
            share._left(self._address, self._user_id)


class CountShare:
    """A limit on what is open at the same time. Its tables hold only addresses and users with something open."""

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

    def enter(self, source: Source, person: Person | None = None) -> Seat | None:
        """Take a seat; None, counted as a refusal, if none is left."""
        if self.limit.exempts(source):
            return CountedSeat(None, source.address, None)
        open_here = self._by_address.get(source.address, 0)
        most = self._all if person is not None and person.is_established else self._common
        user_id = None if person is None else person.user_id
        open_of_user = 0 if user_id is None else self._by_user.get(user_id, 0)
        if (open_here >= most and not source.is_venue) or open_of_user >= self._of_user:
            self._refused.inc()
            return None
        self._by_address[source.address] = open_here + 1
        if user_id is not None:
            self._by_user[user_id] = open_of_user + 1
        return CountedSeat(self, source.address, user_id)

    def refusal(self) -> ChatError:
        """The error for a client that got no seat."""
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
        take_one_off(self._by_address, address)
        if user_id is not None:
            take_one_off(self._by_user, user_id)


class Shares:
    """Makes the shares that are in force, and finds the source of requests (docs/contract.md, "Shares")."""

    def __init__(self, settings: ServerSettings, rng: Random) -> None:
        self._settings = settings
        self._rng = rng
        self._client_address: Callable[[Scope], str] = client_address_of(settings.trusted_proxies)
        self._trusted = [ip_network(network, strict=False) for network in settings.trusted_proxies]
        self._exempt = self._trusted + [
            ip_network(network, strict=False) for network in settings.shares_exempt
        ]
        self._is_loopback_only = is_loopback(settings.hotchat_bind)
        self._venues: frozenset[str] = frozenset()
        self._sources: dict[str, Source] = {}
        self._rates: dict[str, RateShare | None] = {}

    def source_of(self, scope: Scope) -> Source:
        """The source of a request: its client, which a trusted proxy may have named."""
        source = self._source(self._client_address(scope))
        if source.is_local and raw_header(scope, b"x-forwarded-for") is not None:
            return source._replace(is_local=False)
        return source

    def source_of_peer(self, peer: str) -> Source:
        """The source of a connection: the peer, as there is no request yet."""
        return self._source(peer)

    def exempt_venues(self, addresses: frozenset[str]) -> None:
        """Exempt exactly these keys of addresses from the shares of addresses, from now on."""
        if addresses != self._venues:
            self._venues = addresses
            self._sources.clear()

    def trusts(self, peer: str) -> bool:
        """Whether the peer is one of TRUSTED_PROXIES."""
        return is_in(parsed_address(peer), self._trusted)

    def rate(self, name: str) -> RateShare | None:
        """The share, the same one at each call; None if its limit is off."""
        if name not in self._rates:
            share = SHARES[name]
            limit = self._limit(share)
            self._rates[name] = RateShare(share, limit, self._rng) if limit.value > 0 else None
        return self._rates[name]

    def count(self, name: str) -> CountShare | None:
        """The share; None if its limit is off."""
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
            key = address_key(address)
            source = Source(
                key,
                is_exempt=is_in(parsed_address(address), self._exempt),
                is_local=is_loopback(address),
                is_venue=key in self._venues,
            )
            self._sources[address] = source
        return source


def is_loopback(address: str) -> bool:
    """Whether a peer or a listening address is on this machine only. Unix sockets count."""
    parsed = parsed_address(address)
    return address in (NO_ADDRESS, "localhost") if parsed is None else parsed.is_loopback


_Key = TypeVar("_Key")


def take_one_off(counts: dict[_Key, int], key: _Key) -> None:
    """Keeps no entry for 0, so that the table holds only what is open."""
    left = counts[key] - 1
    if left:
        counts[key] = left
    else:
        del counts[key]
