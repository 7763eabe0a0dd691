"""The two streams as one table, and the call for places: requests are matched by it, OpenAPI documents made from it."""

from typing import Any, Final, NamedTuple

from chat_contract.limits import MAX_LISTED_ROOMS, MAX_SEQ, ROOM_ID_PATTERN


class StreamRoute(NamedTuple):
    """`path` may end with `{room_id}`. `parameters` are OpenAPI parameter objects; `problems` are by status."""

    path: str
    operation_id: str
    description: str
    parameters: tuple[dict[str, Any], ...]
    problems: dict[int, str]


CHEAP_READS: Final = (b"GET /stream/v1/",)
"""First bytes of the requests that open streams."""

_SEQ: Final = {"type": "integer", "minimum": 0, "maximum": MAX_SEQ}


def _cursor(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": False, "schema": _SEQ}


_TICKET: Final = {"name": "ticket", "in": "query", "required": False, "schema": {"type": "string"}}
"""For private rooms."""

_PLACE: Final = {"name": "place", "in": "query", "required": False, "schema": {"type": "string"}}
"""Of the queue, while the server is full."""

ROOM_LIST: Final = StreamRoute(
    "/stream/v1/rooms",
    "stream_rooms",
    "`room.updated`, `room.heat` and `room.viewers` of these rooms; rooms that do not exist are left out.",
    (
        {
            "name": "room",
            "in": "query",
            "required": True,
            "schema": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "maxItems": MAX_LISTED_ROOMS,
            },
        },
        _TICKET,
        _PLACE,
    ),
    {401: "ticket_invalid", 422: "validation_failed", 429: "rate_limited", 503: "server_full"},
)

ROOM: Final = StreamRoute(
    "/stream/v1/rooms/{room_id}",
    "stream_room",
    "The room's events as server-sent events, from the given seq on, otherwise from now on.",
    (
        {
            "name": "room_id",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": ROOM_ID_PATTERN},
        },
        {
            "name": "mode",
            "in": "query",
            "required": False,
            "schema": {"type": "string", "enum": ["events", "notify"], "default": "events"},
        },
        {
            "name": "pace",
            "in": "query",
            "required": False,
            "schema": {"type": "string", "enum": ["full", "calm"], "default": "full"},
        },
        _cursor("last_event_id", "query"),
        _cursor("lastEventId", "query"),
        _cursor("Last-Event-ID", "header"),
        _TICKET,
        _PLACE,
    ),
    {
        401: "ticket_invalid",
        404: "room_not_found",
        422: "validation_failed",
        429: "rate_limited",
        503: "server_full",
    },
)

ROUTES: Final = (ROOM_LIST, ROOM)

PLACES: Final = StreamRoute(
    "/stream/v1/places",
    "take_place",
    "A place in the queue of a full server, or the present position of the place in the body.",
    (),
    {413: "body_too_large", 422: "validation_failed", 429: "rate_limited", 503: "server_full"},
)
"""The only POST."""

ROOM_PREFIX: Final = ROOM.path.removesuffix("{room_id}")


def route_of(path: str) -> StreamRoute | None:
    """The route that answers this path; None if it is not a stream."""
    if path.startswith(ROOM_PREFIX):
        return None if "/" in path[len(ROOM_PREFIX) :] else ROOM
    return ROOM_LIST if path == ROOM_LIST.path else None
