"""Who may still fetch from a hot room: a token bucket per client and room."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from server_kit.http.rate_limit_headers import rate_limit_headers
from server_kit.limits.token_buckets import TokenBucket

MAX_CLIENTS: Final = 200_000
"""Overflow rule: OLDEST; a dropped client has a full bucket again, and its next page counts as its first."""

ADDRESS_SHARE: Final = 50
"""An address without a session may be a whole office: so it gets the share of this many sessions."""

_FORGOTTEN = Counter(
    "hotchat_throttle_forgotten_total", "Clients of hot rooms forgotten because the table was full"
)


@dataclass(frozen=True, slots=True)
class FetchAllowance:
    """A client's share of a hot room: `burst` fetches at once, given back at `per_s`."""

    name: str
    per_s: float
    burst: int

    def headers(self, reset_s: float) -> dict[str, str]:
        """The headers for a client whose share is used up; the next fetch is free in `reset_s`."""
        window_s = self.burst / self.per_s
        return rate_limit_headers(
            self.name, quota=self.burst, window_s=window_s, remaining=0, reset_s=reset_s
        )


class _Client(TokenBucket):
    """One client in one room."""

    __slots__ = ("had_page",)

    def __init__(self) -> None:
        super().__init__()
        self.had_page = False


class HotRoomBuckets:
    """Kept in memory, so that a refusal costs no query. Times are monotonic seconds."""

    def __init__(
        self, *, per_session_per_s: float, session_burst: int, max_clients: int = MAX_CLIENTS
    ) -> None:
        self._max_clients = max_clients
        self._clients: OrderedDict[tuple[str, int | str], _Client] = OrderedDict()
        self.change_shares(per_session_per_s, session_burst)

    def change_shares(self, per_session_per_s: float, session_burst: int) -> None:
        """In force from the next fetch on. What clients have used of their shares stays used."""
        self.session_share = FetchAllowance("session", per_session_per_s, session_burst)
        self.address_share = FetchAllowance(
            "address", per_session_per_s * ADDRESS_SHARE, session_burst * ADDRESS_SHARE
        )

    def take_for_session(self, room_id: str, user_id: UUID, now_s: float, *, is_page: bool) -> float:
        """Take one fetch of the session's share: 0.0 if there was one, otherwise the seconds until there is one.

        A session's first page of a room is never refused: it must see the room it entered.
        """
        client = self._client((room_id, user_id.int))  # an int hashes faster than a UUID
        share = self.session_share
        wait_s = client.take(share.per_s, share.burst, now_s)
        if is_page and not client.had_page:
            client.had_page = True
            return 0.0
        return wait_s

    def take_for_address(self, room_id: str, address: str, now_s: float) -> float:
        """Same as above, for all clients of this address that have no session."""
        share = self.address_share
        return self._client((room_id, address)).take(share.per_s, share.burst, now_s)

    def over_share_wait_s(self, room_id: str, user_id: UUID | None, address: str, now_s: float) -> float:
        """Seconds until the client's share has a fetch; 0.0 for a session without its first page. Takes nothing."""
        key: tuple[str, int | str] = (room_id, address if user_id is None else user_id.int)
        share = self.address_share if user_id is None else self.session_share
        client = self._clients.get(key)
        if client is None or (user_id is not None and not client.had_page):
            return 0.0
        return client.wait_s(share.per_s, share.burst, now_s)

    def _client(self, key: tuple[str, int | str]) -> _Client:
        client = self._clients.get(key)
        if client is None:
            if len(self._clients) >= self._max_clients:
                self._clients.popitem(last=False)
                _FORGOTTEN.inc()
            client = self._clients[key] = _Client()
        return client
