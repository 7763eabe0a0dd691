"""Create a session with a nickname, read the current user, and end sessions."""

import time
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import uuid4

import uuid_utils.compat
from fastapi import APIRouter, Depends, Request, Response

from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.sessions.addresses import Addresses
from chat_server.sessions.current import (
    OperatorAccess,
    SignedIn,
    Tokens,
    came_by_https,
    no_token_headers,
    token_headers,
)
from chat_server.sessions.ended import EndedSessionsRepository
from chat_server.sessions.repository import UserRepository
from chat_server.sessions.schemas import SessionRequest, SessionView, UserView
from chat_server.settings import ChatSettings
from server_kit.ended_sessions import EndedSessions
from server_kit.http.problem import ChatError

router = APIRouter(tags=["sessions"])

Ended = Annotated[EndedSessions, Depends(service(EndedSessions))]
EndedRepository = Annotated[EndedSessionsRepository, Depends(service(EndedSessionsRepository))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]


_CLOSED: Final = {
    "identity": "This server makes no session for a nickname. Open the room from the site it belongs to, or ask its "
    "operator for access.",
    "closed": "This server is not accepting new people right now; ask its operator for access.",
}


async def may_enter(
    request: Request,
    settings: Annotated[ChatSettings, Depends(service(ChatSettings))],
    access: Annotated[OperatorAccess, Depends(service(OperatorAccess))],
) -> None:
    """Raises ChatError `forbidden` unless SESSIONS is `open` or the operator makes the session for somebody."""
    refusal = _CLOSED.get(settings.sessions)
    if refusal is not None and not access.is_operator(request.scope, time.time()):
        raise ChatError("forbidden", refusal)


@router.post(
    "/sessions",
    status_code=201,
    dependencies=[Depends(may_enter)],
    openapi_extra=documented_body(SessionRequest),
    responses=problems(
        "validation_failed",
        "forbidden",
        "rate_limited",
        "body_too_large",
        "unsupported_media_type",
        "store_unavailable",
    ),
)
async def create_session(
    wanted: Annotated[SessionRequest, Depends(json_body(SessionRequest))],
    request: Request,
    response: Response,
    tokens: Tokens,
    users: Annotated[UserRepository, Depends(service(UserRepository))],
    look_ups: LookUps,
    addresses: Annotated[Addresses, Depends(service(Addresses))],
) -> SessionView:
    """Create a user. The token, also set as an HttpOnly cookie, is valid for 30 days from its last renewal."""
    user_id = uuid_utils.compat.uuid7()
    async with look_ups.permit(request.scope):
        await users.add(user_id, wanted.nickname, datetime.now(UTC), addresses.hash_of(request.scope))
    token, session = tokens.issue(user_id, wanted.nickname, time.time(), session_id=uuid4())
    response.raw_headers += token_headers(token, is_https=came_by_https(request.scope))
    expires_at = rfc3339_ms(datetime.fromtimestamp(session.expires_s, UTC))
    return SessionView(
        user=UserView(id=str(user_id), nickname=wanted.nickname), token=token, expires_at=expires_at
    )


_END_PROBLEMS = problems("unauthenticated", "session_expired", "rate_limited", "store_unavailable")


@router.delete("/sessions/current", status_code=204, responses=_END_PROBLEMS)
async def end_session(
    session: SignedIn, request: Request, ended: Ended, repository: EndedRepository, look_ups: LookUps
) -> Response:
    """Sign out: end this session with all its tokens, and clear the cookie."""
    async with look_ups.permit(request.scope):
        ended.add(await repository.end_session(session))
    return _signed_out(request)


@router.delete("/sessions", status_code=204, responses=_END_PROBLEMS)
async def end_all_sessions(
    session: SignedIn, request: Request, ended: Ended, repository: EndedRepository, look_ups: LookUps
) -> Response:
    """End every session of this user, including this one."""
    async with look_ups.permit(request.scope):
        ended.add(await repository.end_all_of(session))
    return _signed_out(request)


def _signed_out(request: Request) -> Response:
    response = Response(status_code=204)
    response.raw_headers += no_token_headers(is_https=came_by_https(request.scope))
    return response


@router.get("/me", responses=problems("unauthenticated", "session_expired"))
async def me(session: SignedIn) -> UserView:
    """The session's user."""
    return UserView(id=str(session.user_id), nickname=session.nickname)
