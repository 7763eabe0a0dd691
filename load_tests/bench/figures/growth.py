"""How CPU and p99 grow with subscribers, events a second and rooms: each linear or better, plotted."""

import asyncio

from load_tests.bench.crowds import stream_crowd
from load_tests.bench.delivery import Delivery, deliver
from load_tests.bench.fixtures import PublishFixture, publish_fixture
from load_tests.bench.outcome import Better, Outcome, Row, Series
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

SUBSCRIBERS = (100, 300, 1_000, 3_000, 10_000)
EVENTS_PER_S = (1, 4, 20, 100, 400)
ROOMS = (1, 10, 100, 1_000, 10_000)
CROWD_OF_RATES = 1_000
CROWD_OF_ROOMS = 10_000
RATE_OF_CROWDS = 20
TOTAL_RATE_OF_ROOMS = 100


async def run(stores: Stores, scale: Scale) -> Outcome:
    outcome = Outcome()
    points = None if scale.is_full else 1
    crowds = [
        (n, await _measured(stores, scale, scale.of(n), RATE_OF_CROWDS, 1)) for n in SUBSCRIBERS[:points]
    ]
    rates = [
        (r, await _measured(stores, scale, scale.of(CROWD_OF_RATES), r, 1)) for r in EVENTS_PER_S[:points]
    ]
    rooms = [
        (
            n,
            await _measured(
                stores, scale, scale.of(CROWD_OF_ROOMS), TOTAL_RATE_OF_ROOMS, scale.of(n, least=1)
            ),
        )
        for n in ROOMS[:points]
    ]
    _add(outcome, "subscribers", "subscribers of one room", crowds)
    _add(outcome, "rate", "events a second", rates)
    _add(outcome, "rooms", f"rooms that share {CROWD_OF_ROOMS:,} subscribers", rooms)
    return outcome


async def _measured(stores: Stores, scale: Scale, subscribers: int, per_s: float, rooms: int) -> Delivery:
    async with publish_fixture(stores) as fixture:
        sample = f"sample={max(1, subscribers // 1000)}"
        path = "/stream/v1/rooms/growth-%d"
        async with stream_crowd(LOOPBACK, fixture.port, path, subscribers, f"rooms={rooms}", sample) as crowd:

            async def publish(_room: str, rate: float, seconds: float) -> int:
                return await _publish_in_turn(fixture, rooms, rate, seconds)

            return await deliver(
                crowd,
                fixture.server.pid,
                publish,
                "growth",
                per_s,
                scale,
                subscribers=max(1, subscribers // rooms),
            )


async def _publish_in_turn(fixture: PublishFixture, rooms: int, per_s: float, seconds: float) -> int:
    """Send `per_s` events over all rooms in turn."""
    loop = asyncio.get_running_loop()
    began_s, count = loop.time(), round(per_s * seconds)
    for number in range(count):
        if (wait_s := began_s + number / per_s - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        await fixture.feeder.publish(f"growth-{number % rooms}")
    return count


def _add(outcome: Outcome, name: str, x_label: str, found: list[tuple[int, Delivery]]) -> None:
    xs = [float(x) for x, _ in found]
    shares = [100 * one.server_share for _, one in found]
    outcome.series.append(
        Series(f"growth-{name}-cpu", "publish_server", x_label, "CPU, % of a core", xs, shares)
    )
    outcome.series.append(
        Series(
            f"growth-{name}-p99",
            "sent → read, p99",
            x_label,
            "ms",
            xs,
            [one.window.p99_ms for _, one in found],
        )
    )
    (first_x, first), (last_x, last) = found[0], found[-1]
    grown = last.server_share / max(first.server_share, 0.001)
    outcome.rows.append(
        Row(
            f"CPU over {x_label}: {first_x:,} … {last_x:,}",
            grown,
            "× the CPU",
            Better.LOWER,
            reference="× the load",
            reference_value=last_x / first_x,
            ratio_goal=1.0,
            note=f"{first.server_share:.1%} … {last.server_share:.1%} of a core; p99 {first.window.p99_ms:.1f} …"
            f" {last.window.p99_ms:.1f} ms; {last.note()}",
        )
    )
