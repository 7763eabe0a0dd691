"""Turns every error into problem+json with a documented code."""

from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from server_kit.http.problem import (
    MEDIA_TYPE,
    PROBLEMS_SENT,
    ChatError,
    method_not_allowed,
    nothing_here,
)
from server_kit.http.problem_response import internal_error

MAX_FIELDS: Final = 20


def problem_response(error: ChatError) -> Response:
    PROBLEMS_SENT.labels(error.code).inc()
    return Response(error.body(), error.status, error.headers, media_type=MEDIA_TYPE)


async def _on_chat_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ChatError)
    return problem_response(error)


async def _on_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [
        {"field": ".".join(str(part) for part in found["loc"][1:]), "message": found["msg"]}
        for found in error.errors()[:MAX_FIELDS]
    ]
    return problem_response(ChatError("validation_failed", "The request is not valid.", errors=fields))


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    return problem_response(
        method_not_allowed(headers) if error.status_code == 405 else nothing_here(headers)
    )


async def _on_failure(_: Request, __: Exception) -> Response:
    """A bug of ours. The framework raises the error again, and with_http_layers logs it."""
    return problem_response(internal_error())


def handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(Exception, _on_failure)
    app.add_exception_handler(ChatError, _on_chat_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http_exception)
