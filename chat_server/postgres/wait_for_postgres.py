"""Waits for Postgres when a process starts: it may be slow, full, or starting itself."""

import asyncio
from collections.abc import Awaitable, Callable
from logging import getLogger
from typing import Final, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chat_server.postgres.errors import CONNECTION_LOST, described, is_bad_input

ATTEMPTS: Final = 8
FIRST_BACKOFF_S: Final = 0.25
LAST_BACKOFF_S: Final = 4.0

_NOT_YET: Final = (
    asyncpg.CannotConnectNowError.sqlstate,
    asyncpg.TooManyConnectionsError.sqlstate,
    asyncpg.AdminShutdownError.sqlstate,
)

T = TypeVar("T")

log = getLogger(__name__)


async def until_postgres_answers(
    step: Callable[[], Awaitable[T]], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> T:
    """The result of a step that may be repeated.

    A step that finds no Postgres is repeated, with ATTEMPTS tries in about 16 s. Raises the last error, and any other
    error at once: waiting mends no wrong password.
    """
    backoff_s = FIRST_BACKOFF_S
    for attempt in range(1, ATTEMPTS):
        try:
            return await step()
        except Exception as error:
            if not means_not_yet(error):
                raise
            log.warning("Postgres does not answer, attempt %d of %d: %s", attempt, ATTEMPTS, described(error))
        await sleep(backoff_s)
        backoff_s = min(backoff_s * 2, LAST_BACKOFF_S)
    return await step()


def means_not_yet(error: Exception) -> bool:
    """Whether Postgres may answer in a moment: it was not reached, is starting or stopping, or is full."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _NOT_YET
    if isinstance(error, asyncpg.PostgresError):
        return error.sqlstate in _NOT_YET
    return isinstance(error, (*CONNECTION_LOST, PoolTimeout)) and not is_bad_input(error)
