"""A request's JSON body: read up to a limit and validated by a pydantic model."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError

from server_kit.http.problem import ChatError, invalid
from server_kit.http.request_body import read_body

Model = TypeVar("Model", bound=BaseModel)

MAX_DEPTH: Final = 32


def validation_problem(error: ValidationError) -> ChatError:
    """The errors found by pydantic, as one problem."""
    return invalid(
        [
            {
                "field": ".".join(str(part) for part in found["loc"]) or "body",
                "message": found["msg"].removeprefix("Value error, "),
            }
            for found in error.errors(include_url=False, include_context=False, include_input=False)[:20]
        ]
    )


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def _depth_exceeds(value: Any, limit: int) -> bool:
    if limit == 0:
        return isinstance(value, dict | list)
    if isinstance(value, dict):
        return any(_depth_exceeds(inner, limit - 1) for inner in value.values())
    return isinstance(value, list) and any(_depth_exceeds(inner, limit - 1) for inner in value)


def parse_json(body: bytes, content_type: str, model: type[Model]) -> Model:
    """Raises ChatError `unsupported_media_type` or `validation_failed`."""
    if not _is_json(content_type):
        raise ChatError("unsupported_media_type", "Send the body as application/json.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid(
            [{"field": "body", "message": f"This is not valid JSON in UTF-8 ({error.msg})."}]
        ) from error
    # The count costs less than the walk of a value.
    may_be_deep = body.count(b"{") + body.count(b"[") > MAX_DEPTH
    if may_be_deep and _depth_exceeds(value, MAX_DEPTH):
        raise invalid([{"field": "body", "message": f"JSON may be nested at most {MAX_DEPTH} deep."}])
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise validation_problem(error) from error


def json_body(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that gives the endpoint its body as `model`."""

    async def read(request: Request) -> Model:
        content_type = request.headers.get("content-type", "")
        return parse_json(await read_body(request.scope, request.receive), content_type, model)

    return read


def documented_body(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of a route whose body `json_body` reads."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
