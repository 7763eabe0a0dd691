"""Whose X-Forwarded-For is believed."""

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
        pytest.param([], "192.0.2.9", ["203.0.113.5"], "192.0.2.9", id="nobody is trusted"),
        pytest.param(
            [PROXY], "192.0.2.9", ["203.0.113.5"], "192.0.2.9", id="the peer is not a proxy of ours"
        ),
        pytest.param([PROXY], PROXY, ["203.0.113.5"], "203.0.113.5", id="our proxy tells"),
        pytest.param(
            [PROXY], PROXY, ["6.6.6.6, 203.0.113.5"], "203.0.113.5", id="what the client claims is not read"
        ),
        pytest.param(
            [PROXY], PROXY, ["6.6.6.6", "203.0.113.5"], "203.0.113.5", id="also in a header of its own"
        ),
        pytest.param(
            ["10.0.0.0/8"], PROXY, ["203.0.113.5, 10.9.9.9"], "203.0.113.5", id="through two proxies"
        ),
        pytest.param(["10.0.0.0/8"], PROXY, ["10.1.1.1"], "10.1.1.1", id="all the way inside"),
        pytest.param([PROXY], PROXY, ["not an address"], PROXY, id="nonsense is not an address"),
        pytest.param([PROXY], PROXY, [], PROXY, id="nothing told"),
        pytest.param([PROXY], PROXY, ["203.0.113.5:4711"], "203.0.113.5", id="with a port"),
        pytest.param([PROXY], PROXY, ["[2001:db8::1]:4711"], "2001:db8::1", id="IPv6 with a port"),
        pytest.param([PROXY], "::ffff:10.0.0.1", ["203.0.113.5"], "203.0.113.5", id="IPv4 in IPv6 clothing"),
        pytest.param([PROXY], None, ["203.0.113.5"], NO_ADDRESS, id="a Unix socket"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_no_proxy_of_ours(
    trusted: list[str], peer: str | None, forwarded: list[str], client: str
) -> None:
    assert client_address_of(trusted)(scope(peer, *forwarded)) == client


def test_all_ipv6_addresses_of_a_64_prefix_share_one_limit() -> None:
    assert address_key("2001:db8:1:2:aaaa::1") == address_key("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::/64"
    assert address_key("192.0.2.1") == "192.0.2.1"
    assert address_key("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_key(NO_ADDRESS) == NO_ADDRESS
