"""Answers every fetch of a room: from memory where it is fresh enough, otherwise from Postgres."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from chat_server.fetch.event_waits import EventWaits
from chat_server.fetch.history_reads import HistoryReads, UnknownRoomReads
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.room_reads import RoomReads
from chat_server.hotchat.fetch_kind import FROM_MEMORY_WHEN_HOT, FetchKind
from chat_server.http.asgi_responses import Reply
from chat_server.http.cached_response import CachedResponse
from server_kit.event_loop_counter import EventLoopCounter
from server_kit.http.asgi import Receive, Scope, raw_header
from server_kit.http.problem import ChatError

Identity = Callable[[Scope], UUID | None]
"""The verified user of a request, in memory; None without a session. Raises ChatError for a bad session."""

HIT, MISS, NOT_MODIFIED, STALE, REFUSED, PROBLEM = _OUTCOMES = (
    ("hit",),
    ("miss",),
    ("not_modified",),
    ("stale",),
    ("refused",),
    ("problem",),
)
FETCHES: Final = EventLoopCounter(
    "hotchat_fetches_total", "Fetches by how they were answered", ("answer",), _OUTCOMES
).counts


class FetchHandler:
    """`address` gives the client's address key."""

    def __init__(
        self,
        reads: RoomReads,
        history: HistoryReads,
        unknown_rooms: UnknownRoomReads,
        event_waits: EventWaits,
        identity: Identity,
        address: Callable[[Scope], str],
    ) -> None:
        self.in_memory = reads.in_memory
        self._reads = reads
        self._history = history
        self._unknown_rooms = unknown_rooms
        self._event_waits = event_waits
        self._identity = identity
        self._address = address

    async def answer_events(
        self, query: FetchQuery, scope: Scope, receive: Receive, is_hot: bool
    ) -> Reply | None:
        """As `answer`; in a cold room, after waiting up to `wait_s` for an event after the query's seq."""
        if query.wait_s:
            room_id, seq = query.room_id, query.seq
            may_wait = not is_hot and room_id in self._reads.known
            if may_wait and await self._reads.is_at_head(room_id, seq):
                await self._event_waits.until_after(
                    room_id, seq, query.wait_s, self._address(scope), self._reader(scope), receive
                )
            query = query._replace(wait_s=0)
        return await self.answer(query, scope, receive, is_hot)

    def _reader(self, scope: Scope) -> UUID | None:
        """The user; None also for a bad session, as a public room is read without one."""
        try:
            return self._identity(scope)
        except ChatError:
            return None

    async def answer(self, query: FetchQuery, scope: Scope, _receive: Receive, is_hot: bool) -> Reply | None:
        """The response; None for a hot room if only a query of its history could answer.

        Raises ChatError, see RoomReads; `unauthenticated` too.
        """
        build = self.in_memory(query, is_hot=is_hot)
        if build is not None:
            return reply_of(build(), scope, is_hit=True)
        if query.kind is FetchKind.MINE:
            user_id = self._identity(scope)
            if user_id is None:
                raise ChatError("unauthenticated", "Enter a nickname first: POST /api/v1/sessions.")
            return reply_of(
                await self._history.reactions_of(query, user_id, self._address(scope)), scope, is_hit=False
            )
        if is_hot or query.room_id in self._reads.known:  # only rooms that exist are hot
            found = await self._reads.from_snapshot(query, is_hot=is_hot)
        else:
            found = await self._unknown_rooms.read(query, self._address(scope))
        if found is None:
            if is_hot and query.kind in FROM_MEMORY_WHEN_HOT:
                return None
            return reply_of(await self._history.read(query, self._address(scope)), scope, is_hit=False)
        head, headers, body = reply_of(found.answer, scope, is_hit=found.is_hit)
        if found.age_s is not None:
            FETCHES[STALE] += 1
            headers = [(b"age", b"%d" % found.age_s)]
        return head, headers, body


def reply_of(cached: CachedResponse, scope: Scope, *, is_hit: bool) -> Reply:
    """The response, or 304 if the client has it; counted."""
    if_none_match = raw_header(scope, b"if-none-match")
    if if_none_match is not None and cached.matches(if_none_match):
        FETCHES[NOT_MODIFIED] += 1
        return cached.unchanged_hit if is_hit else cached.unchanged_miss, (), b""
    FETCHES[HIT if is_hit else MISS] += 1
    return cached.hit if is_hit else cached.miss, (), cached.body
