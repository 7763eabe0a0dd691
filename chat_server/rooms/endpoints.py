"""Rooms: listing, making, and the owner's settings. One room's own GET is a fetch and belongs to the gate."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Row

from chat_contract.events import RoomSlowMode
from chat_server.dependencies import Parts, PartsOf
from chat_server.http.errors import problems
from chat_server.http.idempotency import GivenKey, repeatable
from chat_server.http.json_body import documented_body, invalid, json_body
from chat_server.http.path_params import RoomId
from chat_server.messages.admission import room_of_write
from chat_server.messages.endpoints import json_bytes
from chat_server.rooms.directory import room_not_found
from chat_server.rooms.list_cursor import decode_cursor
from chat_server.rooms.room_id import room_id_from_name
from chat_server.rooms.room_list import MAX_ROOMS, ListedRooms, Page
from chat_server.rooms.schemas import RoomList, RoomPatch, RoomRequest, RoomView
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator
from chat_server.text.rules import normalized
from server_kit.http.problem import ChatError

MAX_QUERY_CODE_POINTS: Final = 100

router = APIRouter(tags=["rooms"])


def room_view(row: Row[Any], parts: Parts) -> RoomView:
    return RoomView(
        id=row.id,
        name=row.name,
        visibility=row.visibility,
        owner_id=None if row.owner_id is None else str(row.owner_id),
        last_seq=row.last_seq,
        message_count=row.message_count,
        heat=parts.hot_rooms.heat(row.id),
        slow_mode_s=row.slow_mode_s,
        viewers=parts.hot_rooms.viewers(row.id),
    )


@router.get(
    "/rooms",
    response_model=RoomList,
    responses=problems("validation_failed", "rate_limited", "store_unavailable"),
)
async def list_rooms(
    request: Request,
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=MAX_ROOMS)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str, Query(max_length=MAX_QUERY_CODE_POINTS)] = "",
) -> Response:
    """Rooms by activity, the liveliest first; with `q`, those whose name contains it. At most 1 s old."""
    page = Page(decode_cursor(cursor) if cursor else None, _words(q))
    if page.words:
        async with parts.search.turn(parts.shares.source_of(request.scope).address):
            listed = await parts.room_lists.get(page, limit)
    else:
        listed = await parts.room_lists.get(page, limit)
    parts.room_lists.remember(request.scope["query_string"], page, limit)
    return _list_response(listed, request.headers.get("if-none-match"))


def _words(q: str) -> str:
    """In NFC, as names are stored. Raises ChatError `validation_failed`."""
    if "\0" in q:
        raise invalid([{"field": "q", "message": "Give words of a room's name."}])
    if not q.strip():
        return ""
    try:
        return normalized(q, MAX_QUERY_CODE_POINTS, "The part of a name")
    except ValueError as error:
        raise invalid([{"field": "q", "message": str(error)}]) from error


@router.post(
    "/rooms",
    status_code=201,
    response_model=RoomView,
    openapi_extra=documented_body(RoomRequest),
    responses=problems(
        "validation_failed",
        "unauthenticated",
        "session_expired",
        "room_exists",
        "rate_limited",
        "body_too_large",
        "unsupported_media_type",
        "store_unavailable",
    ),
)
async def create_room(
    wanted: Annotated[RoomRequest, Depends(json_body(RoomRequest))],
    session: SignedIn,
    parts: PartsOf,
    key: GivenKey,
    response: Response,
) -> Response:
    """Make a room; its maker is its owner. A repeat with the same `Idempotency-Key` gets the same answer."""
    parts.rate_limits.check_write("", session.user_id)
    room_id = wanted.id or room_id_from_name(wanted.name, f"room-{parts.rng.getrandbits(40):010x}")
    made = await parts.rooms.create(
        room_id,
        wanted.name,
        session,
        datetime.now(UTC),
        repeatable(key, "POST /rooms", wanted),
        lambda row: room_view(row, parts).model_dump_json(),
    )
    parts.directory.forget(room_id)
    parts.room_lists.wrote()
    return json_bytes(made.body.encode(), response, made.status)


@router.patch(
    "/rooms/{room_id}",
    openapi_extra=documented_body(RoomPatch),
    responses=problems(
        "validation_failed",
        "unauthenticated",
        "session_expired",
        "forbidden",
        "room_not_found",
        "body_too_large",
        "unsupported_media_type",
        "store_unavailable",
    ),
)
async def change_room(
    room_id: RoomId,
    patch: Annotated[RoomPatch, Depends(json_body(RoomPatch))],
    session: SignedInOrOperator,
    parts: PartsOf,
) -> RoomView:
    """The owner (or the operator) names the room or sets its slow mode; streams hear `room.slow_mode`."""
    before = await _row(parts, room_id)
    if session is not OPERATOR and before.owner_id != session.user_id:
        raise ChatError("forbidden", "Only the room's owner can change it.")
    values = patch.model_dump(exclude_none=True)
    if not values:
        return room_view(before, parts)
    after = await parts.rooms.change(room_id, values)
    if after is None:
        raise room_not_found(room_id)
    parts.directory.forget(room_id)
    parts.forget_room(room_id)
    parts.room_lists.wrote()
    if after.slow_mode_s != before.slow_mode_s:
        event: RoomSlowMode = {"type": "room.slow_mode", "room_id": room_id, "slow_mode_s": after.slow_mode_s}
        parts.producer.signal(room_id, event["type"], orjson.dumps(event))
    return room_view(after, parts)


@router.post(
    "/rooms/{room_id}/typing",
    status_code=204,
    responses=problems("unauthenticated", "session_expired", "room_not_found", "rate_limited"),
)
async def send_typing(room_id: RoomId, session: SignedIn, parts: PartsOf) -> Response:
    """Tell the room that one is writing; dropped in a hot room and when sent too often."""
    await room_of_write(parts, room_id, session.user_id)
    if not parts.hot_rooms.is_hot(room_id) and parts.rate_limits.may_send_typing(room_id, session.user_id):
        user = {"id": str(session.user_id), "nickname": session.nickname}
        event = {"type": "room.typing", "room_id": room_id, "users": [user]}
        parts.producer.signal(room_id, "room.typing", orjson.dumps(event))
    return Response(status_code=204)


def _list_response(listed: ListedRooms, if_none_match: str | None) -> Response:
    answer = listed.answer
    is_unchanged = if_none_match is not None and answer.is_known_by(if_none_match.encode())
    head = answer.unchanged_miss if is_unchanged else answer.miss
    response = Response(b"" if is_unchanged else answer.body, head.status)
    response.raw_headers = list(head.headers)
    if listed.age_s is not None:
        response.raw_headers.append((b"age", b"%d" % listed.age_s))
    return response


async def _row(parts: Parts, room_id: str) -> Row[Any]:
    row = await parts.rooms.get(room_id)
    if row is None:
        raise room_not_found(room_id)
    return row
