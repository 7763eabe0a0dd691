"""What people send about messages."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from chat_server.messages.text import clean_text

MessageText = Annotated[str, Field(max_length=32_768), AfterValidator(clean_text)]


class MessageDraft(BaseModel):
    """`client_message_id` makes a retry safe: the same one again is answered with the first message."""

    client_message_id: UUID
    text: MessageText
    reply_to: UUID | None = None


class MessageEdit(BaseModel):
    text: MessageText


class ReactionView(BaseModel):
    message_id: str
    kind: str
    count: int
