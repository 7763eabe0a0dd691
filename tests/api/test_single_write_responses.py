"""Responses that are sent in one write, on connections of every kind."""

import socket
from contextlib import closing
from email.message import Message
from http.client import parse_headers
from typing import BinaryIO, NamedTuple

import pytest

from local_stack.server_process import ServerProcess

PATH = "/api/v1/rooms/lobby/messages"
WITHIN_S = 15


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def exchange(
    server: ServerProcess, request: str, methods: str = "GET", *, closes: bool = False
) -> list[Answer]:
    """Send the bytes at once and read a response for each method. With `closes`, the server must then close."""
    with closing(socket.create_connection((server.host, server.port), timeout=WITHIN_S)) as client:
        client.sendall(request.encode())
        with client.makefile("rb") as received:
            answers = [_answer(received, method) for method in methods.split()]
            assert not closes or received.read() == b""
    return answers


def _answer(received: BinaryIO, method: str) -> Answer:
    status = int(received.readline().split()[1])
    headers = parse_headers(received)
    length = 0 if method == "HEAD" else int(headers["content-length"])
    return Answer(status, headers, received.read(length))


@pytest.mark.parametrize(
    ("version", "header", "closes"),
    [("1.1", "", False), ("1.1", "Connection: close\r\n", True), ("1.0", "", True)],
)
def test_a_connection_is_kept_or_closed_as_the_client_asks(
    chat_server: ServerProcess, version: str, header: str, closes: bool
) -> None:
    request = f"GET {PATH} HTTP/{version}\r\nHost: x\r\n{header}\r\n"
    [answer] = exchange(chat_server, request, closes=closes)
    assert answer.status == 200
    assert (answer.headers["connection"] == "close") is closes
    assert answer.body.endswith(b"}")
    assert answer.headers["date"]
    assert answer.headers["x-request-id"]


def test_pipelined_requests_are_answered_in_turn(chat_server: ServerProcess) -> None:
    paths = [PATH, "/api/v1/rooms/never-made/messages", PATH, "/healthz/live", f"{PATH}?limit=0"]
    request = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths)
    answers = exchange(chat_server, request, "GET " * len(paths))
    assert [answer.status for answer in answers] == [200, 404, 200, 200, 422]


def test_a_head_request_gets_the_length_and_no_body(chat_server: ServerProcess) -> None:
    both = f"HEAD {PATH} HTTP/1.1\r\nHost: x\r\n\r\nGET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n"
    head, sent = exchange(chat_server, both, "HEAD GET")
    assert int(head.headers["content-length"]) == len(sent.body) > 0


def test_an_allowed_origin_gets_cors_headers(chat_server: ServerProcess) -> None:
    origin = f"http://{chat_server.host}:1234"
    for path, status in ((PATH, 200), ("/api/v1/rooms/never-made", 404)):
        [answer] = exchange(
            chat_server, f"GET {path} HTTP/1.1\r\nHost: {chat_server.host}\r\nOrigin: {origin}\r\n\r\n"
        )
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == origin
        assert "ETag" in answer.headers["access-control-expose-headers"]
