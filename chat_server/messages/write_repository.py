"""The writer's SQL, set-based, on a bare asyncpg connection.

Locks: `lock_rooms` locks the rooms' rows in id order (FOR NO KEY UPDATE) until the transaction ends. Later statements
read everything else: a single statement would read the state from before the lock and leave holes in seq.

Clocks: the relay, retention and the order of rooms use `now()` of Postgres, one clock for all processes. The process's
clock only tells when a message was posted or edited.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from asyncpg import Connection, Record

from chat_server.messages.batch_rows import (
    ActiveBan,
    IdempotencyKey,
    LockedRoom,
    MessageRow,
    ReactionKey,
    RoomUser,
)
from chat_server.messages.batch_state import BatchResult
from chat_server.postgres.unnest import arrays, column, column_names, unnest
from server_kit.session_tokens import Session

MESSAGE_COLUMNS: Final = """
    m.id, m.room_id, m.seq, m.author_id, m.author_nickname, m.client_message_id, m.text, m.reply_to, m.created_at,
    m.edited_at, m.deleted, m.reactions, m.revisions, m.author_role, m.calm"""

_LOCK: Final = """
SELECT id, last_seq, message_count, owner_id, pinned, owner_nickname, moderators, who_can_post, regular_after_s,
    has_bans, filter_version, refuses_repeats, has_held, calm_full_at, clock_timestamp() AS now,
    pg_current_xact_id()::text AS xact_id, (
    SELECT jsonb_object_agg(e.id, e.below_generation) FROM ended_sessions e WHERE e.id = ANY($2::uuid[])
)::text AS ended, (
    SELECT jsonb_object_agg(b.user_id, b.until) FROM server_bans b
    WHERE b.user_id = ANY($2::uuid[]) AND (b.until IS NULL OR b.until > clock_timestamp())
)::text AS server_bans
FROM rooms WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"""

_WAIT: Final = "SELECT FROM rooms WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"

_MESSAGES_BY_ID: Final = f"SELECT {MESSAGE_COLUMNS} FROM visible_messages m WHERE m.id = ANY($1::uuid[])"  # noqa: S608 - no input in it

# IS NOT DISTINCT FROM cannot use an index. With `=`, a plan made while the table was small used the index of
# (room_id, seq). Postgres kept that plan, so every post scanned its whole room.
_MESSAGES_BY_KEY: Final = f"""
SELECT {MESSAGE_COLUMNS} FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS k(room_id, author_id, client_message_id)
JOIN visible_messages m ON m.written_by = k.author_id AND m.client_message_id = k.client_message_id
    AND m.room_id IS NOT DISTINCT FROM k.room_id"""  # noqa: S608 - no input in it

_NO_MESSAGES: Final = "SELECT NULL::uuid AS id"


def _with_bans(messages: str, first: int) -> str:
    """A query for messages that also reads the bans of people, whose parameters begin with number `first`.

    The first row has them: they may be large. Without any message it is a row without an id.
    """
    return f"""
SELECT CASE WHEN row_number() OVER () = 1 THEN b.bans END AS bans, m.* FROM (
    SELECT jsonb_agg(jsonb_build_array(
        b.room_id, b.user_id, b.until, b.nickname, b.reason, b.actor_id, b.address_hash IS NOT NULL, b.is_seen
    ))::text AS bans
    FROM unnest(${first}::text[], ${first + 1}::uuid[]) AS p(room_id, user_id) JOIN bans b USING (room_id, user_id)
    WHERE b.until IS NULL OR b.until > ${first + 2}
) b LEFT JOIN ({messages}) m ON true"""  # noqa: S608 - no input in it


_WITH_BANS: Final = {
    _MESSAGES_BY_ID: _with_bans(_MESSAGES_BY_ID, 2),
    _MESSAGES_BY_KEY: _with_bans(_MESSAGES_BY_KEY, 4),
    _NO_MESSAGES: _with_bans(_NO_MESSAGES, 1),
}

_REACTIONS: Final = """
SELECT r.message_id, r.kind, r.user_id FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(message_id, kind, user_id)
JOIN reactions r USING (message_id, kind, user_id)"""

_NEW_MESSAGES: Final = (
    column("id", "uuid"),
    column("room_id", "text"),
    column("seq", "bigint"),
    column("author_id", "uuid"),
    column("author_nickname", "text"),
    column("client_message_id", "uuid"),
    column("text", "text"),
    column("reply_to", "uuid"),
    column("author_role", "text"),
    column("calm", "boolean"),
)
"""The other columns have their defaults. A message that was changed since is among the changed ones, too: each element
of an array costs the event loop time.
"""

_NEW_EVENTS: Final = (
    column("room_id", "text"),
    column("seq", "bigint"),
    column("type", "text"),
    column("message_id", "uuid"),
    column("conflate", "text"),
    column("payload", "text", lambda event: event.payload.decode()),
)
_ROOMS: Final = (
    column("id", "text"),
    column("last_seq", "bigint"),
    column("message_count", "bigint"),
    column("calm_full_at", "timestamptz"),
)

_FIRST_MESSAGES: Final = 2
_FIRST_EVENTS: Final = _FIRST_MESSAGES + len(_NEW_MESSAGES)
_FIRST_ROOMS: Final = _FIRST_EVENTS + len(_NEW_EVENTS)

_INSERT_MESSAGES_AND_EVENTS: Final = f"""
WITH new_messages AS (
    INSERT INTO messages ({column_names(_NEW_MESSAGES)}, created_at)
    SELECT n.*, $1::timestamptz FROM {unnest("n", _NEW_MESSAGES, _FIRST_MESSAGES)}
), new_events AS (
    INSERT INTO events ({column_names(_NEW_EVENTS)}, created_at)
    SELECT e.*, now() FROM {unnest("e", _NEW_EVENTS, _FIRST_EVENTS)}
), new_outbox AS (
    INSERT INTO outbox (room_id, seq, created_at)
    SELECT o.room_id, o.seq, now() FROM {unnest("o", _NEW_EVENTS[:2], _FIRST_EVENTS)}
)
UPDATE rooms SET last_seq = r.last_seq, message_count = r.message_count, calm_full_at = r.calm_full_at,
    active_at = GREATEST(rooms.active_at, date_trunc('second', now()))
