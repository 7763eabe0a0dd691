"""Checks hand-made servers against the OpenAPI document of chat_server and the schemas of events.

A request that chat_server would refuse, and a response or an event that it would never send, is a ContractViolation.
"""

import json
import logging
import re
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import jsonschema_rs
import orjson

from chat_contract.problems import PROBLEMS
from server_kit.http.asgi import ASGIApp, Message, Receive, Scope, Send
from server_kit.http.path_table import PathTable
from server_kit.http.problem import ChatError
from server_kit.http.problem_response import send_problem

log = logging.getLogger(__name__)

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "frontend" / "openapi.json"

_INTEGER: Final = re.compile(r"-?[0-9]+\Z")


class ContractViolation(AssertionError):
    pass


class Contract:
    """The calls of an OpenAPI document. Fields that it does not list are violations, as our servers send no others."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = _without_unknown_fields(document)
        self._operations = PathTable(
            ((method.upper(), template), (template, operation))
            for template, operations in self._document["paths"].items()
            for method, operation in operations.items()
        )
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def check_request(self, method: str, path: str, query: str, body: bytes) -> None:
        what = f"{method} {path}"
        template, operation = self._operation(method, path)
        given = dict(parse_qsl(query, keep_blank_values=True))
        segments = zip(template.split("/"), path.split("/"), strict=True)
        in_path = {name[1:-1]: value for name, value in segments if name.startswith("{")}
        parameters = [each for each in operation.get("parameters", ()) if each["in"] in ("path", "query")]
        unknown = given.keys() - {each["name"] for each in parameters}
        if unknown:
            raise ContractViolation(f"{what}: unknown parameters {sorted(unknown)}")
        for parameter in parameters:
            name = parameter["name"]
            value = (in_path if parameter["in"] == "path" else given).get(name)
            if value is not None:
                read = int(value) if _INTEGER.match(value) and _takes_integers(parameter["schema"]) else value
                self._check(parameter["schema"], read, f"{what}: {name}")
            elif parameter["required"]:
                raise ContractViolation(f"{what}: {name} is missing")
        content = operation.get("requestBody", {}).get("content", {})
        if content:
            self._check(content["application/json"]["schema"], _json(body, what), f"{what}: body")
        elif body:
            raise ContractViolation(f"{what}: takes no body")

    def check_response(self, method: str, path: str, status: int, body: bytes) -> None:
        what = f"{method} {path} {status}"
        if status >= 400:
            self.check_problem(status, _json(body, what), what)
            return
        _, operation = self._operation(method, path)
        response = operation["responses"].get(str(status))
        if response is None:
            raise ContractViolation(f"{what}: not a documented status")
        content = response.get("content", {})
        if content:
            self._check(content["application/json"]["schema"], _json(body, what), what)
        elif body:
            raise ContractViolation(f"{what}: has no body")

    def check_problem(self, status: int, problem: Any, what: str = "problem") -> None:
        self.check_schema("Problem", problem, what)
        kind = PROBLEMS[problem["code"]]
        expected = (f"/problems/{problem['code']}", kind.title, kind.status, status)
        if (problem["type"], problem["title"], problem["status"], problem["status"]) != expected:
            raise ContractViolation(f"{what}: type, title or status do not belong to {problem['code']}")
        if status in (429, 503) and "retry_after_ms" not in problem:
            raise ContractViolation(f"{what}: {problem['code']} without a retry time")

    def check_schema(self, name: str, value: Any, what: str = "") -> None:
        """Check against a schema of the document, such as RoomEvent."""
        self._check({"$ref": f"#/components/schemas/{name}"}, value, what or name)

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        found = self._operations.find(method, path)
        if found is None:
            raise ContractViolation(f"{method} {path}: there is no such call")
        return found[0]

    def _check(self, schema: dict[str, Any], value: Any, what: str) -> None:
        key = json.dumps(schema)
        validator = self._validators.get(key)
        if validator is None:
            root = {**schema, "components": self._document["components"]}  # where its references point
            validator = self._validators[key] = jsonschema_rs.Draft202012Validator(root)
        errors = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]
        if errors:
            raise ContractViolation(f"{what}: {'; '.join(errors)}")


@cache
def chat_contract() -> Contract:
    """That of chat_server."""
    return Contract(json.loads(DOCUMENT.read_text(encoding="utf-8")))


def with_contract(app: ASGIApp, contract: Contract) -> ASGIApp:
    """`app`, whose calls below /api are checked: a wrong request gets 422, a wrong response becomes 500."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        body = await _whole_body(receive)
        held: list[Message] = []

        async def receive_again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def hold(message: Message) -> None:
            held.append(message)

        try:
            contract.check_request(method, path, scope["query_string"].decode(), body)
            await app(scope, receive_again, hold)
            sent = b"".join(message.get("body", b"") for message in held)
            contract.check_response(method, path, held[0]["status"], sent)
        except ContractViolation as violation:
            log.error("ContractViolation: %s", violation)
            error = ChatError("internal" if held else "validation_failed", str(violation))
            await send_problem(scope, send, error, [])
            return
        for message in held:
            await send(message)

    return checked


async def _whole_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


def _json(body: bytes, what: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ContractViolation(f"{what}: the body is not JSON") from error


def _takes_integers(schema: dict[str, Any]) -> bool:
    return '"integer"' in json.dumps(schema)


def _without_unknown_fields(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_unknown_fields(each) for each in node]
    if not isinstance(node, dict):
        return node
    copied = {key: _without_unknown_fields(value) for key, value in node.items()}
    if copied.get("type") == "object" and "properties" in copied:
        copied.setdefault("additionalProperties", False)
    return copied
