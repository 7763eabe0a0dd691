"""The operator signs in on the page: a cookie for the operator's calls only, which no other page can use."""

import time
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import jwt
import pytest

from chat_server.sessions.operator_sessions import COOKIE, LIFETIME_S, OperatorSessions
from server_kit.http.problem import ChatError
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.moderation.private_room import PrivateRoom
from tests.moderation.test_who_may_do_what import call_id
from tests.ops.test_who_may_call import TABLE, call
from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack
from tests.support.people import People
from tests.support.plain_http import ANSWERS_WITHIN_S

SESSION: Final = "/api/v1/ops/session"
NOW_S: Final = 1_800_000_000.0
AS_OPERATOR: Final = {"X-Hotchat-Operator": "1"}


async def sign_in(client: httpx.AsyncClient, token: str = ADMIN_TOKEN, **headers: str) -> httpx.Response:
    return await client.post(SESSION, json={"token": token}, headers=headers)


@pytest.fixture
async def signed_in(people: People) -> AsyncIterator[httpx.AsyncClient]:
    client = people.anonymous()
    answer = await sign_in(client)
    assert answer.status_code == 200, answer.text
    yield client


async def test_the_cookie_is_for_calls_and_for_this_site_only(people: People) -> None:
    answer = await sign_in(people.anonymous())
    [cookie] = answer.headers.get_list("set-cookie")
    value, *attributes = cookie.split("; ")
    assert value.startswith(f"{COOKIE}=") and ADMIN_TOKEN not in cookie
    assert attributes == ["HttpOnly", f"Max-Age={LIFETIME_S}", "Path=/api/v1", "SameSite=Strict"]
    assert list(answer.json()) == ["expires_at"]
    secure = await sign_in(people.anonymous(), **{"X-Forwarded-Proto": "https"})
    assert secure.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("which", TABLE, ids=call_id)
async def test_a_signed_in_operator_makes_every_call(
    people: People, signed_in: httpx.AsyncClient, which: tuple[str, str]
) -> None:
    room = await HostedRoom.make(people)
    answer = await call(room, signed_in, which)
    assert answer.status_code == TABLE[which].expected("operator"), answer.text


@pytest.mark.parametrize("which", TABLE, ids=call_id)
async def test_a_page_of_another_origin_cannot_write_with_the_cookie(
    people: People, signed_in: httpx.AsyncClient, which: tuple[str, str]
) -> None:
    room = await HostedRoom.make(people)
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "x"):
        signed_in.headers["Origin"] = origin
        answer = await call(room, signed_in, which)
        expected = (200, "") if which[0] == "GET" else (403, "forbidden")
        assert code_of(answer) == expected, origin
    signed_in.headers["Origin"] = people.base_url
    answer = await call(room, signed_in, which)
    assert answer.status_code == TABLE[which].expected("operator"), answer.text


async def test_a_page_of_another_origin_signs_nobody_in_or_out(people: People) -> None:
    client = people.anonymous()
    foreign = {"Origin": "https://evil.example"}
    assert code_of(await sign_in(client, **foreign)) == (403, "forbidden")
    assert code_of(await client.delete(SESSION, headers=foreign)) == (403, "forbidden")


async def test_signing_out_clears_the_cookie(signed_in: httpx.AsyncClient) -> None:
    assert (await signed_in.get("/api/v1/ops/bans")).status_code == 200
    signed_out = await signed_in.delete(SESSION)
    assert (signed_out.status_code, COOKIE in signed_in.cookies) == (204, False)
    assert code_of(await signed_in.get("/api/v1/ops/bans")) == (401, "unauthenticated")


async def test_the_cookie_is_no_token_of_rooms_or_sessions(people: People) -> None:
    client = people.anonymous()
    cookie = (await sign_in(client)).cookies[COOKIE]
    for headers in (
        {"Authorization": f"Bearer {cookie}"},
        {"Cookie": f"hotchat_session={cookie}"},
        {"Cookie": f"{COOKIE}={cookie}"},
    ):
        fresh = people.anonymous()
        answer = await fresh.patch("/api/v1/rooms/lobby", json={}, headers=headers)
        assert code_of(answer) == (401, "unauthenticated"), headers
    ann = await people.enter("ann")
    token = ann.http.headers["Authorization"].removeprefix("Bearer ")
    for forged in (token, ADMIN_TOKEN, f"{cookie}x", f"{cookie[:-4]}AAAA", "a.b.c", "\xff", "x" * 2_000):
        raw = [(b"cookie", f"{COOKIE}={forged}".encode("latin-1"))]
        answer = await people.anonymous().get("/api/v1/ops/bans", headers=raw)
        assert code_of(answer) == (401, "unauthenticated"), forged


async def test_the_cookie_counts_in_rooms_only_where_a_header_asks_for_it(people: People) -> None:
    room = await PrivateRoom.of(people)
    client = people.anonymous()
    cookie = (await sign_in(client)).cookies[COOKIE]
    token = room.guest.http.headers["Authorization"].removeprefix("Bearer ")
    client.cookies.set("hotchat_session", token)
    for method, path, body in (
        ("GET", room.path("bans"), None),
        ("GET", room.path("audit"), None),
        ("PATCH", room.path(""), {"slow_mode_s": 0}),
        ("PUT", room.path(f"bans/{room.stranger.id}"), {"seconds": 60}),
    ):
        refused = await client.request(method, path, json=body)
        assert code_of(refused) == (403, "forbidden"), path
        allowed = await client.request(method, path, json=body, headers=AS_OPERATOR)
        assert allowed.status_code == 200, allowed.text
    assert (await client.get(room.path("me"))).json()["role"] == "member"
    assert (await client.get(room.path("me"), headers=AS_OPERATOR)).json()["role"] == "operator"

    nobody = people.anonymous()
    nobody.cookies.set(COOKIE, cookie)
    for path in ("", "messages"):
        assert code_of(await nobody.get(room.path(path))) == (404, "room_not_found")
        assert (await nobody.get(room.path(path), headers=AS_OPERATOR)).status_code == 200
    ticket = await nobody.post(room.path("stream-tickets"), headers=AS_OPERATOR)
    assert ticket.status_code == 200, ticket.text
    assert code_of(await nobody.post(room.path("stream-tickets"))) == (404, "room_not_found")


