"""CORS rules: pages of the server's own host may call it on any port, because both servers share a host.

Source: WHATWG Fetch, "CORS protocol".
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

RawHeaders = list[tuple[bytes, bytes]]

ALLOW_HEADERS = (
    b"Authorization, Cache-Control, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-ID"
)
ALLOW_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
EXPOSE_HEADERS = (
    b"Retry-After, RateLimit, RateLimit-Policy, X-Request-ID, ETag, Cache-Status, Age, X-Hotchat-Session"
)


def is_allowed_origin(origin: str, host: str, allowed_origins: Sequence[str]) -> bool:
    """True for the requested host on any port, and for origins in `allowed_origins` (`*`: all)."""
    if origin in allowed_origins or "*" in allowed_origins:
        return True
    try:
        origin_host = urlsplit(origin).hostname
        own_host = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return origin_host is not None and origin_host == own_host


def cors_headers(origin: bytes, host: bytes, allowed_origins: Sequence[str]) -> RawHeaders:
    """The CORS headers of a response; only `Vary` if the origin may not read it."""
    text = origin.decode("latin-1")
    if not is_allowed_origin(text, host.decode("latin-1"), allowed_origins):
        return [(b"vary", b"Origin")]
    return [
        (b"vary", b"Origin"),
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", EXPOSE_HEADERS),
    ]


def preflight_headers(origin: bytes, host: bytes, allowed_origins: Sequence[str]) -> RawHeaders:
    """The CORS headers of the response to a preflight."""
    headers = cors_headers(origin, host, allowed_origins)
    if len(headers) > 1:
        headers += [
            (b"access-control-allow-methods", ALLOW_METHODS),
            (b"access-control-allow-headers", ALLOW_HEADERS),
            (b"access-control-max-age", b"600"),
        ]
    return headers
