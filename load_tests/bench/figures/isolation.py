"""A hot room slows no other room: a cold room next to it, and two hot rooms at once."""

import asyncio
from contextlib import AsyncExitStack

from load_tests.bench.crowds import stream_crowd
from load_tests.bench.delivery import deliver
from load_tests.bench.fixtures import publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

EVENTS_PER_S = 200


async def run(stores: Stores, scale: Scale) -> Outcome:
    return Outcome([await _cold_next_to_hot(stores, scale), *await _two_hot(stores, scale)])


async def _cold_next_to_hot(stores: Stores, scale: Scale) -> Row:
    hot_crowd = scale.of(5_000)
    async with AsyncExitStack() as stack:
        fixture = await stack.enter_async_context(publish_fixture(stores))
        hot_streams = stream_crowd(LOOPBACK, fixture.port, "/stream/v1/rooms/hot", hot_crowd, "sample=100")
        hot = await stack.enter_async_context(hot_streams)
        cold_streams = stream_crowd(LOOPBACK, fixture.port, "/stream/v1/rooms/cold", 10)
        cold = await stack.enter_async_context(cold_streams)
        publish_cold = fixture.feeder.publish_at("cold", 2, 2 * scale.settle_s + scale.window_s)
        publishing_cold = asyncio.create_task(publish_cold)
        await cold.reset()
        hot_room = await deliver(
            hot,
            fixture.server.pid,
            fixture.feeder.publish_at,
            "hot",
            scale.of(EVENTS_PER_S, least=20),
            scale,
            subscribers=hot_crowd,
        )
        await publishing_cold
        window = await cold.report()
    return Row(
        f"cold room of 10 × 2 next to {hot_crowd:,} × {EVENTS_PER_S}: sent → read, p99",
        window.p99_ms,
        "ms",
        Better.LOWER,
        reference="the hot room",
        reference_value=hot_room.window.p99_ms,
        goal=80 if scale.is_full else None,
        note=hot_room.note(f"{window.samples} samples"),
    )


async def _two_hot(stores: Stores, scale: Scale) -> list[Row]:
    each = scale.of(2_500)
    async with publish_fixture(stores) as fixture:
        path = "/stream/v1/rooms/hot-%d"
        async with stream_crowd(LOOPBACK, fixture.port, path, 2 * each, "rooms=2", "sample=10") as crowd:

            async def publish_both(room: str, per_s: float, seconds: float) -> int:
                counts = await asyncio.gather(
                    *(fixture.feeder.publish_at(f"{room}-{number}", per_s, seconds) for number in range(2))
                )
                return sum(counts)

            found = await deliver(
                crowd,
                fixture.server.pid,
                publish_both,
                "hot",
                scale.of(EVENTS_PER_S, least=20),
                scale,
                subscribers=2 * each,
                last_seq=lambda: min(fixture.feeder.room(f"hot-{number}").last_seq for number in range(2)),
            )
    what = f"two hot rooms of {each:,} × {EVENTS_PER_S}"
    return [
        Row(
            f"{what}: deliveries",
            found.window.per_s,
            "/s",
            Better.HIGHER,
            goal=0.98 * found.offered_per_s,
            note=found.note(),
        ),
        Row(
            f"{what}: sent → read, p99",
            found.window.p99_ms,
            "ms",
            Better.LOWER,
            goal=200 if scale.is_full else None,
        ),
    ]
