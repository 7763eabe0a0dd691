"""Reports of messages by readers, for the hosts of a room. The SQL of their table.

A report of a message that is deleted afterwards leaves the list of open ones at once; retention closes its row.
"""

from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.http.errors import message_not_found, report_not_found
from chat_server.messages.write_repository import MESSAGE_COLUMNS
from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.pools import driver_connection
from chat_server.rooms.locked_role import require_under_lock
from chat_server.rooms.roles import Action
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session

MAX_OPEN: Final = 1_000
"""Messages of one room with open reports. Overflow rule: REFUSE, 409: the hosts have enough to read."""

MAX_OPEN_OF_MESSAGE: Final = 20
"""Open reports of one message. Overflow rule: REFUSE, 409: the hosts know of the message."""

MAX_OPEN_OF_PERSON: Final = 20
"""The same by one person, so that nobody fills the list of a room alone."""

KEPT_DAYS: Final = 90
REPORTS_LOCK: Final = 0x686F7472
"""The space of the advisory locks; the other half of a key is the room's."""

REPORT_COLUMNS: Final = """
    p.id AS report_id, p.message_id, p.reporter_id, p.reporter_nickname, p.reason, p.state,
    p.created_at AS reported_at"""

_BY_PERSON: Final = f"SELECT {REPORT_COLUMNS} FROM reports p WHERE p.message_id = $1 AND p.reporter_id = $2"  # noqa: S608 - no input in it

_MESSAGE: Final = "SELECT true FROM visible_messages WHERE id = $1 AND room_id = $2 AND NOT deleted"

_LOCK: Final = "SELECT pg_advisory_xact_lock($1, hashtext($2))"

# In the order of the index reports_open, which has a message's reports side by side.
_COUNTS: Final = """
SELECT count(DISTINCT message_id) AS messages, count(*) FILTER (WHERE message_id = $3) AS of_message,
    count(*) FILTER (WHERE reporter_id = $2) AS of_person
FROM reports WHERE room_id = $1 AND state = 'open'"""

_INSERT: Final = f"""
INSERT INTO reports AS p (room_id, message_id, reporter_id, reporter_nickname, reason, created_at)
VALUES ($1, $2, $3, $4, $5, now()) ON CONFLICT (message_id, reporter_id) DO NOTHING RETURNING {REPORT_COLUMNS}"""  # noqa: S608

_LIST: Final = f"""
SELECT {REPORT_COLUMNS}, {MESSAGE_COLUMNS} FROM reports p JOIN visible_messages m ON m.id = p.message_id
WHERE p.room_id = $1 AND p.state = $2 AND p.id < $3 AND NOT (p.state = 'open' AND m.deleted)
ORDER BY p.id DESC LIMIT $4"""  # noqa: S608 - no input in it

_LOCK_ROOM: Final = "SELECT true FROM rooms WHERE id = $1 FOR NO KEY UPDATE"

_RESOLVE: Final = f"""
UPDATE reports p SET state = 'resolved' WHERE p.room_id = $1 AND p.id = $2 AND p.state = 'open'
RETURNING {REPORT_COLUMNS}"""  # noqa: S608 - no input in it

_REPORT: Final = f"SELECT {REPORT_COLUMNS} FROM reports p WHERE p.room_id = $1 AND p.id = $2"  # noqa: S608

_LOG: Final = """
INSERT INTO moderation_log (room_id, at, actor_id, actor_nickname, action, target_id, target_nickname, details)
SELECT $1, statement_timestamp(), $2, $3, 'resolve_report', m.author_id, m.author_nickname, $5::text::jsonb
FROM visible_messages m WHERE m.id = $4"""

_CLOSE: Final = """
UPDATE reports SET state = 'closed' WHERE id = ANY(ARRAY(
    SELECT p.id FROM reports p JOIN visible_messages m ON m.id = p.message_id
    WHERE p.state = 'open' AND m.deleted LIMIT $1
))"""

_CLOSE_IN_ROOM: Final = """
UPDATE reports p SET state = 'closed' FROM visible_messages m
WHERE p.room_id = $1 AND p.state = 'open' AND m.id = p.message_id AND m.deleted"""

_EXPIRE: Final = """
DELETE FROM reports WHERE id = ANY(ARRAY(
    SELECT id FROM reports WHERE created_at < now() - make_interval(days => $1) LIMIT $2
))"""


