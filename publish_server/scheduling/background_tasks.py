"""What happens by the clock: due reads, pauses that are over, pings, idle rooms; and the end of everything."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from publish_server.fanout.timer_wheel import TICK_S, StreamTimer
from publish_server.recovery.head_checks import Healing
from publish_server.rooms.hub import Hub
from publish_server.scheduling.time_slices import run_in_slices

log = logging.getLogger(__name__)

STEP_S: Final = 0.05
IDLE_S: Final = 5.0
PUMP_S: Final = 0.002
SETTLE_S: Final = 1.0
CLOSE_AT_ONCE: Final = 100


class Advances(Protocol):
    """Streams of one kind that have work for a pump."""

    def advance_some(self, until: float) -> bool:
        """Work until the clock says `until`; False when nothing is left to do."""


async def keep_house(hub: Hub, healing: Healing, timer: StreamTimer) -> None:
    """Every step: start due reads, tell what waited. Rarer: the stream timer, idle rooms."""
    loop = asyncio.get_running_loop()
    next_tick = next_idle = loop.time()
    while True:
        await asyncio.sleep(STEP_S)
        healing.start_due()
        await run_in_slices(hub.tell_due())
        hub.lists.resume_due()
        now = loop.time()
        if now >= next_tick:
            next_tick = max(next_tick + TICK_S, now)
            await run_in_slices(timer.tick())
        if now >= next_idle:
            next_idle = now + IDLE_S
            await run_in_slices(hub.forget_idle())


async def pump(streams: Advances, work: asyncio.Event, clock: Callable[[], float]) -> None:
    """Bring streams that are behind forward, a little at a time: a returning crowd must not hold up everyone else."""
    while True:
        while streams.advance_some(clock() + PUMP_S):
            await asyncio.sleep(0)
        await work.wait()
        work.clear()


async def drain(hub: Hub, timer: StreamTimer, draining: asyncio.Event) -> None:
    """At the signal: take nothing in any more, write what is here, say stream.closing to everyone."""
    await draining.wait()
    log.info("draining %d streams", hub.open_streams.count)
    hub.is_draining = True
    try:
        async with asyncio.timeout(SETTLE_S):
            await hub.broadcaster.settled()
    except TimeoutError:
        log.warning("a flush did not end in time")
    for number, connection in enumerate(timer.all(), 1):
        connection.streams.finish(connection, "shutdown")
        if number % CLOSE_AT_ONCE == 0:
            await asyncio.sleep(0)
