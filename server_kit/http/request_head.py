"""The headers that admission reads, collected in one pass over the headers of a request."""

from typing import NamedTuple

from server_kit.http.asgi import Scope


class RequestHead(NamedTuple):
    """`hosts`: the number of Host headers."""

    request_id: bytes | None
    origin: bytes | None
    host: bytes
    hosts: int
    is_forwarded: bool


def request_head(scope: Scope) -> RequestHead:
    origin = given_id = None
    host = b""
    hosts = 0
    is_forwarded = False
    for name, value in scope["headers"]:
        if name == b"host":
            host = value
            hosts += 1
        elif name == b"origin":
            origin = value
        elif name == b"x-request-id":
            given_id = value
        elif name == b"x-forwarded-for":
            is_forwarded = True
    return RequestHead(given_id, origin, host, hosts, is_forwarded)


def scan_headers(scope: Scope) -> tuple[bytes | None, bytes | None, bool, bool]:
    """X-Request-ID, Host, whether admission must check the request even if its host passes, whether it has an Origin.

    The first lines of every request, therefore without RequestHead.
    """
    given_id = host = None
    needs_check = has_origin = False
    for name, value in scope["headers"]:
        if name == b"host":
            needs_check = needs_check or host is not None
            host = value
        elif name == b"x-request-id":
            given_id = value
        elif name == b"x-forwarded-for":
            needs_check = True
        elif name == b"origin":
            needs_check = has_origin = True
    return given_id, host, needs_check, has_origin
