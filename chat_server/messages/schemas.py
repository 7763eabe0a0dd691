"""Request and response bodies of the message endpoints."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict

from chat_server.text.rules import clean_message_text

WRITE_PROBLEMS: Final = (
    "validation_failed",
    "unauthenticated",
    "session_expired",
    "forbidden",
    "room_not_found",
    "message_not_found",
    "message_refused",
    "body_too_large",
    "unsupported_media_type",
    "rate_limited",
    "slow_mode",
    "too_many",
    "store_unavailable",
)
"""The codes of problems that a write of a message may get."""

MessageText = Annotated[str, AfterValidator(clean_message_text)]


class MessageDraft(BaseModel):
    """`client_message_id` makes a retry safe: a repeated id gets the message that was stored first."""

    client_message_id: UUID
    text: MessageText
    reply_to: UUID | None = None


class MessageEdit(BaseModel):
    """An unknown field is an error, because its sender expects an effect that does not happen."""

    model_config = ConfigDict(extra="forbid")

    text: MessageText


class ReactionView(BaseModel):
    message_id: str
    kind: str
    count: int
