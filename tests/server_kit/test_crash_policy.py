"""Crashed background tasks are restarted and reported. A vital task that keeps crashing ends the process."""

import ast
import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from prometheus_client import REGISTRY

import chat_contract
from chat_server.hotchat.monotonic_schedule import add_ticks, report_crashes
from publish_server import health
from server_kit.background_tasks import (
    CRASH_WINDOW_S,
    FIRST_RESTART_S,
    LAST_RESTART_S,
    MAX_CRASHES,
    STEADY_S,
    UNREADY_AFTER_S,
    BackgroundTasks,
    TaskCrashes,
)
from server_kit.load_shedder import LoadShedder
from tests.support.manual_clock import ManualClock

ROOT = Path(chat_contract.__file__).parents[1]
PACKAGES = ("chat_contract", "server_kit", "chat_server", "publish_server")

SHORT_LIVED = {
    ("server_kit/background_tasks.py", "running"): "the crash policy itself",
    ("server_kit/single_flight.py", "start"): "one read, shared by its callers, who get its error",
    (
        "chat_server/kafka/event_producer.py",
        "_send_next",
    ): "one acknowledgement, bounded by MAX_IN_FLIGHT and time",
    (
        "publish_server/recovery/missing_events.py",
        "fetch_due",
    ): "one room's missing events; a periodic job fetches again",
    (
        "chat_server/fetch/event_waits.py",
        "until_after",
    ): "the wait for one disconnect, cancelled with its request",
    ("publish_server/recovery/chat_client.py", "_call"): "one call to chat_server, which has a deadline",
    ("publish_server/recovery/catch_up_pages.py", "read"): "one page, shared by the streams that need it",
}
"""Functions that may start a task outside the crash policy, because the task soon ends and its result is awaited."""


class NoPause(Random):
    """Makes every restart pause zero."""

    def uniform(self, a: float, b: float) -> float:
        return 0.0


class Failure(Exception):
    pass


def crashes_counted(task: str) -> float:
    return REGISTRY.get_sample_value("hotchat_task_crashes_total", {"task": task}) or 0.0


async def test_a_crashed_task_is_restarted_and_reported_until_it_runs_steadily() -> None:
    clock = ManualClock()
    tasks = BackgroundTasks(NoPause(), clock, lambda: None)
    starts = 0
    runs = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts <= 2:
            raise Failure
        runs.set()
        await asyncio.Event().wait()

    before = crashes_counted("two crashes")
    async with asyncio.timeout(10), tasks.running("two crashes", work):
        await runs.wait()
        assert starts == 3
        assert crashes_counted("two crashes") - before == 2
        assert tasks.down() == {"two crashes": "Failure"}
        assert tasks.is_ready()
        clock.now_s += STEADY_S + 2 * FIRST_RESTART_S
        assert tasks.down() == {}


async def test_a_cancelled_future_inside_a_task_counts_as_a_crash() -> None:
    """Awaiting a future that a library has cancelled raises CancelledError."""
    tasks = BackgroundTasks(NoPause(), ManualClock(), lambda: None)
    starts = 0
    runs = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            cancelled = asyncio.get_running_loop().create_future()
            cancelled.cancel()
            await cancelled
        runs.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(10), tasks.running("cancelled future", work):
        await runs.wait()
    assert starts == 2


async def test_a_task_that_swallows_its_first_cancellation_is_cancelled_again() -> None:
    tasks = BackgroundTasks(NoPause(), ManualClock(), lambda: None)
    swallowed = 0

    async def work() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    async with asyncio.timeout(10):
        async with tasks.running("swallows", work) as task:
            await asyncio.sleep(0)
        assert task.done()
    assert swallowed == 2


async def test_work_that_returns_is_not_started_again() -> None:
    tasks = BackgroundTasks(NoPause(), ManualClock(), lambda: None)
    starts = 0

    async def work() -> None:
        nonlocal starts
        starts += 1

    async with asyncio.timeout(10), tasks.running("returns", work) as task:
        await task
    assert starts == 1


@pytest.mark.parametrize("is_vital", [True, False])
async def test_only_a_vital_task_that_keeps_crashing_ends_the_process(is_vital: bool) -> None:
    ended = asyncio.Event()
    enough = asyncio.Event()
    tasks = BackgroundTasks(NoPause(), ManualClock(), ended.set)
    starts = 0

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts > MAX_CRASHES:
            enough.set()
            await asyncio.Event().wait()
        raise Failure

    async with asyncio.timeout(10), tasks.running(f"hopeless {is_vital}", work, is_vital=is_vital):
        await enough.wait()
    assert ended.is_set() is is_vital
    assert tasks.has_given_up is is_vital
    assert tasks.is_ready() is not is_vital


