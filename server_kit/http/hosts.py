"""Rules for the `Host` of a request, and for origins that may call with the session cookie.

Another site can make its own name resolve to our address (DNS rebinding); its pages could then read and write here as
if they were ours. This is impossible with an IP address, or with a name that exists only in the local network.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from server_kit.http.client_address import parsed_address

MAX_CACHED: Final = 1_024
"""Cached decisions about raw header values. Overflow rule: CLEAR."""

_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\Z")
_LOCAL_ENDINGS: Final = (".localhost", ".local")


def host_name(raw: str) -> str | None:
    """The host of a Host header in lower case, without port, brackets and trailing dot; None if invalid."""
    text = raw.strip().lower()
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        is_valid = bool(bracket) and ":" in address and parsed_address(address) is not None
        return address if is_valid and (not port or _is_port(port)) else None
    name, colon, port = text.partition(":")
    name = name.removesuffix(".")
    if (colon and not _is_port(colon + port)) or not _NAME.match(name):
        return None
    return name


def _is_port(text: str) -> bool:
    """Whether the text is `:` and a port, which RFC 3986 allows to be empty."""
    return text == ":" or (text[1:].isascii() and text[1:].isdigit() and int(text[1:]) <= 65_535)


class HostPolicy:
    """Accepts IP addresses, names without a dot, `*.localhost`, `*.local`, `own_names`, `public_hosts` (`*`: all)."""

    def __init__(self, public_hosts: Sequence[str], own_names: Iterable[str]) -> None:
        self._any = "*" in public_hosts
        self._names = frozenset(
            name for text in (*public_hosts, *own_names) if (name := host_name(text)) is not None
        )
        self._verdicts: dict[bytes, bool] = {}
        self.accepted: set[bytes] = set()
        """Accepted raw values, for callers that cannot afford a call; bounded like `_verdicts`."""

    def accepts(self, raw: bytes) -> bool:
        verdict = self._verdicts.get(raw)
        if verdict is None:
            if len(self._verdicts) >= MAX_CACHED:
                self._verdicts.clear()
                self.accepted.clear()
            name = host_name(raw.decode("latin-1"))
            verdict = self._verdicts[raw] = name is not None and (self._any or self._accepts(name))
            if verdict:
                self.accepted.add(raw)
        return verdict

    def _accepts(self, name: str) -> bool:
        return (
            "." not in name
            or name in self._names
            or name.endswith(_LOCAL_ENDINGS)
            or parsed_address(name) is not None
        )


class OriginPolicy:
    """Accepts origins that may call with the cookie: the frontend's own and `allowed_origins`.

    The frontend's origin is the one that the request was sent to, or `page_port` of the same host.
    """

    def __init__(self, allowed_origins: Sequence[str], page_port: int | None = None) -> None:
        self._allowed = frozenset(allowed_origins)
        self._page_port = page_port
        self._verdicts: dict[tuple[bytes, bytes, str], bool] = {}

    def accepts(self, origin: bytes, host: bytes, scheme: str) -> bool:
        """`scheme` is the one that the browser used; an edge passes it in X-Forwarded-Proto."""
        key = (origin, host, scheme)
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= MAX_CACHED:
                self._verdicts.clear()
            verdict = self._verdicts[key] = self._decide(
                origin.decode("latin-1"), host.decode("latin-1"), scheme
            )
        return verdict

    def _decide(self, origin: str, host: str, scheme: str) -> bool:
        if "*" in self._allowed or origin in self._allowed:
            return True
        theirs, ours = _origin(origin), _origin(f"{scheme}://{host}")
        if theirs is None or ours is None:
            return False
        return theirs == ours or (
            self._page_port is not None and theirs == (ours[0], ours[1], self._page_port)
        )


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    name = host_name(parts.netloc.rpartition("@")[2])
    return None if name is None else (parts.scheme, name, port)
