"""The edge's own behaviour: the frontend's files and policies, problems, limits, retried requests."""

import gzip
import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import urlsplit

import httpx
import pytest

from chat_contract.problems import PROBLEMS
from local_stack.ports import LOOPBACK, free_port
from tests.edge.running_edge import raw_answer, running_edge
from tests.support.plain_http import ANSWERS_WITHIN_S

SCRIPT = b"console.log('hello');\n" * 200
PAGE = {
    "index.html": b"<!doctype html><title>Hotchat</title>",
    "icon.svg": b"<svg/>",
    "assets/first-abcdefgh.js": SCRIPT,
    "assets/first-abcdefgh.js.gz": gzip.compress(SCRIPT, mtime=7),
}
CONTROL_ROOM = "/api/v1/ops/stream"
SNAPSHOT = b"event: ops.snapshot\ndata: {}\n\n"
ANCESTORS = "https://show.example"
REPLICAS = (LOOPBACK, "127.0.0.2")


@dataclass
class Upstream:
    """Replaces two chat_servers in tests that need failing servers. Records their requests in order."""

    got: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    breaks: bool = False
    end_of_stream: Event = field(default_factory=Event)
    port: int = 0


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    upstream = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            upstream.got.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            if upstream.breaks:
                self.close_connection = True
                return
            if self.path == CONTROL_ROOM:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                self.wfile.write(SNAPSHOT)
                self.close_connection = True
                upstream.end_of_stream.wait(20)
                return
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the standard library's names

        def log_message(self, *_: object) -> None:
            pass

    first = ThreadingHTTPServer((REPLICAS[0], 0), Handler)
    upstream.port = first.server_port
    servers = [first, ThreadingHTTPServer((REPLICAS[1], upstream.port), Handler)]
    for server in servers:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield upstream
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


@pytest.fixture(scope="module")
def edge(upstream: Upstream) -> Iterator[str]:
    with running_edge(
        PAGE,
        upstream.port,
        free_port(),
        TRUSTED_PROXIES="127.0.0.1",
        EMBED_FRAME_ANCESTORS=ANCESTORS,
        REQUESTS_PER_ADDRESS_PER_S="5",
        CONNECTIONS_PER_ADDRESS="3",
        SHARES_EXEMPT="203.0.113.0/24,2001:db8:ffff::/48",
    ) as url:
        yield url


def assert_is_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/problems/{code}")
    assert body["title"] == PROBLEMS[code].title and PROBLEMS[code].status == status
    assert body["detail"].endswith(".")
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1 and body["retry_after_ms"] >= 1000


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/rooms/lobby",
        "/nope",
        "/embed/nope",
        "/embed/rooms/a/b",
        "/embed/rooms/A",
        "/embed",
    ],
)
def test_every_page_has_the_policy_and_may_not_be_framed(edge: str, path: str) -> None:
    answer = httpx.get(f"{edge}{path}", timeout=ANSWERS_WITHIN_S)
    assert answer.status_code == 200 and answer.content == PAGE["index.html"]
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy and policy.endswith("frame-ancestors 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/embed/rooms/lobby", "/embed/rooms/lobby/", "/embed/rooms/lobby?overlay=1"]
)
def test_an_embedded_room_may_be_framed_by_the_sites_that_the_operator_names(edge: str, path: str) -> None:
    assert (
        httpx.get(f"{edge}{path}", timeout=ANSWERS_WITHIN_S)
        .headers["content-security-policy"]
        .endswith(f"frame-ancestors {ANCESTORS}")
    )


def test_an_asset_is_sent_as_the_build_compressed_it(edge: str) -> None:
    url = f"{edge}/assets/first-abcdefgh.js"
    with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}, timeout=ANSWERS_WITHIN_S) as answer:
        assert b"".join(answer.iter_raw()) == PAGE["assets/first-abcdefgh.js.gz"]
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    plain = httpx.get(url, headers={"Accept-Encoding": "", "Range": "bytes=0-3"}, timeout=ANSWERS_WITHIN_S)
    assert plain.status_code == 200 and plain.content == SCRIPT and plain.headers["vary"] == "Accept-Encoding"
    assert plain.headers["content-type"].partition(";")[0] in ("application/javascript", "text/javascript")
    again = httpx.get(
        url, headers={"Accept-Encoding": "", "If-None-Match": plain.headers["etag"]}, timeout=ANSWERS_WITHIN_S
    )
    assert again.status_code == 304 and again.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api", 404, "not_found"),
        ("GET", "/stream", 404, "not_found"),
        ("GET", "/assets/nope.js", 404, "not_found"),
        ("GET", "/assets/", 404, "not_found"),
        ("GET", "/assets/first-abcdefgh.js.gz", 404, "not_found"),
        ("GET", "/nope.png", 404, "not_found"),
        ("GET", "/healthz/nope", 404, "not_found"),
        ("GET", "/healthz", 404, "not_found"),
        ("GET", "/metrics", 404, "not_found"),
        ("GET", "/internal/v1/heads", 404, "not_found"),
        ("POST", "/", 405, "method_not_allowed"),
        ("PUT", "/icon.svg", 405, "method_not_allowed"),
        ("TRACE", "/", 405, "method_not_allowed"),
        ("FOO", "/rooms/lobby", 405, "method_not_allowed"),
        ("POST", "/healthz/live", 405, "method_not_allowed"),
        ("POST", "/api", 404, "not_found"),
        ("DELETE", "/internal/v1/heads", 404, "not_found"),
        ("GET", "/" + "a" * 9000, 414, "uri_too_long"),
    ],
)
def test_a_request_that_the_edge_refuses_gets_a_problem(
    edge: str, method: str, path: str, status: int, code: str
) -> None:
    client_address = {"X-Forwarded-For": "203.0.113.9"}
    answer = httpx.request(method, f"{edge}{path}", headers=client_address, timeout=ANSWERS_WITHIN_S)
    assert_is_problem(answer, status, code)
    assert answer.headers.get("allow") == ("GET, HEAD" if status == 405 else None)


