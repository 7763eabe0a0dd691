"""Only trusted proxies may name the client in X-Forwarded-For."""

import pytest

from server_kit.http.asgi import Scope
from server_kit.http.client_address import NO_ADDRESS, address_key, client_address_of

PROXY = "10.0.0.1"


def scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": None if peer is None else (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        pytest.param([], "192.0.2.9", ["203.0.113.5"], "192.0.2.9", id="no proxy is trusted"),
        pytest.param([PROXY], "192.0.2.9", ["203.0.113.5"], "192.0.2.9", id="the peer is not trusted"),
        pytest.param([PROXY], PROXY, ["203.0.113.5"], "203.0.113.5", id="the trusted proxy names the client"),
        pytest.param(
            [PROXY],
            PROXY,
            ["6.6.6.6, 203.0.113.5"],
            "203.0.113.5",
            id="the entry of the client itself is ignored",
        ),
        pytest.param(
            [PROXY],
            PROXY,
            ["6.6.6.6", "203.0.113.5"],
            "203.0.113.5",
            id="the client's entry is in a separate header",
        ),
        pytest.param(
            ["10.0.0.0/8"], PROXY, ["203.0.113.5, 10.9.9.9"], "203.0.113.5", id="two trusted proxies"
        ),
        pytest.param(["10.0.0.0/8"], PROXY, ["10.1.1.1"], "10.1.1.1", id="every entry is trusted"),
        pytest.param([PROXY], PROXY, ["not an address"], PROXY, id="the only entry is no address"),
        pytest.param(
            [PROXY],
            PROXY,
            ["203.0.113.5, unknown"],
            PROXY,
            id="entries before one that is no address are ignored",
        ),
        pytest.param(
            [PROXY], PROXY, ["203.0.113.5%" + "z" * 100], PROXY, id="an entry of over 100 characters"
        ),
        pytest.param([PROXY], PROXY, [], PROXY, id="no header"),
        pytest.param([PROXY], PROXY, ["203.0.113.5:4711"], "203.0.113.5", id="a port"),
        pytest.param([PROXY], PROXY, ["[2001:db8::1]:4711"], "2001:db8::1", id="IPv6 and a port"),
        pytest.param(
            [PROXY], "::ffff:10.0.0.1", ["203.0.113.5"], "203.0.113.5", id="an IPv4-mapped IPv6 peer"
        ),
        pytest.param([PROXY], None, ["203.0.113.5"], NO_ADDRESS, id="a Unix socket"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_not_trusted(
    trusted: list[str], peer: str | None, forwarded: list[str], client: str
) -> None:
    assert client_address_of(trusted)(scope(peer, *forwarded)) == client


def test_all_ipv6_addresses_of_a_64_prefix_share_one_limit() -> None:
    assert address_key("2001:db8:1:2:aaaa::1") == address_key("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::/64"
    assert address_key("192.0.2.1") == "192.0.2.1"
    assert address_key("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_key(NO_ADDRESS) == NO_ADDRESS
