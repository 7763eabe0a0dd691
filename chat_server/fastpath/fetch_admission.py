"""The heat decision of every fetch: count → hot? → throttle → allow or refuse."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from uuid import UUID

from chat_server.fetch.handler import FETCHES, REFUSED, Identity, reply_of
from chat_server.hotchat.demand_counters import DemandCounters
from chat_server.hotchat.fetch_kind import FROM_MEMORY_WHEN_HOT, FetchKind
from chat_server.hotchat.heat_rules import HeatRules, LiveHeatRules
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.hotchat.throttle_policy import Refusal, ThrottlePolicy
from chat_server.hotchat.throttle_response import ThrottleResponses
from chat_server.http.asgi_responses import Reply
from chat_server.http.cached_response import CachedResponse
from chat_server.rooms.room_access import RoomAccess
from server_kit.http.asgi import Receive, Scope
from server_kit.http.problem import PROBLEMS_SENT, ChatError
from server_kit.limits.token_buckets import TokenBuckets

_PAGES: Final = (FetchKind.NEWEST, FetchKind.ROOM)
_ROOM_HOT_SENT: Final = PROBLEMS_SENT.labels("room_hot")


class Fetch(Protocol):
    @property
    def kind(self) -> FetchKind: ...
    @property
    def room_id(self) -> str: ...


FetchAnswer = Callable[[Fetch, Scope, Receive, bool], Awaitable[Reply | None]]
"""Answers a fetch; the last argument says whether the room is hot. None if only a query of a hot room's history could
answer it."""


class FetchAdmission:
    """`address` gives the client's address key. `own_reactions` bounds the database queries for `reactions/mine` of a
    hot room. `clock` is monotonic seconds. Mode `shadow` counts refusals and refuses nothing, `off` does neither.
    """

    def __init__(
        self,
        heat: LiveHeatRules,
        *,
        access: RoomAccess,
        counters: DemandCounters,
        hot_rooms: HotRooms,
        throttle_policy: ThrottlePolicy,
        throttle_responses: ThrottleResponses,
        own_reactions: TokenBuckets,
        identity: Identity,
        address: Callable[[Scope], str],
        clock: Callable[[], float],
    ) -> None:
        self.known = access.known
        self._check_reader = access.check_reader
        self._count = counters.count
        self._hot_rooms = hot_rooms
        self._throttle_policy = throttle_policy
        self._throttle_responses = throttle_responses
        self._own_reactions = own_reactions
        self._identity = identity
        self._address = address
        self._clock = clock
        heat.follow(self.apply)

    def apply(self, rules: HeatRules) -> None:
        """Decide by these rules from the next fetch on."""
        self._throttle_policy.apply(rules)
        self._throttle_responses.apply(rules)
        self._hot_rooms.apply(rules)
        self._is_counting = rules.mode != "off"
        self._is_enforcing = rules.mode == "enforce"

    async def admit(self, answer: FetchAnswer, fetch: Fetch, scope: Scope, receive: Receive) -> Reply:
        """Answer the fetch, or refuse it with 429. Only fetches of existing rooms count as demand. Raises ChatError.

        A private room is checked before anything else, and so is a hot room that this process has not read. Any other
        is checked again after the read: it may have been unknown, or have become private, or the fetch may have waited.
        """
        room_id, known = fetch.room_id, self.known
        may_read = not known.is_public(room_id) and (room_id in known or self._hot_rooms.is_hot(room_id))
        if may_read:
            await self._check_reader(room_id, scope)
        is_hot = self.is_hot(room_id)
        is_counted = self._is_counting and room_id in known
        if is_counted:
            self._count(room_id)
        try:
            refusal = self._refusal(fetch, scope) if is_hot else None
            reply = None
            if refusal is None:
                reply = await answer(fetch, scope, receive, is_hot)
                if reply is None:
                    refusal = self._enforced(self._throttle_policy.history_refusal())
            if refusal is not None:
                reply = self._refused(refusal)
            elif reply is None:
                # Shadow mode: serve the history of a hot room as that of a cold one.
                reply = await answer(fetch, scope, receive, False)
                assert reply is not None
            if not known.is_public(room_id):
                may_read = False
                await self._check_reader(room_id, scope)
            may_read = True
            return reply
        except ChatError as error:
            if error.code != "room_not_found" and not known.is_public(room_id):
                await self._check_reader(room_id, scope)
                may_read = True
            raise
        finally:
            # The first fetch of a room counts once the database has shown that the room exists.
            if (
                self._is_counting
                and not is_counted
                and (may_read or known.is_public(room_id))
                and room_id in known
            ):
                self._count(room_id)

    def is_hot(self, room_id: str) -> bool:
        """Whether the throttle applies to fetches of the room."""
        return self._is_counting and self._hot_rooms.is_hot(room_id) and room_id in self.known

    def throttles(self, room_id: str) -> bool:
        """Whether the throttle alone bounds fetches of the room: it is hot, and everybody may read it."""
        return self.is_hot(room_id) and self.known.is_public(room_id)

    def over_share(self, fetch: Fetch, scope: Scope) -> Refusal | None:
        """The refusal of a fetch of a hot room that is over its share, whatever memory holds. Counts and takes nothing.

        `refuse` must follow before anything else is awaited. A second decision could differ, because a share refills
        and a session ends between two readings of the clock.
        """
        if not self._is_enforcing:
            return None
        user_id, address = self._client(scope)
        return self._throttle_policy.over_share(fetch.room_id, user_id, address, self._clock())

    def refuse(self, fetch: Fetch, refusal: Refusal) -> Reply:
        """Count and answer a fetch that is over its share."""
        self._count(fetch.room_id)
        self._throttle_responses.count(refusal)
        return self._refused(refusal)

    def admit_cached(
        self, build: Callable[[], CachedResponse], fetch: Fetch, scope: Scope, *, is_hot: bool
    ) -> Reply:
        """`admit` for a fetch of an existing room that `build` can answer from memory."""
        if self._is_counting:
            self._count(fetch.room_id)
        refusal = self._refusal(fetch, scope) if is_hot else None
        return reply_of(build(), scope, is_hit=True) if refusal is None else self._refused(refusal)

    def _client(self, scope: Scope) -> tuple[UUID | None, str]:
        """The user, or without a valid session the address."""
        try:
            user_id = self._identity(scope)
        except ChatError:
            user_id = None  # a public room is read without a session, so a bad session counts as none
        return user_id, self._address(scope) if user_id is None else ""

    def _refusal(self, fetch: Fetch, scope: Scope) -> Refusal | None:
        """Why this fetch of a hot room is refused; None if it is not, or in shadow mode."""
        kind, now_s = fetch.kind, self._clock()
        user_id, address = self._client(scope)
        refusal = self._throttle_policy.check_fetch(
            fetch.room_id, user_id, address, now_s, is_page=kind in _PAGES
        )
        if refusal is None and kind not in FROM_MEMORY_WHEN_HOT and not self._may_query(fetch, now_s):
            refusal = self._throttle_policy.history_refusal()
        return None if refusal is None else self._enforced(refusal)

    def _may_query(self, fetch: Fetch, now_s: float) -> bool:
        """Whether this fetch of a hot room may cost a database query: only `reactions/mine`, within its budget."""
        return fetch.kind is FetchKind.MINE and self._own_reactions.take(fetch.room_id, now_s) == 0

    def _enforced(self, refusal: Refusal) -> Refusal | None:
        if not self._is_counting:
            return None  # switched off while the fetch waited for its answer
        self._throttle_responses.count(refusal)
        return refusal if self._is_enforcing else None

    def _refused(self, refusal: Refusal) -> Reply:
        FETCHES[REFUSED] += 1
        _ROOM_HOT_SENT.inc()
        head, body = self._throttle_responses.answer(refusal)
        return head, (), body
