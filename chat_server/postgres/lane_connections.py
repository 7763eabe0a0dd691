"""The Postgres connections of one read lane.

asyncpg's own pool makes a task, a proxy and four timers for each statement, which takes as long as the statement.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import asyncpg

from chat_server.postgres.errors import is_bad_input

MAX_IDLE_S: Final = 60.0
"""A connection that was unused for this long is closed: a firewall may have dropped it, and Postgres needs memory for
it."""


class LaneConnections:
    """Opened on demand. The caller bounds how many statements run at the same time, and so how many are open."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        *,
        timeout_s: float,
        clock: Callable[[], float],
    ) -> None:
        """`timeout_s` bounds a statement, together with opening its connection. `clock` is monotonic seconds."""
        self._connect = connect
        self._timeout_s = timeout_s
        self._clock = clock
        self._open: set[asyncpg.Connection] = set()
        self._idle: deque[tuple[asyncpg.Connection, float]] = deque()
        """With the time of the last use. The connection used last comes last and is used next."""
        self._is_closed = False

    async def fetch(self, statement: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """The rows of one statement. Raises TimeoutError, and the errors of asyncpg."""
        while (connection := self._take_idle()) is not None:
            try:
                return await self._fetch_on(connection, statement, arguments)
            except asyncpg.InternalClientError:
                pass  # Postgres is about to close this connection, so asyncpg did not send the statement
        async with asyncio.timeout(self._timeout_s):
            return await self._fetch_on(await self._opened(), statement, arguments)

    def close(self) -> None:
        """Close all connections at once, also those in use."""
        self._is_closed = True
        for connection in list(self._open):
            self._drop(connection)
        self._idle.clear()

    def _take_idle(self) -> asyncpg.Connection | None:
        while self._idle:
            connection, used_at_s = self._idle.pop()
            if not connection.is_closed() and self._clock() - used_at_s < MAX_IDLE_S:
                return connection
            self._drop(connection)
        return None

    async def _opened(self) -> asyncpg.Connection:
        connection = await self._connect()
        self._open.add(connection)
        if self._is_closed:
            self._drop(connection)
            raise asyncpg.InterfaceError("the lane is closed")
        return connection

    async def _fetch_on(
        self, connection: asyncpg.Connection, statement: str, arguments: Sequence[Any]
    ) -> Sequence[Any]:
        try:
            rows: Sequence[Any] = await connection.fetch(statement, *arguments, timeout=self._timeout_s)
        except BaseException as error:
            # After an error from Postgres the connection is ready again. Otherwise its statement may still run.
            if isinstance(error, asyncpg.PostgresError) or is_bad_input(error):
                self._put_back(connection)
            else:
                self._drop(connection)
            raise
        self._put_back(connection)
        return rows

    def _put_back(self, connection: asyncpg.Connection) -> None:
        now_s = self._clock()
        self._idle.append((connection, now_s))
        oldest, used_at_s = self._idle[0]
        if now_s - used_at_s >= MAX_IDLE_S:
            self._idle.popleft()
            self._drop(oldest)

    def _drop(self, connection: asyncpg.Connection) -> None:
        self._open.discard(connection)
        connection.terminate()
