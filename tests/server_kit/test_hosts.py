"""Accepted host names, and origins that may call with the cookie."""

import pytest

from server_kit.http.hosts import MAX_CACHED, HostPolicy, OriginPolicy, host_name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Chat.Example.org", "chat.example.org"),
        ("chat.example.org.", "chat.example.org"),
        ("chat.example.org:8000", "chat.example.org"),
        ("chat.example.org.:8000", "chat.example.org"),
        ("localhost:", "localhost"),
        ("[::1]:8000", "::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("", None),
        (".", None),
        ("a..b", None),
        ("a b", None),
        ("a:b", None),
        ("a:99999", None),
        ("a:1:2", None),
        ("::1", None),
        ("[::1", None),
        ("[evil.example]", None),
        ("user@evil.example", None),
        ("evil.example/localhost", None),
        ("127.0.0.1, evil.example", None),
        ("ev\u0131l.example", None),
    ],
)
def test_a_host_header_is_parsed_as_browsers_write_it(raw: str, name: str | None) -> None:
    assert host_name(raw) == name


@pytest.mark.parametrize(
    ("host", "is_accepted"),
    [
        (b"127.0.0.1:8000", True),
        (b"203.0.113.5", True),
        (b"[::1]:8000", True),
        (b"localhost", True),
        (b"chat_server:8000", True),
        (b"a.localhost", True),
        (b"laptop.local", True),
        (b"laptop.LOCAL.:8000", True),
        (b"machine.corp.example", True),
        (b"chat.example.org", True),
        (b"evil.example", False),
        (b"evil.example:8000", False),
        (b"127.0.0.1.evil.example", False),
        (b"localhost.evil.example", False),
        (b"evil-local", True),
        (b"\xff", False),
    ],
)
def test_a_public_name_that_nobody_configured_is_refused(host: bytes, *, is_accepted: bool) -> None:
    policy = HostPolicy(["chat.example.org"], ["machine.corp.example"])
    assert policy.accepts(host) is is_accepted
    assert policy.accepts(host) is is_accepted, "the cached verdict as well"


def test_an_asterisk_accepts_every_valid_host_name() -> None:
    policy = HostPolicy(["*"], [])
    assert policy.accepts(b"evil.example")
    assert not policy.accepts(b"a b")


def test_cached_verdicts_are_bounded() -> None:
    policy = HostPolicy([], [])
    for number in range(3 * MAX_CACHED):
        policy.accepts(b"host-%d" % number)
    assert len(policy._verdicts) <= MAX_CACHED


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "is_accepted"),
    [
        (b"http://localhost:8000", b"localhost:8000", "http", True),
        (b"http://LOCALHOST:8000", b"localhost:8000", "http", True),
        (b"http://localhost", b"localhost:80", "http", True),
        (b"https://chat.example", b"chat.example", "https", True),
        (b"https://chat.example", b"chat.example", "http", False),
        (b"http://localhost:3000", b"localhost:8000", "http", False),
        (b"http://localhost:8000", b"localhost:8001", "http", True),
        (b"http://[::1]:8000", b"[::1]:8001", "http", True),
        (b"http://friend.example", b"localhost:8000", "http", True),
        (b"http://evil.example", b"localhost:8000", "http", False),
        (b"null", b"localhost:8000", "http", False),
        (b"http://", b"", "http", False),
        (b"http://x:99999", b"localhost", "http", False),
        (b"\xff", b"localhost", "http", False),
    ],
)
def test_only_the_frontends_own_origin_and_configured_ones_may_call_with_the_cookie(
    origin: bytes, host: bytes, scheme: str, *, is_accepted: bool
) -> None:
    assert OriginPolicy(["http://friend.example"], 8000).accepts(origin, host, scheme) is is_accepted
