"""Sessions that ended before their tokens expired. Every process polls the list from Postgres.

Tokens are verified in memory against this list, so a request costs no query. While Postgres is down the last list stays
in use. The writer's transaction reads the table itself, so a write of an ended session is refused at once.
"""

import asyncio
import logging
from datetime import datetime
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.postgres.errors import STORE_ERRORS
from chat_server.postgres.pools import driver_connection
from server_kit.dependency_status import DependencyStatus
from server_kit.ended_sessions import MAX_ENDED, OVERLAP, POLL_S, EndedSessions, SessionEnd
from server_kit.session_tokens import LIFETIME_S, Session

log = logging.getLogger(__name__)

ALL_GENERATIONS: Final = 2**31 - 1

_SINCE: Final = """
SELECT id, below_generation, ended_at FROM ended_sessions
WHERE ended_at > $1 AND expires_at > now() ORDER BY ended_at DESC LIMIT $2"""

_END: Final = """
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
            await connection.execute(_END, *ended, float(LIFETIME_S))
        return ended

    async def end_all_of(self, session: Session) -> SessionEnd:
        """End every session of the user, by the next generation; a missing user row is restored from the token."""
        async with driver_connection(self._engine) as connection, connection.transaction():
            generation = await connection.fetchval(
                _NEXT_GENERATION, session.user_id, session.nickname, session.generation
            )
            ended = SessionEnd(session.user_id, generation)
            await connection.execute(_END, *ended, float(LIFETIME_S))
        return ended

    async def ended_since(self, since: datetime, limit: int) -> tuple[list[SessionEnd], datetime]:
        """The newest `limit` ends after `since`, oldest first, and the time of the last one (`since` if none)."""
        async with driver_connection(self._engine) as connection:
            rows = await connection.fetch(_SINCE, since, limit)
        rows.reverse()
        ended = [SessionEnd(row["id"], row["below_generation"]) for row in rows]
        return ended, rows[-1]["ended_at"] if rows else since


async def expire_ended_sessions(connection: asyncpg.Connection, limit: int) -> None:
    """Delete up to `limit` entries whose tokens have expired."""
    await connection.execute(_EXPIRE, limit)


class EndedSessionsPoll:
    """Keeps the process's list up to date, at most POLL_S behind Postgres."""

    def __init__(self, ended: EndedSessions, repository: EndedSessionsRepository, start: datetime) -> None:
        self._ended = ended
        self._repository = repository
        self._since = start
        self._status = DependencyStatus(log, store="Postgres", part="ended sessions")

    async def poll(self) -> None:
        """Read the sessions that were ended since the last call. Raises errors of the store."""
        found, last = await self._repository.ended_since(self._since, MAX_ENDED)
        for ended in found:
            self._ended.add(ended)
        self._since = max(self._since, last - OVERLAP)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.poll()
            except STORE_ERRORS as error:
                self._status.failed(error)
            else:
                self._status.answered()
