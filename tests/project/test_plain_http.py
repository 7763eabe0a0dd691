"""Calls of the tests wait for a server on a busy machine, but not for ever."""

import ast
from collections.abc import Iterator

import httpx
import pytest

from tests.support.chat_stack import ROOT
from tests.support.plain_http import ANSWERS_WITHIN_S, RETRIES, answer_of

BUSY = httpx.Response(503, headers={"Retry-After": "0"})

WITH_A_DEFAULT = {
    "AsyncClient", "Client", "delete", "get", "head", "options", "patch", "post", "put", "request", "stream"
}  # fmt: skip
"""What waits 5 s in httpx unless the caller says otherwise."""


class Server:
    """Answers with these responses in turn. The last one repeats."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.calls: list[bytes] = []
        self._answers = answers

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.content)
        return self._answers[min(len(self.calls), len(self._answers)) - 1]

    async def status_of_a_post(self) -> int:
        transport = httpx.MockTransport(self.answer)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=ANSWERS_WITHIN_S
        ) as http:
            return (await answer_of(http, "POST", "/messages", json={"text": "hello"})).status_code


async def test_a_call_to_a_busy_server_is_repeated() -> None:
    server = Server(BUSY, BUSY, httpx.Response(201))
    assert await server.status_of_a_post() == 201
    assert len(server.calls) == 3
    assert len(set(server.calls)) == 1


async def test_a_server_that_stays_busy_is_asked_a_few_times() -> None:
    server = Server(BUSY)
    assert await server.status_of_a_post() == 503
    assert len(server.calls) == 1 + RETRIES


@pytest.mark.parametrize("answer", [httpx.Response(201), httpx.Response(403), httpx.Response(503)])
async def test_any_other_response_counts_at_once(answer: httpx.Response) -> None:
    server = Server(answer)
    assert await server.status_of_a_post() == answer.status_code
    assert len(server.calls) == 1


def calls_without_timeout(source: str) -> Iterator[int]:
    """The lines of calls of httpx that leave the timeout to its default."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and (node.func.value.id, node.func.attr in WITH_A_DEFAULT) == ("httpx", True)
            and all(keyword.arg != "timeout" for keyword in node.keywords)
        ):
            yield node.lineno


def test_no_test_and_no_load_tool_leaves_a_timeout_to_httpx() -> None:
    assert list(calls_without_timeout("httpx.get(url)\nhttpx.Client(timeout=30)\nhttp.get(url)")) == [1]
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("tests", "load_tests", "local_stack", "scripts")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "httpx." in (source := path.read_text())
        for line in calls_without_timeout(source)
    ]
    assert found == [], "say timeout=ANSWERS_WITHIN_S (tests/support/plain_http.py), or how long it may take"
