"""A response encoded once and sent to many clients, with its ETag."""

from typing import Final
from zlib import crc32

from chat_server.http.single_write_response import ResponseHead
from server_kit.http.cors import RawHeaders

FORMAT: Final = "3"
"""Part of every ETag: raise it when the wire form of the same rows changes; otherwise browsers keep the old form."""

_HIT = (b"cache-status", b"hotchat; hit")
_MISS = (b"cache-status", b"hotchat; fwd=miss")
_CACHE_CONTROL = (b"cache-control", b"private, no-cache")
_CONTENT_TYPE = (b"content-type", b"application/json")
_HEADS: Final = {
    "hit": (200, _HIT),
    "miss": (200, _MISS),
    "unchanged_hit": (304, _HIT),
    "unchanged_miss": (304, _MISS),
}


class CachedResponse:
    """A body with its weak ETag: room, last_seq and query, because every change of a page takes a seq.

    `hit` and `miss` are the heads of a 200, the other two those of a 304. Each is built at its first use: most pages
    of cold rooms are sent once.
    """

    __slots__ = ("body", "etag", "hit", "miss", "unchanged_hit", "unchanged_miss")

    hit: ResponseHead
    miss: ResponseHead
    unchanged_hit: ResponseHead
    unchanged_miss: ResponseHead

    def __init__(self, body: bytes, room_id: str, last_seq: int, query_tag: str) -> None:
        self.body = body
        self.etag = f'W/"{FORMAT}.{room_id}.{last_seq}.{query_tag}"'.encode()

    def __getattr__(self, name: str) -> ResponseHead:
        """Called only while the slot of that name is empty."""
        if name not in _HEADS:
            raise AttributeError(name)
        status, origin = _HEADS[name]
        headers: RawHeaders = [(b"etag", self.etag), _CACHE_CONTROL, origin]
        if status == 200:
            headers = [_CONTENT_TYPE, (b"content-length", b"%d" % len(self.body)), *headers]
        head = ResponseHead(status, headers)
        setattr(self, name, head)
        return head

    def matches(self, if_none_match: bytes) -> bool:
        """Whether the client already has this body. Source: RFC 9110, weak comparison."""
        if if_none_match == self.etag or if_none_match == b"*":
            return True
        opaque = self.etag[2:]
        return any(tag.strip().removeprefix(b"W/") == opaque for tag in if_none_match.split(b","))


def content_tag(body: bytes) -> str:
    """A tag from the bytes of a body, for responses that change without a new seq."""
    return f"{crc32(body):08x}"
