"""The rows that a transaction must read before it can apply its operations."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from chat_server.filters.repository import RecentText
from chat_server.filters.rules import text_digest
from chat_server.messages.batch_rows import IdempotencyKey, LockedRoom, ReactionKey, RoomUser
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
from chat_server.rooms.roles import may, role_in_room


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


def people_to_check(
    operations: Iterable[Operation], room_operations: Iterable[RoomOperation], rooms: Mapping[str, LockedRoom]
) -> list[RoomUser]:
    """Everybody whose ban matters to these operations, in rooms from which anybody was ever banned.

    `room_operations` are those of them that may name other people. Posts pass no check of types: it costs more than
    the rest.
    """
    with_bans = {room_id for room_id, room in rooms.items() if room.has_bans}
    if not with_bans:
        return []
    people = {(each.room_id, each.actor_id): None for each in operations if each.room_id in with_bans}
    for operation in room_operations:
        if operation.room_id in with_bans and (
            isinstance(operation, LiftBan | ChangeRoom)
            or (isinstance(operation, BanUsers) and _has_role(operation, rooms[operation.room_id]))
        ):
            people |= dict.fromkeys((operation.room_id, user_id) for user_id in named_in(operation))
    return list(people)


def permitted(operations: Sequence[RoomOperation], rooms: Mapping[str, LockedRoom]) -> list[RoomOperation]:
    """Those whose actors may act, or get a role in this transaction. The others are refused without further reads."""
    new_hosts = {
        (operation.room_id, user_id)
        for operation in operations
        if isinstance(operation, ChangeRoom)
        for user_id in named_in(operation)
    }
    return [
        operation
        for operation in operations
        if (operation.room_id, operation.actor_id) in new_hosts
        or _has_role(operation, rooms[operation.room_id])
    ]


def _has_role(operation: RoomOperation, room: LockedRoom) -> bool:
    role = role_in_room(operation.actor_id, room.owner_id, room.moderators, is_operator=operation.is_operator)
    return all(may(role, action) for action in operation.actions)


def named_in(operation: RoomOperation) -> Sequence[UUID]:
    match operation:
        case BanUsers() | PurgeUsers():
            return operation.user_ids
        case LiftBan():
            return [operation.user_id]
        case ErasePerson():
            return []
        case ChangeRoom(change=change):
            named = (change.add_moderator, change.new_owner)
            acting = [operation.actor_id] if change.recovery or change.accepted_invite else []
            return [*acting, *(user_id for user_id in named if user_id is not None)]
