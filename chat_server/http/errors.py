"""Every error is sent as problem+json with a code of PROBLEMS."""

import logging
import time
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from chat_contract.problems import PROBLEMS
from chat_server.http.json_body import invalid
from chat_server.postgres.errors import STORE_ERRORS, bad_input, is_bad_input, store_unavailable
from server_kit.http.problem import (
    MEDIA_TYPE,
    PROBLEMS_SENT,
    ChatError,
    method_not_allowed,
    nothing_here,
)
from server_kit.http.problem_response import internal_error
from server_kit.limited_log import LimitedLog

failures = LimitedLog(logging.getLogger(__name__), time.monotonic)


def problem_response(error: ChatError) -> Response:
    PROBLEMS_SENT.labels(error.code).inc()
    return Response(error.body(), error.status, error.headers, media_type=MEDIA_TYPE)


def room_not_found(room_id: str) -> ChatError:
    return ChatError("room_not_found", f"There is no room {room_id[:64]!r}.")


def message_not_found() -> ChatError:
    return ChatError("message_not_found", "There is no such message in this room.")


def person_not_found() -> ChatError:
    return ChatError("not_found", "There is no such person.")


async def _on_chat_error(_: Request, error: Exception) -> Response:
    return problem_response(cast(ChatError, error))


async def _on_validation(_: Request, error: Exception) -> Response:
    return problem_response(
        invalid(
            [
                {"field": ".".join(str(p) for p in e["loc"][1:]) or "request", "message": e["msg"]}
                for e in cast(RequestValidationError, error).errors()[:20]
            ]
        )
    )


async def _on_http_exception(_: Request, error: Exception) -> Response:
    refused = cast(HTTPException, error)
    headers = dict(refused.headers or {})
    if refused.status_code == 405:
        return problem_response(method_not_allowed(headers))
    if refused.status_code == 404:
        return problem_response(nothing_here(headers))
    return problem_response(ChatError("validation_failed", str(refused.detail), headers=headers))


async def _on_store_error(_: Request, error: Exception) -> Response:
    if is_bad_input(error):
        return problem_response(bad_input())
    failures.warning("store", "The store failed: %r", error)
    return problem_response(store_unavailable())


async def _on_failure(_: Request, __: Exception) -> Response:
    """A bug of ours: the framework raises the error again, and with_http_layers logs it."""
    return problem_response(internal_error())


def handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(Exception, _on_failure)
    app.add_exception_handler(ChatError, _on_chat_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http_exception)
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
