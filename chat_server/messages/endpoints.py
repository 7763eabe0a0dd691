"""Edits, deletions and pins. Posts and reactions are on the fast path."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from chat_contract.events import Message
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import MessageId, RoomId
from chat_server.http.responses import json_bytes
from chat_server.http.services import service
from chat_server.messages.operations import DeleteMessage, EditMessage, SetPin
from chat_server.messages.schemas import WRITE_PROBLEMS, MessageEdit
from chat_server.messages.write_admission import WriteAdmission
from chat_server.messages.writer import GroupCommitWriter
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator
from server_kit.http.asgi import raw_header
from server_kit.http.trace_context import valid_traceparent
from server_kit.session_tokens import Session

router = APIRouter(prefix="/rooms/{room_id}/messages", tags=["messages"])


Admission = Annotated[WriteAdmission, Depends(service(WriteAdmission))]
MessageWriter = Annotated[GroupCommitWriter, Depends(service(GroupCommitWriter))]


async def _author(room_id: RoomId, session: SignedIn, admission: Admission) -> Session:
    admission.check_rate(room_id, session.user_id)
    return session


async def _author_or_operator(room_id: RoomId, session: SignedInOrOperator, admission: Admission) -> Session:
    admission.check_rate(room_id, session.user_id)
    return session


Author = Annotated[Session, Depends(_author)]
"""A session within its rate limits. It precedes the body in an endpoint, so that it is checked first."""

AuthorOrOperator = Annotated[Session, Depends(_author_or_operator)]


def _traceparent(request: Request) -> str | None:
    return valid_traceparent(raw_header(request.scope, b"traceparent"))


Traceparent = Annotated[str | None, Depends(_traceparent)]
"""The request's W3C trace context, for the Kafka records of its events; None unless it is valid."""

_WRITE_PROBLEMS = problems(*WRITE_PROBLEMS)


@router.patch(
    "/{message_id}",
    response_model=Message,
    openapi_extra=documented_body(MessageEdit),
    responses=_WRITE_PROBLEMS,
)
async def edit_message(
    room_id: RoomId,
    message_id: MessageId,
    session: Author,
    edit: Annotated[MessageEdit, Depends(json_body(MessageEdit))],
    admission: Admission,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Change the text of one's own message."""
    room = await admission.room(room_id, session.user_id)
    operation = EditMessage(room_id, message_id, session.user_id, edit.text, traceparent)
    result = await admission.edit(room, operation, session)
    return json_bytes(result.json, response)


@router.delete("/{message_id}", response_model=Message, responses=_WRITE_PROBLEMS)
async def delete_message(
    room_id: RoomId,
    message_id: MessageId,
    session: AuthorOrOperator,
    admission: Admission,
    writer: MessageWriter,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Delete as its author, the room's owner or the operator; answers with the tombstone."""
    await admission.room(room_id, session.user_id)
    result = await writer.store(
        DeleteMessage(room_id, message_id, session.user_id, session is OPERATOR, traceparent), session
    )
    return json_bytes(result.json, response)


@router.put("/{message_id}/pin", response_model=Message, responses=_WRITE_PROBLEMS)
async def pin_message(
    room_id: RoomId,
    message_id: MessageId,
    session: AuthorOrOperator,
    admission: Admission,
    writer: MessageWriter,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Pin as the room's owner or the operator; a pinned message pinned again changes nothing."""
    pin = SetPin(room_id, message_id, session.user_id, True, session is OPERATOR, traceparent)
    return await _set_pin(pin, session, admission, writer, response)


@router.delete("/{message_id}/pin", response_model=Message, responses=_WRITE_PROBLEMS)
async def unpin_message(
    room_id: RoomId,
    message_id: MessageId,
    session: AuthorOrOperator,
    admission: Admission,
    writer: MessageWriter,
    traceparent: Traceparent,
    response: Response,
) -> Response:
    """Unpin as the room's owner or the operator; without a pin nothing changes."""
    pin = SetPin(room_id, message_id, session.user_id, False, session is OPERATOR, traceparent)
    return await _set_pin(pin, session, admission, writer, response)


async def _set_pin(
    pin: SetPin, session: Session, admission: WriteAdmission, writer: GroupCommitWriter, response: Response
) -> Response:
    await admission.room(pin.room_id, pin.actor_id)
    return json_bytes((await writer.store(pin, session)).json, response)
