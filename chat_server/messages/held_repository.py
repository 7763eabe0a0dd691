"""The writer's SQL for held messages, on a bare asyncpg connection while the rooms are locked."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from asyncpg import Connection, Record

from chat_server.messages.batch_rows import HeldRow, IdempotencyKey, LockedRoom
from chat_server.messages.batch_state import BatchResult
from chat_server.messages.operations import Operation, PostMessage
from chat_server.messages.room_operations import SettleHeld
from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.unnest import arrays, column, column_names, unnest

KEPT_DAYS: Final = 7
"""A message that no host has allowed by then is deleted, and so is a refused one."""

HELD_COLUMNS: Final = """
    h.id, h.room_id, h.author_id, h.author_nickname, h.client_message_id, h.text, h.reply_to, h.filter, h.created_at,
    h.state"""

_HELD: Final = f"""
SELECT {HELD_COLUMNS} FROM held_messages h WHERE h.id = ANY($1::uuid[]) AND NOT EXISTS (
    SELECT FROM server_bans b WHERE b.user_id = h.author_id AND (b.until IS NULL OR b.until > now())
)
UNION
SELECT {HELD_COLUMNS} FROM unnest($2::text[], $3::uuid[], $4::uuid[]) AS k(room_id, author_id, client_message_id)
JOIN held_messages h USING (author_id, client_message_id, room_id)"""  # noqa: S608 - no input in it

_COUNTS: Final = """
SELECT room_id, author_id, count(*) AS messages FROM held_messages
WHERE room_id = ANY($1::text[]) AND state = 'held' GROUP BY room_id, author_id"""

_NEW_HELD: Final = (
    column("id", "uuid"),
    column("room_id", "text"),
    column("author_id", "uuid"),
    column("author_nickname", "text"),
    column("client_message_id", "uuid"),
    column("text", "text"),
    column("reply_to", "uuid"),
    column("filter", "text"),
    column("created_at", "timestamptz"),
)
_INSERT: Final = f"""
INSERT INTO held_messages ({column_names(_NEW_HELD)}) SELECT h.* FROM {unnest("h", _NEW_HELD, 1)}"""  # noqa: S608 - no input in it

_SET_HAS_HELD: Final = "UPDATE rooms SET has_held = true WHERE id = ANY($1::text[]) AND NOT has_held"

_DROP: Final = """
DELETE FROM held_messages h USING unnest($1::text[], $2::uuid[]) AS k(room_id, author_id)
WHERE h.room_id = k.room_id AND h.author_id = k.author_id AND h.state = 'held'"""

_REFUSE: Final = "UPDATE held_messages SET state = 'refused', text = '' WHERE id = ANY($1::uuid[])"

_ALLOW: Final = "DELETE FROM held_messages WHERE id = ANY($1::uuid[])"

_EXPIRE: Final = """
DELETE FROM held_messages WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM held_messages WHERE created_at < now() - make_interval(days => $1) LIMIT $2 FOR UPDATE SKIP LOCKED
))"""


def held_row(row: Record) -> HeldRow:
    """A held message from its HELD_COLUMNS."""
    return HeldRow(
        id=row["id"],
        room_id=row["room_id"],
        author_id=row["author_id"],
        author_nickname=row["author_nickname"],
        client_message_id=row["client_message_id"],
        text=row["text"],
        reply_to=row["reply_to"],
        filter=row["filter"],
        created_at=row["created_at"],
        is_refused=row["state"] == "refused",
    )


async def read_held(
    connection: Connection, operations: Iterable[Operation], rooms: Mapping[str, LockedRoom]
) -> dict[UUID, HeldRow]:
    """Those that these operations decide on or post again. Without a query for rooms that never held any."""
    ids: list[UUID] = []
    keys: list[IdempotencyKey] = []
    for operation in operations:
        if not rooms[operation.room_id].has_held:
            continue
        if isinstance(operation, SettleHeld):
            ids.append(operation.held_id)
        elif isinstance(operation, PostMessage):
            keys.append((operation.room_id, operation.author_id, operation.client_message_id))
    if not ids and not keys:
        return {}
    columns: Sequence[Sequence[object]] = list(zip(*keys, strict=True)) if keys else ((), (), ())
    return {row["id"]: held_row(row) for row in await connection.fetch(_HELD, ids, *columns)}


async def read_held_counts(
    connection: Connection, operations: Iterable[Operation], rooms: Mapping[str, LockedRoom]
) -> dict[tuple[str, UUID | None], int]:
    """How many messages wait in each room where a post may be held: of each person, and (None) of all."""
    room_ids = {
        room.id
        for operation in operations
        if isinstance(operation, PostMessage) and (room := rooms[operation.room_id]).has_held
        if operation.check.version != room.filter_version or operation.check.hit is not None
    }
    counts: dict[tuple[str, UUID | None], int] = {}
    if room_ids:
        for row in await connection.fetch(_COUNTS, list(room_ids)):
            counts[row["room_id"], row["author_id"]] = row["messages"]
            counts[row["room_id"], None] = counts.get((row["room_id"], None), 0) + row["messages"]
    return counts


async def write_held(connection: Connection, result: BatchResult) -> None:
    """Write what changed; the caller commits. Messages dropped by a ban go first: later ones may be held again."""
    if result.dropped_held:
        await connection.execute(_DROP, *zip(*result.dropped_held, strict=True))
    if result.allowed_held:
        await connection.execute(_ALLOW, list(result.allowed_held))
    if result.new_held:
        rows = list(result.new_held.values())
        await connection.execute(_INSERT, *arrays(_NEW_HELD, rows))
        await connection.execute(_SET_HAS_HELD, list({row.room_id for row in rows}))
    if result.refused_held:
        await connection.execute(_REFUSE, list(result.refused_held))


async def expire_held(connection: Connection, limit: int) -> int:
    """Delete up to `limit` messages that were held KEPT_DAYS ago; returns how many."""
    return await changed_rows(connection, _EXPIRE, KEPT_DAYS, limit)
