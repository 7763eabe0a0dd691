"""Limits and deadlines of connections, tested over raw sockets with a clock that the tests move."""

import asyncio
import contextlib
import json
import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
import pytest
import uvicorn
from prometheus_client import REGISTRY
from uvicorn.server import ServerState

from chat_server.settings import ChatSettings
from local_stack.server_process import ServerProcess
from server_kit.http import connections as module
from server_kit.http.asgi import Receive, Scope, Send, until_disconnected
from server_kit.http.connections import (
    ANSWER_AT_ONCE,
    AnswerAtOnce,
    Connections,
    GuardedProtocol,
    guarded_protocol,
)
from server_kit.http.problem_response import REFUSED_BY_SHARE
from server_kit.limits.shares import Shares
from tests.support.chat_stack import StartChatStack
from tests.support.manual_clock import ManualClock
from tests.support.plain_http import ANSWERS_WITHIN_S

HEAD = b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond with the length of the body; for /at-once, respond without reading it."""
    size = 0
    if scope["path"] != "/at-once":
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            if not message["more_body"]:
                break
    body = b"x" * int(scope["query_string"] or b"0") or b"%d" % size
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


class Server:
    """A server of GuardedProtocol in this event loop, with a clock that the test moves."""

    def __init__(self, clock: ManualClock, guard: Connections, port: int, state: ServerState) -> None:
        self.clock = clock
        self.guard = guard
        self.port = port
        self.state = state
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, sent: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        writer.write(sent)
        return reader, writer

    def pass_time(self, seconds: float) -> None:
        self.clock.now_s += seconds
        self.guard.sweep()


@contextlib.asynccontextmanager
async def serving(app: Any = echo, at_once: AnswerAtOnce | None = None, **settings: Any) -> Any:
    app_state = {} if at_once is None else {ANSWER_AT_ONCE: at_once}
    clock = ManualClock()
    read = ChatSettings.model_validate({"hotchat_secret": "a secret for tests only", **settings})
    guard = Connections(Shares(read, Random(7)), read.max_connections, clock, Random(7))
    config = uvicorn.Config(app, http=guarded_protocol(guard), ws="none", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state=app_state),  # type: ignore[call-arg]
        "127.0.0.1",
        0,
    )
    made = Server(clock, guard, server.sockets[0].getsockname()[1], state)
    try:
        yield made
    finally:
        server.close()
        for writer in made.writers:
            writer.transport.abort()
        for connection in list(state.connections):
            connection.transport.abort()
        await until(lambda: not state.connections)


def problems_sent(code: str) -> float:
    return REGISTRY.get_sample_value("hotchat_problems_total", {"code": code}) or 0.0


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.timeout(10):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
    return int(lines[0].split()[1]), headers, body


async def assert_closed(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""


async def assert_refused(reader: asyncio.StreamReader, status: int, code: str) -> dict[str, str]:
    got, headers, body = await answer(reader)
    problem = json.loads(body)
    assert (got, problem["code"], problem["status"]) == (status, code, status)
    assert headers["content-type"] == "application/problem+json"
    assert "x-request-id" in headers
    assert headers["connection"] == "close"
    await assert_closed(reader)
    return headers


async def test_a_silent_connection_is_closed_after_its_deadline() -> None:
    async with serving() as server:
        reader, _ = await server.connect()
        await until(lambda: server.guard.first_byte)
        server.pass_time(module.FIRST_BYTE_S - 1)
        assert server.guard.count == 1
        server.pass_time(2)
        await assert_closed(reader)
        await until(lambda: server.guard.count == 0)


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers as if a share had refused the request, except for the path `/allowed`."""
    if scope["path"] != "/allowed":
        scope[REFUSED_BY_SHARE] = True
    await echo(scope, receive, send)