@pytest.mark.parametrize("path", ["/", "/icon.svg", "/rooms/lobby", "/healthz/live"])
def test_head_is_answered_as_get(edge: str, path: str) -> None:
    client_address = {"X-Forwarded-For": "203.0.113.9"}
    got, head = (
        httpx.request(method, f"{edge}{path}", headers=client_address, timeout=ANSWERS_WITHIN_S)
        for method in ("GET", "HEAD")
    )
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


def test_a_body_or_head_that_is_too_large_gets_a_problem(edge: str) -> None:
    large = httpx.post(f"{edge}/api/v1/rooms", content=b"x" * 70_000, timeout=ANSWERS_WITHIN_S)
    assert_is_problem(large, 413, "body_too_large")
    head = httpx.get(f"{edge}/", headers={"Cookie": "a" * 9_000}, timeout=ANSWERS_WITHIN_S)
    assert_is_problem(head, 431, "head_too_large")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: wrong\r\n\r\n",
        b"POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/7.0\r\nHost: a\r\n\r\n",
    ],
)
def test_a_request_that_is_not_http_gets_a_problem(edge: str, request_bytes: bytes) -> None:
    port = urlsplit(edge).port
    assert port
    head, _, body = raw_answer(port, request_bytes).partition(b"\r\n\r\n")
    assert b" 400 " in head.splitlines()[0] and b"application/problem+json" in head
    assert json.loads(body)["code"] == "bad_request"


def test_the_control_room_is_not_buffered(upstream: Upstream, edge: str) -> None:
    with httpx.stream(
        "GET", edge + CONTROL_ROOM, headers={"X-Forwarded-For": "203.0.113.1"}, timeout=15
    ) as answer:
        try:
            assert next(answer.iter_bytes()) == SNAPSHOT, "while the response goes on"
        finally:
            upstream.end_of_stream.set()


def test_an_outage_of_all_servers_gives_a_503_with_retry_after(upstream: Upstream, edge: str) -> None:
    upstream.breaks = True
    try:
        for path in ("/api/v1/rooms", "/docs", "/healthz/ready"):
            assert_is_problem(httpx.get(f"{edge}{path}", timeout=ANSWERS_WITHIN_S), 503, "store_unavailable")
        assert_is_problem(
            httpx.post(f"{edge}/stream/v1/places", json={}, timeout=ANSWERS_WITHIN_S),
            503,
            "store_unavailable",
        )
    finally:
        upstream.breaks = False
    stream = httpx.get(f"{edge}/stream/v1/rooms/lobby", timeout=ANSWERS_WITHIN_S)
    assert stream.status_code == 200 and stream.headers["content-type"].startswith("text/event-stream")


ONCE, TWICE = 1, 2
WRITES = [
    ("POST", "/api/v1/sessions", {}, ONCE),
    ("POST", "/api/v1/rooms", {}, ONCE),
    ("POST", "/api/v1/rooms?x=1", {}, ONCE),
    ("POST", "/api/v1/rooms/lobby/typing", {}, ONCE),
    ("POST", "/api/v1/rooms", {"Idempotency-Key": "k"}, TWICE),
    ("POST", "/api/v1/rooms/lobby/messages", {}, TWICE),
    ("PATCH", "/api/v1/rooms/lobby/messages/x", {}, TWICE),
    ("PUT", "/api/v1/rooms/lobby/messages/x/reactions/heart", {}, TWICE),
    ("DELETE", "/api/v1/rooms/lobby/messages/x", {}, TWICE),
]


