"""The operator signs in and out in a browser."""

import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.ops.log_repository import OperatorLogRepository
from chat_server.sessions.current import OperatorAccess, came_by_https
from chat_server.sessions.operator_sessions import LIFETIME_S, OperatorSessions, cookie_headers

router = APIRouter(prefix="/ops/session", tags=["operator"])

Access = Annotated[OperatorAccess, Depends(service(OperatorAccess))]
Sessions = Annotated[OperatorSessions, Depends(service(OperatorSessions))]
Log = Annotated[OperatorLogRepository, Depends(service(OperatorLogRepository))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]

MAX_TOKEN_LENGTH = 1_000


class OperatorTokenRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_LENGTH)]


class OperatorSession(BaseModel):
    expires_at: str


@router.post(
    "",
    openapi_extra=documented_body(OperatorTokenRequest),
    responses=problems(
        "unauthenticated",
        "forbidden",
        "rate_limited",
        "validation_failed",
        "body_too_large",
        "unsupported_media_type",
        "store_unavailable",
    ),
)
async def sign_in(
    given: Annotated[OperatorTokenRequest, Depends(json_body(OperatorTokenRequest))],
    request: Request,
    response: Response,
    access: Access,
    sessions: Sessions,
    log: Log,
    look_ups: LookUps,
) -> OperatorSession:
    """Sign in with HOTCHAT_ADMIN_TOKEN: an HttpOnly cookie opens the operator's calls to the page for 12 h."""
    sessions.check_origin(request.scope)
    access.check_token(given.token, request.scope)
    async with look_ups.permit(request.scope):
        await log.note("sign_in")
    cookie, expires_s = sessions.issue(time.time())
    response.raw_headers += cookie_headers(cookie, LIFETIME_S, is_https=came_by_https(request.scope))
    return OperatorSession(expires_at=rfc3339_ms(datetime.fromtimestamp(expires_s, UTC)))


@router.delete("", status_code=204, responses=problems("forbidden", "rate_limited"))
async def sign_out(request: Request, sessions: Sessions) -> Response:
    """Clear the cookie. A copy of it stays valid until it expires, or until the token changes."""
    sessions.check_origin(request.scope)
    response = Response(status_code=204)
    response.raw_headers += cookie_headers("", 0, is_https=came_by_https(request.scope))
    return response