class Reported(NamedTuple):
    """`is_new`: the person had not reported this message before."""

    row: asyncpg.Record
    is_new: bool


class ReportRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def report(self, room_id: str, message_id: UUID, reporter: Session, reason: str) -> Reported:
        """Raises ChatError `message_not_found`, or `too_many` when a bound is reached."""
        async with driver_connection(self._engine) as connection, connection.transaction():
            earlier = await connection.fetchrow(_BY_PERSON, message_id, reporter.user_id)
            if not await connection.fetchval(_MESSAGE, message_id, room_id):
                raise message_not_found()
            if earlier is not None:
                return Reported(earlier, is_new=False)
            await connection.execute(_LOCK, REPORTS_LOCK, room_id)  # the counts hold until the commit
            await self._check_bounds(connection, room_id, message_id, reporter.user_id)
            made = await connection.fetchrow(
                _INSERT, room_id, message_id, reporter.user_id, reporter.nickname, reason
            )
            if made is not None:
                return Reported(made, is_new=True)
            return Reported(await connection.fetchrow(_BY_PERSON, message_id, reporter.user_id), is_new=False)

    async def _check_bounds(
        self, connection: asyncpg.Connection, room_id: str, message_id: UUID, reporter_id: UUID
    ) -> None:
        """Raises ChatError `too_many`. Reports of messages that were deleted meanwhile do not count."""
        refusal = _refusal(await connection.fetchrow(_COUNTS, room_id, reporter_id, message_id))
        if refusal is not None and await changed_rows(connection, _CLOSE_IN_ROOM, room_id):
            refusal = _refusal(await connection.fetchrow(_COUNTS, room_id, reporter_id, message_id))
        if refusal is not None:
            raise refusal

    async def list(self, room_id: str, state: str, before_id: int, limit: int) -> list[asyncpg.Record]:
        """Reports with their messages, the newest first."""
        async with driver_connection(self._engine) as connection:
            return list(await connection.fetch(_LIST, room_id, state, before_id, limit))

    async def resolve(
        self, room_id: str, report_id: int, actor: Session, *, is_operator: bool
    ) -> asyncpg.Record:
        """Resolve an open report; another one stays as it is.

        The room's lock keeps the order of its audit log. Raises ChatError `not_found`, `room_not_found` or `forbidden`.
        """
        async with driver_connection(self._engine) as connection, connection.transaction():
            await connection.fetchval(_LOCK_ROOM, room_id)
            await require_under_lock(
                connection, room_id, actor.user_id, Action.RESOLVE_REPORT, is_operator=is_operator
            )
            resolved = await connection.fetchrow(_RESOLVE, room_id, report_id)
            if resolved is None:
                return await self._settled(connection, room_id, report_id)
            details = orjson.dumps({"message_id": str(resolved["message_id"]), "reason": resolved["reason"]})
            actor_id = None if is_operator else actor.user_id
            await connection.execute(
                _LOG, room_id, actor_id, actor.nickname, resolved["message_id"], details.decode()
            )
        return resolved

    async def _settled(self, connection: asyncpg.Connection, room_id: str, report_id: int) -> asyncpg.Record:
        report = await connection.fetchrow(_REPORT, room_id, report_id)
        if report is None:
            raise report_not_found()
        return report


def _refusal(counts: asyncpg.Record) -> ChatError | None:
    """A message counts once, however many people report it."""
    if counts["of_message"] >= MAX_OPEN_OF_MESSAGE:
        return ChatError("too_many", "Many people have reported this message already; its hosts will see it.")
    if counts["of_person"] >= MAX_OPEN_OF_PERSON:
        return ChatError(
            "too_many", "Many of your reports wait for the hosts of this room; report again later."
        )
    if counts["messages"] >= MAX_OPEN and not counts["of_message"]:
        return ChatError("too_many", "Many reports wait for the hosts of this room; report again later.")
    return None


async def close_reports(connection: asyncpg.Connection, limit: int) -> int:
    """Close up to `limit` open reports of deleted messages; returns how many."""
    return await changed_rows(connection, _CLOSE, limit)


async def expire_reports(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` reports after KEPT_DAYS; returns how many."""
    return await changed_rows(connection, _EXPIRE, KEPT_DAYS, limit)
