"""Rooms: listing, making, and the owner's settings. One room's own GET is a fetch and belongs to the gate."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Row

from chat_contract.events import LastMessage, RoomSlowMode
from chat_contract.http.problem import ChatError
from chat_contract.last_message import last_message
from chat_server.errors import problems
from chat_server.idempotency import GivenKey, repeatable
from chat_server.json_body import documented_body, invalid, json_body
from chat_server.messages.admission import room_of_write
from chat_server.messages.endpoints import json_bytes
from chat_server.messages.message_view import message_view
from chat_server.parts import Parts, PartsOf
from chat_server.rooms.directory import room_not_found
from chat_server.rooms.room_id import room_id_from_name
from chat_server.rooms.schemas import HeatView, ListedRoom, RoomList, RoomPatch, RoomRequest, RoomView
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator
from chat_server.types import RoomId, is_room_id

router = APIRouter(tags=["rooms"])


_ACTIVE_S: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def room_view(row: Row[Any], parts: Parts) -> RoomView:
    return RoomView(
        id=row.id,
        name=row.name,
        visibility=row.visibility,
        owner_id=None if row.owner_id is None else str(row.owner_id),
        last_seq=row.last_seq,
        message_count=row.message_count,
        heat=HeatView.model_validate(parts.hot_rooms.heat(row.id)),
        slow_mode_s=row.slow_mode_s,
        viewers=parts.hot_rooms.viewers(row.id),
    )


def encode_cursor(active_at: datetime, room_id: str) -> str:
    return base64.urlsafe_b64encode(f"{active_at.timestamp():.0f} {room_id}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Raises ChatError `validation_failed` for one that is not ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        active_s, _, room_id = text.partition(" ")
        if not _ACTIVE_S.fullmatch(active_s) or not is_room_id(room_id):
            raise ValueError("neither a time nor a room")
        return datetime.fromtimestamp(int(active_s), UTC), room_id
    except (binascii.Error, UnicodeError, ValueError, OverflowError, OSError) as error:
        raise invalid(
            [{"field": "cursor", "message": "This is not a cursor of ours; leave it out."}]
        ) from error


@router.get("/rooms", responses=problems("validation_failed", "store_unavailable"))
async def list_rooms(
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str, Query(max_length=100)] = "",
) -> RoomList:
    """Rooms by activity, the liveliest first; with `q`, those whose name contains it."""
    if "\0" in q:
        raise invalid([{"field": "q", "message": "Give words of a room's name."}])
    rows = await parts.rooms.page(limit + 1, decode_cursor(cursor) if cursor else None, q.strip())
    more = len(rows) > limit
    rows = rows[:limit]
    return RoomList(
        rooms=[
            ListedRoom(**room_view(row, parts).model_dump(), last_message=_last_message(row)) for row in rows
        ],
        next_cursor=encode_cursor(rows[-1].active_at, rows[-1].id) if more else None,
    )


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


def _last_message(row: Row[Any]) -> LastMessage | None:
    if row.said_id is None:
        return None
    said = {
        name.removeprefix("said_"): value for name, value in row._mapping.items() if name.startswith("said_")
    }
    return last_message(message_view(**said))


async def _row(parts: Parts, room_id: str) -> Row[Any]:
    row = await parts.rooms.get(room_id)
    if row is None:
        raise room_not_found(room_id)
    return row
