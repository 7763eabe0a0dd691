"""HTML pages of the servers load nothing from other hosts."""

import re

import httpx
import pytest

from chat_server.main import create_app as create_chat_app
from local_stack.server_process import ServerProcess
from publish_server.main import create_app as create_publish_app
from tests.support.api_calls import calls_of, path_of
from tests.support.plain_http import ANSWERS_WITHIN_S

LOADED = re.compile(r"""(?:src|href|action|url)\s*[=(]\s*["']?([^"'\s>)]+)""", re.IGNORECASE)
STREAMS = {"/stream/v1/rooms", "/stream/v1/rooms/lobby"}
PATHS = sorted(
    {
        path_of(path)
        for app in (create_chat_app(), create_publish_app())
        for method, path in calls_of(app)
        if method == "GET"
    }
    - STREAMS
)


@pytest.fixture(params=["chat_server", "publish_server"])
def server(request: pytest.FixtureRequest) -> ServerProcess:
    found: ServerProcess = request.getfixturevalue(request.param)
    return found


def test_no_html_response_refers_to_another_host(server: ServerProcess) -> None:
    html_paths = set()
    with httpx.Client(base_url=server.base_url, timeout=ANSWERS_WITHIN_S) as http:
        for path in [*PATHS, "/", "/nowhere", "/docs/", "/docs/files/nowhere", "/redoc"]:
            answer = http.get(path)
            assert answer.status_code < 500, path
            if "html" not in answer.headers.get("content-type", ""):
                continue
            html_paths.add(path)
            for address in LOADED.findall(answer.text):
                assert address.startswith("/") and not address.startswith("//"), (path, address)
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self';" in policy and "http" not in policy, path
    assert html_paths == {"/docs"}


def test_the_documentation_page_has_all_its_files(server: ServerProcess) -> None:
    with httpx.Client(base_url=server.base_url, timeout=ANSWERS_WITHIN_S) as http:
        files = [
            address for address in LOADED.findall(http.get("/docs").text) if address.startswith("/docs/")
        ]
        assert len(files) == 4
        for address in files:
            assert http.get(address).status_code == 200, address
        assert "validatorUrl: null" in http.get("/docs/start.js").text


def test_the_openapi_document_is_built_once() -> None:
    for app in (create_chat_app(), create_publish_app()):
        assert app.openapi() is app.openapi()


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=5-2", "lines=1-2", "bytes=0-1,5-6", "bytes"])
def test_a_range_of_a_documentation_file_is_ignored(server: ServerProcess, asked: str) -> None:
    with httpx.Client(base_url=server.base_url, timeout=ANSWERS_WITHIN_S) as http:
        answer = http.get("/docs/files/swagger-ui.css", headers={"Range": asked})
        assert (answer.status_code, answer.headers["accept-ranges"]) == (200, "none")
        assert len(answer.content) > 10_000
