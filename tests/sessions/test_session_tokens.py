"""Contents of session tokens, which tokens are valid, and where a request may carry them."""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import jwt
import pytest

from server_kit.http.problem import ChatError
from server_kit.session_tokens import (
    COOKIE,
    LIFETIME_S,
    MAX_COOKIES,
    RENEW_AFTER_S,
    SessionTokens,
    cookies_in,
    session_in,
)
from tests.support.chat_stack import SECRET

NOW_S = 1_800_000_000
USER, SESSION = uuid.uuid4(), uuid.uuid4()
OLD_SECRET = "an earlier secret for tests"


def issued(secret: str = SECRET, nickname: str = "ann") -> str:
    token, _ = SessionTokens(secret).issue(USER, nickname, NOW_S, session_id=SESSION, generation=3)
    return token


def request(*headers: tuple[str, str]) -> dict[str, Any]:
    return {"headers": [(name.encode(), value.encode("latin-1")) for name, value in headers]}


def nickname_of(*headers: tuple[str, str]) -> str | None:
    session = session_in(request(*headers), SessionTokens(SECRET), NOW_S)
    return None if session is None else session.nickname


def test_renewing_a_token_keeps_the_session_id_and_the_generation() -> None:
    tokens = SessionTokens(SECRET)
    first = tokens.verify(issued(), NOW_S)
    later_s = NOW_S + RENEW_AFTER_S + 1
    renewed = tokens.verify(tokens.renew(first, later_s)[0], later_s)
    assert (renewed.session_id, renewed.generation) == (SESSION, 3)
    assert renewed.expires_s == later_s + LIFETIME_S


def test_a_token_without_a_session_id_stays_valid_until_it_expires() -> None:
    claims = {"sub": str(USER), "nick": "ann", "iat": NOW_S, "exp": NOW_S + LIFETIME_S}
    token = jwt.encode(claims, hashlib.sha256(SECRET.encode()).digest(), algorithm="HS256")
    session = SessionTokens(SECRET).verify(token, NOW_S)
    assert (session.user_id, session.session_id, session.generation) == (USER, USER, 0)
    with pytest.raises(ChatError) as refused:
        SessionTokens(SECRET).verify(token, NOW_S + LIFETIME_S)
    assert refused.value.code == "session_expired"


@pytest.mark.parametrize(
    ("signed_with", "secret", "old_secrets", "is_valid"),
    [
        (SECRET, SECRET, [], True),
        (OLD_SECRET, SECRET, [OLD_SECRET], True),
        (SECRET, OLD_SECRET, [SECRET], True),
        (OLD_SECRET, SECRET, [], False),
        ("a secret that nobody knows", SECRET, [OLD_SECRET], False),
    ],
)
def test_tokens_of_an_old_secret_are_valid_and_new_ones_use_the_new_secret(
    signed_with: str, secret: str, old_secrets: Sequence[str], is_valid: bool
) -> None:
    tokens = SessionTokens(secret, old_secrets)
    if is_valid:
        session = tokens.verify(issued(signed_with), NOW_S)
        renewed, _ = tokens.renew(session, NOW_S)
        assert SessionTokens(secret).verify(renewed, NOW_S).session_id == SESSION
    else:
        with pytest.raises(ChatError):
            tokens.verify(issued(signed_with), NOW_S)


def test_an_ended_session_is_refused_although_its_token_is_cached() -> None:
    ended: set[uuid.UUID] = set()
    tokens = SessionTokens(SECRET, is_ended=lambda session: session.session_id in ended)
    tokens.verify(issued(), NOW_S)
    ended.add(SESSION)
    with pytest.raises(ChatError) as refused:
        tokens.verify(issued(), NOW_S)
    assert refused.value.code == "session_expired"


@pytest.mark.parametrize(
    "cookie",
    [
        "{ours}",
        "theme={name}=x; {ours}",
        "a=1;{ours};b=2",
        "not_{name}=x; {ours}",
        "{name}_2=x; {ours}",
        "a={name}=; b=; {ours}",
        "{name}=; {ours}",
        "{name}=stale; {ours}",
        " {name} = {token} ",
    ],
)
def test_the_session_cookie_is_found_among_other_cookies(cookie: str) -> None:
    token = issued()
    given = cookie.format(name=COOKIE, token=token, ours=f"{COOKIE}={token}")
    assert nickname_of(("cookie", given)) == "ann"


def test_the_first_valid_session_cookie_of_all_headers_is_used() -> None:
    first, second = issued(nickname="first"), issued(nickname="second")
    headers = ("cookie", f"{COOKIE}=bad; {COOKIE}={first}"), ("cookie", f"{COOKIE}={second}")
    assert nickname_of(*headers) == "first"


def test_the_number_of_session_cookies_tried_is_bounded() -> None:
    cookie = "; ".join([f"{COOKIE}=bad"] * MAX_COOKIES + [f"{COOKIE}={issued()}"])
    assert len(cookies_in(request(("cookie", cookie))["headers"])) == MAX_COOKIES
    with pytest.raises(ChatError):
        nickname_of(("cookie", cookie))


def test_the_cookies_name_inside_another_value_is_ignored() -> None:
    assert nickname_of(("cookie", f"theme= {COOKIE}=x")) is None


def test_the_bearer_token_takes_precedence_over_the_cookie() -> None:
    cookie, bearer = issued(nickname="cookie"), issued(nickname="bearer")
    headers = ("cookie", f"{COOKIE}={cookie}"), ("authorization", f"bearer {bearer}")
    assert nickname_of(*headers) == "bearer"
    with pytest.raises(ChatError):
        nickname_of(("cookie", f"{COOKIE}={cookie}"), ("authorization", "Bearer nonsense"))
