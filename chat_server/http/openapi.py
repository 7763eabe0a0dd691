"""The OpenAPI document: FastAPI's, with the fast path, the bodies we parse ourselves, problems and stream events."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from chat_contract.events import (
    RoomCreated,
    RoomEvent,
    RoomUpdated,
    StreamClosing,
    StreamGap,
    StreamOpened,
    StreamPing,
    StreamPlace,
    StreamSkipped,
)
from chat_contract.ops_snapshot import OpsSnapshot
from chat_contract.problems import PROBLEMS

_REF = "#/components/schemas/{model}"


def problem_schema() -> dict[str, Any]:
    """The body of every error."""
    return {
        "title": "Problem",
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "description": "`/problems/` and the code"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence for people"},
            "code": {"type": "string", "enum": list(PROBLEMS), "description": "The part to program against"},
            "errors": {
                "type": "array",
                "description": "On 422: each `field` that is wrong, and a `message` that says why",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                },
            },
            "retry_after_ms": {
                "type": "integer",
                "description": "On 429 and 503: when to come back, with jitter",
            },
            "until": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": "On `banned`: when the ban ends; null: it is for good",
            },
            "everywhere": {
                "type": "boolean",
                "description": "On `banned`: true if the operator has banned the caller from all rooms, else left out",
            },
            "may_post_at": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "description": "On `posting_restricted`: when the caller may post; null: waiting does not help",
            },
            "filter": {
                "type": "string",
                "enum": ["words", "links", "repeats"],
                "description": "On `message_refused`: which filter of the room the text meets",
            },
            "position": {
                "type": "integer",
                "description": "On `server_full`, for a stream with a place: its place in the queue; 1 is the first",
            },
            "estimate_s": {
                "type": "integer",
                "description": "With `position`: estimated seconds until the turn, from the rate of recent openings",
            },
            "oldest_seq": {
                "type": "integer",
                "description": "On 410: the oldest event that is still kept",
            },
        },
    }


def event_schemas() -> dict[str, Any]:
    """The schema of each event by its name, and their union as RoomEvent."""
    schemas: dict[str, Any] = {}
    union = TypeAdapter(RoomEvent).json_schema(ref_template=_REF, mode="serialization")
    schemas.update(union.pop("$defs"))
    schemas["RoomEvent"] = union
    for frame in (
        RoomUpdated,
        RoomCreated,
        StreamOpened,
        StreamGap,
        StreamSkipped,
        StreamPing,
        StreamClosing,
        StreamPlace,
        OpsSnapshot,
    ):
        schema = TypeAdapter(frame).json_schema(ref_template=_REF, mode="serialization")
        schemas.update(schema.pop("$defs", {}))
        schemas[frame.__name__] = schema
    return schemas


def document(
    app: FastAPI,
    bodies: Sequence[type[BaseModel]],
    other_paths: dict[str, Any],
    other_schemas: dict[str, Any],
) -> dict[str, Any]:
    """The whole document. `bodies` are the models that `json_body` parses; `other_paths` are not FastAPI's."""
    openapi = get_openapi(
        title="Hotchat chat_server",
        version=app.version,
        description="Messages, reactions and rooms. Streams are publish_server's; their events are schemas here.",
        routes=app.routes,
    )
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    _, of_bodies = models_json_schema([(body, "validation") for body in bodies], ref_template=_REF)
    schemas.update(of_bodies.get("$defs", {}))
    schemas.update(other_schemas)
    schemas.update(event_schemas())
    schemas["Problem"] = problem_schema()
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for path in openapi["paths"].values():
        for operation in path.values():
            default_422 = operation["responses"].get("422", {}).get("content", {})
            if "application/json" in default_422:
                operation["responses"]["422"] = {
                    "description": "`validation_failed`",
                    "content": {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    },
                }
    for path, operations in other_paths.items():
        openapi["paths"].setdefault(path, {}).update(operations)
    return openapi
