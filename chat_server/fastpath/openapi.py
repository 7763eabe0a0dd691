"""The OpenAPI entries of the fast path, in FastAPI's format."""

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from chat_contract.limits import ROOM_ID_PATTERN
from chat_server.fastpath.routes import API, FastRoute
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body
from chat_server.http.query_string import IntegerParameter, QueryParameter

REF_TEMPLATE: Final = "#/components/schemas/{model}"

_MODE: Final = "serialization"

_ID_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "room_id": {"type": "string", "pattern": ROOM_ID_PATTERN},
    "message_id": {"type": "string", "format": "uuid"},
    "kind": {"type": "string"},
}


def fast_path_entries(routes: Iterable[FastRoute]) -> tuple[dict[str, Any], dict[str, Any]]:
    """`paths` and `components.schemas` of the routes."""
    routes = list(routes)
    models: list[tuple[tuple[int, int], Literal["serialization"], TypeAdapter[Any]]] = [
        ((at, status), _MODE, TypeAdapter(response))
        for at, route in enumerate(routes)
        for status, response in ((200, route.response), (202, route.held_response))
        if response is not None
    ]
    by_route, definitions = TypeAdapter.json_schemas(models, ref_template=REF_TEMPLATE)
    paths: dict[str, Any] = {}
    for at, route in enumerate(routes):
        operation = _operation(route, by_route[(at, 200), _MODE], by_route.get(((at, 202), _MODE)))
        paths.setdefault(API + route.path, {})[route.method.lower()] = operation
    return paths, definitions.get("$defs", {})


def _operation(
    route: FastRoute, schema: dict[str, Any], held_schema: dict[str, Any] | None
) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    success = {"description": "Successful Response", "content": content}
    responses: dict[str, Any] = {"201" if route.is_created else "200": success}
    if route.is_created:
        responses["200"] = {"description": "This client_message_id was posted before", "content": content}
    if held_schema is not None:
        held = {"application/json": {"schema": held_schema}}
        responses["202"] = {"description": "A host has yet to allow it", "content": held}
    if route.has_etag:
        responses["304"] = {"description": "The client has it already (If-None-Match)"}
    responses |= {str(status): entry for status, entry in problems(*route.problems).items()}
    ids = re.findall(r"\{(\w+)\}", route.path)
    parameters = [_path_parameter(name) for name in ids] + [
        _query_parameter(each) for each in route.parameters
    ]
    operation: dict[str, Any] = {
        "tags": [route.tag],
        "summary": _title(route.name),
        "description": route.description,
        "operationId": re.sub(r"\W", "_", f"{route.name}{API}{route.path}") + f"_{route.method.lower()}",
        "responses": responses,
    }
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation |= documented_body(route.body)
    return operation


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {**_ID_SCHEMAS[name], "title": _title(name)}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameter(parameter: QueryParameter) -> dict[str, Any]:
    schema: dict[str, Any]
    if isinstance(parameter, IntegerParameter):
        schema = {"type": "integer", "minimum": parameter.low, "maximum": parameter.high}
    else:
        schema = {"type": "string", "maxLength": parameter.max_length}
        if parameter.min_length:
            schema["minLength"] = parameter.min_length
    if parameter.default is not None:
        schema["default"] = parameter.default
    elif not parameter.is_required:
        schema = {"anyOf": [schema, {"type": "null"}]}
    schema["title"] = _title(parameter.name)
    return {"name": parameter.name, "in": "query", "required": parameter.is_required, "schema": schema}


def _title(name: str) -> str:
    return name.replace("_", " ").title()
