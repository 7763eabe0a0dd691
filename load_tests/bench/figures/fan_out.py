"""A hot room: 5,000, 10,000 and 15,000 subscribers, 200 messages a second through Kafka."""

import httpx

from load_tests.bench.crowds import stream_crowd
from load_tests.bench.delivery import Delivery, deliver
from load_tests.bench.fixtures import publish_fixture
from load_tests.bench.loop_steps import (
    STEP_LONGEST_MS,
    STEP_P999_MS,
    LoopReading,
    LoopSteps,
    between,
    read_loop,
)
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.references.nchan import nchan, why_absent
from load_tests.bench.references.publisher import publisher, stamped_events
from load_tests.bench.references.uvicorn_app import uvicorn_app
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores, temporary_folder
from local_stack.ports import LOOPBACK
from local_stack.server_process import ServerProcess

PROBE = {"LOOP_PROBE_MS": "2"}
"""With the default period of 5 ms, a step may seem up to 5 ms longer while the server waits for its core."""

EVENTS_PER_S = 200
P99_GOALS_MS = {5_000: 200.0, 10_000: 450.0, 15_000: 700.0}
REFERENCE_CROWD = 5_000


async def run(stores: Stores, scale: Scale) -> Outcome:
    outcome = Outcome()
    nchan_found = await _nchan(scale)
    queues_found = await _queue_per_client(scale)
    for crowd_size, p99_goal_ms in P99_GOALS_MS.items():
        found, steps = await _ours(stores, scale, crowd_size)
        is_reference_size = crowd_size == REFERENCE_CROWD
        what = f"fan-out {crowd_size:,} × {EVENTS_PER_S}"
        outcome.rows.append(
            Row(
                f"{what}: deliveries",
                found.window.per_s,
                "/s",
                Better.HIGHER,
                reference="nchan" if is_reference_size and nchan_found else why_absent() or "",
                reference_value=nchan_found.window.per_s if is_reference_size and nchan_found else None,
                goal=0.98 * found.offered_per_s,
                ratio_goal=10 if is_reference_size and nchan_found else None,
                note=found.note(f"{found.rss_bytes / 2**20:.0f} MB resident"),
            )
        )
        outcome.rows.append(
            Row(
                f"{what}: sent → read, p99",
                found.window.p99_ms,
                "ms",
                Better.LOWER,
                goal=p99_goal_ms if scale.is_full else None,
                note=f"p50 {found.window.p50_ms:.0f} ms, longest {found.window.max_ms:.0f} ms",
            )
        )
        outcome.rows += _step_rows(what, steps, scale)
        if is_reference_size:
            outcome.rows.append(
                Row(
                    f"{what}: deliveries compared with a queue per client",
                    found.window.per_s,
                    "/s",
                    Better.HIGHER,
                    reference="sse-starlette",
                    reference_value=queues_found.window.per_s,
                    note=f"the reference: {queues_found.note()}",
                )
            )
    return outcome


async def _ours(stores: Stores, scale: Scale, crowd_size: int) -> tuple[Delivery, LoopSteps | None]:
    subscribers, room = scale.of(crowd_size), "hot"
    async with publish_fixture(stores, settings=PROBE) as fixture:
        sample = f"sample={max(1, subscribers // 500)}"
        async with stream_crowd(
            LOOPBACK, fixture.port, f"/stream/v1/rooms/{room}", subscribers, sample
        ) as crowd:
            before = await _loop(fixture.server)
            found = await deliver(
                crowd,
                fixture.server.pid,
                fixture.feeder.publish_at,
                room,
                scale.of(EVENTS_PER_S, least=20),
                scale,
                subscribers=subscribers,
                last_seq=lambda: fixture.feeder.room(room).last_seq,
            )
            return found, between(before, await _loop(fixture.server))


async def _loop(server: ServerProcess) -> LoopReading:
    async with httpx.AsyncClient(timeout=30) as client:
        return read_loop((await client.get(f"{server.base_url}/metrics")).text)


def _step_rows(what: str, steps: LoopSteps | None, scale: Scale) -> list[Row]:
    if steps is None:
        return []
    figures = (("p99.9", steps.p999_ms, STEP_P999_MS), ("longest", steps.longest_ms, STEP_LONGEST_MS))
    pause = f"longest pause of the garbage collector at most {steps.longest_pause_ms:g} ms"
    return [
        Row(
            f"{what}: event-loop step, {name}",
            found_ms,
            "ms",
            Better.LOWER,
            goal=goal_ms if scale.is_full else None,
            note=pause,
        )
        for name, found_ms, goal_ms in figures
    ]


async def _nchan(scale: Scale) -> Delivery | None:
    if why_absent():
        return None
    subscribers = scale.of(REFERENCE_CROWD)
    async with nchan() as server:
        sample = f"sample={max(1, subscribers // 500)}"
        async with stream_crowd(
            LOOPBACK, server.port, "/sub/hot", subscribers, "ids=opaque", sample
        ) as crowd:
            return await deliver(
                crowd,
                server.pid,
                server.publish_at,
                "hot",
                scale.of(EVENTS_PER_S, least=20),
                scale,
                subscribers=subscribers,
            )


async def _queue_per_client(scale: Scale) -> Delivery:
    subscribers = scale.of(REFERENCE_CROWD)
    with (
        temporary_folder() as path,
        uvicorn_app("queue_per_client:app", path / "reference.log") as (port, pid),
    ):
        async with (
            stream_crowd(LOOPBACK, port, "/sub/hot", subscribers, "sample=10") as crowd,
            publisher(port) as publishing,
        ):
            return await deliver(
                crowd,
                pid,
                lambda room, per_s, s: publishing.publish_at(f"/pub/{room}", per_s, s, stamped_events(room)),
                "hot",
                scale.of(EVENTS_PER_S, least=20),
                scale,
                subscribers=subscribers,
            )