FROM {unnest("r", _ROOMS, _FIRST_ROOMS)}
WHERE rooms.id = r.id"""  # noqa: S608 - no input in it

_UPDATE_PINNED: Final = "UPDATE rooms SET pinned = $2 WHERE id = $1"

_CHANGED_MESSAGES: Final = (
    column("id", "uuid"),
    column("text", "text"),
    column("edited_at", "timestamptz"),
    column("deleted", "boolean"),
    column("reactions", "jsonb", lambda message: _json(message.reactions)),
    column("revisions", "integer"),
)
_UPDATE_MESSAGES: Final = f"""
UPDATE messages SET text = c.text, edited_at = c.edited_at, deleted = c.deleted, reactions = c.reactions,
    revisions = c.revisions
FROM {unnest("c", _CHANGED_MESSAGES, 1)}
WHERE messages.id = c.id"""  # noqa: S608 - no input in it

_INSERT_REACTIONS: Final = """
INSERT INTO reactions (message_id, kind, user_id, room_id, message_seq)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[])"""

_DELETE_REACTIONS: Final = """
DELETE FROM reactions r USING unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(message_id, kind, user_id)
WHERE r.message_id = k.message_id AND r.kind = k.kind AND r.user_id = k.user_id"""

_TOMBSTONES: Final = (
    column("message_id", "uuid", attrgetter("id")),
    column("room_id", "text"),
    column("seq", "bigint"),
    column("message", "text", lambda message: orjson.dumps(message.view()).decode()),
)
_INSERT_TOMBSTONES: Final = f"""
INSERT INTO tombstones ({column_names(_TOMBSTONES)}, created_at)
SELECT t.*, now() FROM {unnest("t", _TOMBSTONES, 1)}
ON CONFLICT (message_id) DO UPDATE SET message = EXCLUDED.message"""  # noqa: S608 - no input in it


class Locked(NamedTuple):
    """The locked rooms, and what the same statement reads because that saves another one.

    `ended`: the generations below which tokens of sessions and users are no longer valid. `server_bans`: until when
    authors are banned from all rooms; None: for good. `now`: the time of the lock by Postgres' clock: a ban lasts from
    then on. Both `now` and `xact_id` are None if no room was locked.
    """

    rooms: dict[str, LockedRoom]
    ended: dict[UUID, int]
    server_bans: dict[UUID, datetime | None]
    now: datetime | None
    xact_id: str | None


async def wait_for_locks(connection: Connection, room_ids: Sequence[str]) -> None:
    """Lock the rooms until the transaction ends, once other transactions release them.

    `lock_rooms` must follow: this statement would read the state from before the wait.
    """
    await connection.execute(_WAIT, room_ids)


async def lock_rooms(connection: Connection, room_ids: Sequence[str], sessions: Iterable[Session]) -> Locked:
    """Lock the rooms until the transaction ends; skip those that another transaction has locked."""
    may_have_ended = {id_ for session in sessions for id_ in (session.session_id, session.user_id)}
    rows = await connection.fetch(_LOCK, room_ids, list(may_have_ended))
    if not rows:
        return Locked({}, {}, {}, None, None)
    rooms = {row["id"]: _locked_room(row) for row in rows}
    found = rows[0]["ended"]
    ended = {UUID(id_): below for id_, below in orjson.loads(found).items()} if found else {}
    return Locked(rooms, ended, _server_bans(rows[0]["server_bans"]), rows[0]["now"], rows[0]["xact_id"])


def _server_bans(found: str | None) -> dict[UUID, datetime | None]:
    if found is None:
        return {}
    return {UUID(user_id): _optional_time(until) for user_id, until in orjson.loads(found).items()}


async def read_messages_and_bans(
    connection: Connection,
    ids: Sequence[UUID],
    keys: Sequence[IdempotencyKey],
    people: Sequence[RoomUser],
    now: datetime,
) -> tuple[list[MessageRow], dict[RoomUser, ActiveBan]]:
    """The messages with these ids and those posted under these idempotency keys; the people's bans in force at `now`.

    One of the statements for messages reads the bans, so they cost no further round trip.
    """
    reads: list[tuple[str, list[object]]] = []
    if ids:
        reads.append((_MESSAGES_BY_ID, [ids]))
    if keys:
        reads.append((_MESSAGES_BY_KEY, list(zip(*keys, strict=True))))
    rows: list[Record] = []
    bans: dict[RoomUser, ActiveBan] = {}
    if people:
        query, arguments = reads.pop() if reads else (_NO_MESSAGES, [])
        found = await connection.fetch(_WITH_BANS[query], *arguments, *zip(*people, strict=True), now)
        bans = _active_bans(found[0]["bans"])
        rows += [row for row in found if row["id"] is not None]
    for query, arguments in reads:
        rows += await connection.fetch(query, *arguments)
    return [message_row(row) for row in rows], bans


def _active_bans(found: str | None) -> dict[RoomUser, ActiveBan]:
    bans: dict[RoomUser, ActiveBan] = {}
    for room_id, user_id, until, nickname, reason, actor_id, *flags in orjson.loads(found or "[]"):
        actor = None if actor_id is None else UUID(actor_id)
        bans[room_id, UUID(user_id)] = ActiveBan(_optional_time(until), nickname, reason, actor, *flags)
    return bans


def _optional_time(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)


async def read_reactions(connection: Connection, keys: Sequence[ReactionKey]) -> set[ReactionKey]:
    """The given (message, kind, user) triples that exist."""
    if not keys:
        return set()
    rows = await connection.fetch(_REACTIONS, *zip(*keys, strict=True))
    return {(r["message_id"], r["kind"], r["user_id"]) for r in rows}


async def write(connection: Connection, result: BatchResult, now: datetime) -> None:
    """Write the messages and events of the result; the caller commits. `now` is the creation time of new messages."""
    if not result.events:
        return
    await connection.execute(
        _INSERT_MESSAGES_AND_EVENTS,
        now,
        *arrays(_NEW_MESSAGES, list(result.new_messages.values())),
        *arrays(_NEW_EVENTS, result.events),
        *arrays(_ROOMS, list(result.rooms.values())),
    )
    for room in result.pinned_rooms.values():  # one statement for each: rare, and the arrays differ in length
        await connection.execute(_UPDATE_PINNED, room.id, room.pinned)
    if result.changed_messages:
        changed = list(result.changed_messages.values())
        await connection.execute(_UPDATE_MESSAGES, *arrays(_CHANGED_MESSAGES, changed))
    if result.removed_reactions:
        await connection.execute(_DELETE_REACTIONS, *zip(*result.removed_reactions, strict=True))
    if result.new_reactions:
        messages = result.new_reactions.values()
        await connection.execute(
            _INSERT_REACTIONS,
            *zip(*result.new_reactions, strict=True),
            [message.room_id for message in messages],
            [message.seq for message in messages],
        )
    # A message that was posted and deleted in one batch has its text in no event.
    deleted = [m for m in result.deleted_messages.values() if m.id not in result.new_messages]
    if deleted:
        await insert_tombstones(connection, deleted)


async def insert_tombstones(connection: Connection, deleted: Sequence[MessageRow]) -> None:
    """Let reads of stored events show these messages as deleted, and queue the removal of their text."""
    await connection.execute(_INSERT_TOMBSTONES, *arrays(_TOMBSTONES, deleted))


async def is_committed(connection: Connection, xact_id: str, result: BatchResult) -> bool | None:
    """Whether the transaction was committed; None while the server still works on it.

    The id alone is not enough: after a crash, an id that never reached the log may be given to another transaction.
    """
    status = await connection.fetchval("SELECT pg_xact_status($1::text::xid8)", xact_id)
    if status == "in progress":
        return None
    if status != "committed":
        return False
    first = result.events[0]
    payload = await connection.fetchval(
        "SELECT payload FROM events WHERE room_id = $1 AND seq = $2", first.room_id, first.seq
    )
    return bool(payload == first.payload.decode())


def _json(reactions: dict[str, int]) -> str:
    return orjson.dumps(reactions).decode() if reactions else "{}"


def _locked_room(row: Record) -> LockedRoom:
    moderators = row["moderators"]
    return LockedRoom(
        row["id"],
        row["last_seq"],
        row["message_count"],
        row["owner_id"],
        row["pinned"],
        row["owner_nickname"],
        {} if moderators == "[]" else {UUID(m["id"]): m["nickname"] for m in orjson.loads(moderators)},
        row["who_can_post"],
        row["regular_after_s"],
        row["has_bans"],
        row["filter_version"],
        row["refuses_repeats"],
        row["has_held"],
        row["calm_full_at"],
    )


def message_row(row: Record) -> MessageRow:
    """A message from its MESSAGE_COLUMNS."""
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
        author_role=row["author_role"],
        calm=row["calm"],
    )
