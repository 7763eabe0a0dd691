"""OpenAPI entries of the streams, which are answered below FastAPI."""

from typing import Any, Final

from fastapi import FastAPI

from publish_server.streams.routes import ROUTES, StreamRoute
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
            document["paths"] = {route.path: path_item(route) for route in ROUTES} | document["paths"]
        return document


def path_item(route: StreamRoute) -> dict[str, Any]:
    """The OpenAPI path item of one stream."""
    stream = {"description": "The stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    problems = {
        str(status): {"description": code, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
        for status, code in route.problems.items()
    }
    return {
        "get": {
            "tags": ["streams"],
            "summary": route.operation_id.replace("_", " ").capitalize(),
            "description": route.description,
            "operationId": route.operation_id,
            "parameters": list(route.parameters),
            "responses": {"200": stream, **problems},
        }
    }
