"""The writer's SQL, set-based, on a bare asyncpg connection: a statement costs the same for one post as for 500.

Locks: `lock_rooms` takes the rooms' rows in id order (FOR NO KEY UPDATE) until the transaction ends. Everything else
is read in later statements: one statement for all would read from before the lock and make holes in seq.

Clocks: what relays, retention and the order of rooms go by is Postgres' own `now()`, one clock for all processes; the
process's clock says only what people read, when a message was written or edited.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson
from asyncpg import Connection, Record

from chat_server.messages.batch import IdempotencyKey, MessageRow, Outcome, ReactionKey, RoomRow
from server_kit.session_tokens import Session

_MESSAGE_COLUMNS = """m.id, m.room_id, m.seq, m.author_id, m.author_nickname, m.client_message_id, m.text, m.reply_to,
    m.created_at, m.edited_at, m.deleted, m.reactions, m.revisions"""

_LOCK: Final = """
SELECT id, last_seq, message_count, owner_id, pinned, pg_current_xact_id()::text AS xact_id, (
    SELECT jsonb_object_agg(e.id, e.below_generation) FROM ended_sessions e WHERE e.id = ANY($2::uuid[])
)::text AS ended
FROM rooms WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"""

_MESSAGES_BY_ID: Final = f"SELECT {_MESSAGE_COLUMNS} FROM messages m WHERE m.id = ANY($1::uuid[])"  # noqa: S608 - no input in it

# IS NOT DISTINCT FROM cannot use an index: by `=` a plan made while the table was small went over the index of
# (room_id, seq), all of the room for every post, and stayed.
_MESSAGES_BY_KEY: Final = f"""
SELECT {_MESSAGE_COLUMNS} FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS k(room_id, author_id, client_message_id)
JOIN messages m ON m.author_id = k.author_id AND m.client_message_id = k.client_message_id
    AND m.room_id IS NOT DISTINCT FROM k.room_id"""  # noqa: S608 - no input in it

_REACTIONS: Final = """
SELECT r.message_id, r.kind, r.user_id FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(message_id, kind, user_id)
JOIN reactions r USING (message_id, kind, user_id)"""

_INSERT_MESSAGES_AND_EVENTS: Final = """
WITH new_messages AS (
    INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text, reply_to,
                          created_at, edited_at, deleted, reactions, revisions)
    SELECT n.id, n.room_id, n.seq, n.author_id, n.author_nickname, n.client_message_id, n.text, n.reply_to,
           $1, n.edited_at, n.deleted, n.reactions::jsonb, n.revisions
    FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::uuid[],
                $10::timestamptz[], $11::boolean[], $12::text[], $22::integer[])
        AS n(id, room_id, seq, author_id, author_nickname, client_message_id, text, reply_to, edited_at, deleted,
             reactions, revisions)
), new_events AS (
    INSERT INTO events (room_id, seq, type, message_id, conflate, payload, created_at)
    SELECT e.*, now()
    FROM unnest($13::text[], $14::bigint[], $15::text[], $16::uuid[], $17::text[], $18::text[])
        AS e(room_id, seq, type, message_id, conflate, payload)
), new_outbox AS (
    INSERT INTO outbox (room_id, seq, created_at)
    SELECT o.room_id, o.seq, now() FROM unnest($13::text[], $14::bigint[]) AS o(room_id, seq)
)
UPDATE rooms SET last_seq = r.last_seq, message_count = r.message_count,
    active_at = GREATEST(rooms.active_at, date_trunc('second', now()))
FROM unnest($19::text[], $20::bigint[], $21::bigint[]) AS r(id, last_seq, message_count)
WHERE rooms.id = r.id"""

_UPDATE_PINNED: Final = "UPDATE rooms SET pinned = $2 WHERE id = $1"

_UPDATE_MESSAGES: Final = """
UPDATE messages SET text = c.text, edited_at = c.edited_at, deleted = c.deleted, reactions = c.reactions::jsonb,
    revisions = c.revisions
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::text[], $6::integer[])
    AS c(id, text, edited_at, deleted, reactions, revisions)
