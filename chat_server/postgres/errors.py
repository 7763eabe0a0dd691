"""Classifies errors of Postgres, and makes the errors that clients get for them."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from server_kit.http.problem import ChatError

CONNECTION_LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
)
"""asyncpg raises InternalClientError when a connection closes in the middle of its protocol."""

STORE_ERRORS: Final = (SQLAlchemyError, asyncpg.PostgresError, *CONNECTION_LOST)
"""Errors of a store that is down or refuses a statement. asyncpg raises its own on a connection without SQLAlchemy."""

_MEAN_DOWN: Final = (
    *CONNECTION_LOST,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


def is_bad_input(error: BaseException) -> bool:
    """Whether Postgres or its driver rejected a value (SQLSTATE class 22), which is an error of the caller."""
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", "") or "").startswith("22")
    is_driver_error = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return is_driver_error or isinstance(error, asyncpg.DataError)


def described(error: BaseException) -> str:
    """The error for the log. Errors about a value quote it, and it may be personal: of them only the type is named."""
    quotes_a_value = is_bad_input(error) or isinstance(
        error, UnicodeError | asyncpg.IntegrityConstraintViolationError | IntegrityError
    )
    return type(error).__name__ if quotes_a_value else repr(error)


def means_postgres_is_down(error: BaseException) -> bool:
    """Whether the error concerns the connection or the server. False for a cancelled, refused or wrong statement:
    Postgres responded, so other statements may succeed."""
    return (
        isinstance(error, _MEAN_DOWN)
        and not isinstance(error, asyncpg.QueryCanceledError)
        and not is_bad_input(error)
    )


def store_unavailable() -> ChatError:
    return ChatError(
        "store_unavailable", "The store is not available right now; try again shortly.", retry_after_s=1
    )


def bad_input() -> ChatError:
    """The error for a value that passed our checks and was rejected by Postgres."""
    message = "A value holds a character or a number that cannot be stored."
    return ChatError(
        "validation_failed", f"request: {message}", errors=[{"field": "request", "message": message}]
    )
