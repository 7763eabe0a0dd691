"""The rows that a transaction must read before it can apply its operations."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from chat_server.messages.batch_rows import IdempotencyKey, ReactionKey
from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    Operation,
    PostMessage,
    SetPin,
    SetReaction,
)


class ReadPlan(NamedTuple):
    """Each without duplicates."""

    message_ids: list[UUID]
    idempotency_keys: list[IdempotencyKey]
    reactions: list[ReactionKey]


def plan_reads(operations: Iterable[Operation]) -> ReadPlan:
    message_ids: dict[UUID, None] = {}
    keys: dict[IdempotencyKey, None] = {}
    reactions: dict[ReactionKey, None] = {}
    for operation in operations:
        match operation:
            case PostMessage():
                keys[operation.room_id, operation.author_id, operation.client_message_id] = None
                if operation.reply_to is not None:
                    message_ids[operation.reply_to] = None
            case SetReaction():
                message_ids[operation.message_id] = None
                reactions[operation.message_id, operation.kind, operation.actor_id] = None
            case EditMessage() | DeleteMessage() | SetPin():
                message_ids[operation.message_id] = None
    return ReadPlan(list(message_ids), list(keys), list(reactions))
