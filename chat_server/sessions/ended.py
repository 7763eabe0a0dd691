"""Sessions that ended before their tokens expired. Every process polls the list from Postgres.

Tokens are verified in memory against this list, so a request costs no query. While Postgres is down the last list stays
in use. The writer's transaction reads the table itself, so a write of an ended session is refused at once.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.pools import driver_connection
from server_kit.dependency_status import DependencyStatus
from server_kit.ended_sessions import MAX_ENDED, ReadEnded, SessionEnd
from server_kit.session_tokens import LIFETIME_S, Session

log = logging.getLogger(__name__)

ALL_GENERATIONS: Final = 2**31 - 1

_EPOCH: Final = datetime.fromtimestamp(0, UTC)

_SINCE: Final = """
SELECT id, below_generation, ended_at FROM ended_sessions
WHERE ended_at > $1 AND expires_at > now() ORDER BY ended_at DESC LIMIT $2"""

END_SESSIONS: Final = """
INSERT INTO ended_sessions (id, below_generation, ended_at, expires_at)
VALUES ($1, $2, clock_timestamp(), now() + make_interval(secs => $3))
ON CONFLICT (id) DO UPDATE SET below_generation = GREATEST(ended_sessions.below_generation, EXCLUDED.below_generation),
    ended_at = EXCLUDED.ended_at, expires_at = EXCLUDED.expires_at"""

_NEXT_GENERATION: Final = """
INSERT INTO users (id, nickname, created_at, generation) VALUES ($1, $2, now(), $3::int + 1)
ON CONFLICT (id) DO UPDATE SET generation = GREATEST(users.generation, $3::int) + 1
RETURNING generation"""

_EXPIRE: Final = """
DELETE FROM ended_sessions WHERE id = ANY(ARRAY(SELECT id FROM ended_sessions WHERE expires_at < now() LIMIT $1))"""


class EndedSessionsRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def end_session(self, session: Session) -> SessionEnd:
        """End one session. A session without an id of its own is the user's only one."""
        if session.session_id == session.user_id:
            return await self.end_all_of(session)
        async with driver_connection(self._engine) as connection:
            ended = SessionEnd(session.session_id, ALL_GENERATIONS)
            await connection.execute(END_SESSIONS, *ended, float(LIFETIME_S))
        return ended

    async def end_all_of(self, session: Session) -> SessionEnd:
        """End every session of the user, by the next generation; a missing user row is restored from the token."""
        async with driver_connection(self._engine) as connection, connection.transaction():
            generation = await connection.fetchval(
                _NEXT_GENERATION, session.user_id, session.nickname, session.generation
            )
            ended = SessionEnd(session.user_id, generation)
            await connection.execute(END_SESSIONS, *ended, float(LIFETIME_S))
        return ended

    async def ended_since(self, since_us: int, limit: int) -> tuple[list[SessionEnd], int]:
        """The newest `limit` ends after `since_us`, oldest first, and the time of the last one (`since_us` if none).

        Times are µs of Unix time.
        """
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_SINCE, _EPOCH + timedelta(microseconds=since_us), limit)
        rows.reverse()
        ended = [SessionEnd(row["id"], row["below_generation"]) for row in rows]
        until_us = (rows[-1]["ended_at"] - _EPOCH) // timedelta(microseconds=1) if rows else since_us
        return ended, until_us


async def expire_ended_sessions(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` entries whose tokens have expired; returns how many."""
    return await changed_rows(connection, _EXPIRE, limit)


def read_for_poll(repository: EndedSessionsRepository) -> ReadEnded:
    """`ended_since` that reports whether Postgres is down. Raises STORE_ERRORS."""
    status = DependencyStatus(log, store="Postgres", part="ended sessions")

    async def read(since_us: int) -> tuple[list[SessionEnd], int]:
        try:
            found = await repository.ended_since(since_us, MAX_ENDED)
        except STORE_ERRORS as error:
            status.failed(error)
            raise
        status.answered()
        return found

    return read