def test_restart_pauses_double_up_to_a_bound_and_reset_after_a_steady_run() -> None:
    crashes = TaskCrashes(is_vital=True)
    now_s = 0.0
    pauses = []
    for _ in range(7):
        pauses.append(crashes.crashed(Failure(), now_s))
        now_s += pauses[-1]
    assert pauses == [FIRST_RESTART_S, 0.4, 0.8, 1.6, 3.2, LAST_RESTART_S, LAST_RESTART_S]
    assert not crashes.is_hopeless(now_s)
    assert crashes.makes_unready(now_s)
    now_s += STEADY_S
    assert not crashes.makes_unready(now_s)
    assert crashes.crashed(Failure(), now_s) == FIRST_RESTART_S


def test_only_a_vital_task_that_stays_down_makes_the_process_unready() -> None:
    vital, other = TaskCrashes(is_vital=True), TaskCrashes(is_vital=False)
    for crashes in (vital, other):
        crashes.crashed(Failure(), 0.0)
    assert not vital.makes_unready(UNREADY_AFTER_S - 0.1)
    assert vital.makes_unready(UNREADY_AFTER_S)
    assert not other.makes_unready(UNREADY_AFTER_S)


def test_rare_crashes_never_end_the_process() -> None:
    crashes = TaskCrashes(is_vital=True)
    now_s = 0.0
    for _ in range(MAX_CRASHES * 3):
        crashes.crashed(Failure(), now_s)
        assert not crashes.is_hopeless(now_s)
        now_s += CRASH_WINDOW_S / (MAX_CRASHES - 2)


async def test_readiness_names_a_crashed_task_and_returns_503_while_it_stays_down() -> None:
    clock = ManualClock()
    tasks = BackgroundTasks(NoPause(), clock, lambda: None)

    app = FastAPI()
    app.include_router(health.router)
    app.state.readiness = health.Readiness(tasks, asyncio.Event(), LoadShedder("0", clock))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
        tasks.note_crash("consumer", Failure())
        answer = await client.get("/healthz/ready")
        assert (answer.status_code, answer.json()["crashed_tasks"]) == (200, {"consumer": "Failure"})
        clock.now_s += UNREADY_AFTER_S
        tasks.note_crash("consumer", Failure())
        answer = await client.get("/healthz/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


async def test_a_crashed_tick_of_the_scheduler_is_counted_and_the_next_tick_runs() -> None:
    tasks = BackgroundTasks(NoPause(), ManualClock(), lambda: None)
    scheduler = AsyncIOScheduler()
    again = asyncio.Event()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 1:
            raise Failure
        again.set()

    before = crashes_counted("a tick")
    add_ticks(scheduler, "a tick", tick, 0.01)
    report_crashes(scheduler, tasks)
    scheduler.start()
    try:
        async with asyncio.timeout(10):
            await again.wait()
    finally:
        scheduler.shutdown(wait=False)
    assert crashes_counted("a tick") - before == 1


def test_a_process_with_a_task_that_keeps_crashing_terminates_itself() -> None:
    program = """
import asyncio, time
from server_kit.background_tasks import BackgroundTasks
from tests.server_kit.test_crash_policy import NoPause

async def crash():
    raise ValueError

async def main():
    async with BackgroundTasks(NoPause(), time.monotonic).running("crash", crash):
        await asyncio.sleep(60)

asyncio.run(main())
"""
    began_s = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=50, check=False)
    assert ended.returncode == -signal.SIGTERM
    assert time.monotonic() - began_s < 50


def test_no_long_lived_task_is_started_outside_the_crash_policy() -> None:
    starts = {
        start
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for start in task_starts(path)
    }
    assert starts == SHORT_LIVED.keys()


def task_starts(path: Path) -> Iterator[tuple[str, str]]:
    """File and function of every call that starts a task."""
    name = path.relative_to(ROOT).as_posix()

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in ("create_task", "ensure_future", "TaskGroup", "run_coroutine_threadsafe"):
                yield name, function
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function)

    yield from visit(ast.parse(path.read_text()), "")
