"""The heat policy: when a room turns hot and when it cools."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server.hotchat.heat_policy import (
    MAX_WARM_ROOMS,
    HeatLimits,
    HeatState,
    HotEntry,
    next_entries,
    next_heat,
)

LIMITS = HeatLimits(enter_per_s=1000, exit_per_s=700, calm_ticks_to_cool=3)
NOW = "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("previous", "fetches_per_s", "following"),
    [
        pytest.param(HeatState(False, 0), 999, HeatState(False, 0), id="below the entry rate it stays cold"),
        pytest.param(
            HeatState(False, 0), 1000, HeatState(True, 0), id="at the entry rate it turns hot at once"
        ),
        pytest.param(HeatState(True, 0), 700, HeatState(True, 0), id="between exit and entry it stays hot"),
        pytest.param(
            HeatState(True, 2), 700, HeatState(True, 0), id="at the exit rate the calm ticks start over"
        ),
        pytest.param(HeatState(True, 0), 699, HeatState(True, 1), id="one calm tick does not cool it"),
        pytest.param(HeatState(True, 1), 0, HeatState(True, 2), id="two calm ticks do not cool it"),
        pytest.param(HeatState(True, 2), 0, HeatState(False, 0), id="the third calm tick cools it"),
        pytest.param(HeatState(True, 2), 5000, HeatState(True, 0), id="a new peak keeps it hot"),
    ],
)
def test_a_room_turns_hot_at_once_and_cools_slowly(
    previous: HeatState, fetches_per_s: float, following: HeatState
) -> None:
    assert next_heat(previous, fetches_per_s, LIMITS) == following


def test_a_room_at_the_limit_does_not_flicker() -> None:
    state, flips = HeatState(), 0
    for second in range(100):
        following = next_heat(state, 1010 if second % 2 else 690, LIMITS)
        flips += following.hot != state.hot
        state = following
    assert flips == 1


def test_the_rate_is_the_average_since_the_last_drain() -> None:
    after_an_outage = next_entries({}, {"lobby": 30_000}, elapsed_ms=60_000, limits=LIMITS, now=NOW)
    assert after_an_outage == {"lobby": HotEntry(False, None, 500.0, 0)}


def test_a_hot_room_without_fetches_cools() -> None:
    entries = next_entries({}, {"lobby": 2000}, 1000, LIMITS, NOW)
    assert entries["lobby"] == HotEntry(True, NOW, 2000.0, 0)
    for calm_ticks in (1, 2):
        entries = next_entries(entries, {}, 1000, LIMITS, "later")
        assert entries["lobby"] == HotEntry(True, NOW, 0.0, calm_ticks)
    assert next_entries(entries, {}, 1000, LIMITS, "later") == {}


def test_the_rate_of_a_room_is_published_from_a_tenth_of_the_limit() -> None:
    entries = next_entries({}, {"warm": 100, "quiet": 99}, 1000, LIMITS, NOW)
    assert entries == {"warm": HotEntry(False, None, 100.0, 0)}


def test_too_many_warm_rooms_leave_the_warmest_and_every_hot_room() -> None:
    counts = {f"warm-{n}": 100 + n for n in range(MAX_WARM_ROOMS + 5)} | {f"hot-{n}": 1000 for n in range(5)}
    entries = next_entries({}, counts, 1000, LIMITS, NOW)
    assert {f"hot-{n}" for n in range(5)} <= entries.keys()
    assert len(entries) == MAX_WARM_ROOMS + 5
    assert "warm-4" not in entries
    assert "warm-5" in entries


@given(st.lists(st.floats(0, 5000), max_size=30))
def test_every_room_cools_after_the_calm_ticks(rates: list[float]) -> None:
    state = HeatState()
    for rate in rates:
        state = next_heat(state, rate, LIMITS)
    for _ in range(LIMITS.calm_ticks_to_cool):
        state = next_heat(state, 0, LIMITS)
    assert state == HeatState()
