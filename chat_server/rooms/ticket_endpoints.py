"""Tickets that open the streams of private rooms."""

import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from chat_contract.limits import MAX_LISTED_ROOMS, ROOM_ID_PATTERN
from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import problems, room_not_found
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import RoomId
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.rooms.access_repository import AccessRepository
from chat_server.rooms.room_access import RoomAccess
from server_kit.stream_tickets import StreamTicket, StreamTickets

router = APIRouter(tags=["rooms"])

Access = Annotated[RoomAccess, Depends(service(RoomAccess))]
Repository = Annotated[AccessRepository, Depends(service(AccessRepository))]
Tickets = Annotated[StreamTickets, Depends(service(StreamTickets))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]

_PROBLEMS = ("rate_limited", "store_unavailable")


class TicketsRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rooms: Annotated[
        list[Annotated[str, Field(pattern=ROOM_ID_PATTERN)]], Field(min_length=1, max_length=MAX_LISTED_ROOMS)
    ]


class TicketView(BaseModel):
    ticket: Annotated[str, Field(description="For `?ticket=` of a stream; reusable until it expires")]
    expires_at: str


@router.post("/rooms/{room_id}/stream-tickets", responses=problems("room_not_found", *_PROBLEMS))
async def create_room_ticket(
    room_id: RoomId,
    request: Request,
    access: Access,
    repository: Repository,
    tickets: Tickets,
    look_ups: LookUps,
) -> TicketView:
    """A ticket for the stream of one room, for those who may read it. Only private rooms need one."""
    user_id = access.user_of(request.scope)
    async with look_ups.permit(request.scope):
        found = await repository.of([(room_id, user_id)])
    if not found or not found[0].may_read:
        raise room_not_found(room_id)
    return _issue(tickets, StreamTicket(user_id, {room_id: found[0].access_version}))


@router.post(
    "/stream-tickets",
    openapi_extra=documented_body(TicketsRequest),
    responses=problems("validation_failed", "body_too_large", "unsupported_media_type", *_PROBLEMS),
)
async def create_list_ticket(
    wanted: Annotated[TicketsRequest, Depends(json_body(TicketsRequest))],
    request: Request,
    access: Access,
    repository: Repository,
    tickets: Tickets,
    look_ups: LookUps,
) -> TicketView:
    """A ticket for a room-list stream. It covers those of the rooms that are private and that the caller may read."""
    user_id = access.user_of(request.scope)
    async with look_ups.permit(request.scope):
        found = await repository.of([(room_id, user_id) for room_id in dict.fromkeys(wanted.rooms)])
    covered = {
        each.room_id: each.access_version for each in found if each.may_read and each.visibility == "private"
    }
    return _issue(tickets, StreamTicket(user_id, covered))


def _issue(tickets: StreamTickets, ticket: StreamTicket) -> TicketView:
    token, expires_s = tickets.issue(ticket, time.time())
    return TicketView(ticket=token, expires_at=rfc3339_ms(datetime.fromtimestamp(expires_s, UTC)))
