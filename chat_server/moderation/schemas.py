"""Calls of hosts on the wire: bodies and responses."""

from typing import Annotated, Any, Final, Literal, NotRequired, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from chat_contract.events import Author, HeldMessage, Message
from chat_server.text.reason import Reason

RoleName = Literal["operator", "owner", "moderator", "member", "guest"]
WhyNot = Literal["banned", "posting_restricted", "nickname_reserved"]

MAX_BAN_S: Final = 10 * 365 * 24 * 3600
MAX_BANNED_AT_ONCE: Final = 500
MAX_RECOVERY_CODE_LENGTH: Final = 100


class BanTerms(BaseModel):
    """An unknown field is an error, because its sender expects an effect that does not happen."""

    model_config = ConfigDict(extra="forbid")

    seconds: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=MAX_BAN_S)] | None, Field(description="Null: for good")
    ]
    purge: Annotated[bool, Field(strict=True, description="Also delete all their messages")] = False
    reason: Reason | None = None


class BanRequest(BanTerms):
    """A ban from one room."""

    address: Annotated[
        bool,
        Field(strict=True, description="Also ban sessions made later from their last address, in this room"),
    ] = False


class BansRequest(BanRequest):
    """`same_text_as`: a message or a held one; bans everybody who sent the same text recently, except hosts."""

    user_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_BANNED_AT_ONCE)] | None = None
    same_text_as: UUID | None = None

    @model_validator(mode="after")
    def _names_whom(self) -> Self:
        if (self.user_ids is None) == (self.same_text_as is None):
            raise ValueError("Give user_ids or same_text_as, one of the two.")
        return self


class ReportRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class OwnerRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_id: UUID


class RecoveryRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recovery_code: Annotated[str, Field(min_length=1, max_length=MAX_RECOVERY_CODE_LENGTH)]


class BansResult(BaseModel):
    """The bans that one call made."""

    users: list[Author]
    until: Annotated[str | None, Field(description="Null: for good")]
    purged: Annotated[
        int | None, Field(description="Messages that the purge deleted; null above 1,000; 0 without a purge")
    ]
    seq: Annotated[
        int, Field(description="The room's `last_seq` at the commit: nothing of theirs follows it")
    ]
    address_held: Annotated[
        bool, Field(description="Whether `address` was given and an address of the person was known")
    ]


class BanResult(BaseModel):
    """The ban that one call made."""

    user: Author
    until: Annotated[str | None, Field(description="Null: for good")]
    purged: Annotated[
        int | None, Field(description="Messages that the purge deleted; null above 1,000; 0 without a purge")
    ]
    seq: Annotated[
        int, Field(description="The room's `last_seq` at the commit: nothing of theirs follows it")
    ]
    address_held: Annotated[
        bool, Field(description="Whether `address` was given and an address of the person was known")
    ]


class LiftResult(BaseModel):
    user: Author
    seq: Annotated[int, Field(description="The room's `last_seq` at the commit")]


class RecoveryCode(BaseModel):
    recovery_code: Annotated[str, Field(description="Shown once; the earlier code no longer works")]


class BanState(TypedDict):
    """The ban of the caller."""

    until: Annotated[str | None, Field(description="Null: for good")]
    reason: str | None
    everywhere: NotRequired[
        Annotated[
            bool,
            Field(description="True if the operator has banned the caller from all rooms, else left out"),
        ]
    ]


class OwnRole(TypedDict):
    """What the caller is and may do in the room, at most 1 s old."""

    role: Annotated[RoleName, Field(description="`operator`, `owner`, `moderator`, `member` or `guest`")]
    banned: Annotated[BanState | None, Field(description="Null if the caller is not banned")]
    can_post: bool
    why_not: Annotated[
        WhyNot | None,
        Field(description="The code that a post would get; null if the caller can post"),
    ]
    may_post_at: Annotated[
        str | None, Field(description="When the caller may post, if waiting is all it takes")
    ]


class ListedBan(TypedDict):
    """A ban that is in force. `actor` is null for the operator."""

    user: Author
    until: Annotated[str | None, Field(description="Null: for good")]
    reason: str | None
    actor: Annotated[Author | None, Field(description="Who made it; null: the operator")]
    created_at: str


class BanList(TypedDict):
    """Bans in force, the newest first."""

    bans: list[ListedBan]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]


class HeldList(TypedDict):
    """Messages that wait for a decision, the newest first."""

    held: list[HeldMessage]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]


ReportState = Literal["open", "resolved", "closed"]


class ReportView(TypedDict):
    """A report of a message, as its reporter sees it."""

    id: str
    message_id: str
    reason: str
    state: Annotated[
        ReportState, Field(description="`open`, `resolved` by a host, `closed` with its message")
    ]
    created_at: str


class ListedReport(ReportView):
    """A report as hosts see it."""

    reporter: Author
    message: Message


class ReportList(TypedDict):
    """Reports of messages, the newest first."""

    reports: list[ListedReport]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]


class AuditEntry(TypedDict):
    """One action of a host or of the operator."""

    at: str
    actor: Annotated[Author | None, Field(description="Null: the operator")]
    action: str
    target: Annotated[Author | None, Field(description="The person concerned, if there is one")]
    details: dict[str, Any]


class AuditLog(TypedDict):
    """Actions of hosts and of the operator, the newest first."""

    entries: list[AuditEntry]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]
