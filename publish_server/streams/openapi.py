"""The streams in the OpenAPI document. GET is answered below the framework; other methods get their 405 here."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Query, Response

from chat_contract.limits import MAX_SEQ, ROOM_ID_PATTERN
from publish_server.streams.stream_request import LIST_PATH, MAX_LISTED_ROOMS, STREAM_PREFIX
from server_kit.http.problem import MEDIA_TYPE

router = APIRouter()

_PROBLEM: Final[dict[str, Any]] = {
    MEDIA_TYPE: {
        "schema": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "code"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "code": {"type": "string"},
            },
        }
    }
}


_EVENT_STREAM: Final[dict[str, Any]] = {"text/event-stream": {"schema": {"type": "string"}}}


@router.get(
    LIST_PATH,
    response_class=Response,
    responses={
        200: {"content": _EVENT_STREAM, "description": "What moved in those rooms"},
        422: {"content": _PROBLEM, "description": "validation_failed"},
        503: {"content": _PROBLEM, "description": "server_full"},
    },
)
async def stream_rooms(
    room: Annotated[list[str], Query(min_length=1, max_length=MAX_LISTED_ROOMS)],
) -> Response:
    """`room.updated`, `room.heat` and `room.viewers` of those rooms; rooms that do not exist are left out."""
    raise NotImplementedError(room)


@router.get(
    STREAM_PREFIX + "{room_id}",
    response_class=Response,
    responses={
        200: {"content": _EVENT_STREAM, "description": "The room's events"},
        404: {"content": _PROBLEM, "description": "room_not_found"},
        422: {"content": _PROBLEM, "description": "validation_failed"},
        503: {"content": _PROBLEM, "description": "server_full"},
    },
)
async def stream_room(
    room_id: Annotated[str, Path(pattern=ROOM_ID_PATTERN)],
    mode: Annotated[Literal["events", "notify"], Query()] = "events",
    last_event_id: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=MAX_SEQ)] = None,
    last_event_id_query: Annotated[int | None, Query(alias="last_event_id", ge=0, le=MAX_SEQ)] = None,
    last_event_id_polyfill: Annotated[int | None, Query(alias="lastEventId", ge=0, le=MAX_SEQ)] = None,
) -> Response:
    """A room's events as server-sent events, from the seq given on, else from now on."""
    raise NotImplementedError(room_id, mode, last_event_id, last_event_id_query, last_event_id_polyfill)
