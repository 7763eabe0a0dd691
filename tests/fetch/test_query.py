"""Parsing of fetches: paths and query parameters."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_contract.limits import MAX_SEQ
from chat_server.fastpath.routes import API, FAST_ROUTES
from chat_server.fetch.query import FetchQuery
from chat_server.hotchat.fetch_kind import FetchKind
from chat_server.http.query_string import QueryString
from chat_server.search.handler import SearchQuery
from server_kit.http.path_table import PathTable
from server_kit.http.problem import ChatError

ROOM = "/api/v1/rooms/lobby"
MESSAGE_ID = "019a0000-0000-7000-8000-000000000001"
TABLE = PathTable(((route.method, API + route.path), route) for route in FAST_ROUTES)

Fetch = FetchQuery | SearchQuery


def parse_fetch(path: str, query_string: bytes) -> Fetch | None:
    """The fetch as the router parses it; None for other paths."""
    found = TABLE.find("GET", path)
    if found is None or not found[0].is_fetch:
        return None
    route, ids = found
    fetch: Fetch = route.parse(ids, QueryString(query_string))
    return fetch


@pytest.mark.parametrize(
    ("path", "query", "meant"),
    [
        (ROOM, b"", FetchQuery(FetchKind.ROOM, "lobby")),
        (ROOM, b"anything=1", FetchQuery(FetchKind.ROOM, "lobby")),
        (f"{ROOM}/messages", b"", FetchQuery(FetchKind.NEWEST, "lobby", 50)),
        (f"{ROOM}/messages", b"limit=100&unknown=x", FetchQuery(FetchKind.NEWEST, "lobby", 100)),
        (f"{ROOM}/messages", b"before_seq=7&limit=%31", FetchQuery(FetchKind.BEFORE, "lobby", 1, 7)),
        (f"{ROOM}/messages", b"after_seq=0", FetchQuery(FetchKind.AFTER, "lobby", 50, 0)),
        (
            f"{ROOM}/messages",
            b"around_seq=9223372036854775807",
            FetchQuery(FetchKind.AROUND, "lobby", 50, MAX_SEQ),
        ),
        (
            f"{ROOM}/messages/{MESSAGE_ID}",
            b"",
            FetchQuery(FetchKind.MESSAGE, "lobby", message_id=UUID(MESSAGE_ID)),
        ),
        (
            f"{ROOM}/messages/{MESSAGE_ID}/reactions",
            b"",
            FetchQuery(FetchKind.REACTORS, "lobby", message_id=UUID(MESSAGE_ID)),
        ),
        (f"{ROOM}/events", b"after_seq=3", FetchQuery(FetchKind.EVENTS, "lobby", 500, 3)),
        (f"{ROOM}/events", b"after_seq=3&limit=1", FetchQuery(FetchKind.EVENTS, "lobby", 1, 3)),
        (
            f"{ROOM}/events",
            b"after_seq=3&wait_s=5",
            FetchQuery(FetchKind.EVENTS, "lobby", 500, 3, wait_s=5),
        ),
        (f"{ROOM}/search", b"q=x", SearchQuery("lobby", ("x",), 20, MAX_SEQ)),
        (f"{ROOM}/reactions/mine", b"", FetchQuery(FetchKind.MINE, "lobby", to_seq=MAX_SEQ)),
        (
            f"{ROOM}/reactions/mine",
            b"from_seq=1&to_seq=5",
            FetchQuery(FetchKind.MINE, "lobby", seq=1, to_seq=5),
        ),
    ],
)
def test_each_fetch_is_parsed(path: str, query: bytes, meant: Fetch) -> None:
    assert parse_fetch(path, query) == meant


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/rooms",
        f"{ROOM}/",
        f"{ROOM}/messages/x/reactions/heart",
        "/",
    ],
)
def test_other_paths_are_not_parsed_as_fetches(path: str) -> None:
    assert parse_fetch(path, b"") is None


@pytest.mark.parametrize(
    ("path", "query", "fields"),
    [
        ("messages", b"limit=0", ["limit"]),
        ("messages", b"limit=101", ["limit"]),
        ("messages", b"limit=", ["limit"]),
        ("messages", b"limit=1e2", ["limit"]),
        ("messages", b"limit=+5", ["limit"]),
        ("messages", "limit=٣".encode(), ["limit"]),
        ("messages", b"before_seq=-1", ["before_seq"]),
        ("messages", b"before_seq=9223372036854775808", ["before_seq"]),
        ("messages", b"before_seq=" + b"9" * 5000, ["before_seq"]),
        ("messages", b"before_seq=1&after_seq=2&around_seq=3&limit=x", ["limit", "after_seq", "around_seq"]),
        ("messages", b"limit=1&limit=2", ["limit"]),
        ("events", b"", ["after_seq"]),
        ("events", b"after_seq=0&limit=501", ["limit"]),
        ("reactions/mine", b"from_seq=x&to_seq=y", ["from_seq", "to_seq"]),
        ("search", b"", ["q"]),
        ("search", b"q=" + b"a" * 101 + b"&limit=51&before_seq=-1", ["q", "limit", "before_seq"]),
    ],
)
def test_an_invalid_parameter_is_named(path: str, query: bytes, fields: list[str]) -> None:
    with pytest.raises(ChatError) as raised:
        parse_fetch(f"{ROOM}/{path}", query)
    assert raised.value.status == 422
    assert sorted(error["field"] for error in raised.value.extra["errors"]) == sorted(fields)


@pytest.mark.parametrize("room_id", ["UPPER", "ü", "a" * 65, "a b", "a\n", "", "a.b"])
def test_an_id_that_cannot_exist_is_not_found(room_id: str) -> None:
    with pytest.raises(ChatError) as raised:
        parse_fetch(f"/api/v1/rooms/{room_id}/events", b"after_seq=1")
    assert raised.value.code == "room_not_found"


@pytest.mark.parametrize(
    "message_id", ["1", "", MESSAGE_ID.replace("-", ""), f"{{{MESSAGE_ID}}}", MESSAGE_ID[:-1]]
)
def test_a_malformed_message_id_is_not_found(message_id: str) -> None:
    with pytest.raises(ChatError) as raised:
        parse_fetch(f"{ROOM}/messages/{message_id}", b"")
    assert raised.value.code == "message_not_found"


@given(st.text(max_size=40), st.binary(max_size=60))
def test_no_input_breaks_the_parser(rest: str, query: bytes) -> None:
    for path in (f"/api/v1/rooms/{rest}", f"{ROOM}/messages", f"{ROOM}/events", f"{ROOM}/reactions/mine"):
        try:
            parse_fetch(path, query)
        except ChatError as error:
            assert error.status in (404, 422)


def test_equivalent_queries_have_the_same_tag() -> None:
    one = parse_fetch(f"{ROOM}/messages", b"limit=50")
    other = parse_fetch(f"{ROOM}/messages", b"x=1")
    assert isinstance(one, FetchQuery) and isinstance(other, FetchQuery)
    assert one.tag == other.tag
