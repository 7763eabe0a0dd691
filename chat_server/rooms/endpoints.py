"""Create a room and change its settings. Reads of rooms are on the fast path."""

from datetime import UTC, datetime
from random import Random
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Row

from chat_contract.events import RoomCreated, RoomName, RoomSlowMode
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.errors import problems, room_not_found
from chat_server.http.idempotency import IdempotencyKeyHeader, idempotent_request
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import RoomId
from chat_server.http.responses import json_bytes
from chat_server.http.services import service
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.look_up_turns import LookUpTurns
from chat_server.limits.post_limits import RateLimits
from chat_server.rooms.repository import RoomRepository
from chat_server.rooms.room_caches import RoomCaches
from chat_server.rooms.room_id import room_ids_from_name
from chat_server.rooms.schemas import RoomPatch, RoomRequest, RoomView
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator
from server_kit.http.problem import ChatError

router = APIRouter(tags=["rooms"])

Rooms = Annotated[RoomRepository, Depends(service(RoomRepository))]
Caches = Annotated[RoomCaches, Depends(service(RoomCaches))]
Heat = Annotated[HotRooms, Depends(service(HotRooms))]
LookUps = Annotated[LookUpTurns, Depends(service(LookUpTurns))]
Limits = Annotated[RateLimits, Depends(service(RateLimits))]
Producer = Annotated[EventProducer, Depends(service(EventProducer))]


def room_view(row: Row[Any], hot_rooms: HotRooms) -> RoomView:
    return RoomView(
        id=row.id,
        name=row.name,
        visibility=row.visibility,
        owner_id=None if row.owner_id is None else str(row.owner_id),
        last_seq=row.last_seq,
        message_count=row.message_count,
        heat=hot_rooms.heat(row.id),
        slow_mode_s=row.slow_mode_s,
        viewers=hot_rooms.viewers(row.id),
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
    request: Request,
    rooms: Rooms,
    look_ups: LookUps,
    caches: Caches,
    hot_rooms: Heat,
    limits: Limits,
    rng: Annotated[Random, Depends(service(Random))],
    producer: Producer,
    key: IdempotencyKeyHeader,
    response: Response,
) -> Response:
    """Make a room; its maker is its owner. A repeat with the same `Idempotency-Key` gets the same answer.

    Room-list streams get `room.created`.
    """
    limits.check_write("", session.user_id)
    room_ids = room_ids_from_name(wanted.name, rng) if wanted.id is None else [wanted.id]
    async with look_ups.turn(request.scope):
        made = await rooms.create(
            room_ids,
            wanted.name,
            session,
            datetime.now(UTC),
            idempotent_request(key, "POST /rooms", wanted),
            lambda row: room_view(row, hot_rooms).model_dump_json(),
        )
    for room_id in room_ids:
        caches.invalidate(room_id)
    created = orjson.loads(made.body)
    event: RoomCreated = {"type": "room.created", "room_id": created["id"], "name": created["name"]}
    producer.signal(created["id"], event["type"], orjson.dumps(event))
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
        "rate_limited",
        "body_too_large",
        "unsupported_media_type",
        "store_unavailable",
    ),
)
async def change_room(
    room_id: RoomId,
    patch: Annotated[RoomPatch, Depends(json_body(RoomPatch))],
    session: SignedInOrOperator,
    request: Request,
    rooms: Rooms,
    look_ups: LookUps,
    caches: Caches,
    hot_rooms: Heat,
    producer: Producer,
) -> RoomView:
    """The owner (or the operator) names the room or sets its slow mode; streams get `room.name`, `room.slow_mode`."""
    async with look_ups.turn(request.scope):
        before = await _row(rooms, room_id)
    if session is not OPERATOR and before.owner_id != session.user_id:
        raise ChatError("forbidden", "Only the room's owner can change it.")
    values = patch.model_dump(exclude_none=True)
    if not values:
        return room_view(before, hot_rooms)
    async with look_ups.turn_to_change(room_id, request.scope):
        after = await rooms.change(room_id, values)
    if after is None:
        raise room_not_found(room_id)
    caches.invalidate(room_id)
    if after.slow_mode_s != after.slow_mode_s_before:
        event: RoomSlowMode = {"type": "room.slow_mode", "room_id": room_id, "slow_mode_s": after.slow_mode_s}
        producer.signal(room_id, event["type"], orjson.dumps(event))
    if "name" in values:
        renamed: RoomName = {"type": "room.name", "room_id": room_id, "name": after.name}
        producer.signal(room_id, renamed["type"], orjson.dumps(renamed))
    return room_view(after, hot_rooms)


async def _row(rooms: RoomRepository, room_id: str) -> Row[Any]:
    row = await rooms.get(room_id)
    if row is None:
        raise room_not_found(room_id)
    return row
