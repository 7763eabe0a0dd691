"""STREAM_GZIP: a block compressed once for all, compared with the plain stream: bytes sent and CPU used."""

from load_tests.bench.crowds import stream_crowd
from load_tests.bench.delivery import Delivery, deliver
from load_tests.bench.fixtures import publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

SUBSCRIBERS = 5_000
EVENTS_PER_S = 200


async def run(stores: Stores, scale: Scale) -> Outcome:
    plain = await _measured(stores, scale, "off")
    small = await _measured(stores, scale, "always")
    what = f"gzip, {SUBSCRIBERS:,} × {EVENTS_PER_S}"
    return Outcome(
        [
            Row(
                f"{what}: bytes",
                small.window.bytes / small.window.took_s,
                "B/s",
                Better.LOWER,
                reference="plain",
                reference_value=plain.window.bytes / plain.window.took_s,
                ratio_goal=0.12 if scale.is_full else None,
            ),
            Row(
                f"{what}: CPU",
                100 * small.server_share,
                "% of a core",
                Better.LOWER,
                reference="plain",
                reference_value=100 * plain.server_share,
                ratio_goal=1.15 if scale.is_full else None,
            ),
        ]
    )


async def _measured(stores: Stores, scale: Scale, mode: str) -> Delivery:
    subscribers, room = scale.of(SUBSCRIBERS), "hot"
    async with publish_fixture(stores, settings={"STREAM_GZIP": mode}) as fixture:
        path = f"/stream/v1/rooms/{room}"
        options = ("read=raw", "header=Accept-Encoding: gzip")
        async with stream_crowd(LOOPBACK, fixture.port, path, subscribers, *options) as crowd:
            return await deliver(
                crowd,
                fixture.server.pid,
                fixture.feeder.publish_at,
                room,
                scale.of(EVENTS_PER_S, least=20),
                scale,
                subscribers=subscribers,
            )