async def test_a_connection_pauses_after_a_refusal_and_longer_after_each_further_one() -> None:
    async with serving(refusing) as server:
        reader, writer = await server.connect(HEAD + b"\r\n")
        await answer(reader)
        (connection,) = server.state.connections
        ends_s = []
        for refusals in (1, 2, 3):
            assert connection.refusals_in_row == refusals
            assert connection.flow.read_paused
            ends_s.append(connection.pause.when())
            sent_s = asyncio.get_running_loop().time()
            writer.write(HEAD + b"\r\n")
            await answer(reader)
            assert asyncio.get_running_loop().time() >= ends_s[-1] > sent_s
        await until(lambda: connection.pause is None)
        assert not connection.flow.read_paused
        writer.write(HEAD.replace(b"/healthz/live", b"/allowed") + b"\r\n")
        await answer(reader)
        assert (connection.refusals_in_row, connection.pause) == (0, None)


async def test_a_connection_that_sent_more_requests_than_the_refused_one_is_closed_after_the_answer() -> None:
    async with serving(refusing) as server:
        reader, _ = await server.connect((HEAD + b"\r\n") * 4)
        await answer(reader)
        await assert_closed(reader)
        await until(lambda: server.guard.count == 0)


async def test_a_trusted_proxys_connection_does_not_pause() -> None:
    async with serving(refusing, trusted_proxies="127.0.0.1") as server:
        reader, writer = await server.connect()
        for _ in range(5):
            writer.write(HEAD + b"\r\n")
            await answer(reader)
            (connection,) = server.state.connections
            assert (connection.pause, connection.flow.read_paused) == (None, False)