WHERE messages.id = c.id"""

_INSERT_REACTIONS: Final = """
INSERT INTO reactions (message_id, kind, user_id, room_id, message_seq)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[])"""

_DELETE_REACTIONS: Final = """
DELETE FROM reactions r USING unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(message_id, kind, user_id)
WHERE r.message_id = k.message_id AND r.kind = k.kind AND r.user_id = k.user_id"""

_INSERT_TOMBSTONES: Final = """
INSERT INTO tombstones (message_id, room_id, seq, message, created_at)
SELECT t.*, now()
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[]) AS t(message_id, room_id, seq, message)"""


async def lock_rooms(
    connection: Connection, room_ids: Sequence[str], sessions: Iterable[Session], *, wait: bool
) -> tuple[dict[str, RoomRow], dict[UUID, int], str | None]:
    """Lock the rooms until the transaction ends; those locked by others are left out unless `wait`.

    Returns the locked rooms, the generations below which tokens of these sessions and users were ended, and the
    transaction's id (None when nothing was locked). The ends cost no statement of their own.
    """
    may_have_ended = {id_ for session in sessions for id_ in (session.session_id, session.user_id)}
    rows = await connection.fetch(_LOCK if wait else f"{_LOCK} SKIP LOCKED", room_ids, list(may_have_ended))
    rooms = {
        r["id"]: RoomRow(r["id"], r["last_seq"], r["message_count"], r["owner_id"], r["pinned"]) for r in rows
    }
    if not rows:
        return {}, {}, None
    found = rows[0]["ended"]
    ended = {UUID(id_): below for id_, below in orjson.loads(found).items()} if found else {}
    return rooms, ended, rows[0]["xact_id"]


async def read_messages(
    connection: Connection, ids: Sequence[UUID], keys: Sequence[IdempotencyKey]
) -> list[MessageRow]:
    """The messages with these ids and those posted under these idempotency keys."""
    rows: list[Record] = []
    if ids:
        rows += await connection.fetch(_MESSAGES_BY_ID, ids)
    if keys:
        room_ids, author_ids, client_ids = zip(*keys, strict=True)
        rows += await connection.fetch(_MESSAGES_BY_KEY, room_ids, author_ids, client_ids)
    return [_message_row(row) for row in rows]


async def read_reactions(connection: Connection, keys: Sequence[ReactionKey]) -> set[ReactionKey]:
    """Those of the (message, kind, user) triples that stand."""
    if not keys:
        return set()
    rows = await connection.fetch(_REACTIONS, *zip(*keys, strict=True))
    return {(r["message_id"], r["kind"], r["user_id"]) for r in rows}


async def write(connection: Connection, outcome: Outcome, now: datetime) -> None:
    """Write the outcome; the caller commits."""
    new = list(outcome.new_messages.values())
    events = outcome.events
    rooms = list(outcome.rooms.values())
    await connection.execute(
        _INSERT_MESSAGES_AND_EVENTS,
        now,
        [m.id for m in new],
        [m.room_id for m in new],
        [m.seq for m in new],
        [m.author_id for m in new],
        [m.author_nickname for m in new],
        [m.client_message_id for m in new],
        [m.text for m in new],
        [m.reply_to for m in new],
        [m.edited_at for m in new],
        [m.deleted for m in new],
        [_json(m.reactions) for m in new],
        [e.room_id for e in events],
        [e.seq for e in events],
        [e.type for e in events],
        [e.message_id for e in events],
        [e.conflate for e in events],
        [e.payload.decode() for e in events],
        [r.id for r in rooms],
        [r.last_seq for r in rooms],
        [r.message_count for r in rooms],
        [m.revisions for m in new],
    )
    for room in outcome.pinned_rooms.values():  # one statement each: seldom, and arrays differ in length
        await connection.execute(_UPDATE_PINNED, room.id, room.pinned)
    changed = list(outcome.changed_messages.values())
    if changed:
        await connection.execute(
            _UPDATE_MESSAGES,
            [m.id for m in changed],
            [m.text for m in changed],
            [m.edited_at for m in changed],
            [m.deleted for m in changed],
            [_json(m.reactions) for m in changed],
            [m.revisions for m in changed],
        )
    if outcome.gone_reactions:
        await connection.execute(_DELETE_REACTIONS, *_columns(outcome.gone_reactions))
    if outcome.new_reactions:
        messages = list(outcome.new_reactions.values())
        await connection.execute(
            _INSERT_REACTIONS,
            *_columns(outcome.new_reactions),
            [m.room_id for m in messages],
            [m.seq for m in messages],
        )
    # A message written and deleted in one batch has its text in no event.
    deleted = [m for m in outcome.deleted_messages.values() if m.id not in outcome.new_messages]
    if deleted:
        await connection.execute(
            _INSERT_TOMBSTONES,
            [m.id for m in deleted],
            [m.room_id for m in deleted],
            [m.seq for m in deleted],
            [orjson.dumps(m.view()).decode() for m in deleted],
        )


async def is_committed(connection: Connection, xact_id: str, outcome: Outcome) -> bool | None:
    """Whether the transaction happened: True, False, or None while the server still works on it.

    The id alone would not do: one that never reached the log may be given to another transaction after a crash.
    """
    status = await connection.fetchval("SELECT pg_xact_status($1::text::xid8)", xact_id)
    if status == "in progress":
        return None
    if status != "committed":
        return False
    first = outcome.events[0]
    payload = await connection.fetchval(
        "SELECT payload FROM events WHERE room_id = $1 AND seq = $2", first.room_id, first.seq
    )
    return bool(payload == first.payload.decode())


def _json(reactions: dict[str, int]) -> str:
    return orjson.dumps(reactions).decode() if reactions else "{}"


def _columns(keys: Iterable[ReactionKey]) -> list[tuple[object, ...]]:
    return list(zip(*keys, strict=True))


def _message_row(row: Record) -> MessageRow:
    return MessageRow(
        id=row["id"],
        room_id=row["room_id"],
        seq=row["seq"],
        author_id=row["author_id"],
        author_nickname=row["author_nickname"],
        client_message_id=row["client_message_id"],
        text=row["text"],
        reply_to=row["reply_to"],
        created_at=row["created_at"],
        edited_at=row["edited_at"],
        deleted=row["deleted"],
        reactions=orjson.loads(row["reactions"]),
        revisions=row["revisions"],
    )
