"""Where a page of the list of rooms ends: the activity and the id of its last room, opaque to clients."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Final

from chat_contract.ids import is_room_id
from server_kit.http.problem import invalid

_ACTIVE_S: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def encode_cursor(active_at: datetime, room_id: str) -> str:
    return base64.urlsafe_b64encode(f"{active_at.timestamp():.0f} {room_id}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Raises ChatError `validation_failed` for one that is not ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        active_s, _, room_id = text.partition(" ")
        if not _ACTIVE_S.fullmatch(active_s) or not is_room_id(room_id):
            raise ValueError("neither a time nor a room")
        return datetime.fromtimestamp(int(active_s), UTC), room_id
    except (binascii.Error, UnicodeError, ValueError, OverflowError, OSError) as error:
        raise invalid(
            [{"field": "cursor", "message": "This is not a cursor of ours; leave it out."}]
        ) from error
