"""Edits, deletions and pins. Posts and reactions are on the fast path."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from chat_contract.events import Message
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import MessageId, RoomId
from chat_server.http.responses import json_bytes
from chat_server.http.services import service
from chat_server.messages.operations import DeleteMessage, EditMessage, MessageResult, SetPin
from chat_server.messages.schemas import WRITE_PROBLEMS, MessageEdit
from chat_server.messages.write_admission import WriteAdmission
from chat_server.messages.writer import GroupCommitWriter
from chat_server.rooms.role_check import RoleCheck
from chat_server.rooms.roles import Action
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator
from server_kit.http.asgi import raw_header
from server_kit.http.trace_context import valid_traceparent
from server_kit.session_tokens import Session

router = APIRouter(prefix="/rooms/{room_id}/messages", tags=["messages"])

Admission = Annotated[WriteAdmission, Depends(service(WriteAdmission))]
Roles = Annotated[RoleCheck, Depends(service(RoleCheck))]
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


@dataclass(frozen=True, slots=True)
class TargetMessage:
    """The message that a call names, with what is needed to store a change of it."""

    room_id: str
    message_id: UUID
    admission: WriteAdmission
    roles: RoleCheck
    writer: GroupCommitWriter
    request: Request
    response: Response

    @property
    def traceparent(self) -> str | None:
        """The request's W3C trace context, for the Kafka records of its events; None unless it is valid."""
        return valid_traceparent(raw_header(self.request.scope, b"traceparent"))

    async def edit(self, text: str, session: Session) -> Response:
        room = await self.admission.room(self.room_id, session.user_id, self.request.scope)
        check = await self.admission.check_text(room, session.user_id, text, self.request.scope)
        operation = EditMessage(self.room_id, self.message_id, session.user_id, text, self.traceparent, check)
        return self._respond(await self.admission.edit(room, operation, session))

    async def delete(self, session: Session) -> Response:
        return await self._store(
            DeleteMessage(
                self.room_id, self.message_id, session.user_id, session is OPERATOR, self.traceparent
            ),
            session,
        )

    async def set_pin(self, session: Session, *, pinned: bool) -> Response:
        return await self._store(
            SetPin(
                self.room_id, self.message_id, session.user_id, pinned, session is OPERATOR, self.traceparent
            ),
            session,
            Action.PIN,
        )

    async def _store(self, operation: DeleteMessage | SetPin, session: Session, *actions: Action) -> Response:
        """Store it for those who may do all of the actions."""
        scope = self.request.scope
        room = await self.admission.room(self.room_id, session.user_id, scope)
        await self.roles.require(session, room, scope, *actions)
        return self._respond(await self.writer.store(operation, session))

    def _respond(self, result: MessageResult) -> Response:
        return json_bytes(result.json, self.response)


async def _target(
    room_id: RoomId,
    message_id: MessageId,
    admission: Admission,
    roles: Roles,
    writer: MessageWriter,
    request: Request,
    response: Response,
) -> TargetMessage:
    return TargetMessage(room_id, message_id, admission, roles, writer, request, response)


Target = Annotated[TargetMessage, Depends(_target)]
"""The last parameter of an endpoint, so that ids are checked after the session, its limits and the body."""

_WRITE_PROBLEMS = problems(*WRITE_PROBLEMS)


@router.patch(
    "/{message_id}",
    response_model=Message,
    openapi_extra=documented_body(MessageEdit),
    responses=_WRITE_PROBLEMS,
)
async def edit_message(
    session: Author, edit: Annotated[MessageEdit, Depends(json_body(MessageEdit))], target: Target
) -> Response:
    """Change the text of one's own message."""
    return await target.edit(edit.text, session)


@router.delete("/{message_id}", response_model=Message, responses=_WRITE_PROBLEMS)
async def delete_message(session: AuthorOrOperator, target: Target) -> Response:
    """Delete as its author, or as a host of a higher role than the author's; answers with the tombstone."""
    return await target.delete(session)


@router.put("/{message_id}/pin", response_model=Message, responses=_WRITE_PROBLEMS)
async def pin_message(session: AuthorOrOperator, target: Target) -> Response:
    """Pin as a host of the room; a pinned message pinned again changes nothing."""
    return await target.set_pin(session, pinned=True)


@router.delete("/{message_id}/pin", response_model=Message, responses=_WRITE_PROBLEMS)
async def unpin_message(session: AuthorOrOperator, target: Target) -> Response:
    """Unpin as a host of the room; without a pin nothing changes."""
    return await target.set_pin(session, pinned=False)
