"""One hot room in which 5,000 people read, 200 messages a second arrive and 3,300 pages a second are fetched.

These are the figures that LINE published for OpenChat, scaled to two cores. All processes share the machine with the
crowd, as in `whole_system`. Fetches come from one address, so the room runs in shadow mode, which refuses none.
"""

import asyncio
from typing import NamedTuple

from load_tests.bench.cores import on_all_cores
from load_tests.bench.crowds import HttpRun, StreamWindow, http_crowd, stream_crowd
from load_tests.bench.delivery import arrived
from load_tests.bench.fixtures import ChatFixture, chat_fixture, make_rooms
from load_tests.bench.http_requests import get, post_message
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.server_metrics import read_sum
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

STREAMS, POSTS_PER_S, FETCHES_PER_S = 5_000, 200, 3_300
COLD_PER_S = 2
MESSAGES = 100
"""Of each room before the crowd enters."""
FETCH_GOAL_MS, POST_GOAL_MS, COLD_GOAL_MS = 100.0, 150.0, 150.0
READS_GOAL = 0.01
STATEMENTS = "hotchat_read_statements_total"
SETTINGS = {"HOTCHAT_MODE": "shadow"}


class Load(NamedTuple):
    """The responses to what clients sent at the same time."""

    fetches: HttpRun
    posts: HttpRun
    cold_fetches: HttpRun
    cold_posts: HttpRun


async def run(stores: Stores, scale: Scale) -> Outcome:
    with on_all_cores():
        async with chat_fixture(
            stores, server_core=None, other_core=None, with_streams=True, settings=SETTINGS
        ) as fixture:
            await make_rooms(fixture, ["hot", "cold"], messages=MESSAGES)
            return await _measured(fixture, scale)


async def _measured(fixture: ChatFixture, scale: Scale) -> Outcome:
    assert fixture.publish is not None
    streams = scale.of(STREAMS)
    seconds = scale.settle_s + scale.window_s
    async with stream_crowd(
        LOOPBACK,
        fixture.publish.port,
        "/stream/v1/rooms/hot",
        streams,
        f"sample={max(1, streams // 500)}",
        core=None,
    ) as crowd:
        await crowd.reset()
        read_before = await read_sum(fixture.chat.base_url, STATEMENTS)

        async def at_rate(request: bytes, per_s: float, connections: int) -> HttpRun:
            return await http_crowd(
                LOOPBACK, fixture.chat.port, [request], connections, seconds, rate=per_s, core=None
            )

        load = Load(
            *await asyncio.gather(
                at_rate(get("/api/v1/rooms/hot/messages"), scale.of(FETCHES_PER_S, least=20), 200),
                at_rate(post_message("hot", fixture.token), scale.of(POSTS_PER_S, least=10), 64),
                at_rate(get("/api/v1/rooms/cold/messages"), COLD_PER_S, 2),
                at_rate(post_message("cold", fixture.token), COLD_PER_S, 2),
            )
        )
        reads = await read_sum(fixture.chat.base_url, STATEMENTS) - read_before
        all_arrived = await arrived(crowd, MESSAGES + load.posts.answered)
        window = await crowd.report()
    lost = streams * load.posts.answered - window.deliveries
    return Outcome(_rows(scale, streams, load, reads, window, lost if all_arrived else max(lost, 1)))


def _rows(scale: Scale, streams: int, load: Load, reads: float, window: StreamWindow, lost: int) -> list[Row]:
    """`reads`: statements for all fetches. `lost`: at least 1 if not everything arrived in time."""
    fetches, posts, cold_fetches, cold_posts = load
    what = f"hot room, {streams:,} streams, {POSTS_PER_S} posts/s, {FETCHES_PER_S:,} fetches/s"
    refused = sum([*fetches.others_than(200).values(), *posts.others_than(201).values()])
    broken = fetches.broken + posts.broken

    def goal(value: float) -> float | None:
        return value if scale.is_full else None

    return [
        Row(
            f"{what}: fetch, p99",
            fetches.p99_ms,
            "ms",
            Better.LOWER,
            goal=goal(FETCH_GOAL_MS),
            note=f"p50 {fetches.p50_ms:.1f} ms; {fetches.per_s:,.0f}/s; {fetches.note}",
        ),
        Row(
            "the same: post answered, p99",
            posts.p99_ms,
            "ms",
            Better.LOWER,
            goal=goal(POST_GOAL_MS),
            note=f"p50 {posts.p50_ms:.1f} ms; {posts.per_s:,.0f}/s",
        ),
        Row(
            "the same: posts and fetches refused",
            float(refused + broken),
            "",
            Better.LOWER,
            goal=0,
            note=f"fetches {fetches.statuses}; posts {posts.statuses}",
        ),
        Row("the same: post → seen, p99", window.p99_ms, "ms", Better.LOWER, note=window.note),
        Row(
            "the same: deliveries lost",
            float(lost),
            "",
            Better.LOWER,
            goal=0,
            note="" if window.is_in_order else "OUT OF ORDER",
        ),
        Row(
            "the same: Postgres reads per fetch",
            reads / max(1, fetches.answered + cold_fetches.answered),
            "",
            Better.LOWER,
            goal=goal(READS_GOAL),
        ),
        Row(
            "cold room next to it: post answered, p99",
            cold_posts.p99_ms,
            "ms",
            Better.LOWER,
            goal=goal(COLD_GOAL_MS),
            note=f"fetch p99 {cold_fetches.p99_ms:.0f} ms; responses {cold_posts.statuses}",
        ),
    ]
