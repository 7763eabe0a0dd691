"""`GET …/search`: messages of a room by their words."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson

from chat_contract.limits import MAX_SEARCH_CODE_POINTS, MAX_SEQ, SEARCH_PAGE_MAX
from chat_server.hotchat.fetch_kind import FetchKind
from chat_server.http.asgi_responses import Reply, json_reply
from chat_server.http.path_params import room_id_in
from chat_server.http.query_string import IntegerParameter, QueryString, TextParameter
from chat_server.rooms.room_settings_cache import RoomSettingsCache
from chat_server.search.message_search import MessageSearch, words_of
from server_kit.http.asgi import Receive, Scope
from server_kit.limits.fair_semaphore import FairSemaphore
from server_kit.limits.shares import Shares

Q: Final = TextParameter("q", max_length=MAX_SEARCH_CODE_POINTS, min_length=1, is_required=True)
LIMIT: Final = IntegerParameter("limit", default=20, low=1, high=SEARCH_PAGE_MAX)
BEFORE_SEQ: Final = IntegerParameter("before_seq", default=MAX_SEQ)


class SearchQuery(NamedTuple):
    """A valid search. `before_seq`: only older messages."""

    room_id: str
    words: tuple[str, ...]
    limit: int
    before_seq: int

    @property
    def kind(self) -> FetchKind:
        return FetchKind.SEARCH


def parse_search(ids: Sequence[str], parameters: QueryString) -> SearchQuery:
    """Raises ChatError `room_not_found` or `validation_failed`."""
    room_id = room_id_in(ids[0])
    q, limit, before_seq = parameters.text(Q), parameters.integer(LIMIT), parameters.integer(BEFORE_SEQ)
    parameters.check()
    return SearchQuery(room_id, tuple(words_of(q)), limit, before_seq)


class SearchHandler:
    def __init__(
        self,
        search: MessageSearch,
        semaphore: FairSemaphore,
        room_settings: RoomSettingsCache,
        shares: Shares,
    ) -> None:
        self._search = search
        self._semaphore = semaphore
        self._room_settings = room_settings
        self._shares = shares

    async def search_room(self, query: SearchQuery, scope: Scope, _receive: Receive, _is_hot: bool) -> Reply:
        """A hot room refuses searches before they get here. Raises ChatError `room_not_found`, `rate_limited` …"""
        address = self._shares.source_of(scope).address
        async with self._semaphore.permit(address):
            await self._room_settings.get(query.room_id, address)
            found = await self._search.find(query.room_id, query.words, query.limit, query.before_seq)
        return json_reply(200, orjson.dumps(found))
