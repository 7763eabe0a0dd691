"""Which fetch a request asks for. Parsed by hand, because every fetch passes here.

Each parser takes the ids of the path, in order, and the query string. It raises ChatError `validation_failed` with
`errors`, or `room_not_found` and `message_not_found` for ids that cannot exist.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from chat_contract.limits import EVENTS_PAGE_MAX, EVENTS_WAIT_MAX_S, MAX_SEQ, PAGE_DEFAULT, PAGE_MAX
from chat_server.hotchat.fetch_kind import FetchKind
from chat_server.http.path_params import message_id_in, room_id_in
from chat_server.http.query_string import IntegerParameter, QueryString

PAGE_LIMIT: Final = IntegerParameter("limit", default=PAGE_DEFAULT, low=1, high=PAGE_MAX)
BEFORE_SEQ: Final = IntegerParameter("before_seq")
AFTER_SEQ: Final = IntegerParameter("after_seq")
AROUND_SEQ: Final = IntegerParameter("around_seq")
EVENTS_AFTER_SEQ: Final = IntegerParameter("after_seq", is_required=True)
EVENTS_LIMIT: Final = IntegerParameter("limit", default=EVENTS_PAGE_MAX, low=1, high=EVENTS_PAGE_MAX)
EVENTS_WAIT_S: Final = IntegerParameter("wait_s", default=0, low=0, high=EVENTS_WAIT_MAX_S)
FROM_SEQ: Final = IntegerParameter("from_seq", default=0)
TO_SEQ: Final = IntegerParameter("to_seq", default=MAX_SEQ)


_ANCHORS: Final = (
    (BEFORE_SEQ, FetchKind.BEFORE),
    (AFTER_SEQ, FetchKind.AFTER),
    (AROUND_SEQ, FetchKind.AROUND),
)


class FetchQuery(NamedTuple):
    """A valid fetch. `seq` is the anchor (`from_seq` of MINE), `to_seq` belongs to MINE, `wait_s` to EVENTS; unused
    fields are 0.
    """

    kind: FetchKind
    room_id: str
    limit: int = 0
    seq: int = 0
    to_seq: int = 0
    message_id: UUID | None = None
    wait_s: int = 0

    @property
    def tag(self) -> str:
        """The query as part of an ETag. Two spellings of the same query have the same tag."""
        return f"{self.kind.name.lower()}.{self.limit}.{self.seq}.{self.to_seq}"


def parse_room(ids: Sequence[str], _: QueryString) -> FetchQuery:
    return FetchQuery(FetchKind.ROOM, room_id_in(ids[0]))


def parse_page(ids: Sequence[str], parameters: QueryString) -> FetchQuery:
    """The latest page, or the page before, after or around a seq."""
    room_id = room_id_in(ids[0])
    limit = parameters.integer(PAGE_LIMIT)
    given = [(anchor, kind) for anchor, kind in _ANCHORS if parameters.has(anchor)]
    for anchor, _ in given[1:]:
        parameters.refuse(anchor.name, f"cannot be given together with {given[0][0].name}")
    seq = parameters.integer(given[0][0]) if given else 0
    parameters.check()
    return FetchQuery(given[0][1] if given else FetchKind.NEWEST, room_id, limit, seq)


def parse_message(ids: Sequence[str], _: QueryString) -> FetchQuery:
    return FetchQuery(FetchKind.MESSAGE, room_id_in(ids[0]), message_id=message_id_in(ids[1]))


def parse_reactors(ids: Sequence[str], _: QueryString) -> FetchQuery:
    return FetchQuery(FetchKind.REACTORS, room_id_in(ids[0]), message_id=message_id_in(ids[1]))


def parse_events(ids: Sequence[str], parameters: QueryString) -> FetchQuery:
    after_seq, limit = parameters.integer(EVENTS_AFTER_SEQ), parameters.integer(EVENTS_LIMIT)
    wait_s = parameters.integer(EVENTS_WAIT_S)
    parameters.check()
    return FetchQuery(FetchKind.EVENTS, room_id_in(ids[0]), limit, after_seq, wait_s=wait_s)


def parse_my_reactions(ids: Sequence[str], parameters: QueryString) -> FetchQuery:
    from_seq, to_seq = parameters.integer(FROM_SEQ), parameters.integer(TO_SEQ)
    parameters.check()
    return FetchQuery(FetchKind.MINE, room_id_in(ids[0]), seq=from_seq, to_seq=to_seq)
