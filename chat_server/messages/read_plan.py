"""The rows that a transaction must read before it can apply its operations."""

from collections.abc import Generator, Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from chat_server.filters.repository import RecentText
from chat_server.filters.rules import text_digest
from chat_server.messages.batch_rows import IdempotencyKey, LockedRoom, ReactionKey
from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    Operation,
    PostMessage,
    SetPin,
    SetReaction,
)
from chat_server.messages.room_operations import (
    BanUsers,
    ChangeRoom,
    ErasePerson,
    LiftBan,
    PurgeUsers,
    RoomOperation,
    SettleHeld,
)
from chat_server.messages.seq_numbering import SLICE, cost_of_check


class ReadPlan(NamedTuple):
    """Ids and keys without duplicates. `room_operations` need further rows, see host_repository.py."""

    message_ids: list[UUID]
    idempotency_keys: list[IdempotencyKey]
    reactions: list[ReactionKey]
    room_operations: list[RoomOperation]


def plan_reads(operations: Iterable[Operation], rooms: Mapping[str, LockedRoom]) -> ReadPlan:
    """A purge needs the room's pinned messages, because it unpins those of its authors."""
    message_ids: dict[UUID, None] = {}
    keys: dict[IdempotencyKey, None] = {}
    reactions: dict[ReactionKey, None] = {}
    room_operations: list[RoomOperation] = []
    for operation in operations:
        match operation:
            case PostMessage():
                keys[operation.room_id, operation.author_id, operation.client_message_id] = None
                if operation.reply_to is not None:
                    message_ids[operation.reply_to] = None
            case SetReaction():
                message_ids[operation.message_id] = None
                reactions[operation.message_id, operation.kind, operation.actor_id] = None
            case SettleHeld():
                message_ids[operation.held_id] = None
            case EditMessage() | DeleteMessage() | SetPin():
                message_ids[operation.message_id] = None
            case BanUsers() | LiftBan() | ChangeRoom() | ErasePerson() | PurgeUsers():
                room_operations.append(operation)
                if operation.purged_ids or isinstance(operation, ErasePerson):
                    message_ids |= dict.fromkeys(rooms[operation.room_id].pinned)
    return ReadPlan(list(message_ids), list(keys), list(reactions), room_operations)


def filters_to_read(operations: Iterable[Operation], rooms: Mapping[str, LockedRoom]) -> dict[str, int]:
    """The present version of the filters of rooms where a text was checked against others."""
    return {
        room.id: room.filter_version
        for operation in operations
        if isinstance(operation, PostMessage | EditMessage)
        and (room := rooms[operation.room_id]).filter_version != operation.check.version
    }


def texts_to_compare(
    operations: Iterable[Operation], rooms: Mapping[str, LockedRoom]
) -> Generator[None, None, list[RecentText]]:
    """The posted texts in rooms that refuse repeats. Yields after every SLICE of new digests."""
    texts: list[RecentText] = []
    cost = 0
    for post in operations:
        if not isinstance(post, PostMessage) or not rooms[post.room_id].refuses_repeats:
            continue
        digest = post.check.digest
        if digest is None:
            if cost >= SLICE:
                yield
                cost = 0
            digest = text_digest(post.text)
            cost += 1 + cost_of_check(post.text)
        texts.append((post.room_id, post.author_id, digest))
    return texts
