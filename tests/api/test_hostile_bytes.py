"""Noise, incomplete requests and floods get a status below 500 or a closed connection, and never hang."""

import socket
import time
from contextlib import closing

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_stack.server_process import ServerProcess

ANSWER_WITHIN_S = 10.0
MAX_GROWTH_BYTES = 96 * 2**20
CALM = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
STREAM = b"/stream/v1/rooms/lobby"

TOKENS = st.sampled_from(
    [b"GET ", b"POST ", b" HTTP/1.1\r\n", b"Host: a\r\n", b"\r\n", b"\r\n\r\n", b"\0", b"Content-Length: 99\r\n",
     b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"/api/v1/rooms", STREAM, b"?last_event_id=",
     b"Last-Event-ID: ", b"99999999999999999999", b"\xff\xfe", b"A" * 70_000]
)  # fmt: skip
NOISE = st.lists(TOKENS | st.binary(max_size=40), min_size=1, max_size=12).map(b"".join)
HEADER_VALUE = st.binary(max_size=60).filter(lambda value: not {10, 13} & set(value))
QUERY = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60)


@pytest.fixture(params=["chat_server", "publish_server"])
def server(request: pytest.FixtureRequest) -> ServerProcess:
    found: ServerProcess = request.getfixturevalue(request.param)
    return found


def exchange(server: ServerProcess, sent: bytes) -> bytes:
    """Send, close the sending side, and read the status line. It is empty if the server closed the connection."""
    with closing(socket.create_connection((server.host, server.port), timeout=ANSWER_WITHIN_S)) as client:
        try:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            return client.makefile("rb").readline()
        except (BrokenPipeError, ConnectionResetError):
            return b""


def assert_alive(server: ServerProcess) -> None:
    assert httpx.get(f"{server.base_url}/healthz/live", timeout=ANSWER_WITHIN_S).status_code == 200


def assert_below_500(first_line: bytes) -> None:
    assert not first_line or int(first_line.split()[1]) < 500, first_line


def test_noise_is_refused_or_disconnected(server: ServerProcess) -> None:
    @CALM
    @given(noise=NOISE)
    def try_noise(noise: bytes) -> None:
        assert_below_500(exchange(server, noise))

    try_noise()
    assert_alive(server)


def test_no_cursor_makes_a_stream_fail(publish_server: ServerProcess) -> None:
    @CALM
    @given(cursor=HEADER_VALUE, query=QUERY)
    def try_cursor(cursor: bytes, query: str) -> None:
        request = b"GET %b?%b HTTP/1.1\r\nHost: a\r\nLast-Event-ID: %b\r\n\r\n"
        assert_below_500(exchange(publish_server, request % (STREAM, query.encode(), cursor)))

    try_cursor()
    assert_alive(publish_server)


@pytest.mark.parametrize(
    ("parameter", "status"),
    [
        ("last_event_id=0", 200),
        ("last_event_id=9223372036854775807", 200),
        ("last_event_id=9223372036854775808", 422),
        ("last_event_id=-1", 422),
        ("last_event_id=1e3", 422),
        ("last_event_id=%D9%A1", 422),
        ("lastEventId=7&last_event_id=x", 200),
        ("lastEventId=&last_event_id=x", 422),
        ("mode=notify", 200),
        ("mode=everything", 422),
        ("&".join(f"a{n}=1" for n in range(21)), 422),
    ],
)
def test_parameters_of_a_stream_are_accepted_or_get_422(
    publish_server: ServerProcess, parameter: str, status: int
) -> None:
    url = f"{publish_server.base_url}{STREAM.decode()}?{parameter}"
    with httpx.stream("GET", url, timeout=ANSWER_WITHIN_S) as answer:
        assert answer.status_code == status


def test_incomplete_requests_and_floods_use_no_memory(server: ServerProcess) -> None:
    flood = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %b\r\n" % (n, b"v" * 500) for n in range(200))
    incomplete = [
        b"GET /api/v1/rooms HTTP/1.1\r\nHo",
        b"POST /api/v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{",
        flood,
    ]
    process = psutil.Process(server.pid)
    assert_alive(server)
    before = process.memory_info().rss
    for _ in range(3):
        clients = [socket.create_connection((server.host, server.port)) for _ in range(90)]
        for number, client in enumerate(clients):
            client.sendall(incomplete[number % len(incomplete)])
        assert_alive(server)
        for client in clients:
            client.close()
    assert process.memory_info().rss - before < MAX_GROWTH_BYTES
    _wait_for_few_descriptors(process)


def _wait_for_few_descriptors(process: psutil.Process) -> None:
    deadline = time.monotonic() + ANSWER_WITHIN_S
    while process.num_fds() > 150:
        assert time.monotonic() < deadline, f"{process.num_fds()} descriptors are still open"
        time.sleep(0.05)
