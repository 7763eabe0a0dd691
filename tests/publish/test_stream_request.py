"""Parsing of requests for streams."""

import pytest

from chat_contract.limits import MAX_LISTED_ROOMS
from publish_server.streams.stream_request import (
    MAX_QUERY_BYTES,
    StreamRequest,
    list_request,
    stream_request,
)
from server_kit.http.problem import ChatError


@pytest.mark.parametrize(
    ("query", "header", "cursor"),
    [
        (b"", None, None),
        (b"", b"", None),
        (b"", b"7", 7),
        (b"lastEventId=8", b"7", 7),
        (b"lastEventId=8&last_event_id=9", b"", 8),
        (b"lastEventId=&last_event_id=9", None, 9),
        (b"last_event_id=0", None, 0),
        (b"last_event_id=9223372036854775807", None, 2**63 - 1),
        (b"unknown=1", None, None),
    ],
)
def test_the_first_non_empty_cursor_counts(query: bytes, header: bytes | None, cursor: int | None) -> None:
    assert stream_request("lobby", query, header) == StreamRequest("lobby", "events", cursor)


def test_notify_mode_is_accepted_and_has_no_pace() -> None:
    for query in (b"mode=notify", b"mode=notify&pace=calm"):
        assert stream_request("lobby", query, None) == StreamRequest("lobby", "notify", None)


def test_the_pace_is_full_unless_it_is_calm() -> None:
    assert [stream_request("lobby", query, None).is_calm for query in (b"", b"pace=full", b"pace=calm")] == [
        False,
        False,
        True,
    ]
    with pytest.raises(ChatError, match="pace: full or calm"):
        stream_request("lobby", b"pace=fast", None)


@pytest.mark.parametrize(
    ("query", "header"),
    [
        (b"mode=loud", None),
        (b"", b"1" * 1_000_000),
        (b"last_event_id=" + b"1" * 15_000, None),
        (b"x=" + b"1" * MAX_QUERY_BYTES, None),
        (b"&".join([b"x=1"] * 21), None),
        (b"", b"-1"),
        (b"", b"1e3"),
        (b"", "٣".encode()),
        (b"", b"7\n"),
        (b"last_event_id=9223372036854775808", None),
        (b"last_event_id=" + b"9" * 5_000, None),
        (b"lastEventId=x", None),
        (b"&".join([b"a=1"] * 50), None),
        (b"last_event_id=%00", None),
        (b"last_event_id=%ff%fe", None),
    ],
)
def test_invalid_parameters_are_refused_by_field(query: bytes, header: bytes | None) -> None:
    with pytest.raises(ChatError) as refusal:
        stream_request("lobby", query, header)
    assert refusal.value.code == "validation_failed"
    assert refusal.value.extra["errors"]


@pytest.mark.parametrize("room_id", ["", "Lobby", "a b", "a/b", "x" * 65, "lobby\n", "löbby", "%2e"])
def test_an_invalid_room_id_is_an_unknown_room(room_id: str) -> None:
    with pytest.raises(ChatError) as refusal:
        stream_request(room_id, b"", None)
    assert refusal.value.code == "room_not_found"


def test_a_list_drops_duplicates_and_invalid_ids() -> None:
    assert list_request(b"room=a&room=b&room=a&room=Not+an+id&room=" + b"c" * 65 + b"&other=1") == ["a", "b"]
    assert len(list_request(b"&".join(b"room=r-%064d" % number for number in range(MAX_LISTED_ROOMS)))) == 0
    assert len(list_request(b"&".join(b"room=%064d" % number for number in range(MAX_LISTED_ROOMS)))) == 100


@pytest.mark.parametrize("query", [b"", b"room=", b"&".join([b"room=a"] * 101), b"room=a&" * 100_000])
def test_a_list_of_no_rooms_or_too_many_is_refused(query: bytes) -> None:
    with pytest.raises(ChatError) as refused:
        list_request(query)
    assert refused.value.code == "validation_failed"
