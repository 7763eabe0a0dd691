"""When a process leaves out work for lack of CPU, second by second."""

import pytest

from server_kit.overload_policy import (
    HIGHEST_LEVEL,
    LEVEL_OF,
    OWN_WORK_FROM,
    RELAXED_BELOW,
    SECONDS_TO_FALL,
    SECONDS_TO_RISE,
    SHORT_FROM,
    Demand,
    ShedState,
    next_state,
)

SHORT = Demand(ran=0.9, wanted=1.0)
BETWEEN = Demand(ran=0.85, wanted=0.85)
IDLE = Demand(ran=0.1, wanted=0.1)
CROWDED_OUT = Demand(ran=OWN_WORK_FROM / 2, wanted=1.0)


def levels(*demands: Demand, start: int = 0) -> list[int]:
    """The level after each second."""
    state, seen = ShedState(start), []
    for demand in demands:
        state = next_state(state, demand)
        seen.append(state.level)
    return seen


@pytest.mark.parametrize(
    ("demands", "expected"),
    [
        ([SHORT] * 9, [0, 1, 1, 2, 2, 3, 3, 4, 4]),
        ([SHORT, BETWEEN, SHORT, BETWEEN], [0, 0, 0, 0]),
        ([IDLE] * 3, [0, 0, 0]),
        ([CROWDED_OUT] * 5, [0] * 5),
        ([Demand(SHORT_FROM, SHORT_FROM)] * SECONDS_TO_RISE, [0, 1]),
        ([Demand(OWN_WORK_FROM, 1.0)] * SECONDS_TO_RISE, [0, 1]),
    ],
)
def test_a_level_rises_after_seconds_of_shortage_in_a_row(demands: list[Demand], expected: list[int]) -> None:
    assert levels(*demands) == expected


def test_the_level_falls_one_at_a_time_after_relaxed_seconds_in_a_row() -> None:
    assert levels(*[IDLE] * (2 * SECONDS_TO_FALL), start=2) == [
        *[2] * (SECONDS_TO_FALL - 1),
        *[1] * SECONDS_TO_FALL,
        0,
    ]


def test_a_second_of_work_between_the_limits_starts_the_fall_again_and_keeps_the_level() -> None:
    almost = [IDLE] * (SECONDS_TO_FALL - 1)
    assert set(levels(*almost, BETWEEN, *almost, SHORT, *almost, start=3)) == {3}
    assert set(levels(*[Demand(RELAXED_BELOW, RELAXED_BELOW)] * 50, start=3)) == {3}


def test_the_highest_level_is_kept_while_the_shortage_lasts() -> None:
    assert levels(*[SHORT] * 100)[-1] == HIGHEST_LEVEL == 4


def test_typing_is_left_out_first_and_posts_removals_and_reads_never() -> None:
    order = sorted(LEVEL_OF, key=lambda what: LEVEL_OF[what])
    assert order[0] == "typing"
    assert LEVEL_OF["viewers"] < LEVEL_OF["reactions"] < LEVEL_OF["messages"]
    assert LEVEL_OF.keys() == {"typing", "viewers", "reactions", "messages"}
