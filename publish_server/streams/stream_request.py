"""Reads the parameters of a request for a stream. Pure."""

import re
from typing import Final, Literal, NamedTuple
from urllib.parse import parse_qs

from chat_contract.ids import is_room_id
from chat_contract.limits import MAX_LISTED_ROOMS, MAX_SEQ
from server_kit.http.problem import ChatError

CURSOR_PARAMETERS: Final = ("lastEventId", "last_event_id")
"""In order of precedence; the header Last-Event-ID comes before both. Some polyfills send lastEventId."""

MAX_QUERY_BYTES: Final = 16 * 1024
MAX_PARAMETERS: Final = 20
"""Without counting the rooms of a list."""

_CURSOR = re.compile(r"[0-9]{1,19}\Z", re.ASCII)


class StreamRequest(NamedTuple):
    """`cursor` is the seq of the last event that the client has; None starts at the head. Notify mode has no pace."""

    room_id: str
    mode: Literal["events", "notify"]
    cursor: int | None
    is_calm: bool = False


def stream_request(room_id: str, query: bytes, last_event_id: bytes | None) -> StreamRequest:
    """The first non-empty cursor counts: header, `lastEventId`, `last_event_id`.

    Raises ChatError: room_not_found for an id that no room can have, validation_failed for the rest.
    """
    if not is_room_id(room_id):
        raise ChatError("room_not_found", "A room's id is 1 to 64 of a-z, 0-9 and -.")
    parameters = _parameters(query, MAX_PARAMETERS)
    mode = parameters.get("mode", ["events"])[0]
    if mode == "notify":
        return StreamRequest(room_id, "notify", _cursor(parameters, last_event_id))
    if mode != "events":
        raise invalid("mode", "events or notify")
    pace = parameters.get("pace", ["full"])[0]
    if pace not in ("full", "calm"):
        raise invalid("pace", "full or calm")
    return StreamRequest(room_id, "events", _cursor(parameters, last_event_id), pace == "calm")


def list_request(query: bytes) -> list[str]:
    """The requested rooms without duplicates; ids that no room can have are left out.

    Raises ChatError validation_failed without a room and above MAX_LISTED_ROOMS.
    """
    rooms = _parameters(query, MAX_LISTED_ROOMS + MAX_PARAMETERS).get("room", [])
    if not 1 <= len(rooms) <= MAX_LISTED_ROOMS:
        raise invalid("room", f"1 to {MAX_LISTED_ROOMS} rooms")
    return [room_id for room_id in dict.fromkeys(rooms) if is_room_id(room_id)]


def ticket_in(query: bytes) -> str | None:
    """The first `ticket` of the query; None without one. Raises ChatError validation_failed."""
    if b"ticket=" not in query:
        return None
    return _parameters(query, MAX_LISTED_ROOMS + MAX_PARAMETERS).get("ticket", [None])[0]


def place_in(query: bytes) -> str | None:
    """The first `place` of the query; None without one. Raises ChatError validation_failed."""
    if b"place=" not in query:
        return None
    return _parameters(query, MAX_LISTED_ROOMS + MAX_PARAMETERS).get("place", [None])[0]


def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Whether the header accepts gzip. Source: RFC 9110, section 12.5.3."""
    for part in (accept_encoding or b"").lower().split(b","):
        coding, _, parameters = part.partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            weight = parameters.replace(b" ", b"").removeprefix(b"q=").rstrip(b"0.")
            return not parameters or bool(weight)
    return False


def _parameters(query: bytes, most: int) -> dict[str, list[str]]:
    if not query:  # parse_qs takes 5 µs for it
        return {}
    if len(query) > MAX_QUERY_BYTES:
        raise invalid("query", f"at most {MAX_QUERY_BYTES} bytes")
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=most)
    except ValueError:
        raise invalid("query", f"at most {most} parameters") from None


def _cursor(parameters: dict[str, list[str]], last_event_id: bytes | None) -> int | None:
    if last_event_id:
        return _seq("Last-Event-ID", last_event_id.decode("latin-1"))
    for name in CURSOR_PARAMETERS:
        for value in parameters.get(name, []):
            if value:
                return _seq(name, value)
    return None


def _seq(name: str, text: str) -> int:
    if _CURSOR.match(text) is None or int(text) > MAX_SEQ:
        raise invalid(name, f"a seq from 0 to {MAX_SEQ}")
    return int(text)


def invalid(field: str, message: str) -> ChatError:
    return ChatError(
        "validation_failed", f"{field}: {message}.", errors=[{"field": field, "message": message}]
    )
