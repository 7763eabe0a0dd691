"""The rows that a transaction of writes reads and changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chat_contract.events import Message
from chat_server.postgres.message_view import message_view

IdempotencyKey = tuple[str, UUID, UUID]
"""Room, author, client_message_id."""

ReactionKey = tuple[UUID, str, UUID]
"""Message, kind, user."""


@dataclass(slots=True)
class LockedRoom:
    """The columns of a room that writes change, while its row is locked."""

    id: str
    last_seq: int
    message_count: int
    owner_id: UUID | None
    pinned: list[UUID]
    """The most recently pinned message comes first."""


@dataclass(slots=True)
class MessageRow:
    id: UUID
    room_id: str
    seq: int
    author_id: UUID
    author_nickname: str
    client_message_id: UUID
    text: str
    reply_to: UUID | None
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    reactions: dict[str, int]
    revisions: int
    """The number of stored events, other than the creation, that carry the text."""

    def view(self) -> Message:
        return message_view(
            id=self.id,
            room_id=self.room_id,
            seq=self.seq,
            author_id=self.author_id,
            author_nickname=self.author_nickname,
            text=self.text,
            reply_to=self.reply_to,
            created_at=self.created_at,
            edited_at=self.edited_at,
            deleted=self.deleted,
            reactions=self.reactions,
        )


@dataclass(slots=True)
class BatchInput:
    """Everything that the operations refer to, read while the transaction held the rooms' locks."""

    rooms: dict[str, LockedRoom]
    messages: dict[UUID, MessageRow]
    by_key: dict[IdempotencyKey, UUID]
    reactions: set[ReactionKey]
