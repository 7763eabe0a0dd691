"""Calls between our own servers, under `/internal/v1/` of chat_server, with the service token.

`POST /internal/v1/heads` {"rooms": [room id …]} (at most MAX_HEADS) → {"heads": {room id: RoomHead}}. Rooms that do
not exist are left out.
`GET /internal/v1/rooms/{room_id}/events?after_seq=&limit=` → a page of events, as in the public call. It is not counted
as a fetch and never throttled.
`POST /internal/v1/access` {"rooms": {room id: [user id …]}} (at most MAX_ACCESS_PAIRS people in all) → AccessReply.
Rooms that do not exist are left out.
`GET /internal/v1/ended-sessions?since_us=` → EndedPage: the newest MAX_ENDED_PAGE ends
of sessions after that time.
`GET /internal/v1/exemptions` → ExemptionsReply: the addresses that the operator has exempted from shares.
"""

import hashlib
import hmac
from typing import Annotated, Final, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from chat_contract.events import Heat, SlowModeKind, Visibility

MAX_HEADS: Final = 10_000
MAX_ACCESS_PAIRS: Final = 1_000
"""Pairs of a room and a person in one call."""

MAX_ENDED_PAGE: Final = 10_000
"""Overflow rule: OLDEST; a page holds the newest ends."""

MAX_UNIX_US: Final = 2**53 - 1
"""The latest time of a call, in the year 2255: every JSON reader can read it as an integer."""


class RoomHead(TypedDict):
    """The state of a room: its last seq, the oldest event still kept, its message count, heat, rules and name."""

    last_seq: int
    oldest_seq: Annotated[
        int, Field(description="The oldest event still kept; `last_seq + 1` if there is none")
    ]
    message_count: int
    heat: Heat
    slow_mode_s: Annotated[int, Field(description="In force now")]
    slow_mode: NotRequired[Annotated[SlowModeKind, Field(description="Its mode; older servers leave it out")]]
    name: NotRequired[Annotated[str, Field(description="Older servers leave it out")]]
    visibility: NotRequired[Annotated[Visibility, Field(description="Older servers leave it out")]]
    access_version: NotRequired[
        Annotated[int, Field(description="Higher whenever somebody may no longer read the room")]
    ]


class Heads(TypedDict):
    heads: dict[str, RoomHead]


class RoomReaders(TypedDict):
    """Which of the given people may read a room, at an access version."""

    visibility: Visibility
    access_version: int
    readers: list[str]


class AccessReply(TypedDict):
    rooms: dict[str, RoomReaders]


class EndedPage(TypedDict):
    """Pairs of a session's or user's id and a generation, oldest first; tokens of lower generations have ended."""

    ended: list[tuple[str, int]]
    until_us: Annotated[
        int, Field(description="When the last one ended, in µs of Unix time; `since_us` if none")
    ]


class ExemptionsReply(TypedDict):
    """Each exempted address, and when its exemption ends, in Unix seconds; as chat_server knows them last."""

    exemptions: dict[str, float]


def service_token(secret: str) -> str:
    """The bearer token of our own servers, derived from `secret` so that operators manage only one secret."""
    return hmac.new(secret.encode(), b"hotchat internal api v1", hashlib.sha256).hexdigest()
