"""Two publish_server processes share one room of 10,000: the CPU of each, compared with one alone."""

import asyncio

from load_tests.bench.cores import LOAD_CORE, SERVER_CORE
from load_tests.bench.crowds import stream_crowd
from load_tests.bench.delivery import Delivery, deliver
from load_tests.bench.fixtures import publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.resource_use import use_of
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

SUBSCRIBERS = 10_000
EVENTS_PER_S = 200
ROOM = "shared"
PATH = f"/stream/v1/rooms/{ROOM}"


async def run(stores: Stores, scale: Scale) -> Outcome:
    alone = await _alone(stores, scale)
    share, p99_ms = await _shared(stores, scale)
    what = f"one room of {SUBSCRIBERS:,} × {EVENTS_PER_S} in two processes"
    return Outcome(
        [
            Row(
                f"{what}: CPU of each",
                100 * share,
                "% of a core",
                Better.LOWER,
                reference="one alone",
                reference_value=100 * alone.server_share,
                ratio_goal=0.6 if scale.is_full else None,
                note="the second process shares a core with the load, as this machine has two",
            ),
            Row(
                f"{what}: sent → read, p99",
                p99_ms,
                "ms",
                Better.LOWER,
                reference="one alone",
                reference_value=alone.window.p99_ms,
                ratio_goal=1.0 if scale.is_full else None,
                note=alone.note(),
            ),
        ]
    )


async def _alone(stores: Stores, scale: Scale) -> Delivery:
    subscribers = scale.of(SUBSCRIBERS)
    async with (
        publish_fixture(stores) as fixture,
        stream_crowd(LOOPBACK, fixture.port, PATH, subscribers, "sample=20") as crowd,
    ):
        return await deliver(
            crowd,
            fixture.server.pid,
            fixture.feeder.publish_at,
            ROOM,
            scale.of(EVENTS_PER_S, least=20),
            scale,
            subscribers=subscribers,
        )


async def _shared(stores: Stores, scale: Scale) -> tuple[float, float]:
    """The larger CPU share and the larger p99 of both."""
    half = scale.of(SUBSCRIBERS // 2)
    async with publish_fixture(stores, server_cores=(SERVER_CORE, LOAD_CORE)) as fixture:
        first, second = fixture.servers
        async with (
            stream_crowd(LOOPBACK, first.port, PATH, half, "sample=10") as one,
            stream_crowd(LOOPBACK, second.port, PATH, half, "sample=10") as other,
        ):
            per_s, seconds = scale.of(EVENTS_PER_S, least=20), 2 * scale.settle_s + scale.window_s
            publishing = asyncio.create_task(fixture.feeder.publish_at(ROOM, per_s, seconds))
            await asyncio.sleep(scale.settle_s)
            await asyncio.gather(one.reset(), other.reset())
            before = [use_of(server.pid) for server in fixture.servers]
            await asyncio.sleep(scale.window_s)
            windows = await asyncio.gather(one.report(), other.report())
            after = [use_of(server.pid) for server in fixture.servers]
            await publishing
    shares = [late.cpu_share_since(early) for late, early in zip(after, before, strict=True)]
    return max(shares), max(window.p99_ms for window in windows)
