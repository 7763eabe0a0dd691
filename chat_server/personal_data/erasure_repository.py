"""The SQL of erasures: the request, what a person has in rooms, and the bounded steps that replace them in tables.

The request's commit ends the person's sessions. Everything else is done afterwards, in steps that may be repeated.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_contract.erased_people import DELETED_NICKNAME, event_without_people
from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.pools import driver_connection
from chat_server.sessions.ended import ALL_GENERATIONS, END_SESSIONS
from server_kit.ended_sessions import SessionEnd
from server_kit.http.problem import ChatError
from server_kit.session_tokens import LIFETIME_S, Session

MAX_PENDING: Final = 10_000
"""Erasures that are not finished. Overflow rule: REFUSE, 503."""

MESSAGES_PER_STEP: Final = 1_000
ROOMS_PER_STEP: Final = 20
ROWS_PER_STEP: Final = 500
EVENTS_PER_STEP: Final = 2_000
SCANNED_ROOMS: Final = 500
FIRST_RETRY_S: Final = 5.0
MAX_RETRY_S: Final = 600.0
PEOPLE_PER_PASS: Final = 20
"""People whose reactions and events are replaced in one pass over all rooms."""

_REQUEST: Final = """
WITH asked AS (
    INSERT INTO erasures (user_id, erased_as, requested_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING RETURNING 1
), address AS (
    DELETE FROM user_addresses WHERE user_id = $1
), shown AS (
    INSERT INTO users (id, nickname, created_at) SELECT $2, $3, now() FROM asked
)
UPDATE users SET nickname = $3 WHERE id = $1"""

_STATE: Final = "SELECT stage FROM erasures WHERE user_id = $1"

_PENDING: Final = (
    "SELECT count(*) FROM (SELECT FROM erasures WHERE erased_as IS NOT NULL LIMIT $1) AS pending"
)

_BY_STAGE: Final = """
SELECT user_id, erased_as, stage, position, failures FROM erasures
WHERE erased_as IS NOT NULL AND stage = $1 AND due <= now() ORDER BY due LIMIT $2"""

_OLD_ENOUGH: Final = """
SELECT user_id FROM erasures WHERE erased_as IS NOT NULL AND stage = $1
    AND requested_at < now() - make_interval(secs => $2)
    AND NOT EXISTS (SELECT FROM purge_marks p WHERE p.author_id = user_id AND p.erased_as IS NOT NULL)
ORDER BY requested_at LIMIT $3"""

_ADVANCE: Final = (
    "UPDATE erasures SET stage = $2, position = $3, failures = 0 WHERE user_id = ANY($1::uuid[])"
)

_POSTPONE: Final = """
UPDATE erasures SET failures = failures + 1,
    due = now() + LEAST($2 * power(2, LEAST(failures, 30)), $3) * interval '1 second'
WHERE user_id = ANY($1::uuid[])"""

_ROOMS_OF_MESSAGES: Final = """
SELECT client_message_id, room_id FROM visible_messages
WHERE written_by = $1 AND (client_message_id, room_id) > ($2, $3)
ORDER BY client_message_id, room_id LIMIT $4"""

# The condition on moderators is the one of the index rooms_by_moderator.
_ROOMS_OF_ROLES: Final = """
SELECT id FROM rooms WHERE owner_id = $1
UNION SELECT id FROM rooms WHERE moderators @> jsonb_build_array(jsonb_build_object('id', $1::uuid::text))
UNION SELECT m.room_id FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.user_id = $1
UNION SELECT h.room_id FROM held_messages h JOIN rooms r ON r.id = h.room_id
    WHERE h.author_id = $1 AND h.state = 'held'
LIMIT $2"""


def _replace(table: str, person: str, *assignments: str) -> str:
    """A statement that gives at most $3 rows of a person ($1) to the new id ($2)."""
    changes = ", ".join([f"{person} = $2", *assignments])
    return f"""
UPDATE {table} SET {changes} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {table} WHERE {person} = $1 LIMIT $3 FOR NO KEY UPDATE
))"""  # noqa: S608 - no input in it


_NAME: Final = f"'{DELETED_NICKNAME}'"

REPLACEMENTS: Final = (
    _replace("reports", "reporter_id", f"reporter_nickname = {_NAME}", "reason = ''"),
    _replace("bans", "user_id", f"nickname = {_NAME}"),
    _replace("bans", "actor_id", f"actor_nickname = {_NAME}"),
    _replace("server_bans", "user_id", f"nickname = {_NAME}"),
    _replace("address_bans", "user_id"),
    _replace("address_bans", "actor_id", f"actor_nickname = {_NAME}"),
    _replace("invites", "created_by", f"created_by_nickname = {_NAME}"),
    _replace("invite_uses", "user_id"),
    _replace("moderation_log", "actor_id", f"actor_nickname = {_NAME}"),
    _replace("moderation_log", "target_id", f"target_nickname = {_NAME}"),
)

DELETIONS: Final = tuple(
    f"""
DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {person} = $1 LIMIT $2))"""  # noqa: S608
    for table, person in (
        ("held_messages", "author_id"),
        ("idempotency_keys", "user_id"),
        ("user_addresses", "user_id"),
    )
)

_ROOMS: Final = "SELECT id FROM rooms WHERE id > $1 ORDER BY id LIMIT $2"

_FORGET_RECOVERY: Final = """
UPDATE rooms SET recovered_by = NULL, recovered_at = NULL
WHERE id = ANY($1::text[]) AND recovered_by = ANY($2::uuid[])"""

_REACTIONS: Final = """
SELECT x.message_id, x.kind, x.user_id, r.id AS room_id
FROM unnest($1::text[]) AS r(id) CROSS JOIN unnest($2::uuid[]) AS p(id)
CROSS JOIN LATERAL (
    SELECT message_id, kind, user_id FROM reactions WHERE room_id = r.id AND user_id = p.id LIMIT $3
) x LIMIT $3"""

_UNMARKED: Final = """
SELECT k.room_id, k.user_id FROM unnest($1::text[], $2::uuid[]) AS k(room_id, user_id)
WHERE NOT EXISTS (SELECT FROM erased_in_rooms e WHERE e.room_id = k.room_id AND e.user_id = k.user_id)"""

_REPLACE_REACTIONS: Final = """
UPDATE reactions r SET user_id = k.erased_as
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) AS k(message_id, kind, user_id, erased_as)
WHERE r.message_id = k.message_id AND r.kind = k.kind AND r.user_id = k.user_id"""

_EVENTS: Final = """
WITH scanned AS MATERIALIZED (
    SELECT room_id, seq, payload LIKE ANY($3::text[]) AS names_them FROM events WHERE (room_id, seq) > ($1, $2)
    ORDER BY room_id, seq LIMIT $4
)
SELECT room_id, seq, names_them FROM scanned
WHERE names_them OR (room_id, seq) = (SELECT room_id, seq FROM scanned ORDER BY room_id DESC, seq DESC LIMIT 1)
ORDER BY room_id, seq"""

_LOCK_EVENTS: Final = """
SELECT e.room_id, e.seq, e.payload FROM unnest($1::text[], $2::bigint[]) AS k(room_id, seq)
JOIN events e USING (room_id, seq)
FOR NO KEY UPDATE OF e"""

_REPLACE_EVENTS: Final = """
UPDATE events e SET payload = k.payload FROM unnest($1::text[], $2::bigint[], $3::text[]) AS k(room_id, seq, payload)
WHERE e.room_id = k.room_id AND e.seq = k.seq"""

_ERASED_ROOMS: Final = "SELECT DISTINCT room_id FROM erased_in_rooms WHERE user_id = ANY($1::uuid[]) LIMIT $2"

_LOCK_ROOMS: Final = "SELECT id FROM rooms WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"

_FORGET_IN_ROOMS: Final = (
    "DELETE FROM erased_in_rooms WHERE user_id = ANY($1::uuid[]) AND room_id = ANY($2::text[])"
)

_RESET_ROOMS: Final = """
UPDATE rooms r SET has_erasures = false WHERE id = ANY($1::text[])
    AND NOT EXISTS (SELECT FROM erased_in_rooms e WHERE e.room_id = r.id)"""

_FINISH: Final = (
    "DELETE FROM users WHERE id = ANY($1::uuid[])",
    "UPDATE erasures SET erased_as = NULL, position = '' WHERE user_id = ANY($1::uuid[])",
)

_EXPIRE: Final = """
DELETE FROM erasures WHERE user_id = ANY(ARRAY(
    SELECT user_id FROM erasures
    WHERE erased_as IS NULL AND requested_at < now() - make_interval(secs => $1) LIMIT $2
))"""


class Erasure(NamedTuple):
    """An unfinished erasure. `position`: where its stage continues. `failures`: since its last successful step."""

    user_id: UUID
    erased_as: UUID
    stage: int
    position: list[Any]
    failures: int


class ErasureRequests:
    """The part of a request: it commits before anything is erased."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def request(self, session: Session, erased_as: UUID) -> SessionEnd:
        """Note the erasure and end all sessions of the person, in one commit. Again: nothing changes.

        Raises ChatError `store_unavailable` when too many erasures wait.
        """
        ended = SessionEnd(session.user_id, ALL_GENERATIONS)
        async with driver_connection(self._engine) as connection, connection.transaction():
            if await connection.fetchval(_PENDING, MAX_PENDING) >= MAX_PENDING:
                raise ChatError(
                    "store_unavailable",
                    "Too many people are being deleted right now; try again in a few minutes.",
                    retry_after_s=60,
                )
            await connection.execute(_REQUEST, session.user_id, erased_as, DELETED_NICKNAME)
            await connection.execute(END_SESSIONS, *ended, float(LIFETIME_S))
        return ended

    async def stage_of(self, user_id: UUID) -> int | None:
        """None if the person asked for no erasure."""
        async with driver_connection(self._engine) as connection:
            stage: int | None = await connection.fetchval(_STATE, user_id)
        return stage


