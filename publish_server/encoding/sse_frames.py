"""Frames of server-sent events. Each event is encoded once, never once per subscriber.

Source: WHATWG HTML, "Server-sent events", event stream format.
"""

from collections.abc import Mapping
from typing import Any

import orjson


def event_frame(event_type: bytes, value: bytes, seq: int | None) -> bytes:
    """One event; `value` is JSON on one line. Without a seq there is no `id`, so a browser keeps its last id."""
    if seq is None:
        return b"event: %b\ndata: %b\n\n" % (event_type, value)
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (seq, event_type, value)


def json_frame(event_type: str, body: Mapping[str, Any], seq: int | None = None) -> bytes:
    """A frame that publish_server makes itself: `stream.*` and `room.updated`."""
    return event_frame(event_type.encode(), orjson.dumps(body), seq)


def gap_frame(from_seq: int, to_seq: int) -> bytes:
    """`stream.gap`: the events in (from_seq, to_seq] will not arrive."""
    return json_frame("stream.gap", {"from_seq": from_seq, "to_seq": to_seq}, to_seq)


def closing_frame(reason: str, place: str | None = None) -> bytes:
    """`place`: with it the client returns before everybody who waits for a stream."""
    return json_frame(
        "stream.closing", {"reason": reason} if place is None else {"reason": reason, "place": place}
    )


def retry_line(retry_ms: int) -> bytes:
    """How long a browser waits before it reconnects."""
    return b"retry: %d\n\n" % retry_ms
