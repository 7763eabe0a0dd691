"""Parsers of the ids that clients send."""

import re
from typing import Final
from uuid import UUID

from chat_contract.limits import ROOM_ID_PATTERN

_ROOM_ID: Final = re.compile(ROOM_ID_PATTERN.removesuffix("$") + r"\Z")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def is_room_id(text: str) -> bool:
    """True for 1 to 64 lower-case letters, digits and hyphens."""
    return _ROOM_ID.match(text) is not None


def parse_uuid(text: str) -> UUID | None:
    """The id, or None if the text is not a UUID in its canonical form of 36 characters (RFC 9562, section 4)."""
    return UUID(text) if _UUID.match(text) else None
