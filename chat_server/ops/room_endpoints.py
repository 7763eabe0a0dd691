"""The operator's calls about rooms: a list of all, hide, show, hand over, delete."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from chat_contract.limits import MAX_SEARCH_CODE_POINTS
from chat_contract.people import optional_person
from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.page_parameters import Cursor, Limit
from chat_server.http.paging import page_of
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.messages.room_operations import RoomChange
from chat_server.moderation.cursors import FIRST_ROOM, RoomPosition, decode_room, encode_room
from chat_server.moderation.endpoints import (
    BODY_PROBLEMS,
    PROBLEMS,
    Erasure,
    LookUps,
    Producer,
    Rooms,
    Target,
    TargetRoom,
    delete_room,
)
from chat_server.moderation.schemas import OwnerRequest
from chat_server.ops.operator_router import operator_router
from chat_server.ops.room_repository import OperatorRoomRepository
from chat_server.ops.schemas import OperatorRoom, OperatorRoomList
from chat_server.sessions.current import OPERATOR

router = operator_router("rooms")

Repository = Annotated[OperatorRoomRepository, Depends(service(OperatorRoomRepository))]

_LIST_PROBLEMS = tuple(code for code in PROBLEMS if code != "room_not_found")


@router.get("", responses=problems(*_LIST_PROBLEMS, "validation_failed"))
async def list_all_rooms(
    request: Request,
    response: Response,
    repository: Repository,
    look_ups: LookUps,
    q: Annotated[str, Query(max_length=MAX_SEARCH_CODE_POINTS)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> OperatorRoomList:
    """All rooms, unlisted, private and hidden ones too, the newest first; `q`: with this id or with it in the name."""
    after = decode_room(cursor) if cursor else FIRST_ROOM
    async with look_ups.permit(request.scope):
        rows = await repository.list(after, q.replace("\0", "").strip(), limit + 1)
    page, next_cursor = page_of(
        rows, limit, lambda row: encode_room(RoomPosition(row["created_at"], row["id"]))
    )
    response.headers["Cache-Control"] = "no-store"
    return OperatorRoomList(rooms=[_room(row) for row in page], next_cursor=next_cursor)


@router.put("/{room_id}/hidden", responses=problems(*PROBLEMS))
async def hide_room(target: Target, repository: Repository, look_ups: LookUps) -> OperatorRoom:
    """Keep the room out of all lists and searches of rooms, whatever its hosts set. Hidden already: nothing changes."""
    return await _change(target, RoomChange(hidden=True), repository, look_ups)


@router.delete("/{room_id}/hidden", responses=problems(*PROBLEMS))
async def show_room(target: Target, repository: Repository, look_ups: LookUps) -> OperatorRoom:
    """Give the room back the visibility that its hosts have set."""
    return await _change(target, RoomChange(hidden=False), repository, look_ups)


@router.post(
    "/{room_id}/owner",
    openapi_extra=documented_body(OwnerRequest),
    responses=problems(*BODY_PROBLEMS, "not_found"),
)
async def give_room(
    owner: Annotated[OwnerRequest, Depends(json_body(OwnerRequest))],
    target: Target,
    repository: Repository,
    look_ups: LookUps,
) -> OperatorRoom:
    """Hand the room over, also one without an owner. The recovery code ends."""
    return await _change(target, RoomChange(new_owner=owner.user_id), repository, look_ups)


@router.delete("/{room_id}", status_code=204, responses=problems(*PROBLEMS))
async def delete_any_room(
    target: Target, rooms: Rooms, look_ups: LookUps, erasure: Erasure, producer: Producer
) -> Response:
    """Delete the room for good, as its owner would."""
    return await delete_room(OPERATOR, target, rooms, look_ups, erasure, producer)


async def _change(
    target: TargetRoom, change: RoomChange, repository: OperatorRoomRepository, look_ups: LookUpSemaphore
) -> OperatorRoom:
    await target.apply(OPERATOR, change)
    async with look_ups.permit(target.request.scope):
        return _room(await repository.get(target.room_id))


def _room(row: Any) -> OperatorRoom:
    return OperatorRoom(
        id=row["id"],
        name=row["name"],
        visibility=row["visibility"],
        hidden=row["hidden"],
        owner=optional_person(row["owner_id"], row["owner_nickname"]),
        message_count=row["message_count"],
        created_at=rfc3339_ms(row["created_at"]),
        active_at=rfc3339_ms(row["active_at"]),
    )
