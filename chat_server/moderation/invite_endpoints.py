"""Make, list, delete and accept invites."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Row

from chat_contract.people import person
from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import invite_not_found, problems
from chat_server.http.idempotency_key import IdempotencyKeyHeader, idempotent_request
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import InviteId
from chat_server.http.responses import json_response
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.messages.room_operations import ChangeRoom, RoomChange
from chat_server.messages.writer import GroupCommitWriter
from chat_server.moderation.endpoints import BODY_PROBLEMS, PROBLEMS, Target
from chat_server.moderation.invite_schemas import (
    Acceptance,
    AcceptRequest,
    InviteList,
    InviteRequest,
    InviteView,
    NewInviteView,
)
from chat_server.moderation.invites import (
    InviteRepository,
    NewInvite,
    action_of,
    invite_code_hash,
    new_invite_code,
)
from chat_server.rooms.role_check import require
from chat_server.rooms.roles import Action
from chat_server.rooms.room_caches import RoomCaches
from chat_server.sessions.current import SignedIn, SignedInOrOperator
from chat_server.settings import ChatSettings
from server_kit.http.asgi import raw_header
from server_kit.http.trace_context import valid_traceparent

router = APIRouter(tags=["invites"])

Invites = Annotated[InviteRepository, Depends(service(InviteRepository))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]
Settings = Annotated[ChatSettings, Depends(service(ChatSettings))]

_OF_ROOM = "/rooms/{room_id}/invites"


@router.post(
    _OF_ROOM,
    status_code=201,
    response_model=NewInviteView,
    openapi_extra=documented_body(InviteRequest),
    responses=problems(*BODY_PROBLEMS, "too_many"),
)
async def create_invite(
    session: SignedInOrOperator,
    wanted: Annotated[InviteRequest, Depends(json_body(InviteRequest))],
    target: Target,
    invites: Invites,
    look_ups: LookUps,
    settings: Settings,
    key: IdempotencyKeyHeader,
    response: Response,
) -> Response:
    """Make an invite; its code is shown once. Moderators invite members, the owner and the operator moderators too.

    A repeat with the same `Idempotency-Key` gets the same invite with a new code, and the earlier code ends.
    """
    room = await target.settings_for_host(session, action_of(wanted.role))
    code = new_invite_code()
    async with look_ups.permit(target.request.scope):
        made = await invites.create(
            NewInvite(room.id, wanted.role, wanted.expires_in_s, wanted.max_uses),
            session,
            invite_code_hash(code),
            idempotent_request(key, f"POST /rooms/{room.id}/invites", wanted),
            lambda row: _view(row).model_dump_json(),
        )
    shown = {**orjson.loads(made.body), "code": code, "url": invite_url(settings, code)}
    return json_response(shown, response, made.status)


@router.get(_OF_ROOM, responses=problems(*PROBLEMS))
async def list_invites(
    session: SignedInOrOperator, target: Target, invites: Invites, look_ups: LookUps
) -> InviteList:
    """The invites that can be accepted, the newest first, without their codes; for hosts."""
    await target.settings_for_host(session, Action.INVITE)
    async with look_ups.permit(target.request.scope):
        rows = await invites.of_room(target.room_id)
    return InviteList(invites=[_view(row) for row in rows])


@router.delete(
    f"{_OF_ROOM}/{{invite_id}}", status_code=204, responses=problems(*PROBLEMS, "invite_not_found")
)
async def delete_invite(
    session: SignedInOrOperator, target: Target, invites: Invites, look_ups: LookUps, invite_id: InviteId
) -> Response:
    """End an invite; people who accepted it keep their roles."""
    room = await target.settings_for_host(session, Action.INVITE)
    async with look_ups.permit(target.request.scope):
        invite = await invites.get(room.id, invite_id)
        if invite is None:
            raise invite_not_found()
        require(action_of(invite.role), session, room)
        await invites.delete(room.id, invite_id, session)
    return Response(status_code=204)


@router.post(
    "/invites/accept",
    openapi_extra=documented_body(AcceptRequest),
    responses=problems(
        "unauthenticated",
        "session_expired",
        "invite_not_found",
        "banned",
        "too_many",
        "rate_limited",
        "validation_failed",
        "body_too_large",
        "unsupported_media_type",
        "store_unavailable",
    ),
)
async def accept_invite(
    wanted: Annotated[AcceptRequest, Depends(json_body(AcceptRequest))],
    session: SignedIn,
    request: Request,
    invites: Invites,
    look_ups: LookUps,
    caches: Annotated[RoomCaches, Depends(service(RoomCaches))],
    writer: Annotated[GroupCommitWriter, Depends(service(GroupCommitWriter))],
) -> Acceptance:
    """Become a member or a moderator of the invite's room. Accepting it twice takes one use."""
    async with look_ups.permit(request.scope):
        accepted = await invites.accept(invite_code_hash(wanted.code), session)
    if not accepted.is_granted:
        await writer.change_room(
            ChangeRoom(
                room_id=accepted.room_id,
                actor_id=session.user_id,
                actor_nickname=session.nickname,
                traceparent=valid_traceparent(raw_header(request.scope, b"traceparent")),
                change=RoomChange(accepted_invite=accepted.id),
            ),
            session,
        )
    caches.invalidate(accepted.room_id)
    return Acceptance(room_id=accepted.room_id, role=accepted.role)


def invite_url(settings: ChatSettings, code: str) -> str:
    """From PUBLIC_URL, never from the request's Host, which a client chooses."""
    page = settings.public_url.rstrip("/") or f"http://localhost:{settings.chat_port}"
    return f"{page}/#invite={code}"


def _view(row: Row[Any]) -> InviteView:
    return InviteView(
        id=str(row.id),
        role=row.role,
        expires_at=rfc3339_ms(row.expires_at),
        uses_left=row.uses_left,
        created_by=person(row.created_by, row.created_by_nickname),
        created_at=rfc3339_ms(row.created_at),
    )
