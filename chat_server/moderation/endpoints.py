"""Calls of hosts that change a room or ban people. Reads are on the fast path, owners in owner_endpoints.py."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, TypedDict
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response

from chat_contract.events import HeldMessage, Message, RoomAccessChanged, RoomDeleted, RoomName, RoomSlowMode
from chat_contract.timestamps import optional_rfc3339_ms
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import HeldId, RoomId, UserId
from chat_server.http.responses import json_bytes
from chat_server.http.services import service
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.host_shares import HostShares
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.limits.post_limits import RateLimits
from chat_server.messages.message_erasure import MessageErasure
from chat_server.messages.room_operations import (
    BanUsers,
    ChangeRoom,
    LiftBan,
    RoomChange,
    RoomDetails,
    SettleHeld,
)
from chat_server.messages.write_admission import WriteAdmission
from chat_server.messages.writer import GroupCommitWriter
from chat_server.moderation.same_text import SameTextSearch
from chat_server.moderation.schemas import (
    BanRequest,
    BanResult,
    BansRequest,
    BansResult,
    LiftResult,
)
from chat_server.rooms.repository import RoomRepository, RoomSettings
from chat_server.rooms.role_check import RoleCheck
from chat_server.rooms.roles import Action
from chat_server.rooms.room_caches import RoomCaches
from chat_server.rooms.room_id import LOBBY
from chat_server.rooms.schemas import FiltersView, RoomPatch, RoomView, RoomWithFilters
from chat_server.rooms.views import room_view
from chat_server.sessions.addresses import Addresses
from chat_server.sessions.current import OPERATOR, SignedInOrOperator
from server_kit.http.asgi import raw_header
from server_kit.http.problem import ChatError
from server_kit.http.trace_context import valid_traceparent
from server_kit.session_tokens import Session

router = APIRouter(prefix="/rooms/{room_id}", tags=["hosts"])

Admission = Annotated[WriteAdmission, Depends(service(WriteAdmission))]
Writer = Annotated[GroupCommitWriter, Depends(service(GroupCommitWriter))]
Erasure = Annotated[MessageErasure, Depends(service(MessageErasure))]
Rooms = Annotated[RoomRepository, Depends(service(RoomRepository))]
Caches = Annotated[RoomCaches, Depends(service(RoomCaches))]
Heat = Annotated[HotRooms, Depends(service(HotRooms))]
Limits = Annotated[RateLimits, Depends(service(RateLimits))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]
Producer = Annotated[EventProducer, Depends(service(EventProducer))]
Roles = Annotated[RoleCheck, Depends(service(RoleCheck))]
SameText = Annotated[SameTextSearch, Depends(service(SameTextSearch))]


class _OperationFields(TypedDict):
    """The fields of HostOperation. `traceparent`: the W3C trace context of the request, None unless it is valid."""

    room_id: str
    actor_id: UUID
    actor_nickname: str
    is_operator: bool
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class TargetRoom:
    """The room that a call names, with what is needed to store a change of it."""

    room_id: str
    admission: WriteAdmission
    roles: RoleCheck
    shares: HostShares
    writer: GroupCommitWriter
    caches: RoomCaches
    hot_rooms: HotRooms
    producer: EventProducer
    addresses: Addresses
    request: Request

    async def settings(self, session: Session) -> RoomSettings:
        """For those who may read the room. Raises ChatError `room_not_found`, or `rate_limited` for many look-ups."""
        return await self.admission.room(self.room_id, session.user_id, self.request.scope)

    async def settings_for_host(self, session: Session, *actions: Action) -> RoomSettings:
        """The same, for those who may do all of this. Raises ChatError `forbidden`, too."""
        room = await self.settings(session)
        await self.roles.require(session, room, self.request.scope, *actions)
        return room

    def _operation_fields(self, session: Session) -> _OperationFields:
        """The fields of a call by this session."""
        return {
            "room_id": self.room_id,
            "actor_id": session.user_id,
            "actor_nickname": session.nickname,
            "is_operator": session is OPERATOR,
            "traceparent": valid_traceparent(raw_header(self.request.scope, b"traceparent")),
        }

    async def ban(
        self, session: Session, user_ids: Sequence[UUID], ban: BanRequest, *, skips_hosts: bool = False
    ) -> BansResult:
        operation = BanUsers(
            **self._operation_fields(session),
            user_ids=tuple(dict.fromkeys(user_ids)),
            seconds=ban.seconds,
            purge=ban.purge,
            reason=ban.reason,
            skips_hosts=skips_hosts,
            address=ban.address,
        )
        settings = await self.settings_for_host(session, *operation.actions)
        self.shares.check_ban(self.request.scope, session, len(operation.user_ids))
        if ban.address:
            await self.addresses.flush()
        result = await self.writer.ban(operation, session)
        self.caches.invalidate(self.room_id)
        if settings.is_private:
            self._announce_access()
        return BansResult(
            users=result.users,
            until=optional_rfc3339_ms(result.until),
            purged=result.purged,
            seq=result.seq,
            address_held=result.address_held,
        )

    async def lift_ban(self, session: Session, user_id: UUID) -> LiftResult:
        operation = LiftBan(**self._operation_fields(session), user_id=user_id)
        await self.settings_for_host(session, *operation.actions)
        result = await self.writer.lift_ban(operation, session)
        return LiftResult(user=result.user, seq=result.seq)

    async def settle_held(self, session: Session, held_id: UUID, *, is_allowed: bool) -> bytes:
        operation = SettleHeld(**self._operation_fields(session), held_id=held_id, is_allowed=is_allowed)
        await self.settings_for_host(session, *operation.actions)
        return (await self.writer.store(operation, session)).json

    async def change(self, session: Session, change: RoomChange) -> RoomView:
        return room_view(await self.apply(session, change), self.hot_rooms)

    async def apply(self, session: Session, change: RoomChange) -> RoomDetails:
        """Store the change. The bearer of the recovery code needs neither a role nor access to the room."""
        operation = ChangeRoom(**self._operation_fields(session), change=change)
        if operation.actions:
            await self.settings_for_host(session, *operation.actions)
        result = await self.writer.change_room(operation, session)
        if change.visibility is None and change.hidden is None:
            self.caches.invalidate(self.room_id)
        else:
            self.caches.forget(self.room_id)
        if result.room.visibility == "private" or change.visibility == "unlisted":
            self._announce_access()
        return result.room

    def _announce_access(self) -> None:
        """Let publish_server check at once who may still read the room, and end its announcement to lists."""
        event: RoomAccessChanged = {"type": "room.access", "room_id": self.room_id}
        self.producer.signal(self.room_id, event["type"], orjson.dumps(event))


async def _target(
    room_id: RoomId,
    admission: Admission,
    roles: Roles,
    shares: Annotated[HostShares, Depends(service(HostShares))],
    writer: Writer,
    caches: Caches,
    hot_rooms: Heat,
    producer: Producer,
    addresses: Annotated[Addresses, Depends(service(Addresses))],
    request: Request,
) -> TargetRoom:
    return TargetRoom(
        room_id, admission, roles, shares, writer, caches, hot_rooms, producer, addresses, request
    )


Target = Annotated[TargetRoom, Depends(_target)]
"""The last parameter of an endpoint, so that the room's id is checked after the session, its limits and the body."""