async def test_the_header_without_the_cookie_gives_nobody_a_right(people: People) -> None:
    room = await HostedRoom.make(people)
    for person in (room.owner, room.guest):
        client = people.anonymous()
        token = person.http.headers["Authorization"].removeprefix("Bearer ")
        client.cookies.set("hotchat_session", token)
        refused = await client.get(f"/api/v1/rooms/{room.id}/bans", headers=AS_OPERATOR)
        assert code_of(refused) == (401, "unauthenticated")
    with_token = await room.guest.http.get(f"/api/v1/rooms/{room.id}/bans", headers=AS_OPERATOR)
    assert code_of(with_token) == (403, "forbidden")


async def test_a_page_of_another_origin_cannot_send_the_header_or_write_with_it(
    people: People, signed_in: httpx.AsyncClient
) -> None:
    room = await HostedRoom.make(people)
    ban = f"/api/v1/rooms/{room.id}/bans/{room.target.id}"
    foreign = {**AS_OPERATOR, "Origin": "https://evil.example"}
    assert code_of(await signed_in.put(ban, json={"seconds": 60}, headers=foreign)) == (403, "forbidden")
    own = {**AS_OPERATOR, "Origin": people.base_url}
    assert (await signed_in.put(ban, json={"seconds": 60}, headers=own)).status_code == 200
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-hotchat-operator"}
    for origin in ("https://evil.example", people.base_url):
        preflight = await people.anonymous().options(ban, headers={"Origin": origin, **asked})
        allowed = preflight.headers.get("access-control-allow-headers", "").lower()
        assert "x-hotchat-operator" not in allowed


def test_a_wrong_token_is_limited_as_a_bearer_token_is(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(
        chat=2,
        publish=0,
        scheduler=0,
        OPERATOR_GUESSES_PER_ADDRESS_PER_MIN="3",
        HOTCHAT_ADMIN_TOKEN=ADMIN_TOKEN,
    )
    first, second = stack.chat_servers
    with httpx.Client(base_url=first.base_url, timeout=ANSWERS_WITHIN_S) as http:
        cookie = http.post(SESSION, json={"token": ADMIN_TOKEN}).cookies[COOKIE]
        guesses = [http.post(SESSION, json={"token": f"guess {n}"}) for n in range(3)]
        assert [code_of(answer) for answer in guesses] == [(401, "unauthenticated")] * 3
        assert code_of(http.post(SESSION, json={"token": ADMIN_TOKEN})) == (429, "rate_limited")
        assert http.get("/api/v1/ops/bans").status_code == 200  # the cookie is no guess
    with httpx.Client(
        base_url=second.base_url, headers={"Cookie": f"{COOKIE}={cookie}"}, timeout=ANSWERS_WITHIN_S
    ) as other:
        entries = other.get("/api/v1/ops/audit").json()["entries"]
    assert [entry["action"] for entry in entries] == ["sign_in"]


def test_without_an_operators_token_nobody_signs_in(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, HOTCHAT_ADMIN_TOKEN="")
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as http:
        for token in ("x", "\x00", "x" * 999):
            assert code_of(http.post(SESSION, json={"token": token})) == (401, "unauthenticated")
        for body in ({"token": ""}, {}, {"token": "x", "more": 1}):
            assert code_of(http.post(SESSION, json=body)) == (422, "validation_failed")


def scope(cookie: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    pairs = {"cookie": f"{COOKIE}={cookie}", "host": "chat.example", **headers}
    raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
    return {"type": "http", "scheme": "http", "method": method, "headers": raw}


def test_a_cookie_ends_after_12_hours_and_with_the_token_or_the_secret() -> None:
    sessions = OperatorSessions("the token", "secret", ["earlier secret"])
    cookie, expires_s = sessions.issue(NOW_S)
    assert expires_s == NOW_S + 12 * 3600
    assert sessions.admits(scope(cookie), expires_s - 1)
    assert not sessions.admits(scope(cookie), expires_s)
    earlier, _ = OperatorSessions("the token", "earlier secret").issue(NOW_S)
    assert sessions.admits(scope(earlier), NOW_S)
    for other in (
        OperatorSessions("another token", "secret"),
        OperatorSessions("the token", "another secret"),
        OperatorSessions("", "secret"),
    ):
        assert not other.admits(scope(cookie), NOW_S)
        assert not sessions.admits(scope(other.issue(NOW_S)[0]), NOW_S)
    unsigned = jwt.encode({"aud": "operator", "exp": time.time() + 60}, None, algorithm="none")
    assert not sessions.admits(scope(unsigned), NOW_S)


def test_a_write_behind_a_tls_proxy_compares_the_scheme_that_the_browser_used() -> None:
    sessions = OperatorSessions("the token", "secret")
    cookie, _ = sessions.issue(NOW_S)
    forwarded = {"x-forwarded-proto": "https", "origin": "https://chat.example"}
    assert sessions.admits(scope(cookie, "PUT", **forwarded), NOW_S)
    with pytest.raises(ChatError, match="operator's page"):
        sessions.admits(scope(cookie, "PUT", origin="https://chat.example"), NOW_S)
