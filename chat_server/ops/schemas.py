"""Calls of the operator on the wire: bodies and responses."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from chat_contract.events import Author, Visibility
from chat_server.moderation.schemas import MAX_BANNED_AT_ONCE, BanTerms
from chat_server.text.reason import Reason

AddressHeld = Annotated[
    bool, Field(description="Whether a last address of theirs was known, so that it is banned, too")
]

LogReason = Annotated[Reason | None, Field(description="For the log")]


class ServerBanRequest(BanTerms):
    """A ban from all rooms."""

    address: Annotated[
        bool, Field(strict=True, description="Also ban sessions made later from their last address")
    ] = False


class ServerBansRequest(ServerBanRequest):
    user_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_BANNED_AT_ONCE)]


class ServerBanResult(BaseModel):
    user: Author
    until: Annotated[str | None, Field(description="Null: for good")]
    address_held: AddressHeld


class ServerBansResult(BaseModel):
    users: list[Author]
    until: Annotated[str | None, Field(description="Null: for good")]
    address_held: AddressHeld


class ServerBanView(BaseModel):
    """A ban from all rooms that is in force."""

    user: Author
    until: Annotated[str | None, Field(description="Null: for good")]
    reason: str | None
    created_at: str
    purging: Annotated[bool, Field(description="Whether a purge of their messages is under way")]
    of_address: Annotated[
        bool,
        Field(
            description="Whether their session was made from an address that the ban of another person holds"
        ),
    ]


class ServerBanList(BaseModel):
    """Bans from all rooms, the newest first."""

    bans: list[ServerBanView]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]


class OperatorRoom(BaseModel):
    """A room as the operator sees it, of every visibility."""

    id: str
    name: str
    visibility: Annotated[Visibility, Field(description="`public`, `unlisted` or `private`")]
    hidden: Annotated[bool, Field(description="Whether the operator keeps it out of all lists")]
    owner: Annotated[Author | None, Field(description="Null for a room without an owner")]
    message_count: Annotated[int, Field(description="Messages ever created")]
    created_at: str
    active_at: str


class OperatorRoomList(BaseModel):
    """All rooms, the newest first."""

    rooms: list[OperatorRoom]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]


class LiftedServerBan(BaseModel):
    user: Author


class OperatorLogEntry(BaseModel):
    """One action of the operator."""

    at: str
    room_id: Annotated[str | None, Field(description="Null: of the whole server")]
    action: str
    target: Annotated[Author | None, Field(description="The person concerned; null: the room or the server")]
    details: dict[str, Any]


class OperatorLog(BaseModel):
    """Actions of the operator in all rooms and on the server, the newest first."""

    entries: list[OperatorLogEntry]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]
