"""Runs one fault after the other under load and makes a row for each."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Final

from confluent_kafka import KafkaException

from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import Fault
from load_tests.chaos.metrics import refusals
from load_tests.chaos.report import Row
from load_tests.chaos.system import System
from local_stack.polling import DeadlinePassed

STEADY_BEFORE_S: Final = 2.0
STEADY_AFTER_S: Final = 1.5
TWO_AT_ONCE: Final = 0.4

Show = Callable[[Row], None]


async def run_fault(system: System, crowd: Crowd, fault: Fault) -> Row:
    """Run one fault while the crowd writes, wait for recovery, and judge the window."""
    system.findings.clear()
    system.remarks.clear()
    refused_before = await refusals(crowd.http, system.chat_urls)
    crowd.begin_window()
    await asyncio.sleep(STEADY_BEFORE_S)
    try:
        await fault.breaks(system, crowd)
    except (TimeoutError, RuntimeError, DeadlinePassed, KafkaException) as error:
        system.findings.append(f"could not run as planned: {type(error).__name__} {error}")
    normal_s = await crowd.back_to_normal(time.monotonic())
    await asyncio.sleep(STEADY_AFTER_S)
    outcome = await crowd.judge_window(normal_s)
    refused = await refusals(crowd.http, system.chat_urls) - refused_before
    if refused:
        reasons = ", ".join(f"{count:.0f} {reason}" for reason, count in refused.most_common())
        system.remarks.append(f"writes refused by processes that still run: {reasons}")
    return Row(fault.name, outcome, tuple(system.findings), tuple(system.remarks))


async def run_faults(system: System, crowd: Crowd, faults: Iterable[Fault], show: Show) -> list[Row]:
    rows = []
    for fault in faults:
        row = await run_fault(system, crowd, fault)
        show(row)
        rows.append(row)
    return rows


def mixed(
    faults: Sequence[Fault], minutes: float, rng: Random, clock: Callable[[], float]
) -> Iterable[Fault]:
    """Random faults, sometimes two at a time, until the minutes are over. The same `rng` gives the same faults."""
    ends_s = clock() + minutes * 60
    mixable = [fault for fault in faults if fault.is_mixable]
    while clock() < ends_s:
        first = rng.choice(mixable)
        others = [fault for fault in mixable if not fault.parts & first.parts]
        yield both(first, rng.choice(others)) if others and rng.random() < TWO_AT_ONCE else first


def both(first: Fault, second: Fault) -> Fault:
    """Two faults at once, started a moment apart, so that one hits during the other."""

    async def break_both(system: System, crowd: Crowd) -> None:
        async def later() -> None:
            await asyncio.sleep(0.5)
            await second.breaks(system, crowd)

        await asyncio.gather(first.breaks(system, crowd), later())

    return Fault(f"{first.name} + {second.name}", break_both)
