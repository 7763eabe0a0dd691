"""Requests that both servers refuse by host, by origin or by a share, before routing."""

import logging
import time
import uuid
from contextlib import ExitStack
from random import Random

import httpx
import pytest

from chat_server.main import warn_of_heating
from chat_server.settings import ChatSettings
from server_kit.http.asgi import Scope
from server_kit.http.problem import ChatError
from server_kit.http.request_admission import Admission
from server_kit.http.request_head import request_head
from server_kit.session_tokens import SessionTokens
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import ANSWERS_WITHIN_S

SECRET = "a secret for tests only"


def admission(**settings: object) -> Admission:
    made = Admission(ChatSettings.model_validate({"hotchat_secret": SECRET, **settings}), Random(7))
    made.tokens = SessionTokens(SECRET)
    return made


def scope(
    *headers: tuple[bytes, bytes],
    path: str = "/api/v1/rooms",
    peer: str = "203.0.113.5",
    http_version: str = "1.1",
    host: bytes | None = b"localhost:8000",
) -> Scope:
    hosts = [] if host is None else [(b"host", host)]
    return {
        "type": "http",
        "scheme": "http",
        "http_version": http_version,
        "path": path,
        "client": (peer, 1234),
        "headers": [*hosts, *headers],
    }


def refused(made: Admission, request: Scope) -> str | None:
    """The problem code of the refusal; None if the request is admitted."""
    try:
        made.check(request, request_head(request))
    except ChatError as error:
        return error.code
    return None


def token() -> bytes:
    user_id = uuid.UUID("01234567-0000-7000-8000-000000000000")
    made, _ = SessionTokens(SECRET).issue(user_id, "ann", 4_000_000_000, session_id=user_id)
    return made.encode()


def test_only_known_hosts_are_admitted_except_on_operational_paths() -> None:
    made = admission()
    assert refused(made, scope()) is None
    assert refused(made, scope(host=b"evil.example")) == "misdirected"
    assert refused(made, scope(host=None)) == "bad_request"
    assert refused(made, scope(host=None, http_version="1.0")) is None
    assert refused(made, scope((b"host", b"localhost"))) == "bad_request"
    for path in ("/internal/v1/heads", "/healthz/ready", "/metrics"):
        assert refused(made, scope(host=b"evil.example", path=path)) is None
    assert refused(made, scope(host=b"evil.example", path="/api/v1/metrics")) == "misdirected"
    assert refused(admission(public_hosts="evil.example"), scope(host=b"evil.example")) is None


def test_a_call_with_the_cookie_from_a_foreign_origin_is_forbidden() -> None:
    made = admission()
    cookie = (b"cookie", b"hotchat_session=" + token())
    foreign = (b"origin", b"http://localhost:3000")
    assert refused(made, scope(cookie, foreign)) == "forbidden"
    assert refused(made, scope(foreign)) is None
    assert refused(made, scope((b"cookie", b"other=1"), foreign)) is None
    assert refused(made, scope(cookie, foreign, (b"authorization", b"Bearer " + token()))) is None
    assert refused(made, scope(cookie, (b"origin", b"http://localhost:8000"))) is None
    assert refused(made, scope(cookie)) is None
    behind_tls = (cookie, (b"origin", b"https://localhost:8000"), (b"x-forwarded-proto", b"https"))
    assert refused(made, scope(*behind_tls)) is None


def test_a_flood_from_one_address_is_refused_but_its_established_users_are_not() -> None:
    made = admission(hotchat_bind="0.0.0.0", requests_per_address_per_s=10)
    codes = [refused(made, scope()) for _ in range(30)]
    assert codes.count(None) == 15
    assert set(codes[15:]) == {"rate_limited"}
    assert refused(made, scope((b"authorization", b"Bearer " + token()))) is None
    assert refused(made, scope(peer="203.0.113.6")) is None
    assert refused(made, scope(path="/internal/v1/heads")) is None


def test_an_untrusted_forwarder_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    forwarded = (b"x-forwarded-for", b"192.0.2.1")
    with caplog.at_level(logging.WARNING):
        trusting = admission(trusted_proxies="203.0.113.5")
        refused(trusting, scope(forwarded))
        assert not caplog.records
        made = admission()
        for _ in range(3):
            refused(made, scope(forwarded))
    [record] = caplog.records
    assert "TRUSTED_PROXIES" in record.getMessage()
    assert "203.0.113.5" in record.getMessage()


