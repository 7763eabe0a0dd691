"""Calls of the tests wait for a server on a busy machine, but not for ever."""

import httpx
import pytest

from tests.support.plain_http import RETRIES, answer_of

BUSY = httpx.Response(503, headers={"Retry-After": "0"})


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
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
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
