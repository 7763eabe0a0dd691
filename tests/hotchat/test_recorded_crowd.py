"""The governor over a recorded crowd: an IRC channel on the day of a release, played faster than it was."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.hotchat.crowd_simulation import Manners, Writer, simulate

RECORDING: Final = Path(__file__).with_name("recorded_crowd.txt")
MINUTE_MS: Final = 2_000
"""Thirty times as fast: 223 people write nine posts a second on average, for 196 s."""


def recorded(manners: Manners) -> list[Writer]:
    """The messages of a minute are spread evenly over it: the recording has no seconds."""
    times_ms: dict[str, list[int]] = defaultdict(list)
    lines = [line for line in RECORDING.read_text().splitlines() if not line.startswith("#")]
    for minute, line in enumerate(lines):
        people = line.split()
        for number, person in enumerate(people):
            times_ms[person].append(MINUTE_MS * minute + MINUTE_MS * (number + 1) // (len(people) + 1))
    return [Writer(0, manners, recorded_ms=tuple(each)) for each in times_ms.values()]


@pytest.mark.parametrize("target", [1, 2, 3, 5])
@pytest.mark.parametrize("manners", ["wait", "leave"])
def test_a_recorded_crowd_is_near_the_target_within_fifteen_seconds_and_then_free(
    manners: Manners, target: float
) -> None:
    """What people want to write varies between half and twice its mean, so the rate does, too."""
    writers = recorded(manners)
    end_s = 1 + max(writer.recorded_ms[-1] for writer in writers) // 1000
    run = simulate(writers, target, end_s + 60)
    reached_s = run.reached_after_s()
    assert reached_s is not None and reached_s <= 15
    assert 0.65 <= run.rate(15, end_s) / target <= 1.35
    turns = [second for second in run.turns() if second < end_s - 30]
    assert all(later - earlier >= 60 for earlier, later in pairwise(turns))
    assert run.wait_s[end_s + 30 :] == [0] * 30
