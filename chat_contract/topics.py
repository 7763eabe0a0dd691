"""Kafka topics and record headers. The key is the room id in UTF-8. The value is the JSON of the event on one line,
byte for byte the stream's `data` line."""

from collections.abc import Sequence
from typing import Final

from chat_contract.events import SCHEMA_VERSION

CHAT_EVENTS: Final = "chat.events"
"""Sequenced events. None may be lost; the seq of the room orders them."""

CHAT_SIGNALS: Final = "chat.signals"
"""Signals: heat, viewers, slow mode, names, new and deleted rooms, typing. Only the latest matters; any may be lost."""

RecordHeaders = list[tuple[str, bytes]]


def event_headers(
    event_type: str,
    seq: int | None,
    *,
    conflate: str | None = None,
    is_left_out: bool = False,
    replied_to: str | None = None,
    traceparent: str | None = None,
) -> RecordHeaders:
    """Record headers, from which a consumer builds a frame without parsing the value.

    `conflate` is `<message id>:<kind>` on reaction changes: within one flush the later event replaces the earlier one.
    `calm` is `false` on events that the calm lane leaves out; `replied_to` is the author whose message a new message
    replies to, only if that is left out.
    """
    headers: RecordHeaders = [("type", event_type.encode())]
    if seq is not None:
        headers.append(("seq", b"%d" % seq))
    if conflate is not None:
        headers.append(("conflate", conflate.encode()))
    if is_left_out:
        headers.append(("calm", b"false"))
    if replied_to is not None:
        headers.append(("replied_to", replied_to.encode()))
    headers.append(("schema_version", SCHEMA_VERSION.encode()))
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def header(headers: Sequence[tuple[str, bytes]], name: str) -> bytes | None:
    """The value of the first header with that name, or None."""
    for key, value in headers:
        if key == name:
            return value
    return None
