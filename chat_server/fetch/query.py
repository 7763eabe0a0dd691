"""Which fetch a request is: path and query string, parsed by hand because every fetch passes here."""

import re
from enum import IntEnum, auto
from typing import Final, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from chat_contract.limits import EVENTS_PAGE_MAX, MAX_SEQ, PAGE_DEFAULT, PAGE_MAX, ROOM_ID_PATTERN
from chat_server.http.json_body import invalid
from chat_server.rooms.directory import room_not_found
from server_kit.http.problem import ChatError

PREFIX: Final = "/api/v1/rooms/"
_ROOM_ID = re.compile(ROOM_ID_PATTERN.removesuffix("$") + r"\Z")
_INTEGER = re.compile(r"-?[0-9]{1,40}\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


class FetchKind(IntEnum):
    ROOM = auto()
    NEWEST = auto()
    BEFORE = auto()
    AFTER = auto()
    AROUND = auto()
    MESSAGE = auto()
    EVENTS = auto()
    MINE = auto()
    SEARCH = auto()
    REACTORS = auto()


class FetchQuery(NamedTuple):
    """A valid fetch. `seq` is the anchor (`from_seq` of MINE), `to_seq` belongs to MINE; unused fields are 0."""

    kind: FetchKind
    room_id: str
    limit: int = 0
    seq: int = 0
    to_seq: int = 0
    message_id: UUID | None = None

    @property
    def tag(self) -> str:
        """The query as it appears in an ETag: the same for the same question, however it was written."""
        return f"{self.kind.name.lower()}.{self.limit}.{self.seq}.{self.to_seq}"


def parse_fetch(path: str, query_string: bytes) -> FetchQuery | None:
    """The fetch that is asked for; None when the path is no fetch.

    Raises ChatError `validation_failed` with `errors`; an id that cannot exist is not found.
    """
    if not path.startswith(PREFIX):
        return None
    match path[len(PREFIX) :].split("/"):
        case [room_id]:
            return FetchQuery(FetchKind.ROOM, _room_id(room_id))
        case [room_id, "messages"]:
            return _page(_room_id(room_id), _Parameters(query_string))
        case [room_id, "messages", message_id] if message_id:
            return _message(_room_id(room_id), message_id)
        case [room_id, "events"]:
            parameters = _Parameters(query_string)
            after_seq = parameters.integer("after_seq", required=True)
            limit = parameters.integer("limit", default=EVENTS_PAGE_MAX, low=1, high=EVENTS_PAGE_MAX)
            parameters.check()
            return FetchQuery(FetchKind.EVENTS, _room_id(room_id), limit, after_seq)
        case [room_id, "search"]:
            return FetchQuery(FetchKind.SEARCH, _room_id(room_id))
        case [room_id, "reactions", "mine"]:
            parameters = _Parameters(query_string)
            from_seq = parameters.integer("from_seq")
            to_seq = parameters.integer("to_seq", default=MAX_SEQ)
            parameters.check()
            return FetchQuery(FetchKind.MINE, _room_id(room_id), seq=from_seq, to_seq=to_seq)
        case [room_id, "messages", message_id, "reactions"]:
            return _message(_room_id(room_id), message_id)._replace(kind=FetchKind.REACTORS)
    return None


def message_not_found() -> ChatError:
    return ChatError("message_not_found", "There is no such message in this room.")


def _room_id(text: str) -> str:
    if not _ROOM_ID.match(text):
        raise room_not_found(text)
    return text


def _page(room_id: str, parameters: "_Parameters") -> FetchQuery:
    limit = parameters.integer("limit", default=PAGE_DEFAULT, low=1, high=PAGE_MAX)
    anchors = {
        "before_seq": FetchKind.BEFORE,
        "after_seq": FetchKind.AFTER,
        "around_seq": FetchKind.AROUND,
    }
    given = [name for name in anchors if parameters.has(name)]
    for name in given[1:]:
        parameters.refuse(name, f"cannot be given together with {given[0]}")
    seq = parameters.integer(given[0]) if given else 0
    parameters.check()
    return FetchQuery(anchors[given[0]] if given else FetchKind.NEWEST, room_id, limit, seq)


def _message(room_id: str, message_id: str) -> FetchQuery:
    if not _UUID.match(message_id):
        raise message_not_found()
    return FetchQuery(FetchKind.MESSAGE, room_id, message_id=UUID(message_id))


class _Parameters:
    """A query string's values and what is wrong with them. Unknown names are passed by."""

    def __init__(self, query_string: bytes) -> None:
        self._errors: list[dict[str, str]] = []
        self._values: dict[str, str] = {}
        if query_string:
            # At most 64 fields: more is nobody's question.
            pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)[:64]
            for name, value in pairs:
                if name in self._values:
                    self.refuse(name, "must be given once")
                self._values[name] = value

    def has(self, name: str) -> bool:
        return name in self._values

    def refuse(self, name: str, message: str) -> None:
        self._errors.append({"field": name, "message": message})

    def integer(
        self, name: str, *, default: int = 0, low: int = 0, high: int = MAX_SEQ, required: bool = False
    ) -> int:
        text = self._values.get(name)
        if text is None:
            if required:
                self.refuse(name, "is required")
            return default
        if not _INTEGER.match(text):
            self.refuse(name, "must be an integer")
            return default
        value = int(text)
        if not low <= value <= high:
            self.refuse(name, f"must be from {low} to {high}")
        return value

    def check(self) -> None:
        if self._errors:
            raise invalid(self._errors)