PROBLEMS = (
    "unauthenticated",
    "session_expired",
    "forbidden",
    "room_not_found",
    "rate_limited",
    "store_unavailable",
)
BODY_PROBLEMS = (*PROBLEMS, "validation_failed", "body_too_large", "unsupported_media_type")


async def _changer(room_id: RoomId, session: SignedInOrOperator, limits: Limits) -> Session:
    limits.check_room_change(room_id, session.user_id)
    return session


@router.patch("", openapi_extra=documented_body(RoomPatch), responses=problems(*BODY_PROBLEMS))
async def change_room(
    session: Annotated[Session, Depends(_changer)],
    patch: Annotated[RoomPatch, Depends(json_body(RoomPatch))],
    target: Target,
    producer: Producer,
) -> RoomWithFilters:
    """Change the rules of the room as a host, or its name and visibility as the owner or the operator.

    Streams get `room.changed`, and also `room.name` and `room.slow_mode`.
    """
    if patch.visibility == "private" and target.room_id == LOBBY:
        raise ChatError("forbidden", "The lobby cannot be made private.")
    slow_mode = patch.slow_mode_rule
    room = await target.apply(
        session,
        RoomChange(
            name=patch.name,
            visibility=patch.visibility,
            who_can_post=patch.who_can_post,
            regular_after_s=patch.regular_after_s,
            slow_mode=slow_mode,
            filters=None if patch.filters is None else patch.filters.change(),
            reason=patch.reason,
        ),
    )
    if patch.name is not None:
        renamed: RoomName = {
            "type": "room.name",
            "room_id": room.id,
            "name": room.name,
            "version": room.last_seq,
        }
        producer.signal(room.id, renamed["type"], orjson.dumps(renamed))
    view = room_view(room, target.hot_rooms)
    if slow_mode is not None:
        target.admission.slow_mode_changed(room.id, slow_mode)
        slowed: RoomSlowMode = {
            "type": "room.slow_mode",
            "room_id": room.id,
            "slow_mode_s": view.slow_mode_s,
            "mode": view.slow_mode["mode"],
            "version": room.last_seq,
        }
        producer.signal(room.id, slowed["type"], orjson.dumps(slowed))
    return RoomWithFilters(**view.model_dump(), filters=FiltersView(**asdict(room.filters)))


