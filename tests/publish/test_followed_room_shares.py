"""Shares of rooms: each room of an address counts once."""

from random import Random

import pytest

from publish_server.settings import PublishSettings
from publish_server.streams.followed_room_shares import RoomSeats
from server_kit.http.problem import ChatError
from server_kit.limits.shares import Person, Shares, Source

SOURCE, OTHER = Source("203.0.113.5"), Source("203.0.113.6")
ESTABLISHED = Person("old", is_established=True)


def room_seats(limit: int) -> RoomSeats:
    settings = PublishSettings.model_validate(
        {
            "hotchat_secret": "a secret for tests only",
            "hotchat_bind": "0.0.0.0",
            "followed_rooms_per_address": limit,
        }
    )
    return RoomSeats(Shares(settings, Random(7)).count("followed_rooms"))


def rooms(first: int, end: int) -> list[str]:
    return [f"room-{number}" for number in range(first, end)]


def test_a_room_counts_once_for_any_number_of_streams() -> None:
    seats = room_seats(40)
    held = [held for _ in range(20) if (held := seats.enter(SOURCE, None, rooms(0, 30))) is not None]
    assert len(held) == 20
    with pytest.raises(ChatError) as refused:
        seats.enter(SOURCE, None, ["one-more"])
    assert refused.value.code == "rate_limited"
    for each in held[1:]:
        each.leave()
    with pytest.raises(ChatError):
        seats.enter(SOURCE, None, ["one-more"])
    held[0].leave()
    held[0].leave()
    seats.enter(SOURCE, None, rooms(100, 130))


def test_a_refused_stream_holds_none_of_its_rooms() -> None:
    seats = room_seats(40)
    seats.enter(SOURCE, None, rooms(0, 20))
    with pytest.raises(ChatError):
        seats.enter(SOURCE, None, rooms(10, 40))
    seats.enter(SOURCE, None, rooms(50, 60))


def test_another_address_and_older_sessions_have_capacity_left() -> None:
    seats = room_seats(40)
    seats.enter(SOURCE, None, rooms(0, 30))
    seats.enter(OTHER, None, rooms(0, 30))
    seats.enter(SOURCE, ESTABLISHED, rooms(30, 34))
    with pytest.raises(ChatError):
        seats.enter(SOURCE, ESTABLISHED, ["beyond-the-part-of-one-user"])


def test_there_is_no_limit_without_a_share_or_for_an_exempt_address() -> None:
    assert RoomSeats(None).enter(SOURCE, None, rooms(0, 10_000)) is None
    assert room_seats(40).enter(SOURCE._replace(is_exempt=True), None, rooms(0, 10_000)) is None
