"""Editing and deleting. Posting and reacting are documented here and answered by the write gate."""

from typing import Annotated, Any, NoReturn

import orjson
from fastapi import APIRouter, Depends, Request, Response

from chat_contract.events import Message
from chat_server.dependencies import Parts, PartsOf
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import MessageId, RoomId
from chat_server.messages.admission import check_shares, edit_in_turn, room_of_write
from chat_server.messages.operations import DeleteMessage, EditMessage, SetPin
from chat_server.messages.schemas import MessageDraft, MessageEdit, ReactionView
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator
from server_kit.http.asgi import raw_header
from server_kit.http.trace_context import valid_traceparent
from server_kit.session_tokens import Session

router = APIRouter(prefix="/rooms/{room_id}/messages", tags=["messages"])


async def _writer(room_id: RoomId, session: SignedIn, parts: PartsOf) -> Session:
    check_shares(parts, room_id, session.user_id)
    return session


async def _writer_or_operator(room_id: RoomId, session: SignedInOrOperator, parts: PartsOf) -> Session:
    check_shares(parts, room_id, session.user_id)
    return session


Writer = Annotated[Session, Depends(_writer)]
"""Somebody whose shares allow this write; stands before the body in an endpoint, so that it is checked first."""

WriterOrOperator = Annotated[Session, Depends(_writer_or_operator)]


def _traceparent(request: Request) -> str | None:
    return valid_traceparent(raw_header(request.scope, b"traceparent"))


Traceparent = Annotated[str | None, Depends(_traceparent)]
"""The request's W3C trace context, for the Kafka records of its events; None unless it is valid."""

_WRITE_PROBLEMS = problems(
    "validation_failed",
    "unauthenticated",
    "session_expired",
    "forbidden",
    "room_not_found",
    "message_not_found",
    "body_too_large",
    "unsupported_media_type",
    "rate_limited",
    "slow_mode",
    "too_many",
    "store_unavailable",
)


def json_response(value: Any, response: Response, status: int = 200) -> Response:
    """The value as JSON with the headers that dependencies set (a renewed session)."""
    return json_bytes(orjson.dumps(value), response, status)


def json_bytes(body: bytes, response: Response, status: int = 200) -> Response:
    """As `json_response`, for JSON that is encoded already."""
    answer = Response(body, status, media_type="application/json")
    answer.raw_headers += [
        h for h in response.raw_headers if h[0] not in (b"content-length", b"content-type")
    ]
    return answer


@router.post(
    "",
    status_code=201,
    response_model=Message,
    openapi_extra=documented_body(MessageDraft),
    responses={
        200: {"description": "This client_message_id was posted before", "model": Message},
        **_WRITE_PROBLEMS,
    },
)
async def post_message(room_id: RoomId) -> NoReturn:
    """Append a message to the room. 201 means: it is stored, and every stream will see it once."""
    raise AssertionError("the write gate answers this call")


@router.patch(
    "/{message_id}",
    response_model=Message,
    openapi_extra=documented_body(MessageEdit),
    responses=_WRITE_PROBLEMS,
)
async def edit_message(
    room_id: RoomId,
    message_id: MessageId,
    session: Writer,
    edit: Annotated[MessageEdit, Depends(json_body(MessageEdit))],
    parts: PartsOf,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Change the text of one's own message."""
    room = await room_of_write(parts, room_id, session.user_id)
    operation = EditMessage(room_id, message_id, session.user_id, edit.text, traceparent)
    result = await edit_in_turn(parts, room, operation, session)
    return json_response(result.message, response)


@router.delete("/{message_id}", response_model=Message, responses=_WRITE_PROBLEMS)
async def delete_message(
    room_id: RoomId,
    message_id: MessageId,
    session: WriterOrOperator,
    parts: PartsOf,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Delete as its author, the room's owner or the operator; answers with the tombstone."""
    await room_of_write(parts, room_id, session.user_id)
    result = await parts.writer.post(
        DeleteMessage(room_id, message_id, session.user_id, session is OPERATOR, traceparent), session
    )
    return json_response(result.message, response)


@router.put("/{message_id}/pin", response_model=Message, responses=_WRITE_PROBLEMS)
async def pin_message(
    room_id: RoomId,
    message_id: MessageId,
    session: WriterOrOperator,
    parts: PartsOf,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Pin as the room's owner or the operator; a pinned message pinned again changes nothing."""
    pin = SetPin(room_id, message_id, session.user_id, True, session is OPERATOR, traceparent)
    return await _set_pin(pin, session, parts, response)


@router.delete("/{message_id}/pin", response_model=Message, responses=_WRITE_PROBLEMS)
async def unpin_message(
    room_id: RoomId,
    message_id: MessageId,
    session: WriterOrOperator,
    parts: PartsOf,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Unpin as the room's owner or the operator; without a pin nothing changes."""
    pin = SetPin(room_id, message_id, session.user_id, False, session is OPERATOR, traceparent)
    return await _set_pin(pin, session, parts, response)


@router.put("/{message_id}/reactions/{kind}", response_model=ReactionView, responses=_WRITE_PROBLEMS)
async def add_reaction(room_id: RoomId, message_id: MessageId, kind: str) -> NoReturn:
    """Give a reaction; giving it again changes nothing."""
    raise AssertionError("the write gate answers this call")


@router.delete("/{message_id}/reactions/{kind}", response_model=ReactionView, responses=_WRITE_PROBLEMS)
async def remove_reaction(room_id: RoomId, message_id: MessageId, kind: str) -> NoReturn:
    """Take a reaction back; without one nothing changes."""
    raise AssertionError("the write gate answers this call")


async def _set_pin(pin: SetPin, session: Session, parts: Parts, response: Response) -> Response:
    await room_of_write(parts, pin.room_id, pin.user_id)
    return json_response((await parts.writer.post(pin, session)).message, response)
