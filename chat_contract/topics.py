"""Kafka topics and record headers. Key = room id in UTF-8; value = the event's JSON, on one line, byte for byte
what the stream's `data` line will hold."""

from collections.abc import Sequence
from typing import Final

from chat_contract.events import SCHEMA_VERSION

CHAT_EVENTS: Final = "chat.events"
"""Sequenced events: every one matters, and the room's seq orders them."""

CHAT_SIGNALS: Final = "chat.signals"
"""Heat, viewers, slow mode, typing: only the latest matters, and any may be lost."""

RecordHeaders = list[tuple[str, bytes]]


def event_headers(
    event_type: str, seq: int | None, *, conflate: str | None = None, traceparent: str | None = None
) -> RecordHeaders:
    """The headers by which a consumer frames a record without parsing its value.

    `conflate` is `<message id>:<kind>` on reaction changes: within one flush the later event stands for the earlier.
    """
    headers: RecordHeaders = [("type", event_type.encode())]
    if seq is not None:
        headers.append(("seq", b"%d" % seq))
    if conflate is not None:
        headers.append(("conflate", conflate.encode()))
    headers.append(("schema_version", SCHEMA_VERSION.encode()))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def header(headers: Sequence[tuple[str, bytes]], name: str) -> bytes | None:
    """The first header of that name, None when absent."""
    for key, value in headers:
        if key == name:
            return value
    return None