@router.delete("", status_code=204, responses=problems(*PROBLEMS))
async def delete_room(
    session: Annotated[Session, Depends(_changer)],
    target: Target,
    rooms: Rooms,
    look_ups: LookUps,
    erasure: Erasure,
    producer: Producer,
) -> Response:
    """Delete the room for good as the owner or the operator; nobody can make another one with its id.

    Its streams get `stream.closing` with the reason `room_deleted`. Its data is erased within the hour.
    """
    room_id = target.room_id
    await target.settings_for_host(session, Action.DELETE_ROOM)
    if room_id == LOBBY:
        raise ChatError("forbidden", "The lobby cannot be deleted.")
    async with look_ups.permit(target.request.scope):
        await rooms.delete(room_id, session, is_operator=session is OPERATOR)
    target.caches.forget(room_id)
    erasure.wake()
    event: RoomDeleted = {"type": "room.deleted", "room_id": room_id}
    producer.signal(room_id, event["type"], orjson.dumps(event))
    return Response(status_code=204)


@router.put(
    "/bans/{user_id}",
    openapi_extra=documented_body(BanRequest),
    responses=problems(*BODY_PROBLEMS, "not_found"),
)
async def ban_user(
    session: SignedInOrOperator,
    ban: Annotated[BanRequest, Depends(json_body(BanRequest))],
    target: Target,
    user_id: UserId,
) -> BanResult:
    """Ban a person from writing in the room, for a time or for good; a later ban replaces an earlier one."""
    result = await target.ban(session, [user_id], ban)
    [user] = result.users
    return BanResult(user=user, **result.model_dump(exclude={"users"}))


@router.post(
    "/bans",
    openapi_extra=documented_body(BansRequest),
    responses=problems(*BODY_PROBLEMS, "not_found", "message_not_found", "too_many"),
)
async def ban_users(
    session: SignedInOrOperator,
    bans: Annotated[BansRequest, Depends(json_body(BansRequest))],
    target: Target,
    same_text: SameText,
    look_ups: LookUps,
) -> BansResult:
    """Ban many people in one commit: the given ones, or all who sent the same text as a message."""
    if bans.same_text_as is None:
        return await target.ban(session, bans.user_ids or (), bans)
    room = await target.settings_for_host(session, Action.BAN)
    address = look_ups.address_of(target.request.scope)
    authors = await same_text.authors(room.id, bans.same_text_as, room.hosts, address)
    return await target.ban(session, authors, bans, skips_hosts=True)


@router.delete("/bans/{user_id}", responses=problems(*PROBLEMS, "not_found"))
async def lift_ban(session: SignedInOrOperator, target: Target, user_id: UserId) -> LiftResult:
    """Lift a ban; without one nothing changes."""
    return await target.lift_ban(session, user_id)


@router.post("/held/{held_id}/allow", response_model=Message, responses=problems(*PROBLEMS, "not_found"))
async def allow_held(
    session: SignedInOrOperator, target: Target, held_id: HeldId, response: Response
) -> Response:
    """Let a held message into the room: it gets its seq and its time now. Allowed already: the same message."""
    return json_bytes(await target.settle_held(session, held_id, is_allowed=True), response)


@router.post("/held/{held_id}/refuse", response_model=HeldMessage, responses=problems(*PROBLEMS, "not_found"))
async def refuse_held(
    session: SignedInOrOperator, target: Target, held_id: HeldId, response: Response
) -> Response:
    """Refuse a held message. Its author gets `message_refused` for a repeat. Refused already: nothing changes."""
    return json_bytes(await target.settle_held(session, held_id, is_allowed=False), response)


@router.put("/moderators/{user_id}", responses=problems(*PROBLEMS, "not_found", "too_many"))
async def add_moderator(session: SignedInOrOperator, target: Target, user_id: UserId) -> RoomView:
    """Appoint a moderator as the owner or the operator; appointed already: nothing changes."""
    return await target.change(session, RoomChange(add_moderator=user_id))


@router.delete("/moderators/{user_id}", responses=problems(*PROBLEMS, "not_found"))
async def remove_moderator(session: SignedInOrOperator, target: Target, user_id: UserId) -> RoomView:
    """Remove a moderator as the owner or the operator; without one nothing changes."""
    return await target.change(session, RoomChange(remove_moderator=user_id))
