"""Decides which fetches of a hot room are refused, and why. No I/O.

limits/hot_room_buckets.py computes the waits; throttle_response.py adds their jitter.
"""

from typing import Literal, NamedTuple
from uuid import UUID

from chat_server.hotchat.heat_rules import HeatRules
from chat_server.limits.hot_room_buckets import FetchAllowance, HotRoomBuckets

Reason = Literal["over_share", "history", "refuse_all"]


class Refusal(NamedTuple):
    reason: Reason
    share: FetchAllowance
    wait_s: float


class ThrottlePolicy:
    """Fetches that have no token bucket wait as long as a room takes to cool."""

    def __init__(self, rules: HeatRules, buckets: HotRoomBuckets) -> None:
        self._buckets = buckets
        self.apply(rules)

    def apply(self, rules: HeatRules) -> None:
        """Decide by these rules from the next fetch on, with the shares of the buckets."""
        self._buckets.change_shares(rules.fetch_per_client_per_s, rules.fetch_burst)
        cooling_s = float(rules.calm_ticks)
        self._refuse_all = (
            Refusal("refuse_all", FetchAllowance("hot-room", 1, 0), cooling_s)
            if rules.strategy == "refuse_all"
            else None
        )
        self._history = Refusal("history", FetchAllowance("hot-room-history", 1, 0), cooling_s)

    def history_refusal(self) -> Refusal:
        """The refusal of an older page: in a hot room no client has a share of these, as each costs a query."""
        return self._history

    def over_share(self, room_id: str, user_id: UUID | None, address: str, now_s: float) -> Refusal | None:
        """The refusal of a client that has used up its share of the hot room; None for any other. Takes nothing."""
        if self._refuse_all is not None:
            return self._refuse_all
        wait_s = self._buckets.over_share_wait_s(room_id, user_id, address, now_s)
        return None if wait_s == 0 else Refusal("over_share", self._share_of(user_id), wait_s)

    def check_fetch(
        self, room_id: str, user_id: UUID | None, address: str, now_s: float, *, is_page: bool
    ) -> Refusal | None:
        """Take one fetch from the client's share of the hot room. Returns None if the fetch is allowed."""
        if self._refuse_all is not None:
            return self._refuse_all
        if user_id is not None:
            wait_s = self._buckets.take_for_session(room_id, user_id, now_s, is_page=is_page)
        else:
            wait_s = self._buckets.take_for_address(room_id, address, now_s)
        return None if wait_s == 0 else Refusal("over_share", self._share_of(user_id), wait_s)

    def _share_of(self, user_id: UUID | None) -> FetchAllowance:
        return self._buckets.address_share if user_id is None else self._buckets.session_share