@pytest.fixture(scope="module")
def twice() -> Iterator[tuple[Upstream, str]]:
    """Two chat_servers behind an edge that fail in the middle of every request."""
    with (
        running_upstream() as upstream,
        running_edge(
            PAGE, upstream.port, free_port(), replicas=REPLICAS, REQUESTS_PER_ADDRESS_PER_S="0"
        ) as url,
    ):
        upstream.breaks = True
        yield upstream, url


@pytest.mark.parametrize(("method", "path", "headers", "times"), WRITES)
def test_only_a_repeatable_write_is_retried(
    twice: tuple[Upstream, str], method: str, path: str, headers: dict[str, str], times: int
) -> None:
    upstream, url = twice
    upstream.got.clear()
    answer = httpx.request(method, f"{url}{path}", headers=headers, content=b"{}", timeout=ANSWERS_WITHIN_S)
    assert_is_problem(answer, 503, "store_unavailable")
    assert [got[:2] for got in upstream.got] == [(method, path)] * times


def statuses(edge: str, client_address: str, count: int) -> list[int]:
    with httpx.Client(headers={"X-Forwarded-For": client_address}, timeout=ANSWERS_WITHIN_S) as client:
        return [client.get(f"{edge}/icon.svg").status_code for _ in range(count)]


def test_the_request_limit_of_one_address_does_not_affect_others(edge: str) -> None:
    with httpx.Client(headers={"X-Forwarded-For": "198.51.100.1"}, timeout=ANSWERS_WITHIN_S) as client:
        answers = [client.get(f"{edge}/icon.svg") for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) >= 10
    assert_is_problem(refused[0], 429, "rate_limited")
    assert statuses(edge, "198.51.100.2", 5) == [200] * 5


def test_one_ipv6_network_is_one_address_and_ipv4_in_ipv6_is_ipv4(edge: str) -> None:
    assert statuses(edge, "2001:db8:0:1::1", 30).count(429) >= 10
    assert 429 in statuses(edge, "2001:db8:0:1:ffff::2", 3)
    assert statuses(edge, "2001:db8:0:2::1", 5) == [200] * 5
    assert statuses(edge, "198.51.100.3", 30).count(429) >= 10
    assert 429 in statuses(edge, "::ffff:198.51.100.3", 3)
    assert statuses(edge, "::ffff:198.51.100.4", 5) == [200] * 5


@pytest.mark.parametrize("exempt", ["127.0.0.1", "203.0.113.7", "2001:db8:ffff::1"])
def test_a_trusted_proxy_itself_and_exempt_networks_have_no_limit(edge: str, exempt: str) -> None:
    assert statuses(edge, exempt, 40) == [200] * 40


def test_connections_of_one_address_have_a_limit(edge: str) -> None:
    """Three incomplete requests use up the share. A fourth is refused until one of them has ended."""
    with ExitStack() as stack:

        def begin(client_address: str) -> socket.socket:
            connection = stack.enter_context(
                socket.create_connection((LOOPBACK, urlsplit(edge).port or 0), 10)
            )
            head = f"POST /api/v1/x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client_address}\r\nContent-Length: 2\r\n"
            connection.sendall(f"{head}\r\n{{".encode())
            return connection

        held = [begin("198.51.100.50") for _ in range(3)]
        status = b""
        while b" 429 " not in status:  # nginx may not have read the three yet
            status = begin("198.51.100.50").recv(64)
        other = begin("198.51.100.51")
        for connection in (*held, other):
            connection.sendall(b"}")
            assert b" 200 " in connection.recv(64)


def test_only_a_trusted_proxy_can_name_the_clients_address(upstream: Upstream, edge: str) -> None:
    def seen(url: str, forwarded: str) -> tuple[str, str]:
        path = f"/api/{uuid.uuid4()}"
        httpx.get(
            f"{url}{path}",
            headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"},
            timeout=ANSWERS_WITHIN_S,
        )
        [headers] = [headers for _, got, headers in upstream.got if got == path]
        return headers["x-forwarded-for"], headers["x-forwarded-proto"]

    assert seen(edge, "198.51.100.9") == ("198.51.100.9", "https")
    assert seen(edge, "6.6.6.6, 198.51.100.9, 127.0.0.1") == ("198.51.100.9", "https")
    with running_edge(PAGE, upstream.port, free_port()) as url:
        assert seen(url, "198.51.100.9")[0] == LOOPBACK


@pytest.mark.parametrize("value", ['*"; add_header X-Evil 1', "a;b", "$uri", "a{b}"])
def test_a_wrong_setting_stops_the_start_with_a_message(value: str) -> None:
    with (
        pytest.raises(AssertionError, match="wrong setting: EMBED_FRAME_ANCESTORS"),
        running_edge(PAGE, 1, 1, EMBED_FRAME_ANCESTORS=value),
    ):
        pass
