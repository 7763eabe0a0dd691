"""Signal to a room that somebody is typing."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.errors import problems
from chat_server.http.path_params import RoomId
from chat_server.http.services import service
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.post_limits import RateLimits
from chat_server.messages.posting_preflight import PostingPreflight
from chat_server.messages.write_admission import WriteAdmission
from chat_server.rooms.role_check import RoleCheck
from chat_server.sessions.current import SignedIn
from server_kit.load_shedder import LoadShedder

router = APIRouter(tags=["rooms"])


@router.post(
    "/rooms/{room_id}/typing",
    status_code=204,
    responses=problems("unauthenticated", "session_expired", "room_not_found", "rate_limited"),
)
async def send_typing(
    room_id: RoomId,
    session: SignedIn,
    request: Request,
    admission: Annotated[WriteAdmission, Depends(service(WriteAdmission))],
    hot_rooms: Annotated[HotRooms, Depends(service(HotRooms))],
    limits: Annotated[RateLimits, Depends(service(RateLimits))],
    roles: Annotated[RoleCheck, Depends(service(RoleCheck))],
    posting: Annotated[PostingPreflight, Depends(service(PostingPreflight))],
    producer: Annotated[EventProducer, Depends(service(EventProducer))],
    shedder: Annotated[LoadShedder, Depends(service(LoadShedder))],
) -> Response:
    """Signal that the user is typing.

    It is dropped in a hot room, while the server is short of CPU, and when it is sent too often. The signal shows a
    nickname, so it is also dropped for those who cannot post or whose nickname meets a filter.
    """
    if shedder.drops("typing"):
        return Response(status_code=204)
    room = await admission.room(room_id, session.user_id, request.scope)
    if hot_rooms.is_hot(room_id) or not limits.may_send_typing(room_id, session.user_id):
        return Response(status_code=204)
    ban = await roles.ban_of(session, room, request.scope)
    check = await admission.check_text(room, session.user_id, "", request.scope, nickname=session.nickname)
    if posting.refusal(room, session, ban) is None and check.hit is None:
        user = {"id": str(session.user_id), "nickname": session.nickname}
        event = {"type": "room.typing", "room_id": room_id, "users": [user]}
        producer.signal(room_id, "room.typing", orjson.dumps(event))
    return Response(status_code=204)
