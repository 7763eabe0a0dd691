"""Idle subscribers: how fast they connect, the memory of one, and the extra memory of a stalled one."""

import asyncio

from load_tests.bench.crowds import stream_crowd
from load_tests.bench.fixtures import publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.resource_use import kernel_bytes_of_port, use_of
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

IDLE, STALLED = 10_000, 5_000
FLOOD_PER_S = 400
KIB = 1024


async def run(stores: Stores, scale: Scale) -> Outcome:
    return Outcome([*await _idle(stores, scale), await _stalled(stores, scale)])


async def _idle(stores: Stores, scale: Scale) -> list[Row]:
    subscribers = scale.of(IDLE)
    async with publish_fixture(stores) as fixture:
        async with stream_crowd(LOOPBACK, fixture.port, "/stream/v1/rooms/warm", 1):
            await asyncio.sleep(scale.settle_s)
            before = use_of(fixture.server.pid)
        async with stream_crowd(LOOPBACK, fixture.port, "/stream/v1/rooms/idle", subscribers) as crowd:
            await asyncio.sleep(scale.settle_s)
            after, window = use_of(fixture.server.pid), await crowd.report()
    each_kib = (after.rss_bytes - before.rss_bytes) / subscribers / KIB
    return [
        Row(
            f"{subscribers:,} idle subscribers: resident memory of each",
            each_kib,
            "KiB",
            Better.LOWER,
            goal=12 if scale.is_full else None,
            note=f"{window.open:,} open, {window.closed} closed",
        ),
        Row(
            f"{subscribers:,} connect",
            crowd.opened.took_s,
            "s",
            Better.LOWER,
            goal=10 if scale.is_full else None,
        ),
    ]


async def _stalled(stores: Stores, scale: Scale) -> Row:
    """The memory of the server and of the kernel on the server's side, without the client's buffers."""
    subscribers, room = scale.of(STALLED), "stalled"
    async with publish_fixture(stores, settings={"STREAM_STALL_S": "600"}) as fixture:
        path = f"/stream/v1/rooms/{room}"
        async with stream_crowd(LOOPBACK, fixture.port, path, subscribers, "read=none", "rcvbuf=4096"):
            await asyncio.sleep(scale.settle_s)
            before, kernel_before = use_of(fixture.server.pid), kernel_bytes_of_port(fixture.port)
            await fixture.feeder.publish_at(room, FLOOD_PER_S, scale.window_s)
            await asyncio.sleep(scale.settle_s)
            after, kernel_after = use_of(fixture.server.pid), kernel_bytes_of_port(fixture.port)
    own_kib = (after.rss_bytes - before.rss_bytes) / subscribers / KIB
    kernel_kib = (kernel_after - kernel_before) / subscribers / KIB
    return Row(
        f"{subscribers:,} stalled subscribers: each adds",
        own_kib + kernel_kib,
        "KiB",
        Better.LOWER,
        goal=32 if scale.is_full else None,
        note=f"{own_kib:.1f} KiB of process memory, {kernel_kib:.1f} KiB of kernel buffers on the server's side",
    )
