"""Replaces responses of the servers in browser tests: refusals as our servers build them, and changed pages that are
checked against the contract. No other module calls `fulfill`; tests/project/test_fakes.py checks that."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
from playwright.async_api import Route

from load_tests.contract_checks import chat_contract
from server_kit.http.problem import MEDIA_TYPE, ChatError

Handler = Callable[[Route], Awaitable[None]]


async def refuse(route: Route, code: str, detail: str = "", *, retry_after_s: float | None = None) -> None:
    """Answer with the problem of this code; 429 and 503 need a retry time."""
    error = ChatError(code, detail or "A test refuses this call.", retry_after_s=retry_after_s)
    body = error.body()
    chat_contract().check_problem(error.status, orjson.loads(body))
    await route.fulfill(status=error.status, headers=error.headers, body=body, content_type=MEDIA_TYPE)


def refusing(
    code: str,
    detail: str = "",
    *,
    method: str | None = None,
    times: int | None = None,
    retry_after_s: float | None = None,
) -> Handler:
    """For `page.route`: refuses the first `times` calls, or all, of this method, or any. Others reach the server."""
    refused = 0

    async def handle(route: Route) -> None:
        nonlocal refused
        if method not in (None, route.request.method) or (times is not None and refused >= times):
            await route.fallback()
            return
        refused += 1
        await refuse(route, code, detail, retry_after_s=retry_after_s)

    return handle


def changing(change: Callable[[dict[str, Any]], None]) -> Handler:
    """For `page.route`: lets `change` alter the body of the server's response."""

    async def handle(route: Route) -> None:
        answer = await route.fetch()
        body: dict[str, Any] = await answer.json()
        change(body)
        path = urlsplit(route.request.url).path
        chat_contract().check_response(route.request.method, path, answer.status, orjson.dumps(body))
        await route.fulfill(response=answer, json=body)

    return handle


def answering_as_a_proxy(status: int, body: str = "", content_type: str = "text/html") -> Handler:
    """For `page.route`: answers every call in place of the server, for example as the login of a network."""

    async def handle(route: Route) -> None:
        await route.fulfill(status=status, body=body, content_type=content_type)

    return handle
