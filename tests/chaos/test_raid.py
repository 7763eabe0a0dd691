"""The verdict on a raid."""

from dataclasses import replace

from load_tests.chaos.faults.raid import FULL, SMALL, Measured, Phase, judge


def measured(*, before_s: float, during_s: float, elsewhere_s: float, purge_s: float = 0.1) -> Measured:
    before, during, elsewhere = (
        Phase([post_s] * 100, generator_share=0.4) for post_s in (before_s, during_s, elsewhere_s)
    )
    return Measured(before, during, elsewhere, purge_s, call_s=0.05)


def test_only_the_phase_before_the_raid_decides_whether_posts_are_slower() -> None:
    findings, remarks = judge(FULL, measured(before_s=0.02, during_s=0.036, elsewhere_s=0.035))
    assert findings == ["the raid slowed posts by a factor of 1.8"]
    assert "the raid slowed posts by a factor of 1.80; the same load in another room by 1.75" in remarks
    findings, _ = judge(FULL, measured(before_s=0.02, during_s=0.029, elsewhere_s=0.01))
    assert findings == []


def test_a_late_purge_is_a_broken_promise() -> None:
    times = measured(before_s=0.02, during_s=0.02, elsewhere_s=0.02, purge_s=0.6)
    assert judge(FULL, times)[0] == ["the purge took 0.60 s, more than 0.5 s"]
    assert judge(SMALL, times)[0] == []


def test_each_phase_shows_the_share_of_a_core_that_the_load_generator_used() -> None:
    times = measured(before_s=0.02, during_s=0.03, elsewhere_s=0.04)
    saturated = replace(times, during=Phase([0.03] * 100, generator_share=0.98))
    _, remarks = judge(FULL, saturated)
    assert remarks[1].startswith(
        "p99 of the regulars' posts: 20 ms (generator 40% of its core) before the raid, "
    )
    assert "30 ms (GENERATOR SATURATED (98% of its core)" in remarks[1]
    assert "40 ms (generator 40% of its core) while the same people posted into another room" in remarks[1]
