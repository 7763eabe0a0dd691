"""Where a page of a list for hosts ends, opaque to clients."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from chat_contract.ids import parse_uuid
from chat_contract.limits import MAX_SEQ
from server_kit.http.problem import ChatError, invalid

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_BAN: Final = re.compile(r"([0-9]{1,17}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_ROOM: Final = re.compile(r"([0-9]{1,17}) ([!-~]{1,100})", re.ASCII)
_ENTRY: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


class BanPosition(NamedTuple):
    """Bans are listed by time, the newest first, and those of one time by user id."""

    created_at: datetime
    user_id: UUID


class RoomPosition(NamedTuple):
    """The operator's list has rooms by their creation, the newest first, and those of one time by id."""

    created_at: datetime
    room_id: str


FIRST_ROOM: Final = RoomPosition(datetime(9999, 1, 1, tzinfo=UTC), "")
FIRST_BAN: Final = BanPosition(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))
FIRST_ID: Final = UUID(int=2**128 - 1)
"""Held messages are listed by id, a UUIDv7, the newest first."""

FIRST_ENTRY: Final = MAX_SEQ
"""Entries of the audit log are listed by id, the highest first."""


def encode_ban(position: BanPosition) -> str:
    return _encode_position(position.created_at, str(position.user_id))


def decode_ban(cursor: str) -> BanPosition:
    """Raises ChatError `validation_failed` for one that is not ours."""
    created_at, user_id = _decode_position(_BAN, cursor)
    return BanPosition(created_at, UUID(user_id))


def encode_room(position: RoomPosition) -> str:
    return _encode_position(position.created_at, position.room_id)


def decode_room(cursor: str) -> RoomPosition:
    """Raises ChatError `validation_failed` for one that is not ours."""
    return RoomPosition(*_decode_position(_ROOM, cursor))


def encode_entry(entry_id: int) -> str:
    return _encode(str(entry_id))


def decode_entry(cursor: str) -> int:
    """Raises ChatError `validation_failed` for one that is not ours."""
    text = _decode(cursor)
    if _ENTRY.fullmatch(text) is None:
        raise _not_ours()
    return int(text)


def encode_id(id_: UUID) -> str:
    return _encode(str(id_))


def decode_id(cursor: str) -> UUID:
    """Raises ChatError `validation_failed` for one that is not ours."""
    found = parse_uuid(_decode(cursor))
    if found is None:
        raise _not_ours()
    return found


def _encode_position(created_at: datetime, id_: str) -> str:
    return _encode(f"{(created_at - _EPOCH) // timedelta(microseconds=1)} {id_}")


def _decode_position(pattern: re.Pattern[str], cursor: str) -> tuple[datetime, str]:
    """Raises ChatError `validation_failed`."""
    found = pattern.fullmatch(_decode(cursor))
    if found is None:
        raise _not_ours()
    try:
        return _EPOCH + timedelta(microseconds=int(found[1])), found[2]
    except OverflowError as error:
        raise _not_ours() from error


def _encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise _not_ours() from error


def _not_ours() -> ChatError:
    return invalid([{"field": "cursor", "message": "This is not a cursor of ours; leave it out."}])