async def erasures_in(connection: asyncpg.Connection, stage: int, limit: int) -> list[Erasure]:
    """Erasures in that stage that are due, those due longest first."""
    rows = await connection.fetch(_BY_STAGE, stage, limit)
    return [
        Erasure(
            row["user_id"],
            row["erased_as"],
            row["stage"],
            orjson.loads(row["position"] or "[]"),
            row["failures"],
        )
        for row in rows
    ]


async def old_enough(connection: asyncpg.Connection, stage: int, age: timedelta, limit: int) -> list[UUID]:
    """People who asked at least that long ago and whose messages are all rewritten."""
    rows = await connection.fetch(_OLD_ENOUGH, stage, age.total_seconds(), limit)
    return [row["user_id"] for row in rows]


async def advance(
    connection: asyncpg.Connection, user_ids: Sequence[UUID], stage: int, position: Sequence[object] = ()
) -> None:
    """Store the stage and the position at which the erasure of these people continues."""
    await connection.execute(_ADVANCE, user_ids, stage, orjson.dumps(position).decode())


async def postpone(connection: asyncpg.Connection, user_ids: Sequence[UUID]) -> None:
    """Try these people again later: after FIRST_RETRY_S, then twice as long each time, at most MAX_RETRY_S."""
    await connection.execute(_POSTPONE, user_ids, FIRST_RETRY_S, MAX_RETRY_S)


def same_step(people: Sequence[Erasure]) -> Sequence[Erasure]:
    """The first person, and those of the others who are at the same position. One who has failed is alone."""
    first = people[0]
    if first.failures:
        return people[:1]
    return [each for each in people if each.position == first.position and not each.failures]


async def rooms_of_messages(
    connection: asyncpg.Connection, erasure: Erasure
) -> tuple[list[str], list[str] | None]:
    """The rooms of the next messages, and where to go on; None after the last message."""
    client_id, room_id = erasure.position or (str(UUID(int=0)), "")
    rows = await connection.fetch(
        _ROOMS_OF_MESSAGES, erasure.user_id, UUID(client_id), room_id, MESSAGES_PER_STEP
    )
    rooms = list(dict.fromkeys(row["room_id"] for row in rows))
    if not rows:
        return [], None
    return rooms, [str(rows[-1]["client_message_id"]), rows[-1]["room_id"]]


async def rooms_of_roles(connection: asyncpg.Connection, user_id: UUID) -> list[str]:
    """At most ROOMS_PER_STEP rooms in which the person has a role, or a message that hosts hold."""
    rows = await connection.fetch(_ROOMS_OF_ROLES, user_id, ROOMS_PER_STEP)
    return [row["id"] for row in rows]


