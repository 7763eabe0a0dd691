"""Errors of FastAPI's endpoints, sent as problem+json with a code of PROBLEMS."""

from typing import Final, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from server_kit.http.problem import (
    MEDIA_TYPE,
    PROBLEMS_SENT,
    ChatError,
    invalid,
    method_not_allowed,
    nothing_here,
)
from server_kit.http.problem_response import internal_error

MAX_FIELDS: Final = 20
"""Invalid fields that one problem names."""


def problem_response(error: ChatError) -> Response:
    PROBLEMS_SENT.labels(error.code).inc()
    return Response(error.body(), error.status, error.headers, media_type=MEDIA_TYPE)


async def _on_chat_error(_: Request, error: Exception) -> Response:
    return problem_response(cast(ChatError, error))


async def _on_validation(_: Request, error: Exception) -> Response:
    return problem_response(
        invalid(
            [
                {"field": ".".join(str(p) for p in e["loc"][1:]) or "request", "message": e["msg"]}
                for e in cast(RequestValidationError, error).errors()[:MAX_FIELDS]
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


async def _on_failure(_: Request, __: Exception) -> Response:
    """A bug of ours: the framework raises the error again, and with_http_layers logs it."""
    return problem_response(internal_error())


def handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(Exception, _on_failure)
    app.add_exception_handler(ChatError, _on_chat_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http_exception)
