"""A response encoded once and sent to many clients, with its ETag."""

from typing import Final
from zlib import crc32

from chat_server.http.single_write_response import ResponseHead
from server_kit.http.cors import RawHeaders

FORMAT: Final = "2"
"""Part of every ETag: raise it when the wire form of the same rows changes; otherwise browsers keep the old form."""

_HIT = (b"cache-status", b"hotchat; hit")
_MISS = (b"cache-status", b"hotchat; fwd=miss")
_CACHE_CONTROL = (b"cache-control", b"private, no-cache")
_CONTENT_TYPE = (b"content-type", b"application/json")


class CachedResponse:
    """A body with its weak ETag: room, last_seq and query, because every change of a page takes a seq.

    `hit` and `miss` are the heads of a 200, the other two those of a 304.
    """

    __slots__ = ("body", "etag", "hit", "miss", "unchanged_hit", "unchanged_miss")

    def __init__(self, body: bytes, room_id: str, last_seq: int, query_tag: str) -> None:
        self.body = body
        self.etag = f'W/"{FORMAT}.{room_id}.{last_seq}.{query_tag}"'.encode()
        validators: RawHeaders = [(b"etag", self.etag), _CACHE_CONTROL]
        common: RawHeaders = [_CONTENT_TYPE, (b"content-length", b"%d" % len(body)), *validators]
        self.hit = ResponseHead(200, [*common, _HIT])
        self.miss = ResponseHead(200, [*common, _MISS])
        self.unchanged_hit = ResponseHead(304, [*validators, _HIT])
        self.unchanged_miss = ResponseHead(304, [*validators, _MISS])

    def matches(self, if_none_match: bytes) -> bool:
        """Whether the client already has this body. Source: RFC 9110, weak comparison."""
        if if_none_match == self.etag or if_none_match == b"*":
            return True
        opaque = self.etag[2:]
        return any(tag.strip().removeprefix(b"W/") == opaque for tag in if_none_match.split(b","))


def content_tag(body: bytes) -> str:
    """A tag from the bytes of a body, for responses that change without a new seq."""
    return f"{crc32(body):08x}"
