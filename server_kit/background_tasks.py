"""Background tasks of a process, and one policy for crashed ones: restart, report, give up.

Tasks handle errors of stores themselves, so a crash is a bug or an unforeseen input. The task restarts after a growing,
jittered pause. Readiness names it until it has run for STEADY_S. A vital task that crashes MAX_CRASHES times within
CRASH_WINDOW_S ends the process, so that a supervisor starts it with a clean state. Other tasks are always restarted,
because chat works without them.
"""

import asyncio
import logging
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

from prometheus_client import Counter

log = logging.getLogger(__name__)

FIRST_RESTART_S: Final = 0.2
LAST_RESTART_S: Final = 5.0
STEADY_S: Final = 10.0
"""A task that has run this long since its last crash counts as recovered."""

MAX_CRASHES: Final = 8
CRASH_WINDOW_S: Final = 60.0
"""With these pauses, a task that crashes immediately reaches MAX_CRASHES after about 16 s."""

UNREADY_AFTER_S: Final = 5.0
"""A vital task that keeps crashing for longer makes the process unready. A shorter failure moves no traffic."""

CANCEL_AGAIN_AFTER_S: Final = 0.2
EXIT_WITHIN_S: Final = 30.0
EXIT_CODE: Final = 70  # EX_SOFTWARE of sysexits.h

CRASHES: Final = Counter("hotchat_task_crashes_total", "Crashes of background tasks", ["task"])

Work = Callable[[], Coroutine[Any, Any, None]]


class TaskCrashes:
    """The crashes of one task. Times are arguments, in monotonic seconds."""

    def __init__(self, *, is_vital: bool) -> None:
        self.is_vital = is_vital
        self.last_error = ""
        """The type of the last exception; its text may hold private data, and readiness is public."""
        self._times_s: deque[float] = deque(maxlen=MAX_CRASHES)
        self._down_since_s: float | None = None
        self._steady_at_s = 0.0
        self._restart_s = FIRST_RESTART_S

    def crashed(self, error: BaseException, now_s: float) -> float:
        """Record a crash; returns the pause before the restart in seconds, without jitter."""
        if self.down_since_s(now_s) is None:
            self._restart_s = FIRST_RESTART_S
            self._down_since_s = now_s
        self._times_s.append(now_s)
        self.last_error = type(error).__name__
        pause_s = self._restart_s
        self._restart_s = min(LAST_RESTART_S, pause_s * 2)
        self._steady_at_s = now_s + pause_s + STEADY_S
        return pause_s

    def down_since_s(self, now_s: float) -> float | None:
        """When the current series of crashes began; None while the task runs steadily."""
        return None if now_s >= self._steady_at_s else self._down_since_s

    def is_hopeless(self, now_s: float) -> bool:
        """Whether the process should end."""
        return (
            self.is_vital and len(self._times_s) == MAX_CRASHES and now_s - self._times_s[0] <= CRASH_WINDOW_S
        )

    def makes_unready(self, now_s: float) -> bool:
        down_since_s = self.down_since_s(now_s)
        return self.is_vital and down_since_s is not None and now_s - down_since_s >= UNREADY_AFTER_S


class BackgroundTasks:
    """All long-lived tasks of a process. `clock` is monotonic, in seconds; `give_up` ends the process."""

    def __init__(
        self, rng: Random, clock: Callable[[], float], give_up: Callable[[], None] | None = None
    ) -> None:
        self._rng = rng
        self._clock = clock
        self._give_up = stop_process if give_up is None else give_up
        self._crashes: dict[str, TaskCrashes] = {}
        self.has_given_up = False

    @asynccontextmanager
    async def running(
        self, name: str, work: Work, *, is_vital: bool = True
    ) -> AsyncIterator[asyncio.Task[None]]:
        """Run `work()` until the block ends or `work` returns; restart it when it raises. Names are unique.

        When the block ends, the task is cancelled repeatedly until it is done: redis-py can swallow a cancellation that
        arrives while it connects.
        """
        closing = asyncio.Event()
        task = asyncio.create_task(self._keep_running(name, work, is_vital, closing), name=name)
        try:
            yield task
        finally:
            closing.set()
            while not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=CANCEL_AGAIN_AFTER_S)

    def note_crash(self, name: str, error: BaseException, *, is_vital: bool = True) -> float:
        """Record a crash of `name`; returns the jittered pause before a restart in seconds.

        Call it directly for work that another scheduler runs.
        """
        now_s = self._clock()
        crashes = self._crashes.setdefault(name, TaskCrashes(is_vital=is_vital))
        pause_s = crashes.crashed(error, now_s)
        CRASHES.labels(name).inc()
        log.error("Background task %r crashed", name, exc_info=error)
        if crashes.is_hopeless(now_s) and not self.has_given_up:
            self.has_given_up = True
            log.critical(
                "Background task %r crashed %d times in %.0f s; the process ends",
                name,
                MAX_CRASHES,
                CRASH_WINDOW_S,
            )
            self._give_up()
        return pause_s * self._rng.uniform(0.8, 1.2)

    def down(self) -> dict[str, str]:
        """Recently crashed tasks, each with the type of its last exception."""
        now_s = self._clock()
        return {
            name: crashes.last_error
            for name, crashes in self._crashes.items()
            if crashes.down_since_s(now_s) is not None
        }

    def is_ready(self) -> bool:
        """False while a vital task has kept crashing for UNREADY_AFTER_S, or once the process is ending."""
        now_s = self._clock()
        return not self.has_given_up and not any(c.makes_unready(now_s) for c in self._crashes.values())

    async def _keep_running(self, name: str, work: Work, is_vital: bool, closing: asyncio.Event) -> None:
        task = asyncio.current_task()
        assert task is not None
        while not closing.is_set():
            try:
                await work()
                return
            except asyncio.CancelledError as error:
                if closing.is_set() or task.cancelling():
                    raise
                # A future inside the task was cancelled, not the task itself.
                crash: BaseException = error
            except Exception as error:
                if closing.is_set():
                    log.warning("Background task %r failed while it was stopped", name, exc_info=error)
                    return
                crash = error
            await asyncio.sleep(self.note_crash(name, crash, is_vital=is_vital))


def stop_process() -> None:
    """Send SIGTERM to this process. If it has not stopped after EXIT_WITHIN_S, exit without cleaning up."""
    os.kill(os.getpid(), signal.SIGTERM)
    cut_off = threading.Timer(EXIT_WITHIN_S, os._exit, [EXIT_CODE])
    cut_off.daemon = True
    cut_off.start()
