"""The gate: every fetch of a room is counted, refused or answered here, in plain ASGI, before the framework's router.

It is below FastAPI because the router, its validation and its response objects cost more than all of the below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from chat_server.fetch.cached_response import Answer
from chat_server.fetch.query import PREFIX, FetchKind, FetchQuery, parse_fetch
from chat_server.fetch.room_reads import Found, RoomReads
from chat_server.hotchat.fetch_counters import FetchCounters
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.hotchat.throttle_response import Refusal, RefusalAnswers, RefusalPolicy
from chat_server.http.asgi_responses import send_problem
from chat_server.http.errors import PROBLEMS_SENT
from chat_server.http.single_write_response import send_response
from server_kit.event_loop_counter import EventLoopCounter
from server_kit.http.asgi import Receive, Scope, Send, raw_header
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import ChatError
from server_kit.token_buckets import TokenBuckets

Identity = Callable[[Scope], UUID | None]
"""The verified user of a request, in memory; None without a session. May raise ChatError for a bad one."""

MAX_PARSED: Final = 4_096
"""Requests whose parsing is remembered. Overflow rule: all are forgotten at once."""

_PAGES: Final = (FetchKind.NEWEST, FetchKind.ROOM)
_FROM_MEMORY_WHEN_HOT: Final = (FetchKind.NEWEST, FetchKind.ROOM, FetchKind.EVENTS, FetchKind.AFTER)

_HIT, _MISS, _UNCHANGED, _STALE, _REFUSED, _PROBLEM = _ANSWERS = (
    ("hit",),
    ("miss",),
    ("not_modified",),
    ("stale",),
    ("refused",),
    ("problem",),
)
_FETCHES = EventLoopCounter(
    "hotchat_fetches_total", "Fetches by how they were answered", ("answer",), _ANSWERS
).counts
_ROOM_HOT_SENT = PROBLEMS_SENT.labels("room_hot")


@dataclass(frozen=True, slots=True)
class GateParts:
    """What the gate works with.

    `address` gives the client's address key. `own_reactions` bounds the statements that a hot room's sessions may
    cause.
    """

    reads: RoomReads
    counters: FetchCounters
    hot_rooms: HotRooms
    refusals: RefusalPolicy
    refusal_answers: RefusalAnswers
    own_reactions: TokenBuckets
    identity: Identity
    address: Callable[[Scope], str]
    clock: Callable[[], float]


class FetchGate:
    """Called like an ASGI app; True when the request was a fetch and is answered, False when it is another's."""

    def __init__(self, parts: GateParts, *, mode: Literal["enforce", "shadow", "off"]) -> None:
        self.hot_rooms = parts.hot_rooms
        self.reads = parts.reads
        self.counters = parts.counters
        self._parts = parts
        self._known = parts.reads.known
        self._count = parts.counters.count
        self._is_counting = mode != "off"
        self._is_enforcing = mode == "enforce"
        self._parsed: dict[tuple[str, bytes], FetchQuery] = {}

    async def __call__(self, scope: Scope, _: Receive, send: Send, extra: RawHeaders) -> bool:
        if (scope["method"] != "GET" and scope["method"] != "HEAD") or not scope["path"].startswith(PREFIX):
            return False
        try:
            query = self._query(scope)
        except ChatError as error:
            await _send_problem(scope, send, extra, error)
            return True
        return query is not None and await self._fetch(query, scope, send, extra)

    async def _fetch(self, query: FetchQuery, scope: Scope, send: Send, extra: RawHeaders) -> bool:
        room_id = query.room_id
        is_hot = self._is_counting and self._parts.hot_rooms.is_hot(room_id)
        is_counted = self._is_counting and (is_hot or room_id in self._known)
        if is_counted:
            self._count(room_id)
        try:
            refusal = self._refusal(query, scope) if is_hot else None
            if refusal is None:
                if query.kind is FetchKind.SEARCH:
                    return False  # counted here, answered by the router
                answer = self.reads.in_memory(query, is_hot=is_hot)
                if answer is not None:
                    await _send_answer(scope, send, extra, answer, is_hit=True)
                    return True
                found = await self._found(query, scope, is_hot=is_hot)
                if isinstance(found, Found):
                    await _send_found(scope, send, extra, found)
                    return True
                refusal = found
            _FETCHES[_REFUSED] += 1
            _ROOM_HOT_SENT.inc()
            head, body = self._parts.refusal_answers.answer(refusal)
            await send_response(send, head, extra, b"" if scope["method"] == "HEAD" else body)
        except ChatError as error:
            await _send_problem(scope, send, extra, error)
        finally:
            # A room this process had not met: now it has, or there is none.
            if self._is_counting and not is_counted and room_id in self._known:
                self._count(room_id)
        return True

    def _query(self, scope: Scope) -> FetchQuery | None:
        key = (scope["path"], scope["query_string"])
        query = self._parsed.get(key)
        if query is None:
            query = parse_fetch(*key)
            if query is not None and len(key[1]) <= 256:
                if len(self._parsed) >= MAX_PARSED:
                    self._parsed.clear()
                self._parsed[key] = query
        return query

    def _refusal(self, query: FetchQuery, scope: Scope) -> Refusal | None:
        """Why this fetch of a hot room is refused; None when it is not, or when refusals are only counted (shadow)."""
        parts = self._parts
        kind, now_s = query.kind, parts.clock()
        user_id = self._user(scope)
        address = parts.address(scope) if user_id is None else ""
        refusal = parts.refusals.of_fetch(query.room_id, user_id, address, now_s, is_page=kind in _PAGES)
        if refusal is None and kind not in _FROM_MEMORY_WHEN_HOT and self._is_history(query, now_s):
            refusal = parts.refusals.of_history()
        return None if refusal is None else self._enforced(refusal)

    def _is_history(self, query: FetchQuery, now_s: float) -> bool:
        """True when a hot room's fetch would cost a statement for which there is no allowance (left)."""
        return query.kind is not FetchKind.MINE or self._parts.own_reactions.take(query.room_id, now_s) > 0

    def _enforced(self, refusal: Refusal) -> Refusal | None:
        self._parts.refusal_answers.count(refusal)
        return refusal if self._is_enforcing else None

    async def _found(self, query: FetchQuery, scope: Scope, *, is_hot: bool) -> Found | Refusal:
        """The answer that had to be waited for, or the refusal of one that only a hot room's history holds."""
        if query.kind is FetchKind.MINE:
            user_id = self._parts.identity(scope)
            if user_id is None:
                raise ChatError("unauthenticated", "Enter a nickname first: POST /api/v1/sessions.")
            return Found(await self.reads.reactions_of(query, user_id), is_hit=False)
        found = await self.reads.from_snapshot(query, is_hot=is_hot)
        if found is not None:
            return found
        if is_hot and query.kind in _FROM_MEMORY_WHEN_HOT:
            refusal = self._enforced(self._parts.refusals.of_history())
            if refusal is not None:
                return refusal
        return Found(await self.reads.from_history(query), is_hit=False)

    def _user(self, scope: Scope) -> UUID | None:
        try:
            return self._parts.identity(scope)
        except ChatError:
            return None  # reading a public room needs no session, so a bad one is none


async def _send_found(scope: Scope, send: Send, extra: RawHeaders, found: Found) -> None:
    if found.age_s is not None:
        _FETCHES[_STALE] += 1
        extra = [(b"age", b"%d" % found.age_s), *extra]
    await _send_answer(scope, send, extra, found.answer, is_hit=found.is_hit)


async def _send_answer(scope: Scope, send: Send, extra: RawHeaders, answer: Answer, *, is_hit: bool) -> None:
    if_none_match = raw_header(scope, b"if-none-match")
    if if_none_match is not None and answer.is_known_by(if_none_match):
        _FETCHES[_UNCHANGED] += 1
        await send_response(send, answer.unchanged_hit if is_hit else answer.unchanged_miss, extra, b"")
    else:
        _FETCHES[_HIT if is_hit else _MISS] += 1
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send_response(send, answer.hit if is_hit else answer.miss, extra, body)


async def _send_problem(scope: Scope, send: Send, extra: RawHeaders, error: ChatError) -> None:
    _FETCHES[_PROBLEM] += 1
    await send_problem(send, error, extra, is_head=scope["method"] == "HEAD")
