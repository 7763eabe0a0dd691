"""Finds the address of the client. Only trusted proxies may name it in X-Forwarded-For; others could forge it."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from server_kit.http.asgi import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NO_ADDRESS: Final = "unknown"
"""The client of a Unix socket."""

MAX_CACHED: Final = 4_096
"""Parsed addresses, and keys of addresses, that are cached. Overflow rule: LRU."""

MAX_ADDRESS_LENGTH: Final = 100
"""Longer text is no address, and must not fill the cache. An IPv6 address with brackets, zone and port is shorter."""


def client_address_of(trusted_proxies: Sequence[str]) -> Callable[[Scope], str]:
    """A function that finds the client of a scope: the right-most address that is not a trusted proxy's.

    It reads X-Forwarded-For only if the peer is a trusted proxy. An entry that is no address ends the search.
    """
    networks = [ip_network(network, strict=False) for network in trusted_proxies]

    @lru_cache(maxsize=MAX_CACHED)
    def parsed(text: str) -> tuple[str, bool] | None:
        """The address and whether it is trusted; None if the text is no address."""
        address = parsed_address(text)
        return None if address is None else (str(address), is_in(address, networks))

    def client_address(scope: Scope) -> str:
        client = scope.get("client")
        peer: str = client[0] if client else NO_ADDRESS
        if not networks:
            return peer
        found = parsed(peer)
        if found is None or not found[1]:
            return peer
        nearest = peer
        for entry in reversed(_forwarded_for(scope)):
            found = parsed(entry) if len(entry) <= MAX_ADDRESS_LENGTH else None
            if found is None:
                break
            nearest, is_trusted = found
            if not is_trusted:
                break
        return nearest

    return client_address


@lru_cache(maxsize=MAX_CACHED)
def address_key(address: str) -> str:
    """The key of every limit by address: the IPv4 address, or the /64 of an IPv6 address.

    One subscriber line usually owns a whole /64. An IPv4-mapped IPv6 address counts as IPv4. Text that is no address is
    its own key.
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
