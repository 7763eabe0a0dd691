"""A Kafka record becomes a frame by its headers alone: the value is checked to be one line, never parsed."""

from typing import Any, Final, Protocol

from chat_contract.topics import header
from publish_server.encoding.sse_frames import event_frame
from publish_server.rooms.log_entry import LogEntry, ids_in

MAX_VALUE_BYTES: Final = 64 * 1024
"""A text of 4,000 code points, escaped at its worst, takes a third of it."""


class Record(Protocol):
    """The parts of a Kafka record that are read."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Any: ...


class MalformedRecord(Exception):
    pass


def parse_record(record: Record) -> tuple[bytes, bytes, int | None, LogEntry | None]:
    """Type, value, seq and log entry. A signal has neither seq nor entry.

    Raises MalformedRecord, or ValueError for a value that is no JSON.
    """
    value = record.value
    event_type = header(record.headers, "type")
    if value is None or not event_type or len(value) > MAX_VALUE_BYTES:
        raise MalformedRecord("type or value is missing, or the value is too long")
    if (
        value[:1] != b"{"
        or b"\n" in value
        or b"\r" in value
        or not event_type.isascii()
        or b"\n" in event_type
    ):
        raise MalformedRecord("not one line of JSON")
    seq = header(record.headers, "seq")
    if seq is None:
        return event_type, value, None, None
    if seq.isdigit() and len(seq) < 20 and (number := int(seq)) > 0:
        conflate = header(record.headers, "conflate")
        entry = LogEntry(
            event_frame(event_type, value, number), event_type, conflate, *ids_in(event_type, value)
        )
        if header(record.headers, "calm") == b"false":
            entry = entry._replace(is_left_out=True, replied_to=header(record.headers, "replied_to"))
        return event_type, value, number, entry
    raise MalformedRecord("seq is not a number")
