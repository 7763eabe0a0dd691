"""When flushes may start, simulated without a clock."""

import pytest

from publish_server.fanout.flush_pacer import FlushPacer, WriteCost


def run_flushes(pacer: FlushPacer, busy_s: list[float], *, idle_s: float = 0.0) -> list[float]:
    """The start times of flushes if one is always due; `idle_s` passes before the first."""
    now, starts = idle_s, []
    for busy in busy_s:
        now = max(now, now + pacer.wait_s(now))
        starts.append(now)
        pacer.flushed(now, busy)
        now += busy
    return starts


def test_the_first_flush_starts_at_once() -> None:
    assert FlushPacer().wait_s(0.0) <= 0


@pytest.mark.parametrize("busy_s", [0.001, 0.05, 0.4])
def test_large_flushes_use_their_share_of_the_core(busy_s: float) -> None:
    starts = run_flushes(FlushPacer(duty=0.6), [busy_s] * 100)
    assert 100 * busy_s / (starts[-1] + busy_s / 0.6) == pytest.approx(0.6)


def test_all_rooms_share_one_duty_cycle() -> None:
    starts = run_flushes(FlushPacer(duty=0.5), [0.1, 0.2, 0.1])
    assert starts == pytest.approx([0.0, 0.2, 0.6])


def test_idle_time_is_not_saved_up() -> None:
    pacer = FlushPacer(duty=0.5)
    assert run_flushes(pacer, [0.1, 0.1], idle_s=100.0) == pytest.approx([100.0, 100.2])


def test_a_small_flush_does_not_wait_for_large_ones() -> None:
    pacer = FlushPacer()
    pacer.flushed(0.0, 0.3)
    assert pacer.wait_s(0.1) > 0.3
    assert pacer.may_flush_now(0.001, 0.1)


def test_a_flush_above_the_small_limit_is_never_small() -> None:
    assert not FlushPacer(small_flush_s=0.002).may_flush_now(0.0021, 100.0)


def test_small_flushes_are_bounded_by_a_reserve_that_refills() -> None:
    cost_s = 1 / 1024
    pacer = FlushPacer(small_share=0.25, burst_s=64 * cost_s)
    assert sum(pacer.may_flush_now(cost_s, 10.0) for _ in range(100)) == 64
    assert not pacer.may_flush_now(cost_s, 10.0 + 3 * cost_s)
    assert pacer.may_flush_now(cost_s, 10.0 + 4 * cost_s)
    assert sum(pacer.may_flush_now(cost_s, 20.0) for _ in range(100)) == 64


def test_small_flushes_delay_large_ones() -> None:
    pacer = FlushPacer(duty=0.5)
    pacer.flushed(0.0, 0.1)
    pacer.flushed(0.05, 0.01)
    assert pacer.next_start == pytest.approx(0.22)


def test_the_estimated_write_cost_follows_large_flushes() -> None:
    cost = WriteCost(10e-6)
    for _ in range(30):
        cost.observe(5_000, 5_000 * 20e-6)
    assert cost.seconds == pytest.approx(20e-6, rel=0.01)
    cost.observe(1, 0.01)
    assert cost.seconds == pytest.approx(30e-6, rel=0.01)
    cost.observe(0, 0.01)
