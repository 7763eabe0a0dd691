"""The queue for streams without Redis: rules, signed places, slots and shares."""

import base64
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publish_server.stream_queue.place_share import HELD_S, PlaceShare
from publish_server.stream_queue.place_tokens import (
    KEEP_S,
    MAX_WAIT_S,
    RETURNING_US,
    PlaceTokens,
    QueuePlace,
    returning_place,
)
from publish_server.stream_queue.queue_policy import (
    LONGEST_ESTIMATE_S,
    LONGEST_RENEWAL_S,
    Standing,
    estimate_s,
    may_enter,
    position,
    present_for_s,
    renew_in_s,
)
from publish_server.stream_queue.stream_slots import RESERVED_S, StreamSlots
from server_kit.http.problem import ChatError
from server_kit.limits.share_definitions import SHARES
from server_kit.limits.shares import CountShare, Limit, Source
from tests.support.manual_clock import ManualClock

NOW_S = 1_800_000_000.0
PLACE = QueuePlace("00000000000000ff", int(NOW_S * 1_000_000), int(NOW_S) + KEEP_S)

counts = st.integers(0, 100_000)


@pytest.mark.parametrize(
    ("ahead", "free_slots", "number"), [(0, 0, 1), (0, 1, 0), (1, 1, 2), (4, 5, 0), (5, 5, 6), (12, 0, 13)]
)
def test_a_place_may_enter_when_those_ahead_leave_a_slot_free(
    ahead: int, free_slots: int, number: int
) -> None:
    assert position(ahead, free_slots) == number
    assert may_enter(ahead, free_slots) == (number == 0)


@pytest.mark.parametrize(
    ("number", "admitted", "window_s", "seconds"),
    [
        (0, 0, 0, 0),
        (1, 0, 3_600, 120),
        (10, 119, 3_600, 10),
        (1, 0, 0, 10),
        (100, 0, 3_600, LONGEST_ESTIMATE_S),
    ],
)
def test_the_estimate_follows_the_rate_of_recent_openings(
    number: int, admitted: int, window_s: float, seconds: int
) -> None:
    assert estimate_s(number, Standing(number, number, admitted, window_s)) == seconds


@given(counts, counts)
def test_renewals_are_rarer_further_back_and_due_before_a_place_counts_as_left(one: int, other: int) -> None:
    front, back = sorted((one, other))
    assert renew_in_s(front) <= renew_in_s(back) <= LONGEST_RENEWAL_S
    assert present_for_s(front) > renew_in_s(front) * 1.1


def test_a_signed_place_is_read_again_and_fits_into_a_url() -> None:
    tokens = PlaceTokens("a secret")
    for place in (PLACE, returning_place(2**64 - 1, NOW_S, 60), PLACE._replace(number=0)):
        token = tokens.sign(place)
        assert tokens.read(token, NOW_S) == place
        assert len(token) <= 52
        assert token.replace("-", "").replace("_", "").isalnum()


def test_a_place_stays_valid_while_its_secret_is_an_old_one() -> None:
    token = PlaceTokens("old").sign(PLACE)
    assert PlaceTokens("new", ["old"]).read(token, NOW_S) == PLACE
    assert PlaceTokens("new").read(token, NOW_S) is None


def test_an_expired_place_is_invalid_however_often_it_was_renewed() -> None:
    tokens = PlaceTokens("a secret")
    assert tokens.read(tokens.sign(PLACE), NOW_S + KEEP_S) is None
    renewed = PLACE._replace(expires_s=int(NOW_S) + MAX_WAIT_S + KEEP_S)
    assert tokens.read(tokens.sign(renewed), NOW_S + MAX_WAIT_S - 1) == renewed
    assert tokens.read(tokens.sign(renewed), NOW_S + MAX_WAIT_S + 1) is None


@given(st.text(max_size=60))
def test_an_unsigned_text_is_not_a_place(text: str) -> None:
    assert PlaceTokens("a secret").read(text, NOW_S) is None


@given(st.integers(0, 36), st.integers(1, 255))
def test_a_place_with_one_changed_byte_is_invalid(index: int, change: int) -> None:
    tokens = PlaceTokens("a secret")
    raw = bytearray(base64.urlsafe_b64decode(tokens.sign(PLACE) + "=="))
    raw[index] ^= change
    assert tokens.read(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), NOW_S) is None


def test_returning_streams_come_before_everybody_who_waits_and_in_their_own_order() -> None:
    first, second = (returning_place(1, NOW_S + late_s, 60) for late_s in (0, 1))
    assert first.number < second.number < 0 < PLACE.number
    assert first.given_s == NOW_S
    assert 2 * PLACE.number < RETURNING_US


def test_a_reserved_slot_is_free_for_its_client_only_and_for_a_bounded_time() -> None:
    clock, opened, draining = ManualClock(), [2], [False]
    slots = StreamSlots(3, lambda: opened[0], lambda: draining[0], clock)
    slots.reserve("a")
    slots.reserve("b")  # there is no slot for it
    assert slots.free() == 0
    assert not slots.claim("b")
    assert slots.is_reserved_for("a")
    assert slots.claim("a")
    assert not slots.claim("a")
    assert slots.free() == 1
    slots.reserve("a")
    clock.now_s += RESERVED_S
    assert not slots.is_reserved_for("a")
    assert slots.free() == 1
    slots.begin_opening()
    assert slots.free() == 0
    slots.end_opening()
    draining[0] = True
    assert slots.free() == 0


def test_one_address_holds_a_bounded_number_of_places_and_renewals_count_once() -> None:
    clock = ManualClock()
    share = CountShare(SHARES["places"], Limit(8, is_default=False), Random(1))
    places = PlaceShare(share, clock)
    here = Source("192.0.2.1")
    for _ in range(3):
        for number in range(6):  # three quarters: nobody here has an older session
            places.hold(f"{number}", here, None)
    with pytest.raises(ChatError, match="Too many places"):
        places.hold("another", here, None)
    places.hold("another", Source("192.0.2.2"), None)
    places.release("0")
    places.hold("another of here", here, None)
    clock.now_s += HELD_S
    places.hold("later", here, None)
    assert len(places._held) == 1
