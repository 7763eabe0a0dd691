"""Create a room. Reads of rooms are on the fast path, changes in moderation/endpoints.py."""

from datetime import UTC, datetime
from random import Random
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from chat_contract.events import RoomCreated
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.errors import problems
from chat_server.http.idempotency_key import IdempotencyKeyHeader, idempotent_request
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.page_parameters import Cursor, Limit, each_parameter_once
from chat_server.http.paging import page_of
from chat_server.http.responses import json_response
from chat_server.http.services import service
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.limits.post_limits import RateLimits
from chat_server.rooms.last_messages import last_message_of
from chat_server.rooms.list_cursor import decode_cursor, encode_cursor
from chat_server.rooms.recovery_code import new_recovery_code, recovery_code_hash
from chat_server.rooms.repository import RoomRepository
from chat_server.rooms.room_caches import RoomCaches
from chat_server.rooms.room_id import new_private_room_id, room_ids_from_name
from chat_server.rooms.schemas import MyRoom, MyRooms, RoomRequest, RoomWithCode
from chat_server.rooms.views import room_view
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator
from chat_server.settings import ChatSettings
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session

router = APIRouter(tags=["rooms"])

Rooms = Annotated[RoomRepository, Depends(service(RoomRepository))]
Caches = Annotated[RoomCaches, Depends(service(RoomCaches))]
Heat = Annotated[HotRooms, Depends(service(HotRooms))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]
Limits = Annotated[RateLimits, Depends(service(RateLimits))]
Producer = Annotated[EventProducer, Depends(service(EventProducer))]


async def may_make_rooms(
    session: SignedInOrOperator, settings: Annotated[ChatSettings, Depends(service(ChatSettings))]
) -> Session:
    """Raises ChatError `forbidden` where ROOM_CREATION leaves it to the operator."""
    if settings.room_creation == "operator" and session is not OPERATOR:
        raise ChatError(
            "forbidden", "Only the operator of this server can create rooms; ask them to create one for you."
        )
    return session


@router.post(
    "/rooms",
    status_code=201,
    response_model=RoomWithCode,
    openapi_extra=documented_body(RoomRequest),
    responses=problems(
        "validation_failed",
        "unauthenticated",
        "session_expired",
        "forbidden",
        "room_exists",
        "rate_limited",
        "body_too_large",
        "unsupported_media_type",
        "store_unavailable",
    ),
)
async def create_room(
    wanted: Annotated[RoomRequest, Depends(json_body(RoomRequest))],
    session: Annotated[Session, Depends(may_make_rooms)],
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
    """Make a room; its maker is its owner. A repeat with the same `Idempotency-Key` gets the same answer, with a new
    recovery code. A room of the operator has no owner until somebody uses the code or the operator hands it over.

    Room-list streams get `room.created` for a public room.
    """
    limits.check_write("", session.user_id)
    code = new_recovery_code()
    if wanted.visibility == "private":
        room_ids = [new_private_room_id()]
    else:
        room_ids = room_ids_from_name(wanted.name, rng) if wanted.id is None else [wanted.id]
    async with look_ups.permit(request.scope):
        made = await rooms.create(
            room_ids,
            wanted.name,
            wanted.visibility,
            None if session is OPERATOR else session,
            datetime.now(UTC),
            recovery_code_hash(code),
            idempotent_request(key, "POST /rooms", wanted),
            lambda row: room_view(row, hot_rooms).model_dump_json(),
        )
    for room_id in room_ids:
        caches.invalidate(room_id)
    created = orjson.loads(made.response.body)
    if made.listed_name is not None:
        event: RoomCreated = {"type": "room.created", "room_id": created["id"], "name": made.listed_name}
        producer.signal(created["id"], event["type"], orjson.dumps(event))
    shown = {**created, "recovery_code": code if made.has_code else None}
    return json_response(shown, response, made.response.status)


@router.get(
    "/me/rooms",
    dependencies=[Depends(each_parameter_once)],
    responses=problems(
        "unauthenticated", "session_expired", "validation_failed", "rate_limited", "store_unavailable"
    ),
)
async def list_my_rooms(
    session: SignedIn,
    request: Request,
    rooms: Rooms,
    look_ups: LookUps,
    hot_rooms: Heat,
    response: Response,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> MyRooms:
    """The rooms that the caller owns, moderates or is a member of, the liveliest first."""
    before = decode_cursor(cursor) if cursor else None
    async with look_ups.permit(request.scope):
        rows = await rooms.of_person(session.user_id, before, limit + 1)
    page, next_cursor = page_of(rows, limit, lambda row: encode_cursor(row.active_at, row.id))
    return MyRooms(
        rooms=[
            MyRoom(
                **room_view(row, hot_rooms).model_dump(),
                last_message=last_message_of(row._mapping),
                role=row.role,
            )
            for row in page
        ],
        next_cursor=next_cursor,
    )
