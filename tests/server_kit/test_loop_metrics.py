"""The longest step of an event loop, with clocks that the tests move."""

import asyncio
import gc
import time

from prometheus_client import REGISTRY, CollectorRegistry, Counter

from server_kit.http.metrics_page import COLLECTIONS_BURST, COLLECTIONS_PER_S, MetricsPage
from server_kit.loop_metrics import (
    BUSY_PERIOD_S,
    IDLE_PERIOD_S,
    LongestOfLastMinute,
    LoopProbe,
    measured_loop,
)


class Clocks:
    """Wall time and the CPU time of the loop's thread."""

    def __init__(self) -> None:
        self.wall_s = 1000.0
        self.cpu_s = 5.0

    def work(self, cpu_s: float, *, waiting_for_a_core_s: float = 0.0) -> None:
        self.cpu_s += cpu_s
        self.wall_s += cpu_s + waiting_for_a_core_s

    def sleep_until(self, wall_s: float) -> None:
        self.wall_s = max(self.wall_s, wall_s)


def probe(clocks: Clocks, period_s: float | None = 0.005) -> LoopProbe:
    return LoopProbe(period_s, lambda: clocks.wall_s, lambda: clocks.cpu_s)


def longest(measured: LoopProbe, clocks: Clocks) -> float:
    return round(measured.longest_step.value(clocks.wall_s), 4)


def test_a_step_that_delays_the_probe_is_measured() -> None:
    clocks = Clocks()
    measured = probe(clocks)
    clocks.sleep_until(measured.due_s)
    clocks.work(0.040)
    measured.sample()
    assert longest(measured, clocks) == 0.040


def test_time_spent_waiting_for_a_core_does_not_count_towards_a_step() -> None:
    clocks = Clocks()
    measured = probe(clocks)
    clocks.sleep_until(measured.due_s)
    clocks.work(0.002, waiting_for_a_core_s=0.5)
    measured.sample()
    assert longest(measured, clocks) == 0.002


def test_many_short_steps_do_not_count_as_one_long_step() -> None:
    clocks = Clocks()
    measured = probe(clocks)
    for _ in range(100):
        while clocks.wall_s < measured.due_s:
            clocks.work(0.0009)
        measured.sample()
    assert longest(measured, clocks) <= 0.0009


def test_garbage_collection_is_reported_separately_from_steps() -> None:
    clocks = Clocks()
    measured = probe(clocks)
    clocks.sleep_until(measured.due_s)
    clocks.work(0.001)
    measured.collecting("start", {})
    clocks.work(0.030)
    measured.collecting("stop", {})
    measured.sample()
    assert longest(measured, clocks) == 0.001
    assert round(measured.longest_collection.value(clocks.wall_s), 4) == 0.030


def test_the_probe_runs_less_often_while_the_loop_is_idle() -> None:
    clocks = Clocks()
    measured = probe(clocks, None)
    clocks.sleep_until(measured.due_s)
    measured.sample()
    assert round(measured.due_s - clocks.wall_s, 4) == IDLE_PERIOD_S
    clocks.work(0.030)
    clocks.sleep_until(measured.due_s)
    measured.sample()
    assert round(measured.due_s - clocks.wall_s, 4) == BUSY_PERIOD_S


def test_the_longest_step_expires_after_a_minute() -> None:
    kept = LongestOfLastMinute()
    kept.add(0.5, 1000.0)
    kept.add(0.1, 1030.0)
    assert kept.value(1054.0) == 0.5
    assert kept.value(1064.0) == 0.1
    assert kept.value(5000.0) == 0.0


async def test_a_blocked_loop_shows_in_the_metrics() -> None:
    before = REGISTRY.get_sample_value("hotchat_loop_step_seconds_count") or 0
    collections = gc.callbacks[:]
    with measured_loop(1):
        await asyncio.sleep(0)
        until_s = time.thread_time() + 0.05
        while time.thread_time() < until_s:
            pass
        async with asyncio.timeout(10):
            while (REGISTRY.get_sample_value("hotchat_loop_step_longest_seconds") or 0) < 0.03:
                await asyncio.sleep(0)
    assert (REGISTRY.get_sample_value("hotchat_loop_step_seconds_count") or 0) > before
    assert gc.callbacks == collections


def test_metrics_are_collected_at_a_bounded_rate() -> None:
    now_s = 0.0
    counter = Counter("asked", "How often it was asked for", registry=(registry := CollectorRegistry()))
    page = MetricsPage(lambda: now_s, registry)
    shown = []
    for _ in range(int(COLLECTIONS_BURST) + 5):
        counter.inc()
        shown.append(float(page.body().decode().split("asked_total ")[-1].split()[0]))
    assert shown == [*range(1, int(COLLECTIONS_BURST) + 1), *[COLLECTIONS_BURST] * 5]
    now_s = 1 / COLLECTIONS_PER_S
    assert f"asked_total {COLLECTIONS_BURST + 5}" in page.body().decode()
