"""The same crowd at growing rates, until a program no longer delivers everything in time."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from load_tests.bench.crowds import (
    OPEN_WITHIN_S,
    SATURATED_SHARE,
    CrowdFailed,
    StreamCrowd,
    StreamWindow,
    stream_crowd,
)
from load_tests.bench.delivery import arrived
from load_tests.bench.resource_use import kernel_bytes_of_port, use_of
from load_tests.league.contestant import LeagueServer
from load_tests.league.plan import Plan
from local_stack.ports import LOOPBACK

SUSTAINED_SHARE: Final = 0.98
DRAINED_WITHIN_S: Final = 10.0
SAMPLED_READERS: Final = 500
OPENED_AT_ONCE: Final = 100
OPENING_POLL_S: Final = 0.02
KIB: Final = 1024


@dataclass(frozen=True)
class Step:
    """`per_s` and the shares of a core are of the window, latencies of all messages of the step."""

    messages_per_s: int
    offered_per_s: int
    per_s: float
    p50_ms: float
    p99_ms: float
    server_share: float
    generator_share: float
    deliveries: int
    expected: int
    in_order: bool
    closed: int

    @property
    def is_complete(self) -> bool:
        """Every reader got every message once and in order."""
        return self.in_order and self.closed == 0 and self.deliveries == self.expected

    @property
    def is_sustained(self) -> bool:
        return self.is_complete and self.per_s >= SUSTAINED_SHARE * self.offered_per_s

    @property
    def is_generator_saturated(self) -> bool:
        return self.generator_share >= SATURATED_SHARE


@dataclass(frozen=True)
class Climb:
    """`steps` end with the first that was not sustained. Memory is of one reader, after the first step;
    `kernel_kib` is None without `ss`."""

    steps: tuple[Step, ...]
    process_kib: float
    kernel_kib: float | None

    @property
    def best(self) -> Step | None:
        """The highest rate that was sustained."""
        sustained = [step for step in self.steps if step.is_sustained]
        return sustained[-1] if sustained else None

    @property
    def is_limit_known(self) -> bool:
        """False if it sustained every step, so its limit is higher."""
        return not self.steps[-1].is_sustained


async def climb(server: LeagueServer, plan: Plan) -> Climb:
    """Raises CrowdFailed if not all streams can be opened."""
    pids = [process.pid for process in server.processes]
    path = server.dialect.request(None).path.replace("%", "%%")  # the crowd formats it as printf does
    sample = f"sample={max(1, plan.readers // SAMPLED_READERS)}"
    await server.publish()  # makes the room
    async with stream_crowd(LOOPBACK, server.port, path, 1, *server.crowd_options):
        empty, empty_kernel = use_of(*pids), _kernel_bytes(server.port)
    async with stream_crowd(
        LOOPBACK, server.port, path, plan.readers, sample, *server.crowd_options, start=1
    ) as crowd:
        await _open_streams(crowd, plan.readers)
        steps = [await _step(server, crowd, pids, plan, plan.steps[0])]
        full, full_kernel = use_of(*pids), _kernel_bytes(server.port)
        for messages_per_s in plan.steps[1:]:
            if not steps[-1].is_sustained:
                break
            steps.append(await _step(server, crowd, pids, plan, messages_per_s))
    kernel_kib = None
    if full_kernel is not None and empty_kernel is not None:
        kernel_kib = (full_kernel - empty_kernel) / plan.readers / KIB
    return Climb(tuple(steps), (full.rss_bytes - empty.rss_bytes) / plan.readers / KIB, kernel_kib)


async def _open_streams(crowd: StreamCrowd, readers: int) -> None:
    """Some at a time, as people come. Raises CrowdFailed."""
    for most in range(OPENED_AT_ONCE, readers + OPENED_AT_ONCE, OPENED_AT_ONCE):
        wanted = min(most, readers)
        crowd.open(wanted)
        give_up_s = time.monotonic() + OPEN_WITHIN_S
        while (report := await crowd.report()).open < wanted:
            if report.closed > 0 or time.monotonic() > give_up_s:
                raise CrowdFailed(
                    f"{report.open} of {readers} streams are open, {report.closed} were closed."
                )
            await asyncio.sleep(OPENING_POLL_S)


async def _step(
    server: LeagueServer, crowd: StreamCrowd, pids: list[int], plan: Plan, messages_per_s: int
) -> Step:
    await crowd.reset()
    first_seq = await server.publish()
    publishing = asyncio.create_task(server.publish_at(messages_per_s, plan.settle_s + plan.window_s))
    try:
        await asyncio.sleep(plan.settle_s)
        began, before = await crowd.report(), use_of(*pids)
        await asyncio.sleep(plan.window_s)
        ended, after = await crowd.report(), use_of(*pids)
        last_seq = await publishing
    finally:
        publishing.cancel()
    await arrived(crowd, last_seq, within_s=DRAINED_WITHIN_S)
    final = await crowd.report()
    took_s = ended.took_s - began.took_s
    return Step(
        messages_per_s=messages_per_s,
        offered_per_s=messages_per_s * plan.readers,
        per_s=(ended.deliveries - began.deliveries) / took_s,
        p50_ms=final.p50_ms,
        p99_ms=final.p99_ms,
        server_share=after.cpu_share_since(before),
        generator_share=(_cpu_s(ended) - _cpu_s(began)) / took_s,
        deliveries=final.deliveries,
        expected=(last_seq - first_seq + 1) * plan.readers,
        in_order=final.is_in_order,
        closed=final.closed,
    )


def _cpu_s(window: StreamWindow) -> float:
    return window.cpu_share * window.took_s


def _kernel_bytes(port: int) -> int | None:
    try:
        return kernel_bytes_of_port(port)
    except FileNotFoundError:
        return None
