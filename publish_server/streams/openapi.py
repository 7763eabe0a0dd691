"""OpenAPI entries of the streams, which are answered below FastAPI."""

from typing import Any, Final

from fastapi import FastAPI
from pydantic import TypeAdapter

from chat_contract.events import StreamPlace
from publish_server.streams.routes import PLACES, ROUTES, StreamRoute
from server_kit.http.problem import MEDIA_TYPE

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
}


class AppWithStreams(FastAPI):
    """A FastAPI app whose OpenAPI document also describes the streams."""

    def openapi(self) -> dict[str, Any]:
        is_built = self.openapi_schema is not None
        document = super().openapi()
        if not is_built:
            streams = {route.path: path_item(route) for route in ROUTES}
            document["paths"] = streams | {PLACES.path: places_item()} | document["paths"]
        return document


def path_item(route: StreamRoute) -> dict[str, Any]:
    """The OpenAPI path item of one stream."""
    stream = {"description": "The stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    return {
        "get": {
            "tags": ["streams"],
            "summary": route.operation_id.replace("_", " ").capitalize(),
            "description": route.description,
            "operationId": route.operation_id,
            "parameters": list(route.parameters),
            "responses": {"200": stream, **_problems(route)},
        }
    }


def places_item() -> dict[str, Any]:
    """The OpenAPI path item of the call for places."""
    body = {
        "type": "object",
        "properties": {"place": {"type": ["string", "null"]}},
        "additionalProperties": False,
    }
    response = TypeAdapter(StreamPlace).json_schema(mode="serialization")
    return {
        "post": {
            "tags": ["streams"],
            "summary": "Take place",
            "description": PLACES.description,
            "operationId": PLACES.operation_id,
            "requestBody": {"required": False, "content": {"application/json": {"schema": body}}},
            "responses": {
                "200": {"description": "The place", "content": {"application/json": {"schema": response}}},
                **_problems(PLACES),
            },
        }
    }


def _problems(route: StreamRoute) -> dict[str, Any]:
    return {
        str(status): {"description": code, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
        for status, code in route.problems.items()
    }
