"""What people do to a room's log, and what they get back. All of it goes through the group-commit writer."""

from dataclasses import dataclass
from uuid import UUID

from chat_contract.events import Message


def utf8_bytes(text: str) -> int:
    """The length of the text in UTF-8. Unpaired surrogates count too: they are refused one by one, later."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


@dataclass(frozen=True, slots=True)
class PostMessage:
    """`message_id` is made by the caller (UUIDv7); (room, author, client_message_id) is the idempotency key."""

    room_id: str
    author_id: UUID
    author_nickname: str
    client_message_id: UUID
    message_id: UUID
    text: str
    reply_to: UUID | None
    traceparent: str | None = None

    @property
    def user_id(self) -> UUID:
        return self.author_id

    @property
    def text_bytes(self) -> int:
        return utf8_bytes(self.text)


@dataclass(frozen=True, slots=True)
class EditMessage:
    room_id: str
    message_id: UUID
    editor_id: UUID
    text: str
    traceparent: str | None = None

    @property
    def user_id(self) -> UUID:
        return self.editor_id

    @property
    def text_bytes(self) -> int:
        return utf8_bytes(self.text)


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    """The author or the room's owner may delete; `is_operator` may delete anywhere."""

    room_id: str
    message_id: UUID
    deleter_id: UUID
    is_operator: bool = False
    traceparent: str | None = None

    @property
    def user_id(self) -> UUID:
        return self.deleter_id

    @property
    def text_bytes(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class SetPin:
    """The room's owner pins and unpins; `is_operator` may anywhere."""

    room_id: str
    message_id: UUID
    user_id: UUID
    present: bool
    is_operator: bool = False
    traceparent: str | None = None

    @property
    def text_bytes(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class SetReaction:
    room_id: str
    message_id: UUID
    user_id: UUID
    kind: str
    present: bool
    traceparent: str | None = None

    @property
    def text_bytes(self) -> int:
        return 0


# Of each: `user_id` is who acts, `characters` the code points of text that its transaction handles, `traceparent` the
# request's W3C trace context if it had one.
Operation = PostMessage | EditMessage | DeleteMessage | SetPin | SetReaction


@dataclass(frozen=True, slots=True)
class MessageResult:
    """`created` is False when the same idempotency key had been posted before."""

    message: Message
    created: bool = False


@dataclass(frozen=True, slots=True)
class ReactionResult:
    message_id: UUID
    kind: str
    count: int


OperationResult = MessageResult | ReactionResult