async def test_bytes_that_wait_to_be_parsed_have_a_bound_over_all_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their requests wait for an answer that never comes."""
    monkeypatch.setattr(module, "MAX_ALL_UNPARSED_BYTES", 64 * 1024)

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async with serving(silent) as server:
        for _ in range(8):
            await server.connect((HEAD + b"\r\n") * 400)
        await until(lambda: len(server.state.connections) < 8)
        assert 0 < server.guard.unparsed.total_bytes <= module.MAX_ALL_UNPARSED_BYTES
        for connection in list(server.state.connections):
            connection.transport.abort()
        await until(lambda: not server.state.connections)
        assert server.guard.unparsed.total_bytes == 0


async def test_a_connection_that_is_lost_during_its_pause_leaves_nothing() -> None:
    async with serving(refusing) as server:
        reader, writer = await server.connect(HEAD + b"\r\n")
        await answer(reader)
        (connection,) = server.state.connections
        connection.transport.abort()
        await until(lambda: not server.state.connections)
        assert connection.pause is None
        writer.transport.abort()


async def test_many_expired_connections_are_closed_in_slices() -> None:
    async with serving() as server:
        extra = 5
        for _ in range(module.ENDED_AT_ONCE + extra):
            await server.connect()
        await until(lambda: len(server.guard.first_byte) == module.ENDED_AT_ONCE + extra)
        server.clock.now_s += module.FIRST_BYTE_S
        assert server.guard.sweep()
        await until(lambda: len(server.guard.first_byte) == extra)
        assert not server.guard.sweep()
        await until(lambda: not server.state.connections)


@pytest.mark.parametrize(
    ("sent", "table", "deadline_s"),
    [
        pytest.param(HEAD, "head", module.HEAD_S, id="half a head"),
        pytest.param(b"\r\n", "head", module.HEAD_S, id="an empty line"),
        pytest.param(POST + b"Content-Length: 99\r\n\r\n{", "body", module.BODY_S, id="half a body"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\n{", "body", module.BODY_S, id="half a chunk"
        ),
    ],
)
async def test_an_incomplete_request_gets_408(sent: bytes, table: str, deadline_s: float) -> None:
    before = problems_sent("request_timeout")
    async with serving() as server:
        reader, writer = await server.connect(sent)
        waiting = getattr(server.guard, table)
        await until(lambda: waiting)
        for _ in range(3):
            server.pass_time(deadline_s / 4)
            writer.write(b"x" if sent == HEAD else b"")
            await asyncio.sleep(0)
        server.pass_time(deadline_s / 2)
        await assert_refused(reader, 408, "request_timeout")
    assert problems_sent("request_timeout") == before + 1


async def test_an_idle_keep_alive_connection_is_closed_after_a_longer_deadline() -> None:
    async with serving() as server:
        reader, writer = await server.connect()
        for _ in range(3):
            writer.write(HEAD + b"\r\n")
            assert (await answer(reader))[0] == 200
            await until(lambda: server.guard.idle)
            server.pass_time(module.KEEP_ALIVE_S - 1)
        server.pass_time(2)
        await assert_closed(reader)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param(b"no request\r\n\r\n", 400, "bad_request", id="not HTTP"),
        pytest.param(
            b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400, "bad_request", id="a header without a colon"
        ),
        pytest.param(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request", id="CONNECT"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request", id="bytes in the path"),
        pytest.param(HEAD + b"X: " + b"a" * 60_000, 431, "head_too_large", id="a long header"),
        pytest.param(HEAD + b"X: a\r\n" * 10_000, 431, "head_too_large", id="many headers"),
        pytest.param(b"GET /" + b"a" * 60_000, 431, "head_too_large", id="a long path"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 60_000,
            413,
            "body_too_large",
            id="many small chunks",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400, "bad_request", id="a bad chunk"
        ),
    ],
)
async def test_an_invalid_request_gets_a_problem(sent: bytes, status: int, code: str) -> None:
    before = problems_sent(code)
    async with serving() as server:
        reader, _ = await server.connect(sent)
        await assert_refused(reader, status, code)
        server.pass_time(module.CLOSING_S + 1)
        await until(lambda: server.guard.count == 0)
    assert problems_sent(code) == before + 1


async def test_garbage_after_a_valid_request_gets_a_problem() -> None:
    async with serving() as server:
        reader, writer = await server.connect(HEAD + b"\r\n")
        assert (await answer(reader))[0] == 200
        writer.write(b"noise\r\n\r\n")
        await assert_refused(reader, 400, "bad_request")


async def test_an_application_notices_that_its_client_is_gone() -> None:
    began, is_gone = asyncio.Event(), asyncio.Event()

    async def wait(_scope: Scope, receive: Receive, _send: Send) -> None:
        began.set()
        await until_disconnected(receive)
        is_gone.set()

    async with serving(app=wait) as server, asyncio.timeout(10):
        _, writer = await server.connect(HEAD + b"\r\n")
        await began.wait()
        writer.write(b"GET / HTTP/1.1")  # a further request is not the end of the client
        await asyncio.sleep(0)
        assert not is_gone.is_set()
        writer.close()
        await is_gone.wait()


async def test_a_body_in_many_small_chunks_is_read_up_to_the_bound() -> None:
    async with serving() as server:
        chunks = b"1;extension=x\r\na\r\n" * 1_000 + b"0\r\n\r\n"
        reader, _ = await server.connect(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        assert (await answer(reader))[2] == b"1000"


async def test_an_unread_body_is_discarded_up_to_a_bound() -> None:
    async with serving() as server:
        at_once = b"POST /at-once HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
        reader, writer = await server.connect(at_once)
        assert (await answer(reader))[0] == 200
        writer.write(b"x" * 100_000 + HEAD + b"\r\n")
        assert (await answer(reader))[0] == 200

        reader, writer = await server.connect(at_once.replace(b"100000", b"900000000"))
        assert (await answer(reader))[0] == 200
        writer.write(b"x" * 1_000_000)
        await assert_closed(reader)


@pytest.mark.parametrize("path", [b"/", b"/" + b"a" * 37])
async def test_pipelined_requests_are_parsed_only_as_fast_as_they_are_answered(path: bytes) -> None:
    """The second request has 65 bytes, so that no read ends at the end of a request."""
    count = 5_000
    most_waiting = 0
    async with serving() as server:
        reader, writer = await server.connect()
        await until(lambda: bool(server.state.connections))
        (connection,) = server.state.connections
        writer.write(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path * count)
        for _ in range(count):
            assert (await answer(reader))[0] == 200
            most_waiting = max(most_waiting, len(connection.pipeline))
        await until(lambda: connection in server.guard.idle)
    assert 1 <= most_waiting <= module.MAX_LINES // 3


async def test_pipelined_requests_are_not_parsed_while_the_client_reads_no_response() -> None:
    async with serving() as server:
        reader, writer = await server.connect()
        await until(lambda: bool(server.state.connections))
        (connection,) = server.state.connections
        reader._transport.pause_reading()
        writer.write(b"GET /?2000000 HTTP/1.1\r\nHost: a\r\n\r\n" * 5_000)
        await until(lambda: connection.flow.write_paused and connection.flow.read_paused)
        assert len(connection.pipeline) <= module.MAX_LINES // 3
        assert len(connection.unparsed) <= module.MAX_UNPARSED_BYTES


def from_memory(scope: Scope) -> tuple[bytes, bytes] | None:
    """Responds to /memory, and to /refused as if a share had refused it. Leaves other paths to the application."""
    if scope["path"] == "/refused":
        scope[REFUSED_BY_SHARE] = True
    elif scope["path"] != "/memory":
        return None
    return b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n", b"memory"


def get(path: str) -> bytes:
    return HEAD.replace(b"/healthz/live", path.encode()) + b"\r\n"


LARGE = b"x" * 1_000_000


def large_from_memory(scope: Scope) -> tuple[bytes, bytes] | None:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(LARGE), LARGE


class Recording:
    """A transport that notes what is written."""

    def __init__(self, transport: asyncio.Transport, written: list[bytes]) -> None:
        self._transport = transport
        self._written = written

    def write(self, data: bytes) -> None:
        self._written.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_large_bodies_are_sent_without_a_copy_and_few_in_one_iteration() -> None:
    written: list[bytes] = []
    sent_by_iteration: list[int] = []
    async with serving(echo, large_from_memory) as server:
        readers = [(await server.connect())[0] for _ in range(30)]
        await until(lambda: len(server.state.connections) == 30)
        start_ready = server.guard._start_ready

        def counted() -> bool:
            has_more: bool = start_ready()
            sent_by_iteration.append(server.guard.sent_bytes)
            return has_more

        server.guard.budget._at_end = counted
        for connection in server.state.connections:
            connection.transport = Recording(connection.transport, written)
        for writer in server.writers:
            writer.write(get("/memory"))
        for reader in readers:
            assert (await answer(reader))[2] == LARGE
    assert sum(body is LARGE for body in written) == 30
    assert sum(sent_by_iteration) == 30 * len(LARGE)
    assert max(sent_by_iteration) < module.MAX_SENT_BYTES + len(LARGE)


async def test_a_response_from_memory_starts_no_task() -> None:
    calls = []

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["path"])
        await echo(scope, receive, send)

    async with serving(counting, from_memory) as server:
        reader, writer = await server.connect()
        for _ in range(3):
            writer.write(get("/memory"))
            assert (await answer(reader))[2] == b"memory"
        assert calls == []
        writer.write(get("/other"))
        assert (await answer(reader))[2] == b"0"
        assert calls == ["/other"]
        assert server.state.total_requests == 4


async def test_pipelined_responses_from_memory_keep_the_order_of_the_requests() -> None:
    paths = ["/memory", "/other", "/memory", "/memory", "/other"] * 300
    async with serving(echo, from_memory) as server:
        reader, _ = await server.connect(b"".join(map(get, paths)))
        for path in paths:
            assert (await answer(reader))[2] == (b"memory" if path == "/memory" else b"0")
        (connection,) = server.state.connections
        await until(lambda: connection in server.guard.idle)
        assert sum(connection in table for table in protocol_tables(server.guard)) == 1


async def test_an_idle_connection_with_a_response_from_memory_is_closed_after_its_deadline() -> None:
    async with serving(echo, from_memory) as server:
        reader, writer = await server.connect(get("/memory"))
        await answer(reader)
        server.pass_time(module.KEEP_ALIVE_S - 1)
        writer.write(get("/memory"))
        await answer(reader)
        server.pass_time(module.KEEP_ALIVE_S - 1)
        assert server.guard.count == 1
        server.pass_time(2)
        await assert_closed(reader)


async def test_a_response_from_memory_does_not_wait_for_a_body_that_does_not_come() -> None:
    async with serving(echo, from_memory) as server:
        request = get("/memory").replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n")
        reader, writer = await server.connect(request)
        assert (await answer(reader))[2] == b"memory"
        (connection,) = server.state.connections
        assert connection in server.guard.body
        writer.write(b"12345" + get("/memory"))
        assert (await answer(reader))[2] == b"memory"
        await until(lambda: connection in server.guard.idle)


async def test_a_refusal_from_memory_pauses_its_connection() -> None:
    async with serving(echo, from_memory) as server:
        reader, writer = await server.connect(get("/refused"))
        await answer(reader)
        (connection,) = server.state.connections
        assert connection.pause is not None
        assert connection.flow.read_paused
        await until(lambda: connection.pause is None)
        assert connection in server.guard.idle
        writer.write(get("/memory") + get("/refused"))
        await answer(reader)
        await answer(reader)
        assert connection.pause is not None
        assert connection.flow.read_paused


async def test_requests_pipelined_after_a_refusal_from_memory_are_dropped() -> None:
    async with serving(echo, from_memory) as server:
        reader, _ = await server.connect(get("/refused") + get("/memory") * 4)
        await answer(reader)
        await assert_closed(reader)
        await until(lambda: server.guard.count == 0)


async def test_a_client_that_reads_nothing_gets_no_further_response_from_memory() -> None:
    async with serving(echo, from_memory) as server:
        reader, writer = await server.connect(get("/?20000000"))
        await until(lambda: bool(server.state.connections))
        reader._transport.pause_reading()
        (connection,) = server.state.connections
        await until(lambda: connection.flow.write_paused)
        unread_bytes = connection.transport.get_write_buffer_size()
        writer.write(get("/memory") * 10)
        for _ in range(100):
            await asyncio.sleep(0)
        assert connection.transport.get_write_buffer_size() <= unread_bytes


async def test_the_number_of_headers_is_bounded() -> None:
    async with serving() as server:
        fields = b"".join(b"X-%d: y\r\n" % number for number in range(module.MAX_HEADERS - 1))
        reader, _ = await server.connect(HEAD + fields + b"\r\n")
        assert (await answer(reader))[0] == 200
        for further in (fields + b"a:\r\n\r\n", fields + b"a:\r\n\r\n" + HEAD + b"\r\n", b"a:\r\n" * 9_000):
            reader, _ = await server.connect(HEAD + further)
            await assert_refused(reader, 431, "head_too_large")


@pytest.mark.parametrize("piece_bytes", [1, 1_000, module.PIECE_BYTES, module.MAX_HEAD_BYTES + 1])
@pytest.mark.parametrize("following", [b"", b"a" * 10])
async def test_a_head_is_bounded_to_the_byte(piece_bytes: int, following: bytes) -> None:
    first, last = POST + b"Content-Length: %d\r\nX: " % len(following), b"\r\n\r\n"
    async with serving() as server:
        for excess, is_refused in ((0, False), (1, True), (module.PIECE_BYTES, True)):
            filling = b"x" * (module.MAX_HEAD_BYTES + excess - len(first) - len(last))
            sent = first + filling + last + following
            reader, writer = await server.connect()
            pieces = [sent[start : start + piece_bytes] for start in range(0, len(sent), piece_bytes)]
            for piece in (
                pieces if piece_bytes > 1 else [sent[:-600], *(bytes([each]) for each in sent[-600:])]
            ):
                writer.write(piece)
                await asyncio.sleep(0)
            if is_refused:
                await assert_refused(reader, 431, "head_too_large")
            else:
                assert (await answer(reader))[2] == b"%d" % len(following)


async def test_trailers_do_not_count_as_headers() -> None:
    seen: list[bytes] = []

    async def names(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        seen.extend(name for name, _ in scope["headers"])
        await echo({**scope, "path": "/at-once"}, receive, send)

    async with serving(app=names) as server:
        reader, _ = await server.connect(
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
        )
        assert (await answer(reader))[0] == 200
    assert seen == [b"host", b"content-type", b"transfer-encoding"]


async def test_unread_responses_of_all_connections_are_bounded_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_UNREAD_BYTES", 30_000_000)
    async with serving() as server:
        for _ in range(6):
            reader, _ = await server.connect(b"GET /?9000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            reader._transport.pause_reading()
        await until(lambda: len(server.state.connections) < 6)
        assert 0 < server.guard.unread.total_bytes <= 30_000_000
    assert server.guard.unread.total_bytes == 0


async def test_the_rate_of_new_connections_of_one_address_is_bounded() -> None:
    async with serving(requests_per_address_per_s=2) as server:
        for _ in range(10):
            reader, writer = await server.connect(HEAD + b"\r\n")
            assert (await answer(reader))[0] == 200
            writer.close()
        reader, _ = await server.connect(HEAD + b"\r\n")
        headers = await assert_refused(reader, 429, "rate_limited")
        assert int(headers["retry-after"]) >= 1


async def test_a_client_that_does_not_read_is_closed() -> None:
    async with serving() as server:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
        with closing(sock):
            await asyncio.get_running_loop().sock_sendall(sock, b"GET /?9000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda: server.guard.stalled)
            server.pass_time(module.STALL_S + 1)
            await until(lambda: server.guard.count == 0)


async def test_a_full_process_refuses_new_connections_until_others_close() -> None:
    async with serving(max_connections=2) as server:
        _, first = await server.connect(HEAD)
        await server.connect(HEAD)
        await until(lambda: server.guard.count == 2)
        reader, _ = await server.connect(HEAD + b"\r\n")
        headers = await assert_refused(reader, 503, "server_full")
        assert int(headers["retry-after"]) >= 1
        first.close()
        await until(lambda: server.guard.count == 1)
        reader, _ = await server.connect(HEAD + b"\r\n")
        assert (await answer(reader))[0] == 200


async def test_the_number_of_connections_of_one_address_is_bounded() -> None:
    async with serving(connections_per_address=2) as server:
        for _ in range(2):
            await server.connect(HEAD)
        await until(lambda: server.guard.count == 2)
        reader, _ = await server.connect(HEAD + b"\r\n")
        headers = await assert_refused(reader, 429, "rate_limited")
        assert headers["ratelimit-policy"] == '"connections";q=2'


async def test_a_refused_connection_counts_as_a_problem_once_its_response_is_sent() -> None:
    before = problems_sent("server_full")
    async with serving(max_connections=1) as server:
        await server.connect(HEAD)
        await until(lambda: server.guard.count == 1)
        reader, writer = await server.connect()
        await until(lambda: server.guard.parting)
        assert problems_sent("server_full") == before
        writer.write(HEAD + b"\r\n")
        await assert_refused(reader, 503, "server_full")
        assert problems_sent("server_full") == before + 1


async def test_refused_connections_that_stay_open_are_bounded() -> None:
    async with serving(max_connections=1) as server:
        await server.connect(HEAD)
        await until(lambda: server.guard.count == 1)
        for _ in range(2 * module.MAX_PARTING):
            await server.connect()
        await until(lambda: len(server.guard.parting) == module.MAX_PARTING)
        server.pass_time(module.CLOSING_S + 1)
        await until(lambda: not server.guard.parting)


async def test_a_refused_client_can_send_a_bounded_amount_more() -> None:
    async with serving() as server:
        reader, writer = await server.connect(b"GET /" + b"x" * module.MAX_HEAD_BYTES)
        await assert_refused(reader, 431, "head_too_large")
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(10):
                while True:
                    writer.write(b"x" * 65_536)
                    await writer.drain()
        await until(lambda: not server.state.connections)


async def test_shutdown_closes_connections_without_a_complete_request() -> None:
    async with serving() as server:
        half = [await server.connect(sent) for sent in (b"", HEAD, POST + b"Content-Length: 9\r\n\r\n{")]
        idle_reader, _ = await server.connect(HEAD + b"\r\n")
        await answer(idle_reader)
        await until(lambda: server.guard.count == 4 and server.guard.body and server.guard.head)
        for connection in list(server.state.connections):
            connection.shutdown()
        await until(lambda: not server.state.connections)
        for reader, _ in half:
            await assert_closed(reader)
        assert server.guard.count == 0


async def test_abuse_is_logged_once_and_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server:
        for _ in range(20):
            reader, _ = await server.connect(b"noise\r\n\r\n")
            await assert_refused(reader, 400, "bad_request")
        for _ in range(20):
            _, writer = await server.connect(POST + b"Content-Length: 99\r\n\r\n{")
            await until(lambda: server.guard.body)
            writer.transport.abort()
            await until(lambda: not server.guard.body)
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is None


def protocol_tables(guard: Connections) -> list[dict[GuardedProtocol, float]]:
    return [guard.first_byte, guard.head, guard.body, guard.idle, guard.closing, guard.stalled, guard.parting]


async def test_a_closed_connection_leaves_no_entry_in_any_table() -> None:
    async with serving() as server:
        for sent in (b"", HEAD, POST + b"Content-Length: 9\r\n\r\n{", HEAD + b"\r\n", b"noise\r\n\r\n"):
            _, writer = await server.connect(sent)
            await until(lambda: server.guard.count == 1)
            writer.transport.abort()
            await until(lambda: server.guard.count == 0)
        await until(lambda: not any(protocol_tables(server.guard)))


@pytest.fixture(params=["chat_server", "publish_server"])
def process(request: pytest.FixtureRequest, start_chat_stack: StartChatStack) -> Iterator[ServerProcess]:
    stack = start_chat_stack(chat=1, publish=1, scheduler=0)
    yield stack.chat_servers[0] if request.param == "chat_server" else stack.publish_servers[0]


def log_of(process: ServerProcess) -> str:
    return Path(process.log_path).read_text()


def test_a_server_that_runs_out_of_file_descriptors_recovers_and_stops_quickly(
    process: ServerProcess,
) -> None:
    running = psutil.Process(process.pid)
    assert (
        running.rlimit(psutil.RLIMIT_NOFILE)[0] > 1_024
        or resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= 1_024
    )
    few = running.num_fds() + 50
    running.rlimit(psutil.RLIMIT_NOFILE, (few, running.rlimit(psutil.RLIMIT_NOFILE)[1]))
    with ExitStack() as stack:
        for _ in range(200):
            client = stack.enter_context(closing(socket.create_connection((process.host, process.port))))
            with contextlib.suppress(OSError):
                client.sendall(POST + b"Content-Length: 99\r\n\r\n{")
    deadline_s = time.monotonic() + 10
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{process.base_url}/healthz/live", timeout=ANSWERS_WITHIN_S).status_code == 200:
                break
        assert time.monotonic() < deadline_s, "the server no longer responds"

    with ExitStack() as stack:
        for sent in (b"", HEAD, POST + b"Content-Length: 99\r\n\r\n{") * 5:
            client = stack.enter_context(closing(socket.create_connection((process.host, process.port))))
            client.sendall(sent)
        assert httpx.get(f"{process.base_url}/healthz/live", timeout=ANSWERS_WITHIN_S).status_code == 200
        process.stop()
    assert process.exit_code() in (0, -signal.SIGTERM), "the server did not stop in time and was killed"
    assert "Traceback" not in log_of(process)


async def test_connections_without_a_share_use_one_object_for_their_seats() -> None:
    async with serving() as server:
        for _ in range(2):
            await server.connect(HEAD)
        await until(lambda: server.guard.count == 2)
        first, second = server.state.connections
        assert first.seats is second.seats


async def test_a_connection_keeps_the_dictionary_that_instances_share() -> None:
    """CPython shares the keys of at most 30 fields between instances."""
    async with serving() as server:
        await server.connect(HEAD + b"\r\n")
        await until(lambda: server.state.total_requests == 1)
        [connection] = server.state.connections
        assert len(vars(connection)) <= 30
