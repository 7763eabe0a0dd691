"""publish_server's calls: heads of rooms, missed events, ended sessions. Neither counted as fetches nor refused."""

import hmac
from typing import Annotated, Final, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field, ValidationError

from chat_contract.ids import is_room_id
from chat_contract.internal_api import (
    MAX_ACCESS_PAIRS,
    MAX_ENDED_PAGE,
    MAX_HEADS,
    MAX_UNIX_US,
    AccessReply,
    EndedPage,
    ExemptionsReply,
    RoomReaders,
    service_token,
)
from chat_contract.limits import EVENTS_PAGE_MAX, MAX_SEQ
from chat_server.fetch.internal_reads import InternalReads
from chat_server.http.json_body import validation_problem
from chat_server.http.path_params import RoomId
from chat_server.http.services import service
from chat_server.rooms.access_repository import Access
from chat_server.sessions.ended import EndedSessionsRepository
from chat_server.settings import ChatSettings
from server_kit.http.problem import ChatError, invalid
from server_kit.http.request_body import read_body
from server_kit.limits.venue_exemptions import ExemptionsPoll
from server_kit.session_tokens import bearer_in


async def _from_our_servers(
    request: Request, settings: Annotated[ChatSettings, Depends(service(ChatSettings))]
) -> None:
    """Raises ChatError `unauthenticated` without the service token."""
    given = (bearer_in(request.scope["headers"]) or "").encode("latin-1")
    accepted = [service_token(secret) for secret in settings.secrets()]
    if not any(hmac.compare_digest(given, each.encode()) for each in accepted):
        raise ChatError("unauthenticated", "This address is for Hotchat's own servers.")


MAX_ACCESS_BYTES: Final = MAX_ACCESS_PAIRS * 120
"""A room id has at most 64 characters, a user id 36."""

MAX_HEADS_BYTES: Final = MAX_HEADS * 100
"""A room id has at most 64 characters."""

_Model = TypeVar("_Model", bound=BaseModel)

router = APIRouter(prefix="/internal/v1", include_in_schema=False, dependencies=[Depends(_from_our_servers)])


Reads = Annotated[InternalReads, Depends(service(InternalReads))]
EndedRepository = Annotated[EndedSessionsRepository, Depends(service(EndedSessionsRepository))]


async def _body(request: Request, model: type[_Model], max_bytes: int) -> _Model:
    """Raises ChatError `validation_failed` or `body_too_large`."""
    try:
        return model.model_validate_json(await read_body(request.scope, request.receive, max_bytes))
    except ValidationError as error:
        raise validation_problem(error) from error


class HeadsRequest(BaseModel):
    rooms: list[str] = Field(max_length=MAX_HEADS)


@router.post("/heads")
async def heads(request: Request, reads: Reads) -> Response:
    """The heads of many rooms at once."""
    wanted = await _body(request, HeadsRequest, MAX_HEADS_BYTES)
    found = await reads.heads([room for room in wanted.rooms if is_room_id(room)])
    return Response(orjson.dumps({"heads": found}), media_type="application/json")


class AccessRequest(BaseModel):
    rooms: dict[str, list[UUID]]


@router.post("/access")
async def access(request: Request, reads: Reads) -> Response:
    """Which of these people may read these rooms."""
    wanted = await _body(request, AccessRequest, MAX_ACCESS_BYTES)
    pairs = [(room_id, user_id) for room_id, user_ids in wanted.rooms.items() for user_id in user_ids]
    if len(pairs) > MAX_ACCESS_PAIRS:
        raise invalid([{"field": "rooms", "message": f"Give at most {MAX_ACCESS_PAIRS} people in all."}])
    reply: AccessReply = {"rooms": {}}
    for each in await reads.access(pairs) if pairs else ():
        room = reply["rooms"].setdefault(each.room_id, _readers(each))
        if each.may_read:
            room["readers"].append(str(each.user_id))
    return Response(orjson.dumps(reply), media_type="application/json")


def _readers(access: Access) -> RoomReaders:
    return {"visibility": access.visibility, "access_version": access.access_version, "readers": []}


@router.get("/rooms/{room_id}/events")
async def events(
    room_id: RoomId,
    reads: Reads,
    after_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)] = 0,
    limit: Annotated[int, Query(ge=1, le=EVENTS_PAGE_MAX)] = EVENTS_PAGE_MAX,
) -> Response:
    """A page of the room's log."""
    body = await reads.events_page(room_id, after_seq, limit)
    return Response(body, media_type="application/json")


@router.get("/ended-sessions")
async def ended_sessions(
    repository: EndedRepository, since_us: Annotated[int, Query(ge=0, le=MAX_UNIX_US)] = 0
) -> Response:
    """The sessions that ended after `since_us`."""
    found, until_us = await repository.ended_since(since_us, MAX_ENDED_PAGE)
    page: EndedPage = {
        "ended": [(str(end.id), end.below_generation) for end in found],
        "until_us": until_us,
    }
    return Response(orjson.dumps(page), media_type="application/json")


@router.get("/exemptions")
async def exemptions(poll: Annotated[ExemptionsPoll, Depends(service(ExemptionsPoll))]) -> Response:
    """The exemptions that this process knows, from memory."""
    reply: ExemptionsReply = {"exemptions": dict(poll.until_s)}
    return Response(orjson.dumps(reply), media_type="application/json")
