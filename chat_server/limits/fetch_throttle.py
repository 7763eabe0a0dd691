"""Who may still fetch from a hot room: a bucket per client and room, decided from the time it is told."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from server_kit.http.rate_limit_headers import rate_limit_headers

MAX_CLIENTS: Final = 200_000
"""Overflow rule: OLDEST, who came first is forgotten: its bucket is full again and its next page is its first."""

ADDRESS_SHARE: Final = 50
"""An address without a session may be a whole office: it gets the share of this many sessions."""

_FORGOTTEN = Counter("hotchat_throttle_forgotten_total", "Clients of hot rooms forgotten for want of room")


@dataclass(frozen=True, slots=True)
class Share:
    """A client's share of a hot room: `burst` fetches at once, given back at `per_s`."""

    name: str
    per_s: float
    burst: int

    def headers(self, reset_s: float) -> dict[str, str]:
        """What a client whose share is used up is told; there is one again in `reset_s`."""
        window_s = self.burst / self.per_s
        return rate_limit_headers(
            self.name, quota=self.burst, window_s=window_s, remaining=0, reset_s=reset_s
        )


class _Bucket:
    """Full at `full_at_s`: the farther away that is, the emptier it is now (generic cell rate algorithm)."""

    __slots__ = ("full_at_s", "had_page")

    def __init__(self) -> None:
        self.full_at_s = 0.0
        self.had_page = False


class Throttle:
    """Held in memory: a refusal asks nobody."""

    def __init__(
        self, *, per_session_per_s: float, session_burst: int, max_clients: int = MAX_CLIENTS
    ) -> None:
        self.session_share = Share("session", per_session_per_s, session_burst)
        self.address_share = Share(
            "address", per_session_per_s * ADDRESS_SHARE, session_burst * ADDRESS_SHARE
        )
        self._max_clients = max_clients
        self._buckets: dict[tuple[str, int | str], _Bucket] = {}

    def wait_of_session_s(self, room_id: str, user_id: UUID, now_s: float, *, is_page: bool) -> float:
        """Take one of the session's share: 0 when there was one, else the seconds until there is one.

        A session's first page of a room is never refused: it must see the room it entered.
        """
        bucket = self._bucket((room_id, user_id.int))  # an int hashes faster than a UUID
        wait_s = _take(bucket, self.session_share, now_s)
        if is_page and not bucket.had_page:
            bucket.had_page = True
            return 0.0
        return wait_s

    def wait_of_address_s(self, room_id: str, address: str, now_s: float) -> float:
        """Take one of the share of everybody at this address who has no session."""
        return _take(self._bucket((room_id, address)), self.address_share, now_s)

    def _bucket(self, key: tuple[str, int | str]) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._max_clients:
                del self._buckets[next(iter(self._buckets))]
                _FORGOTTEN.inc()
            bucket = self._buckets[key] = _Bucket()
        return bucket


def _take(bucket: _Bucket, share: Share, now_s: float) -> float:
    full_at_s = bucket.full_at_s
    if full_at_s < now_s:
        full_at_s = now_s
    wait_s = full_at_s - now_s - (share.burst - 1) / share.per_s
    if wait_s > 1e-6:  # at an even pace rounding must not decide
        return wait_s
    bucket.full_at_s = full_at_s + 1 / share.per_s
    return 0.0
