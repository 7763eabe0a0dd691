"""A lane for reads of one kind: its own connections, a bound on waiting reads, and its own status of Postgres.

Visitors' reads, internal calls and searches each have a lane. Load or slow statements in one lane do not affect the
others.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from logging import getLogger
from typing import Any, Final

import asyncpg
from prometheus_client import Counter

from chat_server.postgres.errors import (
    STORE_ERRORS,
    bad_input,
    is_bad_input,
    means_postgres_is_down,
    store_unavailable,
)
from chat_server.postgres.lane_connections import LaneConnections
from chat_server.postgres.pools import asyncpg_dsn
from server_kit.dependency_status import DependencyStatus
from server_kit.http.problem import ChatError

STATEMENT_TIMEOUT_S: Final = 0.5
"""Postgres cancels a visitor's read after this time."""

INTERNAL_TIMEOUT_S: Final = 1.2
"""publish_server gives up after 2 s."""

SILENCE_S: Final = 0.5
"""Extra time for Postgres to cancel a statement; after that it counts as silent. Generous enough for a process or
machine that is short of CPU."""

CONNECT_TIMEOUT_S: Final = 0.9

FAILURES_TO_BE_DOWN: Final = 2
"""One failed read may only have met a broken connection."""

RETRY_EVERY_S: Final = 0.5
"""While Postgres is down, one read tries it this often and the others are served from memory or refused."""

WAIT_S: Final = 0.5
"""The longest wait for a connection of the lane. Overflow rule: REFUSE, 503."""

MAX_WAITING: Final = 2_000
"""Reads waiting for a connection. Overflow rule: REFUSE, 503."""

_STATEMENTS = Counter("hotchat_read_statements_total", "Statements that fetches made", ["statement"])
_REFUSED = Counter("hotchat_reads_refused_total", "Reads that did not get an answer", ["reason"])

_statements: Final = cache(_STATEMENTS.labels)
"""By the name of a statement, of which there are a few. The look-up takes 2 µs."""

log = getLogger(__name__)


class StatementTooSlow(ChatError):
    """This statement took too long, but Postgres is available. The client gets `store_unavailable`."""

    def __init__(self) -> None:
        super().__init__(
            "store_unavailable", "Reading this took too long; try again in a moment.", retry_after_s=1
        )


@asynccontextmanager
async def open_read_lane(
    database_url: str,
    connections: int,
    name: str,
    *,
    clock: Callable[[], float],
    timeout_s: float = STATEMENT_TIMEOUT_S,
) -> AsyncIterator["ReadLane"]:
    """A lane with up to `connections` connections, opened on demand: a server can start while Postgres is down.

    Postgres cancels a statement after `timeout_s`.
    """
    connect = partial(
        asyncpg.connect,
        asyncpg_dsn(database_url),
        timeout=CONNECT_TIMEOUT_S,
        server_settings={
            "application_name": f"hotchat {name}",
            "default_transaction_read_only": "on",
            "statement_timeout": f"{timeout_s * 1000:.0f}",
            "jit": "off",
        },
    )
    opened = LaneConnections(connect, timeout_s=timeout_s + SILENCE_S, clock=clock)
    try:
        yield ReadLane(opened, connections, name, clock=clock)
    finally:
        opened.close()


class ReadLane:
    """`name` appears in the log and the metrics. Raises ChatError `store_unavailable` within about a second.

    Reads of rooms unknown to this process, and old pages of the room list, may use at most a third of the connections
    each. Any client can invent room ids or request old pages, and neither may delay other reads.
    """

    def __init__(
        self,
        connections: LaneConnections,
        max_connections: int,
        name: str,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._connections = connections
        self._slots = asyncio.Semaphore(max_connections)
        third = max(1, max_connections // 3)
        self._for_unknown_rooms = asyncio.Semaphore(third)
        self._for_history = asyncio.Semaphore(third)
        self._waiting = 0
        self.status = DependencyStatus(
            log,
            store="Postgres",
            part=name,
            failures_to_be_down=FAILURES_TO_BE_DOWN,
            retry_every_s=RETRY_EVERY_S,
            clock=clock,
        )

    async def fetch(
        self, name: str, statement: str, *arguments: Any, is_known: bool = True, is_history: bool = False
    ) -> Sequence[Any]:
        """The rows of one statement. Raises StatementTooSlow, or ChatError `store_unavailable`."""
        if self._waiting >= MAX_WAITING:
            raise refused_read("too_many_waiting")
        if not self.status.may_try():
            raise refused_read("circuit_open")
        self._waiting += 1
        try:
            if is_known and not is_history:
                async with _Slot(self._slots):
                    rows = await self._ask(statement, arguments)
            else:
                fewer = self._for_history if is_history else self._for_unknown_rooms
                async with _Slot(fewer), _Slot(self._slots):
                    rows = await self._ask(statement, arguments)
        finally:
            self._waiting -= 1
        self.status.answered()
        _statements(name).inc()
        return rows

    async def _ask(self, statement: str, arguments: Sequence[Any]) -> Sequence[Any]:
        """The caller holds a slot, so a timeout here is never caused by other reads."""
        try:
            return await self._connections.fetch(statement, arguments)
        except asyncpg.QueryCanceledError as error:
            _REFUSED.labels("too_slow").inc()
            self.status.answered()
            raise StatementTooSlow() from error
        except STORE_ERRORS as error:
            if is_bad_input(error):
                raise bad_input() from error
            if means_postgres_is_down(error):
                self.status.failed(error)
            else:
                self.status.answered_with(error)
            raise store_unavailable() from error


class _Slot:
    """One slot of a lane. A timer is started only if the slot has to wait."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots

    async def __aenter__(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(WAIT_S):
                await self._slots.acquire()
        except TimeoutError:
            raise refused_read("busy") from None

    async def __aexit__(self, *_: object) -> None:
        self._slots.release()


def refused_read(reason: str) -> ChatError:
    """Count a refused read and return the error to raise."""
    _REFUSED.labels(reason).inc()
    return store_unavailable()
