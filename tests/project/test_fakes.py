"""Hand-made servers keep to the contract, and a new one cannot bypass the check."""

import re
from pathlib import Path

import orjson
import pytest

from load_tests.contract_checks import Contract, ContractViolation, chat_contract
from server_kit.http.problem import ChatError
from tests.support.chat_stack import ROOT

SERVER = re.compile(
    r"web\.Application\(|ThreadingHTTPServer\(|asyncio\.start_server\(|\bStarlette\(|\bFastAPI\(|\.fulfill\("
)

CHECKED = {
    "load_tests/bench/replay_server.py",
    "tests/browser/replaced_responses.py",
    "tests/publish/stored_rooms.py",
}
"""They check what they send against the contract."""

OTHERS = {
    "load_tests/bench/feeder.py": "internal calls of a benchmark, made from the types of chat_contract",
    "load_tests/bench/references/page_floor.py": "another design that a benchmark compares with ours",
    "load_tests/bench/references/post_each.py": "another design that a benchmark compares with ours",
    "load_tests/bench/references/queue_per_client.py": "another design that a benchmark compares with ours",
    "load_tests/chaos/tcp_proxy.py": "passes bytes on",
    "tests/browser/test_browser_stores.py": "passes responses on without their cookies",
    "tests/browser/test_content_security.py": "a page of another site",
    "tests/browser/test_lazy_parts.py": "files of the page",
    "tests/chaos/broken_server.py": "violates the contract on purpose: the checker of chaos runs must notice",
    "tests/edge/test_edge.py": "the edge does not read bodies",
    "tests/load/conftest.py": "load tools against servers that fail in a certain way",
    "tests/server_kit/test_crash_policy.py": "an app without calls",
    "tests/stores/test_wait_for_postgres.py": "a port that never answers",
    "tests/support/buffering_proxy.py": "passes bytes on, late",
    "tests/support/message_store.py": "passes bytes on to Postgres",
}


def test_every_hand_made_server_is_checked_or_is_not_one_of_ours() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("tests", "load_tests")
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(__file__) and SERVER.search(path.read_text(encoding="utf-8"))
    }
    assert found == CHECKED | OTHERS.keys()


@pytest.fixture
def contract() -> Contract:
    return chat_contract()


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/api/v1/rooms/lobby/search", "q=hello&limit=100", b""),
        ("GET", "/api/v1/rooms/lobby/search", "", b""),
        ("GET", "/api/v1/rooms/lobby/search", f"q={'x' * 101}", b""),
        ("GET", "/api/v1/rooms/lobby/messages", "limit=101", b""),
        ("GET", "/api/v1/rooms/lobby/messages", "since=1", b""),
        ("GET", "/api/v1/rooms/UPPER", "", b""),
        ("GET", "/api/v1/nothing", "", b""),
        ("PUT", "/api/v1/rooms", "", b"{}"),
        ("POST", "/api/v1/rooms", "", b'{"title": "x"}'),
        ("POST", "/api/v1/rooms", "", b"not JSON"),
        ("DELETE", "/api/v1/sessions", "", b"{}"),
    ],
)
def test_a_request_that_the_server_would_refuse_is_a_violation(
    contract: Contract, method: str, path: str, query: str, body: bytes
) -> None:
    with pytest.raises(ContractViolation):
        contract.check_request(method, path, query, body)


def test_what_the_servers_send_is_no_violation(contract: Contract) -> None:
    contract.check_request("GET", "/api/v1/rooms/lobby/search", "q=hello&limit=50", b"")
    contract.check_request("POST", "/api/v1/rooms", "", b'{"name": "Tea"}')
    contract.check_response("GET", "/api/v1/me", 200, b'{"id": "x", "nickname": "ann"}')
    contract.check_response("POST", "/api/v1/rooms/lobby/typing", 204, b"")
    contract.check_response("GET", "/api/v1/me", 401, ChatError("unauthenticated", "Join first.").body())
    contract.check_schema("RoomEvent", {"type": "room.viewers", "room_id": "lobby", "viewers": 1})


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"id": "x"}),
        (200, {"id": "x", "nickname": "ann", "age": 7}),
        (201, {"id": "x", "nickname": "ann"}),
        (401, {"code": "unauthenticated"}),
        (404, orjson.loads(ChatError("unauthenticated", "Join first.").body())),
        (429, orjson.loads(ChatError("rate_limited", "Too many.").body())),
        (418, {"type": "/problems/teapot", "title": "x", "status": 418, "detail": "x", "code": "teapot"}),
    ],
)
def test_a_response_that_the_server_would_not_send_is_a_violation(
    contract: Contract, status: int, body: object
) -> None:
    with pytest.raises(ContractViolation):
        contract.check_response("GET", "/api/v1/me", status, orjson.dumps(body))


def test_an_event_that_no_stream_would_send_is_a_violation(contract: Contract) -> None:
    for event in ({"type": "room.viewers", "room_id": "lobby"}, {"type": "room.nothing", "room_id": "lobby"}):
        with pytest.raises(ContractViolation):
            contract.check_schema("RoomEvent", event)
