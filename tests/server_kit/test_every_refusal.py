"""Every response of 400 and above of either server is a counted problem+json; no request causes a 500."""

import itertools
import json
import socket
from collections import Counter
from contextlib import closing
from io import BufferedReader

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chat_contract.problems import PROBLEMS
from local_stack.server_process import ServerProcess
from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.plain_http import ANSWERS_WITHIN_S

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
    "/docs/files/swagger-ui.css",
    "/docs/files/nothing.css",
    "/docs/files/%00",
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
    "/docs/files/swagger-ui.css",
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
    "Range: bytes=99999999-\r\n",
    "Range: lines=1-2\r\n",
    "Range: bytes=5-2,\xff-\r\nIf-Range: \xff\r\n",
    "Range: bytes=-\r\nRange: bytes=0-1\r\n",
    'If-Range: W/"x"\r\nIf-Modified-Since: \xff\r\nIf-Match: \xff\r\nIf-Unmodified-Since: \xff\r\n',
    "Expect: 100-continue\r\nContent-Length: 0\r\n",
    "Expect: \xff\r\nContent-Length: 0\r\n",
    "TE: \xff, trailers;q=\xff\r\n",
    "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "Content-Length: -1\r\n",
    "Host: evil.example\r\n",
    "Origin: http://evil.example\r\nCookie: hotchat_session=a\r\n",
    "Host: localhost\r\n" * 100,
    f"X-Long: {'x' * 60_000}\r\n",
)
INVALID_AFTER_THE_HEAD = "Transfer-Encoding: \xff\r\n"
"""The application answers as well, but its response is dropped."""


@pytest.fixture
def stack(start_chat_stack: StartChatStack) -> ChatStack:
    return start_chat_stack(scheduler=0)


def refusal_of(port: int, method: str, path: str, headers: str) -> tuple[int, dict[str, str], bytes] | None:
    """Status, headers and body of the response; None below 400, as a stream may never end."""
    ending = "" if "\r\n\r\n" in headers else "\r\n"
    sent = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}{ending}"
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as client:
        client.sendall(sent.encode("latin-1"))
        with client.makefile("rb") as response:
            status, found = head_in(response)
            while status == 100:
                status, found = head_in(response)
            if status < 400:
                return None
            body = response.read(int(found.get("content-length", "0"))) if method != "HEAD" else b""
    return status, found, body


def head_in(response: BufferedReader) -> tuple[int, dict[str, str]]:
    """The status and headers of the next response."""
    status = int(response.readline().split()[1])
    if status in (200, 206):
        return status, {}
    lines = iter(lambda: response.readline().decode("latin-1").strip(), "")
    return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def code_in(what: str, method: str, refusal: tuple[int, dict[str, str], bytes]) -> str | None:
    """The problem's code; None for HEAD, as its response has no body."""
    status, headers, body = refusal
    assert status != 500, what
    assert headers.get("content-type") == "application/problem+json", (what, status, headers)
    assert "x-request-id" in headers, what
    if status in (429, 503):
        assert "retry-after" in headers, what
    if method == "HEAD":
        return None
    problem = json.loads(body)
    assert PROBLEMS[problem["code"]].status == problem["status"] == status, what
    return str(problem["code"])


def problems_counted(process: ServerProcess) -> Counter[str]:
    """How many problems the server has counted, by code."""
    counted: Counter[str] = Counter()
    for family in text_string_to_metric_families(
        httpx.get(f"{process.base_url}/metrics", timeout=ANSWERS_WITHIN_S).text
    ):
        for sample in family.samples:
            if sample.name == "hotchat_problems_total":
                counted[sample.labels["code"]] = int(sample.value)
    return counted


@pytest.mark.parametrize("name", ["chat_server", "publish_server"])
def test_every_refusal_is_a_problem_that_is_counted_once(stack: ChatStack, name: str) -> None:
    process, paths = {
        "chat_server": (stack.chat_servers[0], CHAT_PATHS),
        "publish_server": (stack.publish_servers[0], PUBLISH_PATHS),
    }[name]
    for path in paths:
        refusal = refusal_of(process.port, "POST", path, INVALID_AFTER_THE_HEAD)
        assert refusal is not None and code_in(path, "POST", refusal) == "bad_request"
    before = problems_counted(process)
    sent: Counter[str | None] = Counter()
    plain = itertools.product(METHODS, paths, [""])
    odd = itertools.product(("GET", "POST", "DELETE"), paths, HEADERS[1:])
    for method, path, headers in itertools.chain(plain, odd):
        what = f"{method} {path} {headers!r}"
        refusal = refusal_of(process.port, method, path, headers)
        if refusal is not None:
            sent[code_in(what, method, refusal)] += 1
    counted = problems_counted(process) - before
    to_head = sent.pop(None)
    assert counted.total() == sent.total() + to_head
    assert all(counted[code] >= times for code, times in sent.items() if code), (counted, sent)
    assert "Traceback" not in process.log_path.read_text()
