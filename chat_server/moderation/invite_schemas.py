"""Invites on the wire."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from chat_contract.events import Author

MAX_EXPIRES_IN_S: Final = 30 * 24 * 3600
MAX_USES: Final = 10_000
MAX_CODE_LENGTH: Final = 100


class InviteRequest(BaseModel):
    """An unknown field is an error, because its sender expects an effect that does not happen."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["member", "moderator"] = "member"
    expires_in_s: Annotated[int, Field(strict=True, ge=60, le=MAX_EXPIRES_IN_S)] = 7 * 24 * 3600
    max_uses: Annotated[int, Field(strict=True, ge=1, le=MAX_USES)] = 1


class AcceptRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=MAX_CODE_LENGTH)]


class InviteView(BaseModel):
    """An invite as the list shows it."""

    id: str
    role: Annotated[str, Field(description="`member` or `moderator`")]
    expires_at: str
    uses_left: int
    created_by: Author
    created_at: str


class InviteList(BaseModel):
    """The invites that can be accepted, the newest first."""

    invites: list[InviteView]


class NewInviteView(InviteView):
    """The response that shows the code once."""

    code: Annotated[str, Field(description="160 random bits")]
    url: Annotated[str, Field(description="A link with the code after `#`, which browsers send to no server")]


class Acceptance(BaseModel):
    room_id: str
    role: Annotated[str, Field(description="`member` or `moderator`: the role that the invite gives")]
