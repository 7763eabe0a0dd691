"""Path parameters. An id that cannot exist is not found, without a database query."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BeforeValidator

from chat_contract.ids import is_room_id, parse_uuid
from chat_server.http.errors import (
    held_not_found,
    invite_not_found,
    message_not_found,
    person_not_found,
    report_not_found,
    room_not_found,
)


def room_id_in(raw: str) -> str:
    """Raises ChatError `room_not_found`."""
    if not is_room_id(raw):
        raise room_not_found(raw)
    return raw


def message_id_in(raw: str) -> UUID:
    """Raises ChatError `message_not_found`."""
    message_id = parse_uuid(raw)
    if message_id is None:
        raise message_not_found()
    return message_id


def user_id_in(raw: str) -> UUID:
    """Raises ChatError `not_found`."""
    user_id = parse_uuid(raw)
    if user_id is None:
        raise person_not_found()
    return user_id


def held_id_in(raw: str) -> UUID:
    """Raises ChatError `not_found`."""
    held_id = parse_uuid(raw)
    if held_id is None:
        raise held_not_found()
    return held_id


def invite_id_in(raw: str) -> UUID:
    """Raises ChatError `invite_not_found`."""
    invite_id = parse_uuid(raw)
    if invite_id is None:
        raise invite_not_found()
    return invite_id


def report_id_in(raw: str) -> int:
    """Raises ChatError `not_found`."""
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 18):
        raise report_not_found()
    return int(raw)


RoomId = Annotated[str, BeforeValidator(room_id_in), Path()]
MessageId = Annotated[UUID, BeforeValidator(message_id_in), Path()]
HeldId = Annotated[UUID, BeforeValidator(held_id_in), Path()]
ReportId = Annotated[int, BeforeValidator(report_id_in), Path()]
UserId = Annotated[UUID, BeforeValidator(user_id_in), Path()]
InviteId = Annotated[UUID, BeforeValidator(invite_id_in), Path()]
