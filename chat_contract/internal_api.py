"""Calls between our own servers, under `/internal/v1/` of chat_server, with the service token.

`POST /internal/v1/heads` {"rooms": [room id …]} (at most MAX_HEADS) → {"heads": {room id: RoomHead}}; rooms that
do not exist are left out.
`GET /internal/v1/rooms/{room_id}/events?after_seq=&limit=` → a page of events, as the public call, but neither counted
as a fetch nor refused.
"""

import hashlib
import hmac
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import TypedDict

from chat_contract.events import Heat

MAX_HEADS: Final = 10_000


class RoomHead(TypedDict):
    """Where a room is: its last seq, the oldest event still kept (last_seq + 1 when none), and what it shows."""

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
    """The bearer token of our own servers, derived so that one secret is all an operator keeps."""
    return hmac.new(secret.encode(), b"hotchat internal api v1", hashlib.sha256).hexdigest()
