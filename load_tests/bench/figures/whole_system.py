"""The whole system and its load on one machine: posts through REST, Postgres and Kafka to open streams.

First a quiet room (post → seen), then 5,000 streams × 100 posts a second with a cold room next to them.
"""

import asyncio
from contextlib import AsyncExitStack

from load_tests.bench.cores import on_all_cores
from load_tests.bench.crowds import CrowdFailed, http_crowd, stream_crowd
from load_tests.bench.delivery import arrived
from load_tests.bench.fixtures import ChatFixture, chat_fixture, make_rooms
from load_tests.bench.http_requests import post_message
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

QUIET_POSTS, QUIET_PER_S = 1_000, 50
STREAMS, POSTS_PER_S = 5_000, 100
COLD_STREAMS, COLD_PER_S = 10, 2


async def run(stores: Stores, scale: Scale) -> Outcome:
    with on_all_cores():
        async with chat_fixture(stores, server_core=None, other_core=None, with_streams=True) as fixture:
            await make_rooms(fixture, ["quiet", "hot", "cold"])
            return Outcome([*await _quiet(fixture, scale), *await _hot(fixture, scale)])


async def _quiet(fixture: ChatFixture, scale: Scale) -> list[Row]:
    posts = scale.of(QUIET_POSTS, least=20)
    async with stream_crowd(
        LOOPBACK, _publish_port(fixture), "/stream/v1/rooms/quiet", 1, core=None
    ) as crowd:
        await crowd.reset()
        posted = await _post(fixture, "quiet", QUIET_PER_S, posts / QUIET_PER_S, connections=4)
        complete = await arrived(crowd, posted)
        window = await crowd.report()
    note = f"{window.deliveries} of {posted} posts seen{'' if complete else ': NOT ALL'}"
    return [
        Row(
            "post → seen, quiet room: p50",
            window.p50_ms,
            "ms",
            Better.LOWER,
            goal=15 if scale.is_full else None,
            note=note,
        ),
        Row(
            "post → seen, quiet room: p99",
            window.p99_ms,
            "ms",
            Better.LOWER,
            goal=60 if scale.is_full else None,
        ),
    ]


async def _hot(fixture: ChatFixture, scale: Scale) -> list[Row]:
    streams, port = scale.of(STREAMS), _publish_port(fixture)
    seconds = scale.settle_s + scale.window_s
    async with AsyncExitStack() as stack:
        path = "/stream/v1/rooms/{}"
        hot = await stack.enter_async_context(
            stream_crowd(
                LOOPBACK, port, path.format("hot"), streams, f"sample={max(1, streams // 500)}", core=None
            )
        )
        cold = await stack.enter_async_context(
            stream_crowd(LOOPBACK, port, path.format("cold"), COLD_STREAMS, core=None)
        )
        await asyncio.gather(hot.reset(), cold.reset())
        per_s = scale.of(POSTS_PER_S, least=20)
        hot_posts = asyncio.create_task(_post(fixture, "hot", per_s, seconds, connections=32))
        cold_run = await http_crowd(
            LOOPBACK,
            fixture.chat.port,
            [post_message("cold", fixture.token)],
            4,
            seconds,
            rate=COLD_PER_S,
            core=None,
        )
        posted = await hot_posts
        complete = await arrived(hot, posted)
        window, cold_window = await hot.report(), await cold.report()
    lost = streams * posted - window.deliveries
    what = f"whole system, {streams:,} streams × {per_s} posts/s"
    return [
        Row(
            f"{what}: post → seen, p99",
            window.p99_ms,
            "ms",
            Better.LOWER,
            goal=500 if scale.is_full else None,
            note=f"p50 {window.p50_ms:.0f} ms; {window.note}; in order: {window.is_in_order}",
        ),
        Row(f"{what}: deliveries lost", float(lost if complete else max(lost, 1)), "", Better.LOWER, goal=0),
        Row(
            "cold room next to it: post → seen, p99",
            cold_window.p99_ms,
            "ms",
            Better.LOWER,
            note=f"{cold_window.samples} samples",
        ),
        Row(
            "cold room next to it: post answered, p99",
            cold_run.p99_ms,
            "ms",
            Better.LOWER,
            goal=100 if scale.is_full else None,
            note=f"responses {cold_run.statuses}",
        ),
    ]


async def _post(fixture: ChatFixture, room: str, per_s: float, seconds: float, *, connections: int) -> int:
    """Post at this rate and return how many were answered 201. Raises CrowdFailed for any other response."""
    request = post_message(room, fixture.token)
    found = await http_crowd(
        LOOPBACK, fixture.chat.port, [request], connections, seconds, rate=per_s, core=None
    )
    if found.others_than(201) or found.broken:
        raise CrowdFailed(f"Posts were answered {found.statuses}, {found.broken} connections broke.")
    return found.answered


def _publish_port(fixture: ChatFixture) -> int:
    if fixture.publish is None:
        raise ValueError("this fixture has no streams")
    return fixture.publish.port
