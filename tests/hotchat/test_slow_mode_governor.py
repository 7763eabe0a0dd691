"""The governor of slow mode `auto`: its properties, and what crowds do under it."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server.hotchat.slow_mode_governor import (
    LADDER_S,
    MAX_REGULAR_WAIT_S,
    GovernorState,
    PostCounts,
    next_governor,
    person_wait_s,
)
from chat_server.limits.turn_clock import TurnClock, has_turn, turn_in_s
from tests.hotchat.crowd_simulation import Manners, Writer, simulate

SEEDS: Final = range(2)


def crowd(people: int, rate_per_s: float, manners: Manners = "wait", **fields: float) -> list[Writer]:
    return [Writer(rate_per_s, manners, **fields) for _ in range(people)]  # type: ignore[arg-type]


def regulars(people: int, rate_per_s: float) -> list[Writer]:
    return [Writer(rate_per_s, is_regular=True) for _ in range(people)]


# Properties

counts = st.integers(0, 10_000)
posts = st.builds(
    lambda demand, passed, exempt, authors, newcomers: PostCounts(
        demand,
        min(demand, passed),
        min(demand, passed, exempt),
        min(demand, authors),
        5.0,
        newcomers=min(demand, authors, newcomers),
    ),
    counts,
    counts,
    counts,
    counts,
    counts,
)


def after(history: list[PostCounts]) -> GovernorState | None:
    state: GovernorState | None = None
    for each in history:
        state = next_governor(state, each, 1.0)
    return state


@given(st.lists(posts, max_size=40))
def test_the_wait_is_a_rung_of_the_ladder_and_the_clock_never_goes_back(history: list[PostCounts]) -> None:
    state: GovernorState | None = None
    turns = 0.0
    for each in history:
        state = next_governor(state, each, 1.0)
        if state is None:
            turns = 0.0
            continue
        assert state.wait_s in LADDER_S
        assert state.clock.turns >= turns
        assert state.clock.since <= state.clock.turns
        turns = state.clock.turns


@given(st.lists(posts, max_size=30), posts, counts, counts)
def test_more_demand_never_gives_a_shorter_wait(
    history: list[PostCounts], less: PostCounts, newcomers: int, refused: int
) -> None:
    """More people write, each once: their posts are stored or refused."""
    more = less._replace(
        demand=less.demand + newcomers + refused,
        passed=less.passed + newcomers,
        authors=less.authors + newcomers + refused,
        newcomers=less.newcomers + newcomers + refused,
    )
    before = after(history)
    one, other = next_governor(before, less, 1.0), next_governor(before, more, 1.0)
    assert (0 if one is None else one.wait_s) <= (0 if other is None else other.wait_s)


@given(st.sampled_from(LADDER_S), st.booleans())
def test_hosts_never_wait_and_regulars_at_most_ten_seconds(wait_s: int, is_regular: bool) -> None:
    assert person_wait_s(wait_s, is_host=True, is_regular=is_regular) == 0
    assert person_wait_s(wait_s, is_host=False, is_regular=True) == min(wait_s, MAX_REGULAR_WAIT_S)
    assert person_wait_s(wait_s, is_host=False, is_regular=False) == wait_s


@given(st.lists(posts, max_size=30))
def test_a_quiet_room_opens_within_thirty_seconds(history: list[PostCounts]) -> None:
    state = after(history)
    for _ in range(30):
        state = next_governor(state, None, 1.0)
    assert state is None or state.wait_s == 0


def test_a_room_without_a_target_has_no_governor() -> None:
    busy = after([PostCounts(100, 100, 0, 50, 5.0)] * 3)
    assert busy is not None and busy.wait_s
    assert next_governor(busy, PostCounts(10, 10, 0, 5, None), 1.0) is None
    unknown = next_governor(busy, PostCounts(10, 0, 0, 5, None, is_target_known=False), 1.0)
    assert unknown is not None and unknown.target == 5.0
    assert next_governor(None, None, 1.0) is None


@given(st.lists(st.tuples(st.sampled_from(LADDER_S[1:]), st.floats(0.5, 5)), min_size=1), st.floats(0, 0.999))
def test_a_person_who_always_wants_to_write_has_one_turn_for_each_turn_of_the_clock(
    waits: list[tuple[int, float]], fraction: float
) -> None:
    clock, last, written = TurnClock(), None, 0
    for wait_s, elapsed_s in waits:
        clock = clock.advanced(wait_s, elapsed_s)
        while has_turn(last, clock, fraction):
            last, written = clock.turns, written + 1
        assert 0 < turn_in_s(clock, wait_s, fraction) <= wait_s
    assert written <= clock.turns + 1
    if all(wait_s > elapsed_s for wait_s, elapsed_s in waits):
        assert written >= clock.turns - 1


def test_a_turn_clock_that_restarts_locks_nobody_out() -> None:
    assert not has_turn(0.5, TurnClock(0.6), 0.0)
    assert has_turn(37.0, TurnClock(1.0), 0.0)


# Crowds


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("writers", "target"),
    [
        pytest.param(lambda: crowd(40, 1.0), 5, id="few who write much and wait"),
        pytest.param(lambda: crowd(200, 0.1), 5, id="many who wait"),
        pytest.param(lambda: crowd(200, 0.1, "leave"), 5, id="many who leave"),
        pytest.param(lambda: crowd(1000, 0.2), 20, id="a thousand who wait"),
        pytest.param(lambda: crowd(1000, 0.2, "leave"), 20, id="a thousand who leave"),
        pytest.param(lambda: regulars(20, 0.05) + crowd(300, 0.1), 5, id="regulars below the target"),
        pytest.param(lambda: crowd(5, 1.0, "spam") + crowd(150, 0.1), 5, id="spammers who retry"),
    ],
)
def test_a_steady_crowd_writes_at_the_target_and_the_wait_does_not_swing(
    writers: object, target: float, seed: int
) -> None:
    run = simulate(writers(), target, 180, seed)  # type: ignore[operator]
    assert run.reached_after_s() is not None
    assert 0.8 <= run.rate(60, 180) / target <= 1.2
    for start in range(120):
        assert sum(start <= second < start + 60 for second in run.turns()) <= 1
    assert not any(run.unreachable[60:])


@pytest.mark.parametrize("seed", SEEDS)
def test_regulars_alone_above_the_target_make_it_unreachable_and_newcomers_wait_longest(seed: int) -> None:
    run = simulate(regulars(100, 0.2) + crowd(100, 0.1), 5, 90, seed)
    assert run.wait_s[30:] == [LADDER_S[-1]] * 60
    assert all(run.unreachable[40:])
    assert run.rate(30, 90) < 12, "regulars still wait ten seconds"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "wave",
    [
        pytest.param(lambda: crowd(300, 0.2, until_s=60), id="people who wait"),
        pytest.param(lambda: crowd(300, 0.2, "leave", until_s=60), id="people who leave"),
        pytest.param(lambda: crowd(30, 1.0, "spam", until_s=60), id="spammers"),
        pytest.param(lambda: crowd(2000, 0.5, until_s=20), id="a flash"),
    ],
)
def test_the_room_is_open_thirty_seconds_after_a_wave(wave: object, seed: int) -> None:
    writers = wave() + crowd(10, 0.05)  # type: ignore[operator]
    run = simulate(writers, 5, 130, seed)
    end = 20 if len(writers) > 1000 else 60
    assert max(run.wait_s[:end]) > 0
    assert run.wait_s[end + 30 : end + 60] == [0] * 30


@pytest.mark.parametrize("seed", SEEDS)
def test_a_growing_crowd_is_held_near_the_target(seed: int) -> None:
    ramp = [Writer(0.1, from_s=number / 5) for number in range(400)]
    run = simulate(ramp, 5, 180, seed)
    assert run.rate(30, 90) < 2 * 5
    assert 0.7 <= run.rate(90, 180) / 5 <= 1.3


@pytest.mark.parametrize("seed", SEEDS)
def test_bursts_stay_below_the_target_on_average(seed: int) -> None:
    bursts = [Writer(0.3, is_active=lambda now_s: now_s % 40 < 10) for _ in range(200)]
    run = simulate(bursts, 5, 200, seed)
    assert run.rate(0, 200) <= 6


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crowd_below_the_target_never_waits(seed: int) -> None:
    assert max(simulate(crowd(60, 0.05), 5, 180, seed).wait_s) == 0
