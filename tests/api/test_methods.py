"""Every path of both servers answers HEAD as GET, other methods with 405 and `Allow`, and unknown paths with 404.

The tests read the tables of routes, so that they also hold for a new route.
"""

import re
import uuid
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from random import Random
from typing import Final

import httpx
import pytest

from chat_server.fastpath.routes import API, FAST_ROUTES
from chat_server.fetch.event_waits import EventWaits
from chat_server.main import create_app as create_chat_app
from chat_server.main import create_server
from chat_server.settings import ChatSettings
from local_stack.server_process import ServerProcess
from publish_server.main import create_app as create_publish_app
from publish_server.streams.routes import ROUTES as STREAMS
from server_kit.http.methods import CALLS_ONLY
from server_kit.http.request_admission import Admission
from tests.support.api_calls import calls_of, path_of
from tests.support.chat_stack import SECRET
from tests.support.plain_http import ANSWERS_WITHIN_S

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
WITHIN_S: Final = 20.0

Calls = dict[str, set[str]]
"""The methods of each path template."""

QUERIES: Final = {
    "/api/v1/rooms/{room_id}/search": "?q=hello",
    "/api/v1/rooms/{room_id}/events": "?after_seq=0",
    "/api/v1/rooms/{room_id}/reactions/mine": "?from_seq=1&to_seq=2",
    "/stream/v1/rooms": "?room=lobby",
}

CHANGES_EACH_TIME: Final = frozenset(
    {
        "x-request-id",
        "date",
        "age",
        "cache-status",
        "transfer-encoding",
        "connection",
        "ratelimit",
        "retry-after",
    }
)


def by_path(calls: Iterable[tuple[str, str]]) -> Calls:
    found: Calls = {}
    for method, template in calls:
        found.setdefault(template, set()).update((method, "HEAD") if method == "GET" else (method,))
    return found


CHAT: Final = by_path(
    [*calls_of(create_chat_app()), *((route.method, API + route.path) for route in FAST_ROUTES)]
)
PUBLISH: Final = by_path([*calls_of(create_publish_app()), *(("GET", route.path) for route in STREAMS)])


@pytest.fixture(params=["chat_server", "publish_server"])
def served(
    request: pytest.FixtureRequest, chat_server: ServerProcess, publish_server: ServerProcess
) -> tuple[ServerProcess, Calls]:
    return (chat_server, CHAT) if request.param == "chat_server" else (publish_server, PUBLISH)


def test_a_wrong_method_gets_405_with_the_methods_of_the_path(served: tuple[ServerProcess, Calls]) -> None:
    server, calls = served
    with httpx.Client(base_url=server.base_url, timeout=WITHIN_S) as http:
        for template, allowed in calls.items():
            for method in set(METHODS) - allowed:
                answer = http.request(method, path_of(template))
                what = f"{method} {template}"
                assert answer.status_code == 405, what
                assert answer.headers["allow"] == ", ".join(sorted(allowed)), what
                assert answer.headers["content-type"] == "application/problem+json", what
                assert "x-request-id" in answer.headers, what
                assert method == "HEAD" or answer.json()["code"] == "method_not_allowed", what


def test_head_is_answered_as_get_without_a_body(served: tuple[ServerProcess, Calls]) -> None:
    server, calls = served
    readable = [template for template, allowed in calls.items() if "GET" in allowed]
    assert len(readable) >= 6
    with httpx.Client(base_url=server.base_url, timeout=WITHIN_S) as http:
        headers = {}
        message_id = str(uuid.UUID(int=7))
        if calls is CHAT:
            token = http.post("/api/v1/sessions", json={"nickname": "ann"}).json()["token"]
            http.cookies.clear()
            headers = {"Authorization": f"Bearer {token}"}
            draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
            posted = http.post("/api/v1/rooms/lobby/messages", json=draft, headers=headers)
            message_id = posted.json()["id"]
        for template in readable:
            url = path_of(template, message_id=message_id) + QUERIES.get(template, "")
            with http.stream("GET", url, headers=headers) as got:  # the body of a stream does not end
                pass
            head = http.head(url, headers=headers)
            assert got.status_code in (200, 401, 403), url  # 403: what only hosts of the lobby read
            assert (head.status_code, head.content) == (got.status_code, b""), url
            assert comparable(head, template) == comparable(got, template), url


def comparable(answer: httpx.Response, template: str) -> dict[str, str]:
    ignored = CHANGES_EACH_TIME | ({"content-length"} if template == "/metrics" else set())
    return {name: value for name, value in answer.headers.items() if name not in ignored}


def test_a_path_below_a_call_that_does_not_exist_gets_404_for_every_method(
    served: tuple[ServerProcess, Calls],
) -> None:
    server, calls = served
    with httpx.Client(base_url=server.base_url, timeout=WITHIN_S) as http:
        for path in unknown_paths(calls):
            for method in METHODS:
                assert_not_found(http.request(method, path))


@pytest.fixture
async def with_page(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """chat_server with a built page, which takes every other path, called over ASGI without its stores."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Hotchat</title>")
    settings = ChatSettings(hotchat_secret=SECRET, spa_dir=str(tmp_path))
    server = create_server(settings, Admission(settings, Random(7)), EventWaits())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(server), base_url="http://localhost", timeout=ANSWERS_WITHIN_S
    ) as client:
        yield client


async def test_the_page_takes_neither_calls_nor_paths_below_them(with_page: httpx.AsyncClient) -> None:
    for template, allowed in CHAT.items():
        for method in set(METHODS) - allowed:
            answer = await with_page.request(method, path_of(template))
            assert answer.status_code == 405, (method, template)
            assert answer.headers["allow"] == ", ".join(sorted(allowed)), (method, template)
    for path in unknown_paths(CHAT):
        for method in METHODS:
            assert_not_found(await with_page.request(method, path))
    for path in ("/healthz/live", "/metrics", "/openapi.json", "/docs"):
        assert (await with_page.head(path)).status_code == 200, path


def unknown_paths(calls: Calls) -> list[str]:
    below = {
        f"{path_of(template)}/no/such/path" for template in calls if template.split("/")[1] in CALLS_ONLY
    }
    above = {f"/{folder}{rest}" for folder in CALLS_ONLY for rest in ("/", "/v1", "/v2/rooms", "/nothing")}
    known = [re.compile(re.sub(r"\{\w+\}", "[^/]*", template)) for template in calls]
    return sorted(path for path in below | above if not any(each.fullmatch(path) for each in known))


def assert_not_found(answer: httpx.Response) -> None:
    what = f"{answer.request.method} {answer.request.url}"
    assert answer.status_code == 404, what
    assert answer.headers["content-type"] == "application/problem+json", what
    assert answer.request.method == "HEAD" or answer.json()["code"] == "not_found", what
