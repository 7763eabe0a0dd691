"""chat_server serves the built frontend: compressed by the build, with a policy on every HTML response."""

import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import httpx
import pytest
import pytest_asyncio

from chat_server.fetch.event_waits import EventWaits
from chat_server.http.spa import accepts_encoding
from chat_server.main import create_server
from chat_server.settings import ChatSettings
from server_kit.http.request_admission import Admission
from tests.support.plain_http import ANSWERS_WITHIN_S

SCRIPT = "/assets/first-abcdefgh.js"
BUILT = {
    "index.html": b"<!doctype html><title>Hotchat</title>" + b"<!-- page -->" * 200,
    "assets/first-abcdefgh.js": b"console.log('hello');\n" * 200,
    "assets/tiny-abcdefgh.js": b"1;\n",
    "icon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>" + b" " * 2000,
}
FORMS = {
    "br": {name: b"stands for brotli: " + name.encode() for name in BUILT},
    "gzip": {name: gzip.compress(content, mtime=7) for name, content in BUILT.items()},
}
"""Bytes that compression at request time would not produce, so that a test recognises the file."""

ANCESTORS = "https://show.example"


@pytest.fixture
def page_folder(tmp_path: Path) -> Path:
    for name, content in BUILT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        if len(content) > 1024:
            Path(f"{path}.br").write_bytes(FORMS["br"][name])
            Path(f"{path}.gz").write_bytes(FORMS["gzip"][name])
    return tmp_path


@pytest_asyncio.fixture
async def client(page_folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The layers that need no store, called over ASGI."""
    settings = ChatSettings(
        hotchat_secret="a secret for tests only",
        spa_dir=str(page_folder),
        embed_frame_ancestors=ANCESTORS,
        public_stream_url="same-origin",
    )
    transport = httpx.ASGITransport(create_server(settings, Admission(settings, Random(7)), EventWaits()))
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://localhost",
        headers={"Accept-Encoding": ""},
        timeout=ANSWERS_WITHIN_S,
    ) as client:
        yield client


async def raw(client: httpx.AsyncClient, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """The response, and its body before decompression."""
    async with client.stream(
        "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
    ) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("", None),
        ("br;q=oops", None),
    ],
)
async def test_the_compressed_form_of_the_build_is_sent_unchanged(
    client: httpx.AsyncClient, accepted: str, coding: str | None
) -> None:
    for path, name in ((SCRIPT, SCRIPT[1:]), ("/", "index.html"), ("/icon.svg", "icon.svg")):
        answer, body = await raw(client, path, Accept_Encoding=accepted)
        assert answer.status_code == 200
        assert body == (FORMS[coding] if coding else BUILT)[name]
        assert answer.headers.get("content-encoding") == coding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(body)
    assert answer.headers["content-type"] == "image/svg+xml"


async def test_a_file_without_a_compressed_form_does_not_vary(client: httpx.AsyncClient) -> None:
    answer, body = await raw(client, "/assets/tiny-abcdefgh.js", Accept_Encoding="br, gzip")
    assert body == BUILT["assets/tiny-abcdefgh.js"]
    assert "vary" not in answer.headers and "content-encoding" not in answer.headers


async def test_each_form_has_its_own_etag_and_304_keeps_policy_and_vary(
    client: httpx.AsyncClient, page_folder: Path
) -> None:
    for path in ("/", SCRIPT):
        etags = {
            (await raw(client, path, Accept_Encoding=name))[0].headers["etag"] for name in ("br", "gzip", "")
        }
        assert len(etags) == 3
        fresh, _ = await raw(client, path, Accept_Encoding="br")
        again, body = await raw(client, path, Accept_Encoding="br", If_None_Match=fresh.headers["etag"])
        assert (again.status_code, body) == (304, b"")
        for name in ("etag", "vary", "cache-control", "content-security-policy"):
            assert again.headers.get(name) == fresh.headers.get(name)
        other, _ = await raw(client, path, Accept_Encoding="gzip", If_None_Match=fresh.headers["etag"])
        assert other.status_code == 200
    os.utime(page_folder / "index.html.br", (1, 1))
    changed, _ = await raw(client, "/", Accept_Encoding="br")
    assert changed.headers["etag"] not in etags


async def test_head_returns_the_headers_of_get_without_a_body(client: httpx.AsyncClient) -> None:
    for path in ("/", SCRIPT, "/rooms/lobby"):
        got, _ = await raw(client, path, Accept_Encoding="gzip")
        head = await client.head(path, headers={"Accept-Encoding": "gzip"})
        assert head.status_code == 200 and head.content == b""
        ignored = {"x-request-id"}
        assert {k: v for k, v in head.headers.items() if k not in ignored} == {
            k: v for k, v in got.headers.items() if k not in ignored
        }


@pytest.mark.parametrize("wanted", ["bytes=0-4", "bytes=99999999-", "bytes=4-2", "bytes=0-1,3-4", "lines=1"])
async def test_every_range_header_is_ignored(client: httpx.AsyncClient, wanted: str) -> None:
    answer, body = await raw(client, SCRIPT, Range=wanted)
    assert answer.status_code == 200 and answer.headers["accept-ranges"] == "none"
    assert body == BUILT[SCRIPT.lstrip("/")]


@pytest.mark.parametrize(
    "path",
    [
        f"{SCRIPT}.br",
        "/index.html.gz",
        "/assets/nope.js",
        "/assets/nope",
        "/nope.html",
        "/api/nope",
        "/stream/v1/rooms/lobby",
        "/healthz/nope",
        "/metrics/nope",
        "/a%00b.js",
        "/" + "a" * 5000 + ".js",
    ],
)
async def test_a_path_that_is_neither_file_nor_page_gets_a_problem(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


async def test_a_page_refuses_other_methods(client: httpx.AsyncClient) -> None:
    for path in ("/", SCRIPT):
        answer = await client.post(path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD"


PAGES = ["/", "/index.html", "/rooms/lobby", "/nope", "/embed/nope", "/embed/rooms/", "/embed/rooms/a/b",
         "/embed/rooms/A", "/embed/rooms/" + "a" * 65, "/embed/rooms/..%2f..%2frooms", "/embed"]  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, "/docs"])
async def test_every_html_response_has_a_policy_and_cannot_be_framed_elsewhere(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert directive(answer, "frame-ancestors") in ("'self'", "'none'")
    assert directive(answer, "base-uri") == directive(answer, "object-src") == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    if path in PAGES:
        assert directive(answer, "script-src") == directive(answer, "connect-src") == "'self'"


@pytest.mark.parametrize(
    "path", ["/embed/rooms/lobby", "/embed/rooms/lobby/", "/embed/rooms/lobby?overlay=1"]
)
async def test_only_an_embedded_room_may_be_framed_and_only_by_configured_sites(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert directive(answer, "frame-ancestors") == ANCESTORS


def directive(answer: httpx.Response, name: str) -> str:
    rules = (rule.strip().partition(" ") for rule in answer.headers["content-security-policy"].split(";"))
    return {rule: value for rule, _, value in rules}[name]


def test_a_weight_of_zero_refuses_a_coding() -> None:
    takes = accepts_encoding("br;q=0, *;q=0.1")
    assert not takes("br") and takes("gzip")