@pytest.mark.parametrize(
    ("settings", "warns"),
    [
        pytest.param({"hotchat_bind": "0.0.0.0"}, False, id="defaults"),
        pytest.param({"hotchat_bind": "0.0.0.0", "hotchat_enter_per_s": 150}, True, id="a low threshold"),
        pytest.param({"hotchat_bind": "0.0.0.0", "chat_workers": 25}, True, id="many processes"),
        pytest.param({"chat_workers": 25}, False, id="limits are off on loopback"),
    ],
)
def test_startup_warns_when_one_address_can_heat_a_room(
    settings: dict[str, object], caplog: pytest.LogCaptureFixture, *, warns: bool
) -> None:
    read = ChatSettings.model_validate({"hotchat_secret": SECRET, **settings})
    with caplog.at_level(logging.WARNING):
        warn_of_heating(read, read.hotchat_enter_per_s, Admission(read, Random(7)).shares)
    assert ("REQUESTS_PER_ADDRESS_PER_S" in caplog.text) is warns


def metric(base_url: str, name: str) -> float:
    lines = httpx.get(f"{base_url}/metrics", timeout=ANSWERS_WITHIN_S).text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def test_a_fetch_refused_by_a_share_does_not_count_towards_heat(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(
        scheduler=0,
        REQUESTS_PER_ADDRESS_PER_S="20",
        STREAMS_PER_ADDRESS="4",
        SHARES_EXEMPT="192.0.2.7",
        TRUSTED_PROXIES="127.0.0.1",
    )

    def as_client(address: str) -> httpx.Client:
        # A connection for each request, as a refusal pauses its connection.
        return httpx.Client(
            base_url=stack.chat_url,
            headers={"X-Forwarded-For": address, "Connection": "close"},
            timeout=ANSWERS_WITHIN_S,
        )

    with (
        as_client("203.0.113.5") as flooding,
        as_client("203.0.113.6") as other,
        as_client("192.0.2.7") as exempt,
    ):
        path = "/api/v1/rooms/lobby"
        statuses = [flooding.get(path).status_code for _ in range(200)]
        served = statuses.count(200)
        assert statuses.count(429) == 200 - served > 0
        assert metric(stack.chat_url, "hotchat_fetches_total") == served
        problem = next(answer for _ in range(200) if (answer := flooding.get(path)).status_code == 429)
        assert problem.json()["code"] == "rate_limited"
        assert {"retry-after", "ratelimit", "ratelimit-policy", "x-request-id"} <= problem.headers.keys()
        assert other.get(path).status_code == 200
        assert {exempt.get(path).status_code for _ in range(100)} == {200}

    assert_stream_limit_holds(stack.publish_url)


def assert_stream_limit_holds(publish_url: str) -> None:
    """Assert that both kinds of stream count towards STREAMS_PER_ADDRESS, and that closing one frees its seat."""
    headers = {"X-Forwarded-For": "203.0.113.5"}
    paths = ["/stream/v1/rooms/lobby", "/stream/v1/rooms?room=lobby"]

    def opened(client: httpx.Client, path: str) -> httpx.Response:
        return client.send(client.build_request("GET", publish_url + path, headers=headers), stream=True)

    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(timeout=ANSWERS_WITHIN_S))
        streams = [opened(client, paths[number % 2]) for number in range(4)]
        for stream in streams:
            stack.callback(stream.close)
        assert [stream.status_code for stream in streams] == [200, 200, 200, 429]
        streams[3].read()
        assert streams[3].json()["code"] == "rate_limited"
        streams[0].close()
        deadline_s = time.monotonic() + 10
        while metric(publish_url, "hotchat_streams_open") > 2:
            assert time.monotonic() < deadline_s
        again = opened(client, paths[0])
        stack.callback(again.close)
        assert again.status_code == 200


@pytest.mark.parametrize("kind", ["chat", "publish"])
def test_both_servers_refuse_unknown_hosts(start_chat_stack: StartChatStack, kind: str) -> None:
    stack = start_chat_stack(chat=1, publish=1, scheduler=0)
    url = stack.chat_url if kind == "chat" else stack.publish_url
    paths = ["/nothing"] + (["/api/v1/rooms", "/"] if kind == "chat" else ["/stream/v1/rooms/lobby"])
    for path in paths:
        answer = httpx.get(url + path, headers={"Host": "evil.example"}, timeout=ANSWERS_WITHIN_S)
        assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
        assert "PUBLIC_HOSTS" in answer.json()["detail"]
    assert (
        httpx.get(
            f"{url}/healthz/live", headers={"Host": "evil.example"}, timeout=ANSWERS_WITHIN_S
        ).status_code
        == 200
    )
