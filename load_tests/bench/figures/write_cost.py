"""The cost of one write of 5 KB to one of 5,000 subscribers, flush included, compared with a C loop of send()."""

import asyncio
from contextlib import AsyncExitStack
from typing import cast

import orjson

from load_tests.bench.cores import SERVER_CORE, on_core
from load_tests.bench.crowds import stream_crowd
from load_tests.bench.delivery import arrived
from load_tests.bench.fixtures import publish_fixture
from load_tests.bench.native_programs import FLOOR_SEND, program
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.resource_use import use_of
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

SUBSCRIBERS = 5_000
WRITE_BYTES = 5_000
ROUNDS = 40
PAUSE_S = 0.15
OVERHEAD_BYTES = 470
"""Bytes of an event in addition to its text: the frame and the message around it."""


async def run(stores: Stores, scale: Scale) -> Outcome:
    subscribers, rounds = scale.of(SUBSCRIBERS), scale.of(ROUNDS, least=5)
    floor_us = await _floor(subscribers, rounds)
    room = "hot"
    async with AsyncExitStack() as stack:
        fixture = await stack.enter_async_context(publish_fixture(stores))
        streams = stream_crowd(LOOPBACK, fixture.port, f"/stream/v1/rooms/{room}", subscribers)
        crowd = await stack.enter_async_context(streams)
        filler = "é" * ((WRITE_BYTES - OVERHEAD_BYTES) // 2)
        for _ in range(3):
            await fixture.feeder.publish(room, filler=filler)
            await asyncio.sleep(PAUSE_S)
        await crowd.reset()
        before = use_of(fixture.server.pid)
        for _ in range(rounds):
            await fixture.feeder.publish(room, filler=filler)
            await asyncio.sleep(PAUSE_S)
        await arrived(crowd, fixture.feeder.room(room).last_seq)
        after, window = use_of(fixture.server.pid), await crowd.report()
    writes = rounds * subscribers
    ours_us = (after.cpu_s - before.cpu_s) * 1e6 / writes
    return Outcome(
        [
            Row(
                f"one write of {window.bytes / writes:,.0f} bytes to one of {subscribers:,}: CPU of the whole process",
                ours_us,
                "µs",
                Better.LOWER,
                reference=f"C loop of send(), {WRITE_BYTES:,} bytes",
                reference_value=floor_us,
                ratio_goal=1.2,
                note=window.note,
            )
        ]
    )


async def _floor(subscribers: int, rounds: int) -> float:
    with on_core(SERVER_CORE):
        process = await asyncio.create_subprocess_exec(
            str(program(FLOOR_SEND)),
            *(str(subscribers), str(WRITE_BYTES), str(rounds), str(round(PAUSE_S * 1000))),
            stdout=asyncio.subprocess.PIPE,
        )
    lines = cast(asyncio.StreamReader, process.stdout)
    try:
        port = orjson.loads(await lines.readline())["port"]
        async with stream_crowd(LOOPBACK, port, "/", subscribers, "read=raw"):
            found = orjson.loads(await asyncio.wait_for(lines.readline(), 60 + rounds * 2 * PAUSE_S))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    cost_us: float = found["cpu_us_per_write"]
    return cost_us
