"""Which address a request came from. Some proxies are trusted; headers of anybody else may be forged."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from server_kit.http.asgi import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NO_ADDRESS: Final = "unknown"
"""The client of a Unix socket."""

MAX_KEYS: Final = 4_096
"""Cached address keys. Overflow rule: LRU."""


def client_address_of(trusted_proxies: Sequence[str]) -> Callable[[Scope], str]:
    """A function of the scope: the right-most address that is not a trusted proxy's.

    X-Forwarded-For is read only when the peer itself is trusted; an entry that is no address ends the search.
    """
    networks = [ip_network(network, strict=False) for network in trusted_proxies]

    def client_address(scope: Scope) -> str:
        client = scope.get("client")
        peer: str = client[0] if client else NO_ADDRESS
        if not networks or not is_in(parsed_address(peer), networks):
            return peer
        nearest = peer
        for entry in reversed(_forwarded_for(scope)):
            address = parsed_address(entry)
            if address is None:
                break
            nearest = str(address)
            if not is_in(address, networks):
                break
        return nearest

    return client_address


@lru_cache(maxsize=MAX_KEYS)
def address_key(address: str) -> str:
    """The key of every limit by address: the IPv4 address, or the /64 of an IPv6 one, as one line has all of it.

    An IPv4-mapped IPv6 address counts as IPv4. Text that is no address is its own key.
    """
    if ":" not in address:
        return address
    parsed = parsed_address(address)
    if not isinstance(parsed, IPv6Address):
        return address if parsed is None else str(parsed)
    return str(IPv6Network((int(parsed) >> 64 << 64, 64)))


def _forwarded_for(scope: Scope) -> list[str]:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [entry.strip() for value in values for entry in value.split(",")]


def parsed_address(text: str) -> Address | None:
    """The address without port, brackets or zone; an IPv4-mapped IPv6 address as IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_in(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)
