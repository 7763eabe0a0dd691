"""A flash crowd in one room, then a chat mix, while steady clients observe both."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from load_tests.jmeter.plan import Crowd, run_plan
from load_tests.jmeter.steady_clients import (
    Answers,
    fetch_steadily,
    heat_watched,
    post_steadily,
    sign_in,
)
from load_tests.jmeter.storm_verdict import judge
from load_tests.jmeter.temporary_stack import Target
from load_tests.jmeter.verdict import Verdict

COOL_WITHIN_S = 15.0


@dataclass(frozen=True)
class Sizes:
    """The sizes of all crowds, and the fetches a second at which a room turns hot.

    `minutes` is for the soak. `max_p99_ms` is the threshold of the single plans.
    """

    threads: int = 700
    loops: int = 10
    hold_s: int = 15
    mix_threads: int = 100
    mix_hold_s: int = 10
    enter_per_s: int = 700
    join_posts: int = 3
    stream_s: int = 5
    cold_threads: int = 10
    minutes: float = 10
    max_p99_ms: int = 2000


async def storm(
    target: Target, sizes: Sizes, results: Path, room: str | None = None, *, report: bool = True
) -> Verdict:
    """Run both plans with steady clients. Raises PlanFailed, or httpx.HTTPError if no server answers."""
    posts, others = Answers(), Answers()
    async with AsyncExitStack() as stack:
        poster, reader = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=target.url, timeout=10))
            for _ in range(2)
        ]
        await sign_in(poster, "steady poster")
        await sign_in(reader, "reader elsewhere")
        suffix = uuid4().hex[:8]
        if room is None:
            room = await make_room(poster, f"storm-{suffix}")
        calm_room = await make_room(poster, f"calm-{suffix}")
        stream_url = (await poster.get("/api/v1/config")).raise_for_status().json()["stream_url"]

        others_at_work = (
            post_steadily(poster, room, 0.25, posts),
            fetch_steadily(reader, calm_room, 0.2, others),
        )
        async with heat_watched(stream_url, room, *others_at_work) as heat:
            crowd = Crowd(target.host, target.port, room, sizes.threads, 1, sizes.loops, sizes.hold_s)
            crowd_samples = await run_plan(
                "flash-crowd", crowd, results, report=report, give_up_s=60 + 2 * sizes.hold_s
            )
            await heat.wait_cool(COOL_WITHIN_S)
            mix = Crowd(target.host, target.port, room, sizes.mix_threads, 1, sizes.loops, sizes.mix_hold_s)
            mix_samples = await run_plan(
                "chat-mix", mix, results, report=report, give_up_s=60 + 2 * sizes.mix_hold_s
            )
    return judge(crowd_samples, mix_samples, heat.changes, posts, others, enter_per_s=sizes.enter_per_s)


async def make_room(client: httpx.AsyncClient, name: str) -> str:
    room_id: str = (
        (await client.post("/api/v1/rooms", json={"name": name, "id": name})).raise_for_status().json()["id"]
    )
    return room_id
