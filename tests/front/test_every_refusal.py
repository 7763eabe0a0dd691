"""Every answer of 400 and above of either server is problem+json, whatever was asked; nothing asked for is a 500."""

import itertools
import json
import socket
from contextlib import closing

import pytest

from chat_contract.problems import PROBLEMS
from tests.support.chat_stack import ChatStack, StartChatStack

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "NONSENSE", "get")
CHAT_PATHS = (
    "/nothing",
    "/assets/nothing.js",
    "/assets/../../etc/passwd",
    "/%",
    "/%zz",
    "/%00",
    "/%ff%fe",
    "//",
    "/api",
    "/api/v1",
    "/api/v1/rooms",
    "/api/v1/rooms/",
    "/api/v1/rooms/%00",
    "/api/v1/rooms/%ff",
    "/api/v1/rooms/lobby/messages/%ff",
    "/api/v1/rooms/lobby/messages?limit=%ff&limit=1",
    "/api/v1/rooms/lobby/events?after_seq=%00",
    "/api/v1/rooms/lobby/nothing",
    "/api/v1/rooms?cursor=%ff",
    "/api/v1/sessions/nothing",
    "/internal/v1/heads",
    "/metrics/nothing",
    "/healthz",
    "*",
    "http://evil.example/api/v1/rooms/nothing",
)
PUBLISH_PATHS = (
    "/",
    "/nothing",
    "/%",
    "/%00",
    "/%ff",
    "/stream",
    "/stream/v1/rooms",
    "/stream/v1/rooms?room=%ff",
    "/stream/v1/rooms/%00",
    "/stream/v1/rooms/%ff",
    "/stream/v1/rooms/lobby?last_event_id=%ff",
    "/stream/v1/rooms/lobby/nothing",
    "/stream/v1/rooms/nowhere",
    "*",
)
HEADERS = (
    "",
    "Authorization: Bearer \xff\r\n",
    "Authorization: Basic x\r\nCookie: hotchat_session=\xff; hotchat_session=a.b.c\r\n",
    "Origin: \xff\r\n",
    "Content-Type: \xff\r\nContent-Length: 2\r\n\r\n{}",
    "Content-Length: 2\r\nContent-Type: application/json\r\n\r\n\xff\xff",
    "If-None-Match: \xff\r\nRange: bytes=9-1\r\nAccept-Encoding: \xff\r\n",
    "Idempotency-Key: \xff\r\nX-Request-ID: \xff\r\nX-Forwarded-For: \xff\r\nLast-Event-ID: \xff\r\n",
    "Upgrade: websocket\r\nConnection: Upgrade\r\n",
)


@pytest.fixture
def stack(start_chat_stack: StartChatStack) -> ChatStack:
    return start_chat_stack(scheduler=0)


def answer_to(port: int, method: str, path: str, headers: str) -> tuple[int, dict[str, str], bytes] | None:
    """Status, headers and body of the answer; None for one below 400, which may be a stream without an end."""
    ending = "" if "\r\n\r\n" in headers else "\r\n"
    sent = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}{ending}"
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as client:
        client.sendall(sent.encode("latin-1"))
        with client.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            if status < 400:
                return None
            lines = iter(lambda: answer.readline().decode("latin-1").strip(), "")
            found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = answer.read(int(found.get("content-length", "0"))) if method != "HEAD" else b""
    return status, found, body


def assert_problem(what: str, method: str, answer: tuple[int, dict[str, str], bytes] | None) -> None:
    if answer is None:
        return
    status, headers, body = answer
    assert status != 500, what
    assert headers.get("content-type") == "application/problem+json", (what, status, headers)
    assert "x-request-id" in headers, what
    if status in (429, 503):
        assert "retry-after" in headers, what
    if method != "HEAD":
        problem = json.loads(body)
        assert PROBLEMS[problem["code"]].status == problem["status"] == status, what


def test_every_refusal_is_a_problem(stack: ChatStack) -> None:
    chat, publish = stack.chat_servers[0].port, stack.publish_servers[0].port
    for port, paths in ((chat, CHAT_PATHS), (publish, PUBLISH_PATHS)):
        plain = itertools.product(METHODS, paths, [""])
        odd = itertools.product(("GET", "POST", "DELETE"), paths, HEADERS[1:])
        for method, path, headers in itertools.chain(plain, odd):
            what = f"{port} {method} {path} {headers!r}"
            assert_problem(what, method, answer_to(port, method, path, headers))
    for process in stack.processes:
        assert "Traceback" not in process.log_path.read_text()
