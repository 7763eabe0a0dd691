"""Thousands of tabs reconnect at once to servers that have not loaded their rooms."""

import asyncio
import time
from typing import Final

from load_tests.bench.resource_use import use_of
from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.stream_tab import StreamTab
from load_tests.chaos.system import DATABASE, System

FAULTS = FaultList()

STREAMS: Final = 5_000
SMALL_STREAMS: Final = 1_000
BEHIND: Final = 40
BACK_WITHIN_S: Final = 60.0
PROMISED_S: Final = 10.0
SLOWER: Final = 10
"""Authors write this many times less often during a storm, because one Python process holds thousands of tabs."""


@FAULTS.add("5,000 streams cut at once", is_mixable=False)
async def storm(system: System, crowd: Crowd) -> None:
    await _storm(system, crowd, STREAMS, restarts=False)


@FAULTS.add("5,000 streams resume at restarted publish_servers", is_mixable=False)
async def storm_at_empty_rings(system: System, crowd: Crowd) -> None:
    await _storm(system, crowd, STREAMS, restarts=True)


async def small_storm(system: System, crowd: Crowd) -> None:
    """A smaller storm, for the tests."""
    await _storm(system, crowd, SMALL_STREAMS, restarts=True)


async def _storm(system: System, crowd: Crowd, streams: int, *, restarts: bool) -> None:
    crowd.pace.every_s *= SLOWER
    guests = await _invite(crowd, streams)
    try:
        await _all_back(guests, "opening", system, PROMISED_S * 2)
        for tab in guests:
            tab.opened = 0
        statements, cpu_s = await _transactions(system), _cpu_s(system)
        if restarts:
            await system.kill(*system.publish)
            cpu_s = 0.0
        else:
            for tab in guests:
                tab.cut()
        took_s = await _all_back(guests, "coming back", system, PROMISED_S)
        print(
            f"    {streams:,} streams had reconnected and caught up after {took_s:.1f} s, for"
            f" {_cpu_s(system) - cpu_s:.1f} s of CPU in publish_servers;"
            f" Postgres counted {await _transactions(system) - statements:,} transactions in this time,"
            " including those of the writers"
        )
    finally:
        await crowd.drop_tabs(guests)
        crowd.pace.every_s /= SLOWER


async def _invite(crowd: Crowd, streams: int) -> list[StreamTab]:
    """Add tabs with cursors of different ages in every room except the busiest."""
    heads = await crowd.heads()
    rooms = crowd.rooms.ids[1:]
    return [
        crowd.add_tab(rooms[n % len(rooms)], cursor=max(0, heads[rooms[n % len(rooms)]] - n % BEHIND))
        for n in range(streams)
    ]


async def _all_back(tabs: list[StreamTab], what: str, system: System, promised_s: float) -> float:
    """Wait until all are open and past the head at that time. Returns the duration in seconds."""
    begun_s = time.monotonic()
    async with asyncio.timeout(BACK_WITHIN_S):
        while not all(tab.opened and tab.is_open for tab in tabs):
            await asyncio.sleep(0.05)
        newest = {tab.record.room_id: 0 for tab in tabs}
        for tab in tabs:
            newest[tab.record.room_id] = max(newest[tab.record.room_id], tab.record.last_seq)
        while not all(tab.record.last_seq >= newest[tab.record.room_id] for tab in tabs):
            await asyncio.sleep(0.05)
    took_s = time.monotonic() - begun_s
    if took_s > promised_s:
        system.findings.append(
            f"{what} took {len(tabs):,} streams {took_s:.1f} s, more than {promised_s:g} s"
        )
    return took_s


def _cpu_s(system: System) -> float:
    return sum(use_of(server.pid).cpu_s for server in system.publish)


async def _transactions(system: System) -> int:
    sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    return int(await asyncio.to_thread(system.postgres.psql, sql, DATABASE))
