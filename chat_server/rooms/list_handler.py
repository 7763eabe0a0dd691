"""`GET /rooms`: a page of the room list, from memory where it is fresh."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from chat_contract.limits import MAX_SEARCH_CODE_POINTS
from chat_server.http.asgi_responses import Reply
from chat_server.http.query_string import IntegerParameter, QueryString, TextParameter
from chat_server.rooms.list_cursor import decode_cursor
from chat_server.rooms.room_list import FIRST_PAGE, MAX_ROOMS, RoomListPage, RoomLists
from chat_server.text.rules import normalized
from server_kit.http.asgi import Receive, Scope, raw_header
from server_kit.http.problem import invalid
from server_kit.limits.fair_semaphore import FairSemaphore
from server_kit.limits.shares import Shares

LIMIT: Final = IntegerParameter("limit", default=50, low=1, high=MAX_ROOMS)
CURSOR: Final = TextParameter("cursor", max_length=200)
Q: Final = TextParameter("q", max_length=MAX_SEARCH_CODE_POINTS, default="")


class RoomListQuery(NamedTuple):
    page: RoomListPage
    limit: int


def parse_room_list(_: Sequence[str], parameters: QueryString) -> RoomListQuery:
    """Raises ChatError `validation_failed`."""
    limit, cursor, q = parameters.integer(LIMIT), parameters.text(CURSOR), parameters.text(Q)
    parameters.check()
    return RoomListQuery(RoomListPage(decode_cursor(cursor) if cursor else None, _words(q)), limit)


def _words(q: str) -> str:
    """In NFC, as names are stored. Raises ChatError `validation_failed`."""
    if "\0" in q:
        raise invalid([{"field": "q", "message": "Give words of a room's name."}])
    if not q.strip():
        return ""
    try:
        return normalized(q, MAX_SEARCH_CODE_POINTS, "The part of a name")
    except ValueError as error:
        raise invalid([{"field": "q", "message": str(error)}]) from error


class RoomListHandler:
    """`semaphore` bounds the reads that no snapshot serves: further pages, and searches by name."""

    def __init__(self, lists: RoomLists, semaphore: FairSemaphore, shares: Shares) -> None:
        self._lists = lists
        self._semaphore = semaphore
        self._shares = shares

    async def list_rooms(self, query: RoomListQuery, scope: Scope, _: Receive) -> Reply:
        """Only the first page needs no permit. Raises ChatError."""
        if_none_match = raw_header(scope, b"if-none-match")
        cached = self._lists.in_memory(*query)
        if cached is not None:
            if if_none_match is not None and cached.matches(if_none_match):
                return cached.unchanged_hit, (), b""
            return cached.hit, (), cached.body
        if query.page == FIRST_PAGE:
            listed = await self._lists.get(*query)
        else:
            async with self._semaphore.permit(self._shares.source_of(scope).address):
                listed = await self._lists.get(*query)
        cached = listed.answer
        age = [] if listed.age_s is None else [(b"age", b"%d" % listed.age_s)]
        if if_none_match is not None and cached.matches(if_none_match):
            return cached.unchanged_miss, age, b""
        return cached.miss, age, cached.body
