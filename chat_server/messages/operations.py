"""The operations that change a room's log, and their results. All of them go through the group-commit writer.

apply_operations.py decides who may do what, and what it changes.
"""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

import orjson

from chat_contract.events import Message
from chat_server.filters.rules import UNFILTERED, TextCheck, TextFilter
from chat_server.messages.room_operations import RoomOperation, RoomOperationResult, SettleHeld


def utf8_bytes(text: str) -> int:
    """The length of the text in UTF-8. Unpaired surrogates count too: they are refused one by one, later."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


@dataclass(frozen=True, slots=True)
class PostMessage:
    """`message_id` (UUIDv7) comes from the caller; (room, author, client_message_id) is the idempotency key.

    `check`: of the text, before the post was queued. The commit repeats it if the room's filters have changed since.
    """

    room_id: str
    author_id: UUID
    author_nickname: str
    client_message_id: UUID
    message_id: UUID
    text: str
    reply_to: UUID | None
    traceparent: str | None = None
    check: TextCheck = UNFILTERED

    @property
    def actor_id(self) -> UUID:
        return self.author_id

    @property
    def text_bytes(self) -> int:
        return utf8_bytes(self.text)


@dataclass(frozen=True, slots=True)
class EditMessage:
    room_id: str
    message_id: UUID
    actor_id: UUID
    text: str
    traceparent: str | None = None
    check: TextCheck = UNFILTERED

    @property
    def text_bytes(self) -> int:
        return utf8_bytes(self.text)


def checked_by(text_filter: TextFilter, operation: PostMessage | EditMessage) -> TextCheck:
    """The check of the text, and of the nickname that a new message shows."""
    nickname = operation.author_nickname if isinstance(operation, PostMessage) else None
    return text_filter.check(operation.text, nickname)


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    """The author may delete, and hosts of a higher role than the author; `is_operator` may delete anywhere."""

    room_id: str
    message_id: UUID
    actor_id: UUID
    is_operator: bool = False
    traceparent: str | None = None

    @property
    def text_bytes(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class SetPin:
    """The room's hosts pin and unpin; `is_operator` may anywhere."""

    room_id: str
    message_id: UUID
    actor_id: UUID
    pinned: bool
    is_operator: bool = False
    traceparent: str | None = None

    @property
    def text_bytes(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class SetReaction:
    room_id: str
    message_id: UUID
    actor_id: UUID
    kind: str
    present: bool
    traceparent: str | None = None

    @property
    def text_bytes(self) -> int:
        return 0


# In each, `actor_id` is the acting user and `text_bytes` the size of the text that its transaction handles.
# `traceparent` is the W3C trace context of its request, if it has one.
MessageOperation = PostMessage | EditMessage | DeleteMessage | SetPin | SettleHeld
Operation = MessageOperation | SetReaction | RoomOperation


@dataclass(frozen=True, slots=True)
class MessageResult:
    """`json` is the message as the response shows it. `created` is False for a repeat of an earlier post.

    `is_held`: the message waits for a host.
    """

    json: bytes
    created: bool = False
    is_held: bool = False

    @property
    def message(self) -> Message:
        return cast(Message, orjson.loads(self.json))


@dataclass(frozen=True, slots=True)
class ReactionResult:
    message_id: UUID
    kind: str
    count: int


OperationResult = MessageResult | ReactionResult | RoomOperationResult
