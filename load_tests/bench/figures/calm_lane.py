"""The calm lane of a hot room: 15,000 streams in one process, and 36,000 in two on one core, 200 messages a second."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from load_tests.bench.cores import SERVER_CORE
from load_tests.bench.crowds import StreamCrowd, StreamWindow, stream_crowd
from load_tests.bench.delivery import arrived
from load_tests.bench.fixtures import PublishFixture, publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.resource_use import use_of
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

ROOM = "hot"
PATH = f"/stream/v1/rooms/{ROOM}?pace=calm"
EVENTS_PER_S = 200
P99_GOALS_MS = {(15_000,): 1_000.0, (18_000, 18_000): 2_000.0}
"""By the streams of each process; all processes share one core."""

BYTES_GOAL_PER_S = 3_000.0
"""Of one stream, uncompressed. The full lane sends 85 kB/s."""


async def run(stores: Stores, scale: Scale) -> Outcome:
    outcome = Outcome()
    for crowd_sizes, p99_goal_ms in P99_GOALS_MS.items():
        outcome.rows += await _rows(stores, scale, crowd_sizes, p99_goal_ms)
    return outcome


async def _rows(stores: Stores, scale: Scale, crowd_sizes: Sequence[int], p99_goal_ms: float) -> list[Row]:
    cores = (SERVER_CORE,) * len(crowd_sizes)
    subscribers = [scale.of(size) for size in crowd_sizes]
    async with AsyncExitStack() as stack:
        fixture = await stack.enter_async_context(publish_fixture(stores, server_cores=cores))
        crowds = [
            await stack.enter_async_context(
                stream_crowd(LOOPBACK, server.port, PATH, count, f"sample={max(1, count // 500)}", "exact")
            )
            for server, count in zip(fixture.servers, subscribers, strict=True)
        ]
        windows, server_share = await _window(fixture, crowds, scale)
        last_seq = fixture.feeder.room(ROOM).last_seq
        all_arrived = all([await arrived(crowd, last_seq) for crowd in crowds])
        final = [await crowd.report() for crowd in crowds]
    what = f"calm lane {sum(crowd_sizes):,} × {EVENTS_PER_S}"
    if len(crowd_sizes) > 1:
        what += f" in {len(crowd_sizes)} processes on one core"
    bytes_per_s = max(each.bytes / each.took_s / each.open for each in windows)
    rows_per_s = sum(each.deliveries for each in windows) / windows[0].took_s / sum(subscribers)
    wrong = sum(each.holes + each.different + each.closed + each.gaps + each.went_back for each in final)
    wrong += len({each.rows_hash for each in final}) - 1
    generator = max(each.cpu_share for each in windows)
    return [
        Row(
            f"{what}: sent → read, p99",
            max(each.p99_ms for each in windows),
            "ms",
            Better.LOWER,
            goal=p99_goal_ms if scale.is_full else None,
            note=f"p50 {max(each.p50_ms for each in windows):.0f} ms, longest "
            f"{max(each.max_ms for each in windows):.0f} ms; servers {server_share:.0%} of the core; "
            f"busiest generator {generator:.0%} of its core",
        ),
        Row(
            f"{what}: bytes to each stream",
            bytes_per_s,
            "B/s",
            Better.LOWER,
            goal=BYTES_GOAL_PER_S if scale.is_full else None,
            note=f"uncompressed; {rows_per_s:.1f} rows a second",
        ),
        Row(
            f"{what}: holes, and streams with other rows",
            wrong,
            "",
            Better.LOWER,
            goal=0,
            note="skipped ranges and rows are the whole log" if all_arrived else "NOT EVERYTHING ARRIVED",
        ),
    ]


async def _window(
    fixture: PublishFixture, crowds: Sequence[StreamCrowd], scale: Scale
) -> tuple[list[StreamWindow], float]:
    """The windows of the crowds during the posts, and the share of the core that all servers used."""
    per_s, seconds = scale.of(EVENTS_PER_S, least=20), 2 * scale.settle_s + scale.window_s
    publishing = asyncio.create_task(fixture.feeder.publish_marked_at(ROOM, per_s, seconds))
    try:
        await asyncio.sleep(scale.settle_s)
        await asyncio.gather(*(crowd.reset() for crowd in crowds))
        before = [use_of(server.pid) for server in fixture.servers]
        await asyncio.sleep(scale.window_s)
        windows = await asyncio.gather(*(crowd.report() for crowd in crowds))
        after = [use_of(server.pid) for server in fixture.servers]
        await publishing
    finally:
        publishing.cancel()
    shares = [late.cpu_share_since(early) for late, early in zip(after, before, strict=True)]
    return list(windows), sum(shares)