async def replace_in_tables(connection: asyncpg.Connection, erasure: Erasure) -> bool:
    """Replace the person in at most ROWS_PER_STEP rows of one table; False once there are none."""
    for statement in REPLACEMENTS:
        if await changed_rows(connection, statement, erasure.user_id, erasure.erased_as, ROWS_PER_STEP):
            return True
    for statement in DELETIONS:
        if await changed_rows(connection, statement, erasure.user_id, ROWS_PER_STEP):
            return True
    return False


class ReplacedReactions(NamedTuple):
    """`unmarked`: rooms that do not know of the erasure yet, and its person. `following`: None after the last room."""

    unmarked: list[tuple[str, UUID]]
    following: str | None


async def replace_reactions(
    connection: asyncpg.Connection, erasures: Sequence[Erasure], after_room_id: str
) -> ReplacedReactions:
    """Give some reactions of the next rooms to the new ids."""
    async with connection.transaction():
        rooms = [row["id"] for row in await connection.fetch(_ROOMS, after_room_id, SCANNED_ROOMS)]
        if not rooms:
            return ReplacedReactions([], None)
        new_ids = {each.user_id: each.erased_as for each in erasures}
        rows = await connection.fetch(_REACTIONS, rooms, list(new_ids), ROWS_PER_STEP)
        unmarked: list[tuple[str, UUID]] = []
        if rows:
            keys = [(row["message_id"], row["kind"], row["user_id"], new_ids[row["user_id"]]) for row in rows]
            await connection.execute(_REPLACE_REACTIONS, *zip(*keys, strict=True))
            places = dict.fromkeys((row["room_id"], row["user_id"]) for row in rows)
            unmarked = [tuple(row) for row in await connection.fetch(_UNMARKED, *zip(*places, strict=True))]
        if len(rows) == ROWS_PER_STEP:
            return ReplacedReactions(unmarked, after_room_id)
        await connection.execute(_FORGET_RECOVERY, rooms, list(new_ids))
    return ReplacedReactions(unmarked, rooms[-1])


async def replace_in_events(
    connection: asyncpg.Connection, erasures: Sequence[Erasure], room_id: str, seq: int
) -> tuple[str, int] | None:
    """Replace these people in the next EVENTS_PER_STEP stored events. Returns where to go on; None after the last."""
    async with connection.transaction():
        patterns = [f"%{each.user_id}%" for each in erasures]
        rows = await connection.fetch(_EVENTS, room_id, seq, patterns, EVENTS_PER_STEP)
        if not rows:
            return None
        keys = [(row["room_id"], row["seq"]) for row in rows if row["names_them"]]
        if keys:
            erased = {str(each.user_id): str(each.erased_as) for each in erasures}
            locked = await connection.fetch(_LOCK_EVENTS, *zip(*keys, strict=True))
            changed = [
                (
                    row["room_id"],
                    row["seq"],
                    orjson.dumps(event_without_people(orjson.loads(row["payload"]), erased)).decode(),
                )
                for row in locked
            ]
            await connection.execute(_REPLACE_EVENTS, *zip(*changed, strict=True))
    return rows[-1]["room_id"], rows[-1]["seq"]


async def forget_in_rooms(connection: asyncpg.Connection, user_ids: Sequence[UUID]) -> bool:
    """Forget in ROOMS_PER_STEP rooms, whose events name these people no more; False once there are none.

    The locks keep out erasures of others in the same rooms.
    """
    async with connection.transaction():
        rooms = [row["room_id"] for row in await connection.fetch(_ERASED_ROOMS, user_ids, ROOMS_PER_STEP)]
        if not rooms:
            return False
        await connection.execute(_LOCK_ROOMS, rooms)
        await connection.execute(_FORGET_IN_ROOMS, user_ids, rooms)
        await connection.execute(_RESET_ROOMS, rooms)
    return True


async def finish(connection: asyncpg.Connection, user_ids: Sequence[UUID], stage: int) -> None:
    """Forget the new ids of erased people."""
    async with connection.transaction():
        for statement in _FINISH:
            await connection.execute(statement, user_ids)
        await advance(connection, user_ids, stage)


async def expire_erasures(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` finished erasures whose people can have no valid token any more; returns how many."""
    return await changed_rows(connection, _EXPIRE, float(LIFETIME_S), limit)
