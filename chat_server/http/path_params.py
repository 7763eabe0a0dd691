"""Path parameters. An id that cannot exist is not found, and no store is asked for it."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BeforeValidator

from chat_contract.limits import ROOM_ID_PATTERN
from chat_server.rooms.directory import room_not_found
from server_kit.http.problem import ChatError

_ROOM_ID = re.compile(ROOM_ID_PATTERN)


def is_room_id(text: str) -> bool:
    return _ROOM_ID.fullmatch(text) is not None


def room_id_in(raw: str) -> str:
    """Raises ChatError `room_not_found`."""
    if not is_room_id(raw):
        raise room_not_found(raw)
    return raw


def message_id_in(raw: str) -> UUID:
    """Raises ChatError `message_not_found`."""
    try:
        return UUID(raw)
    except ValueError:
        raise ChatError("message_not_found", "There is no such message in this room.") from None


RoomId = Annotated[str, BeforeValidator(room_id_in), Path()]
MessageId = Annotated[UUID, BeforeValidator(message_id_in), Path()]
