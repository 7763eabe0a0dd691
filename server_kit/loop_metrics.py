"""Metrics of the event loop: its tasks, its longest step, and the pauses of the garbage collector.

uvloop has no hook around a callback, so a timer measures steps from outside: a running step delays the timer until the
step ends. The reported time is the timer's delay, but at most the CPU time of the loop's thread since the last probe.
Garbage collection and waiting for a core therefore do not count.

A step is reported too short by up to the probe's period. The period is BUSY_PERIOD_S while the loop is busy and
IDLE_PERIOD_S while it is idle, because waking an idle process is expensive. LOOP_PROBE_MS sets one period for exact
measurements. Steps that run back to back in one iteration of the loop count as one, since no timer runs between them.
"""

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Gauge, Histogram

TASKS = Gauge("hotchat_asyncio_tasks", "Tasks of this process's event loop")

_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
STEPS = Histogram(
    "hotchat_loop_step_seconds", "CPU time of event-loop steps, one sample a probe", buckets=_BUCKETS
)
LONGEST_STEP = Gauge(
    "hotchat_loop_step_longest_seconds", "CPU time of the longest event-loop step of the last minute"
)
COLLECTIONS = Histogram(
    "hotchat_gc_pause_seconds", "CPU time of garbage collections in the event loop's thread", buckets=_BUCKETS
)
LONGEST_COLLECTION = Gauge(
    "hotchat_gc_pause_longest_seconds", "CPU time of the longest garbage collection of the last minute"
)

BUSY_PERIOD_S: Final = 0.005
IDLE_PERIOD_S: Final = 0.05
BUSY_SHARE: Final = 0.1
"""A loop that uses more than this part of a core counts as busy."""

SLOT_S: Final = 5.0
SLOTS: Final = 12


class LongestOfLastMinute:
    """The largest value of the last SLOTS × SLOT_S seconds, with a resolution of SLOT_S."""

    def __init__(self) -> None:
        self._slots = [0.0] * SLOTS
        self._newest = 0

    def add(self, value: float, now_s: float) -> None:
        self._move_to(now_s)
        at = self._newest % SLOTS
        if value > self._slots[at]:
            self._slots[at] = value

    def value(self, now_s: float) -> float:
        self._move_to(now_s)
        return max(self._slots)

    def _move_to(self, now_s: float) -> None:
        newest = int(now_s / SLOT_S)
        for number in range(max(self._newest + 1, newest - SLOTS + 1), newest + 1):
            self._slots[number % SLOTS] = 0.0
        self._newest = max(self._newest, newest)


class LoopProbe:
    """Create it in the loop's thread. `clock`: the loop's time; `cpu_time`: the CPU time of its thread; in seconds.

    `period_s`: the time between two probes; None: BUSY_PERIOD_S or IDLE_PERIOD_S, by the load of the loop.
    """

    def __init__(
        self, period_s: float | None, clock: Callable[[], float], cpu_time: Callable[[], float]
    ) -> None:
        self.longest_step = LongestOfLastMinute()
        self.longest_collection = LongestOfLastMinute()
        self._clock = clock
        self._cpu_time = cpu_time
        self._thread = threading.get_ident()
        self._period_s = period_s
        self._sampled_s = clock()
        self.due_s = self._sampled_s + (period_s or IDLE_PERIOD_S)
        self._cpu_s = cpu_time()
        self._collecting_since_s = 0.0
        self._collected_s = 0.0

    def sample(self) -> None:
        """Call it at `due_s`; sets `due_s` to the time of the next call."""
        now_s, cpu_s = self._clock(), self._cpu_time()
        used_s = cpu_s - self._cpu_s - self._collected_s
        step_s = max(0.0, min(now_s - self.due_s, used_s))
        STEPS.observe(step_s)
        self.longest_step.add(step_s, now_s)
        is_busy = used_s > BUSY_SHARE * (now_s - self._sampled_s)
        self.due_s = now_s + (self._period_s or (BUSY_PERIOD_S if is_busy else IDLE_PERIOD_S))
        self._sampled_s, self._cpu_s, self._collected_s = now_s, cpu_s, 0.0

    def collecting(self, phase: str, _: dict[str, int]) -> None:
        """A callback for gc.callbacks."""
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collecting_since_s = self._cpu_time()
        else:
            pause_s = self._cpu_time() - self._collecting_since_s
            self._collected_s += pause_s
            COLLECTIONS.observe(pause_s)
            self.longest_collection.add(pause_s, self._clock())


def longest_step_s() -> float:
    """CPU time of the longest step of the last minute; 0 before the loop is measured."""
    [metric] = LONGEST_STEP.collect()
    return metric.samples[0].value


@contextmanager
def measured_loop(period_ms: float) -> Iterator[LoopProbe]:
    """Measure the running loop until the block ends. `period_ms` 0: the period follows the load of the loop."""
    loop = asyncio.get_running_loop()
    probe = LoopProbe(period_ms / 1000 or None, loop.time, time.thread_time)

    handles: list[asyncio.TimerHandle] = []

    def sample() -> None:
        probe.sample()
        handles[:] = [loop.call_at(probe.due_s, sample)]

    handles.append(loop.call_at(probe.due_s, sample))
    TASKS.set_function(lambda: len(asyncio.all_tasks(loop)))
    LONGEST_STEP.set_function(lambda: probe.longest_step.value(loop.time()))
    LONGEST_COLLECTION.set_function(lambda: probe.longest_collection.value(loop.time()))
    gc.callbacks.append(probe.collecting)
    try:
        yield probe
    finally:
        gc.callbacks.remove(probe.collecting)
        handles[0].cancel()
