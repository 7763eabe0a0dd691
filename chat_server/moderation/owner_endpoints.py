"""Who owns a room: hand-over, and recovery by a code."""

from typing import Annotated

from fastapi import APIRouter, Depends

from chat_server.http.errors import problems, room_not_found
from chat_server.http.json_body import documented_body, json_body
from chat_server.limits.post_limits import RateLimits
from chat_server.messages.room_operations import Recovery, RoomChange
from chat_server.moderation.endpoints import BODY_PROBLEMS, PROBLEMS, Limits, LookUps, Target, TargetRoom
from chat_server.moderation.schemas import OwnerRequest, RecoveryCode, RecoveryRequest
from chat_server.rooms.recovery_code import new_recovery_code, recovery_code_hash
from chat_server.rooms.schemas import RoomView, RoomWithCode
from chat_server.rooms.views import room_view
from chat_server.sessions.current import SignedIn, SignedInOrOperator
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session

router = APIRouter(prefix="/rooms/{room_id}", tags=["hosts"])


@router.post(
    "/owner",
    openapi_extra=documented_body(OwnerRequest),
    responses=problems(*BODY_PROBLEMS, "not_found"),
)
async def hand_over(
    session: SignedInOrOperator,
    owner: Annotated[OwnerRequest, Depends(json_body(OwnerRequest))],
    target: Target,
) -> RoomView:
    """Hand the room over. The recovery code ends, and the former owner becomes a moderator."""
    return await target.change(session, RoomChange(new_owner=owner.user_id))


@router.post(
    "/owner/recover",
    openapi_extra=documented_body(RecoveryRequest),
    responses=problems(*BODY_PROBLEMS),
)
async def recover(
    session: SignedIn,
    recovery: Annotated[RecoveryRequest, Depends(json_body(RecoveryRequest))],
    target: Target,
    limits: Limits,
    look_ups: LookUps,
) -> RoomWithCode:
    """Become the owner with the room's recovery code, and get a new code; again within 10 minutes, a fresh one."""
    address = look_ups.address_of(target.request.scope)
    try:
        await target.settings(session)
    except ChatError as error:
        if error.code != "room_not_found":
            raise
        # A person who lost their session is no longer a member of the private room, but has its recovery code.
        hides_room = True
    else:
        hides_room = False
    try:
        return await _recovered(session, recovery, target, limits, address)
    except ChatError as error:
        if hides_room and error.code in ("forbidden", "rate_limited"):
            raise room_not_found(target.room_id) from error
        raise


async def _recovered(
    session: Session, recovery: RecoveryRequest, target: TargetRoom, limits: RateLimits, address: str
) -> RoomWithCode:
    limits.take_recovery_code(target.room_id, address)
    code = new_recovery_code()
    change = RoomChange(
        recovery=Recovery(recovery_code_hash(recovery.recovery_code), recovery_code_hash(code))
    )
    try:
        room = await target.apply(session, change)
    except ChatError as error:
        if error.code != "forbidden":
            limits.give_back_recovery_code(target.room_id, address)
        raise
    limits.give_back_recovery_code(target.room_id, address)
    return RoomWithCode(**room_view(room, target.hot_rooms).model_dump(), recovery_code=code)


@router.post("/owner/recovery-code", responses=problems(*PROBLEMS))
async def renew_recovery_code(session: SignedIn, target: Target) -> RecoveryCode:
    """Make a new recovery code as the owner; the earlier one ends."""
    code = new_recovery_code()
    await target.change(session, RoomChange(recovery=Recovery(None, recovery_code_hash(code))))
    return RecoveryCode(recovery_code=code)
