"""Calls between our own servers, under `/internal/v1/` of chat_server, with the service token.

`POST /internal/v1/heads` {"rooms": [room id …]} (at most MAX_HEADS) → {"heads": {room id: RoomHead}}. Rooms that do
not exist are left out.
`GET /internal/v1/rooms/{room_id}/events?after_seq=&limit=` → a page of events, as in the public call. It is not counted
as a fetch and never throttled.
"""

import hashlib
import hmac
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from chat_contract.events import Heat

MAX_HEADS: Final = 10_000


class RoomHead(TypedDict):
    """The state of a room: its last seq, the oldest event still kept, its message count, heat and slow mode."""

    last_seq: int
    oldest_seq: Annotated[
        int, Field(description="The oldest event still kept; `last_seq + 1` if there is none")
    ]
    message_count: int
    heat: Heat
    slow_mode_s: int


class Heads(TypedDict):
    heads: dict[str, RoomHead]


def service_token(secret: str) -> str:
    """The bearer token of our own servers, derived from `secret` so that operators manage only one secret."""
    return hmac.new(secret.encode(), b"hotchat internal api v1", hashlib.sha256).hexdigest()
