"""What people may do with their data: download it, or have it erased; and the download of a room's messages."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from chat_server.http.errors import problems
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.moderation.endpoints import LookUps, Target
from chat_server.personal_data.erasure_repository import ErasureRequests
from chat_server.personal_data.export import ExportingPerson, Exports
from chat_server.personal_data.person_erasure import SHOWN_FROM, PersonErasure
from chat_server.rooms.roles import Action
from chat_server.sessions.current import (
    SignedIn,
    SignedInOrOperator,
    Tokens,
    came_by_https,
    current_session,
    no_token_headers,
)
from server_kit.ended_sessions import EndedSessions
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.http.problem import ChatError
from server_kit.limited_log import LimitedLog

router = APIRouter()

failures = LimitedLog(logging.getLogger(__name__), time.monotonic)

EXPORT_WITHIN_S: Final = 600
"""A client that reads slower than this loses the connection, and its permit is free."""

MEDIA_TYPE: Final = "application/x-ndjson"


class _ExportResponse(StreamingResponse):
    """Ends with the connection of the client, and after EXPORT_WITHIN_S."""

    media_type = MEDIA_TYPE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(EXPORT_WITHIN_S):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            failures.warning("slow", "An export was not read within %d s and ends", EXPORT_WITHIN_S)


async def _permit(
    request: Request,
    exports: Annotated[Exports, Depends(service(Exports))],
    look_ups: Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))],
) -> AsyncIterator[Exports]:
    """Held until the response is sent. It is no connection of the database: pages take that one after another."""
    async with exports.permits.permit(look_ups.address_of(request.scope)):
        yield exports


PermittedExports = Annotated[Exports, Depends(_permit)]


def _documented(lines: str, *codes: str) -> dict[int | str, dict[str, Any]]:
    description = f"JSON Lines: {lines}, and `end`. A file without its `end` is incomplete."
    return {
        200: {"description": description, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
        **problems("unauthenticated", "session_expired", "rate_limited", "store_unavailable", *codes),
    }


@router.get(
    "/me/export",
    tags=["sessions"],
    response_class=_ExportResponse,
    responses=_documented(
        "`person`, then `message`, `held_message`, `reaction` and `report` lines in no particular order"
    ),
)
async def export_me(session: SignedIn, exports: PermittedExports) -> _ExportResponse:
    """Everything the caller has written, reacted to and reported in all rooms, as a file."""
    person = ExportingPerson(session.user_id, session.nickname)
    return await _file_of(exports.of_person(person, datetime.now(UTC)), "hotchat-export.jsonl")


@router.get(
    "/rooms/{room_id}/export",
    tags=["hosts"],
    response_class=_ExportResponse,
    responses=_documented("`room`, then a `message` line for each message", "forbidden", "room_not_found"),
)
async def export_room(
    session: SignedInOrOperator, target: Target, exports: PermittedExports
) -> _ExportResponse:
    """All messages of the room as readers see them, the oldest first, as a file; for its owner and the operator."""
    room = await target.settings_for_host(session, Action.EXPORT_ROOM)
    return await _file_of(exports.of_room(room.id, datetime.now(UTC)), f"hotchat-{room.id}.jsonl")


async def _file_of(chunks: AsyncIterator[bytes], name: str) -> _ExportResponse:
    start = await anext(chunks) + await anext(chunks)  # fails before the response has begun
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return _ExportResponse(_until_failure(start, chunks), headers=headers)


async def _until_failure(start: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """An export that fails halfway has no last line."""
    yield start
    try:
        async for chunk in chunks:
            yield chunk
    except ChatError as error:
        failures.warning("store", "An export ends early: %s", error)


SHOWN_WITHIN_S: Final = 3.0
"""The response waits this long for the rooms."""

ASK_EVERY_S: Final = 0.05


@router.delete(
    "/me",
    tags=["sessions"],
    status_code=204,
    responses={
        202: {"description": "The sessions have ended, and some rooms do not show the erasure yet."},
        **problems("unauthenticated", "session_expired", "rate_limited", "store_unavailable"),
    },
)
async def erase_me(
    request: Request,
    tokens: Tokens,
    ended: Annotated[EndedSessions, Depends(service(EndedSessions))],
    requests: Annotated[ErasureRequests, Depends(service(ErasureRequests))],
    erasure: Annotated[PersonErasure, Depends(service(PersonErasure))],
    look_ups: LookUps,
) -> Response:
    """Erase the caller everywhere, end all their sessions, and clear the cookie. It cannot be undone.

    204: every room shows it. A repeat gets the same answer.
    """
    session, _ = current_session(request.scope, tokens.ignoring_ends(), time.time())
    async with look_ups.permit(request.scope):
        stage = await requests.stage_of(session.user_id)
        if stage is None:
            session, _ = current_session(request.scope, tokens, time.time())
            ended.add(await requests.request(session, uuid4()))
            erasure.wake()
    deadline_s = time.monotonic() + SHOWN_WITHIN_S
    while (stage is None or stage < SHOWN_FROM) and time.monotonic() < deadline_s:
        await asyncio.sleep(ASK_EVERY_S)
        async with look_ups.permit(request.scope):
            stage = await requests.stage_of(session.user_id)
    response = Response(status_code=202 if stage is None or stage < SHOWN_FROM else 204)
    response.raw_headers += no_token_headers(is_https=came_by_https(request.scope))
    return response
