"""Bytes of server-sent events. A frame is made once per event, never once per subscriber.

Source: WHATWG HTML, "Server-sent events", event stream format; RFC 9112 section 7.1 for chunks.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

LAST_CHUNK: Final = b"0\r\n\r\n"


def event_frame(event_type: bytes, value: bytes, seq: int | None) -> bytes:
    """One event; `value` is JSON on one line. Without a seq there is no `id`, so a browser's last id stays."""
    if seq is None:
        return b"event: %b\ndata: %b\n\n" % (event_type, value)
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (seq, event_type, value)


def own_frame(event_type: str, body: Mapping[str, Any], seq: int | None = None) -> bytes:
    """A frame that starts here rather than in chat_server: `stream.*` and `room.updated`."""
    return event_frame(event_type.encode(), orjson.dumps(body), seq)


def gap_frame(from_seq: int, to_seq: int) -> bytes:
    return own_frame("stream.gap", {"from_seq": from_seq, "to_seq": to_seq}, to_seq)


def closing_frame(reason: str) -> bytes:
    return own_frame("stream.closing", {"reason": reason})


def retry_line(retry_ms: int) -> bytes:
    return b"retry: %d\n\n" % retry_ms


def chunk(body: bytes) -> bytes:
    """One HTTP/1.1 chunk. An empty body has none: a chunk of no bytes would end the response."""
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""
