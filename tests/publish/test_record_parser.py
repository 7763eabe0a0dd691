"""Parsing of Kafka records: valid ones become frames."""

import pytest

from publish_server.rooms.log_entry import LogEntry
from publish_server.rooms.record_parser import MAX_VALUE_BYTES, MalformedRecord, parse_record
from tests.publish.hub_fixtures import KafkaRecord

TYPE = ("type", b"reaction.changed")


def record(value: bytes | None, *headers: tuple[str, bytes]) -> KafkaRecord:
    return KafkaRecord(b"lobby", value, list(headers))


def test_an_event_becomes_a_frame_with_its_value_unchanged() -> None:
    value = b'{ "unusual" : "spacing" }'
    parsed = parse_record(record(value, TYPE, ("seq", b"7"), ("conflate", b"a:heart")))
    frame = b"id: 7\nevent: reaction.changed\ndata: %b\n\n" % value
    assert parsed == (b"reaction.changed", value, 7, LogEntry(frame, b"reaction.changed", b"a:heart"))


def test_a_record_without_seq_is_a_signal() -> None:
    assert parse_record(record(b"{}", ("type", b"room.heat"))) == (b"room.heat", b"{}", None, None)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        pytest.param(None, [TYPE, ("seq", b"1")], id="no value"),
        pytest.param(b"{}", [("seq", b"1")], id="no type"),
        pytest.param(b"{}", [("type", b"two\nlines")], id="a type of two lines"),
        pytest.param(b"{}", [("type", "größe".encode())], id="a type that is not ASCII"),
        pytest.param(b"{\n}", [TYPE, ("seq", b"1")], id="a value of two lines"),
        pytest.param(b"[]", [TYPE, ("seq", b"1")], id="a value that is not an object"),
        pytest.param(b"{" + b" " * MAX_VALUE_BYTES, [TYPE, ("seq", b"1")], id="a value that is too long"),
        pytest.param(b"{}", [TYPE, ("seq", b"two")], id="a seq that is not a number"),
        pytest.param(b"{}", [TYPE, ("seq", b"0")], id="a seq below 1"),
        pytest.param(b"{}", [TYPE, ("seq", b"9" * 20)], id="a seq above 64 bits"),
    ],
)
def test_other_records_are_malformed(value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(MalformedRecord):
        parse_record(record(value, *headers))
