"""HTTP/1.1 chunks. Source: RFC 9112, section 7.1."""

from typing import Final

LAST_CHUNK: Final = b"0\r\n\r\n"


def chunk(body: bytes) -> bytes:
    """One chunk; b"" for an empty body, because a chunk without bytes would end the response."""
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""
