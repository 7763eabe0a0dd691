"""The operator bans people from all rooms, and lifts and lists such bans. Bans in one room are made by its hosts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Request, Response

from chat_contract.events import RoomAccessChanged
from chat_contract.people import person
from chat_contract.timestamps import optional_rfc3339_ms, rfc3339_ms
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.page_parameters import Cursor, Limit
from chat_server.http.paging import page_of
from chat_server.http.path_params import UserId
from chat_server.http.services import service
from chat_server.kafka.event_producer import EventProducer
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.moderation.cursors import (
    FIRST_BAN,
    BanPosition,
    decode_ban,
    encode_ban,
)
from chat_server.ops.ban_repository import ServerBanRepository
from chat_server.ops.operator_router import BODY_PROBLEMS, PROBLEMS, operator_router
from chat_server.ops.schemas import (
    LiftedServerBan,
    ServerBanList,
    ServerBanRequest,
    ServerBanResult,
    ServerBansRequest,
    ServerBansResult,
    ServerBanView,
)
from chat_server.ops.server_purge import ServerPurge
from chat_server.sessions.addresses import Addresses
from server_kit.http.problem import ChatError

router = operator_router("bans")

Repository = Annotated[ServerBanRepository, Depends(service(ServerBanRepository))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]


@dataclass(frozen=True, slots=True)
class ServerBanning:
    """What a ban from all rooms needs. No write of the people that is not stored when it returns is stored later."""

    repository: ServerBanRepository
    purge: ServerPurge
    producer: EventProducer
    addresses: Addresses
    look_ups: LookUpSemaphore
    request: Request

    async def ban(self, user_ids: Sequence[UUID], ban: ServerBanRequest) -> ServerBansResult:
        ids = list(dict.fromkeys(user_ids))
        async with self.look_ups.permit(self.request.scope):
            if ban.address:
                await self.addresses.flush()
            stored = await self.repository.ban(
                ids, ban.seconds, ban.reason, purge=ban.purge, address=ban.address
            )
            await self.repository.end_writes_under_way()
            await self.repository.drop_held(ids)
            closed_rooms = await self.repository.close_private_rooms(ids)
        for room_id in closed_rooms:
            event: RoomAccessChanged = {"type": "room.access", "room_id": room_id}
            self.producer.signal(room_id, event["type"], orjson.dumps(event))
        if ban.purge:
            self.purge.wake()
        return ServerBansResult(
            users=[person(id_, stored.nicknames[id_]) for id_ in ids],
            until=optional_rfc3339_ms(stored.until),
            address_held=stored.address_held,
        )


async def _banning(
    request: Request,
    repository: Repository,
    purge: Annotated[ServerPurge, Depends(service(ServerPurge))],
    producer: Annotated[EventProducer, Depends(service(EventProducer))],
    addresses: Annotated[Addresses, Depends(service(Addresses))],
    look_ups: LookUps,
) -> ServerBanning:
    return ServerBanning(repository, purge, producer, addresses, look_ups, request)


Banning = Annotated[ServerBanning, Depends(_banning)]


@router.put(
    "/{user_id}",
    openapi_extra=documented_body(ServerBanRequest),
    responses=problems(*BODY_PROBLEMS, "not_found"),
)
async def ban_from_all_rooms(
    ban: Annotated[ServerBanRequest, Depends(json_body(ServerBanRequest))], banning: Banning, user_id: UserId
) -> ServerBanResult:
    """Ban a person from writing in all rooms, for a time or for good; a later ban replaces an earlier one.

    With `purge` their messages are deleted room by room after the response. With `address` sessions that are made
    later from their last address are banned, too.
    """
    result = await banning.ban([user_id], ban)
    [user] = result.users
    return ServerBanResult(user=user, until=result.until, address_held=result.address_held)


@router.post(
    "",
    openapi_extra=documented_body(ServerBansRequest),
    responses=problems(*BODY_PROBLEMS, "not_found"),
)
async def ban_people_from_all_rooms(
    bans: Annotated[ServerBansRequest, Depends(json_body(ServerBansRequest))], banning: Banning
) -> ServerBansResult:
    """Ban many people from all rooms in one transaction."""
    return await banning.ban(bans.user_ids, bans)


@router.delete("/{user_id}", responses=problems(*PROBLEMS, "not_found"))
async def lift_server_ban(
    request: Request, repository: Repository, look_ups: LookUps, user_id: UserId
) -> LiftedServerBan:
    """Lift a ban from all rooms; it ends a purge under way. Without a ban nothing changes. Bans of hosts stay."""
    async with look_ups.permit(request.scope):
        nickname = await repository.lift(user_id) or await repository.nickname(user_id)
    if nickname is None:
        raise ChatError("not_found", "There is no person with this id.")
    return LiftedServerBan(user=person(user_id, nickname))


@router.get("", responses=problems(*PROBLEMS, "validation_failed"))
async def list_server_bans(
    request: Request,
    response: Response,
    repository: Repository,
    look_ups: LookUps,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ServerBanList:
    """Bans from all rooms that are in force, the newest first."""
    after = decode_ban(cursor) if cursor else FIRST_BAN
    async with look_ups.permit(request.scope):
        rows = await repository.list(after, limit + 1)
    page, next_cursor = page_of(
        rows, limit, lambda row: encode_ban(BanPosition(row["created_at"], row["user_id"]))
    )
    response.headers["Cache-Control"] = "no-store"
    return ServerBanList(
        bans=[
            ServerBanView(
                user=person(row["user_id"], row["nickname"]),
                until=optional_rfc3339_ms(row["until"]),
                reason=row["reason"],
                created_at=rfc3339_ms(row["created_at"]),
                purging=row["is_purging"],
                of_address=row["is_of_address"],
            )
            for row in page
        ],
        next_cursor=next_cursor,
    )
