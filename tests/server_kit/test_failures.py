"""An exception in a handler becomes one problem for the client and one line in the log."""

import json
import logging
from collections.abc import Set as AbstractSet

import pytest

from server_kit.http.asgi import ASGIApp, Receive, Scope, Send
from server_kit.http.cors import RawHeaders
from server_kit.http.http_layers import Responder, with_http_layers
from server_kit.http.request_head import RequestHead
from tests.server_kit.test_connections import HEAD, answer, assert_closed, serving


class Everybody:
    """Admits every request."""

    passes: AbstractSet[bytes] = frozenset()

    def check(self, scope: Scope, head: RequestHead) -> None:
        return


async def failing_app(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError("a bug")


async def failing_responder(scope: Scope, receive: Receive, send: Send, extra: RawHeaders) -> bool:
    raise ZeroDivisionError("a bug")


async def app_that_fails_while_it_answers(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ZeroDivisionError("a bug")


@pytest.mark.parametrize("responders", [[], [failing_responder]])
async def test_an_exception_becomes_a_problem_and_is_logged_once(
    responders: list[Responder], caplog: pytest.LogCaptureFixture
) -> None:
    app: ASGIApp = with_http_layers(failing_app, (), Everybody(), responders)
    with caplog.at_level(logging.WARNING):
        async with serving(app=app) as server:
            for _ in range(3):
                reader, _ = await server.connect(HEAD + b"X-Request-ID: mine\r\n\r\n")
                status, headers, body = await answer(reader)
                assert (status, headers["content-type"]) == (500, "application/problem+json")
                assert headers["x-request-id"] == "mine"
                assert json.loads(body)["code"] == "internal"
    assert [record.message for record in caplog.records] == ["A request failed"]


async def test_an_exception_in_the_middle_of_a_response_closes_the_connection() -> None:
    async with serving(app=with_http_layers(app_that_fails_while_it_answers, (), Everybody())) as server:
        reader, _ = await server.connect(HEAD + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(4) == b"half"
        await assert_closed(reader)
