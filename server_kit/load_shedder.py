"""Measures each second whether the event loop is short of CPU, and counts what is left out because of that."""

import asyncio
import time
from collections.abc import Callable
from logging import getLogger
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client import Counter, Gauge

from server_kit.overload_policy import LEVEL_OF, Demand, ShedLevel, ShedState, next_state

log = getLogger(__name__)

MEASURE_S: Final = 1.0

SCHEDSTAT: Final = Path("/proc/thread-self/schedstat")
"""Linux: the thread's nanoseconds on a core, its nanoseconds of waiting for one, and its turns."""

LEVEL = Gauge("hotchat_shed_level", "What this process leaves out for lack of CPU: 0 nothing, 4 the most")
SHED = Counter("hotchat_shed_total", "What was dropped or postponed for lack of CPU", ["what"])
_SHED: Final = {what: SHED.labels(what) for what in LEVEL_OF}


class CpuTime(NamedTuple):
    """Seconds of this thread: on a core, and waiting for one."""

    ran_s: float
    waited_s: float


def thread_cpu_time() -> CpuTime:
    """Without Linux's statistics of the scheduler the wait is 0."""
    try:
        waited_s = int(SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        waited_s = 0.0
    return CpuTime(time.thread_time(), waited_s)


def demand_between(before: CpuTime, after: CpuTime, seconds: float) -> Demand:
    ran_s = after.ran_s - before.ran_s
    return Demand(ran_s / seconds, (ran_s + after.waited_s - before.waited_s) / seconds)


class LoadShedder:
    """One per process. `level` follows the load; `setting` other than "auto" fixes it. `clock`: monotonic seconds."""

    def __init__(self, setting: ShedLevel, clock: Callable[[], float]) -> None:
        self._is_fixed = setting != "auto"
        self._clock = clock
        self.level = 0 if setting == "auto" else int(setting)
        LEVEL.set(self.level)

    def leaves_out(self, what: str) -> bool:
        """Whether this kind of work is left out for now. `what`: a key of LEVEL_OF."""
        return self.level >= LEVEL_OF[what]

    def count(self, what: str) -> None:
        _SHED[what].inc()

    def drops(self, what: str) -> bool:
        """`leaves_out`, and if so, counted."""
        if self.level < LEVEL_OF[what]:
            return False
        self.count(what)
        return True

    async def run(self) -> None:
        """Measure the running loop's thread each second, until the process ends."""
        state = ShedState(self.level)
        at_s, before = self._clock(), thread_cpu_time()
        while not self._is_fixed:
            await asyncio.sleep(MEASURE_S)
            now_s, after = self._clock(), thread_cpu_time()
            state = next_state(state, demand_between(before, after, now_s - at_s))
            at_s, before = now_s, after
            self._take(state.level)

    def _take(self, level: int) -> None:
        if level != self.level:
            log.warning("Short of CPU: level %d of 4, before %d", level, self.level)
            self.level = level
            LEVEL.set(level)
