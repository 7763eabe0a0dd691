"""Requests that match or violate the OpenAPI documents never get a 5xx, and refusals have a code of the contract."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from chat_contract.problems import PROBLEMS
from chat_server import main as chat_main
from local_stack.server_process import ServerProcess
from publish_server import main as publish_main

EXAMPLES = 20
ANSWER_WITHIN_S = 10.0
CALM = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def operations_of(document: dict[str, Any]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    return [pytest.param(operation, id=operation.label) for operation in operations]


CHAT_OPERATIONS = operations_of(chat_main.create_app().openapi())
PUBLISH_OPERATIONS = operations_of(publish_main.create_app().openapi())


@dataclass
class Ann:
    """A user with a session and a message in the lobby, so that some requests use existing ids."""

    headers: dict[str, str]
    message_id: str

    def use_existing_ids(self, case: Any) -> None:
        """Use her message in the lobby for the case."""
        known = {"room_id": "lobby", "message_id": self.message_id, "kind": "heart"}
        for name in known.keys() & case.path_parameters.keys():
            case.path_parameters[name] = known[name]


@pytest.fixture(scope="module")
def ann(chat_server: ServerProcess) -> Ann:
    with httpx.Client(base_url=chat_server.base_url, timeout=20) as http:
        token = http.post("/api/v1/sessions", json={"nickname": "ann"}).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
        message = http.post("/api/v1/rooms/lobby/messages", json=draft, headers=headers).json()
    return Ann(headers, message["id"])


def assert_success_or_problem(answer: requests.Response, *, what: str) -> None:
    """A success, or a 4xx with a code of the contract. Bodies of streams are not read."""
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:500]}"
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json", what
        problem = answer.json()
        assert problem["code"] in PROBLEMS, what
        assert PROBLEMS[problem["code"]].status == answer.status_code, what


def send(case: Any, base_url: str, headers: dict[str, str]) -> None:
    request = case.as_transport_kwargs(base_url=base_url, headers=headers)
    with (
        requests.Session() as session,
        session.request(**request, stream=True, timeout=ANSWER_WITHIN_S) as answer,
    ):
        assert_success_or_problem(answer, what=case.as_curl_command())


@pytest.mark.parametrize("operation", CHAT_OPERATIONS)
def test_no_request_to_chat_server_gets_a_5xx(chat_server: ServerProcess, ann: Ann, operation: Any) -> None:
    @CALM
    @given(case=operation.as_strategy(), is_known=st.booleans())
    def fuzz(case: Any, is_known: bool) -> None:
        if is_known:
            ann.use_existing_ids(case)
        send(case, chat_server.base_url, ann.headers)

    fuzz()


@pytest.mark.parametrize("operation", PUBLISH_OPERATIONS)
def test_no_request_to_publish_server_gets_a_5xx(publish_server: ServerProcess, operation: Any) -> None:
    @CALM
    @given(case=operation.as_strategy(), is_known=st.booleans())
    def fuzz(case: Any, is_known: bool) -> None:
        if is_known and "room_id" in case.path_parameters:
            case.path_parameters["room_id"] = "lobby"
        send(case, publish_server.base_url, {})

    fuzz()
