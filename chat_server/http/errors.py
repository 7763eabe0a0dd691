"""Errors that several endpoints of chat_server raise, errors of the store, and the OpenAPI entries of problems."""

import logging
import time
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from chat_contract.problems import PROBLEMS
from chat_server.postgres.errors import (
    STORE_ERRORS,
    bad_input,
    described,
    is_bad_input,
    store_unavailable,
)
from server_kit.http.error_handlers import problem_response
from server_kit.http.problem import MEDIA_TYPE, ChatError
from server_kit.limited_log import LimitedLog

failures = LimitedLog(logging.getLogger(__name__), time.monotonic)


def room_not_found(room_id: str) -> ChatError:
    return ChatError("room_not_found", f"There is no room {room_id[:64]!r}.")


def message_not_found() -> ChatError:
    return ChatError("message_not_found", "There is no such message in this room.")


def held_not_found() -> ChatError:
    return ChatError("not_found", "This message no longer waits for a decision; load the list again.")


def invite_not_found() -> ChatError:
    """For a code that is unknown, expired or used up."""
    return ChatError("invite_not_found", "This invite is not valid, or no longer; ask for a new one.")


def report_not_found() -> ChatError:
    return ChatError("not_found", "There is no report with this id in this room.")


def person_not_found() -> ChatError:
    return ChatError("not_found", "There is no such person.")


async def _on_store_error(_: Request, error: Exception) -> Response:
    if is_bad_input(error):
        return problem_response(bad_input())
    failures.warning("store", "The store failed: %s", described(error))
    return problem_response(store_unavailable())


def handle_store_errors(app: FastAPI) -> None:
    for store_error in STORE_ERRORS:
        app.add_exception_handler(store_error, _on_store_error)


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        entry = by_status.setdefault(
            PROBLEMS[code].status,
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )
        entry["description"] += f"{' · ' if entry['description'] else ''}`{code}`"
    return by_status
