from collections import Counter

import pytest

from load_tests.jmeter.plan_verdicts import judge_join_storm, judge_soak, judge_two_rooms
from load_tests.jmeter.samples import Samples
from load_tests.jmeter.verdict import Verdict

HEAT = [(1.0, True), (9.0, False)]


def samples(labels: dict[str, int], ms: int = 20) -> Samples:
    times = {label: Counter({ms: count}) for label, count in labels.items()}
    return Samples(labels=Counter(labels), first_at=1.0, last_at=9.0, times=times)


JOINED = {"session 201": 5, "page 200": 5, "stream 200": 5, "post 201": 10}
TWO = {"hot fetch 200": 9, "hot fetch refused": 90, "cold fetch 200": 5, "cold post 201": 10}
SOAKED = {"fetch 200": 9, "post 201": 10, "react 200": 3, "stream 200": 2}


def join(labels: dict[str, int], counted: int = 10, ms: int = 20) -> Verdict:
    return judge_join_storm(samples(labels, ms), counted, threads=5, max_p99_s=1)


def two(labels: dict[str, int], heat: list[tuple[float, bool]] = HEAT) -> Verdict:
    return judge_two_rooms(samples(labels), 10, heat, max_p99_s=1)


def test_plans_whose_numbers_agree_have_no_fault() -> None:
    verdicts = [join(JOINED), two(TWO), judge_soak(samples(SOAKED), 10, max_p99_s=1)]
    assert [verdict.faults for verdict in verdicts] == [[], [], []]
    assert "99 % of `stream` ended within 0.020 s." in verdicts[0].sentences


@pytest.mark.parametrize(
    ("verdict", "fault"),
    [
        (join(JOINED, counted=9), "10 posts were answered 201, but the room has 9 messages."),
        (join(JOINED | {"stream 200": 4, "stream error": 1}), "4 of 5 joiners got `stream 200`."),
        (join(JOINED | {"page 200": 4}), "4 of 5 joiners got `page 200`."),
        (two(TWO, []), "The hot room never went hot."),
        (two(TWO, HEAT[:1]), "The hot room did not cool."),
        (two(TWO | {"hot fetch refused": 0}), "Nothing was refused in the hot room."),
        (two(TWO | {"cold fetch refused": 1}), "1 requests were refused in the cold room."),
        (judge_soak(samples(SOAKED | {"fetch refused": 2}), 10, max_p99_s=1), "2 requests were refused."),
        (judge_soak(samples(SOAKED | {"stream 200": 0}), 10, max_p99_s=1), "No `stream` was sent."),
        (
            judge_soak(samples(SOAKED | {"post 201": 0}), 0, max_p99_s=1),
            "No message was posted.",
        ),
    ],
)
def test_numbers_that_disagree_are_a_fault(verdict: Verdict, fault: str) -> None:
    assert fault in verdict.faults


def test_a_threshold_of_time_is_kept() -> None:
    assert join(JOINED, ms=1_500).faults == [
        f"99 % of `{sampler}` took up to 1.500 s, more than 1 s." for sampler in ("page", "stream")
    ]
