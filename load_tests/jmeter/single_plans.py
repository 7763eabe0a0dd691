"""Runs one plan other than the storm's, and judges it by its numbers."""

from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx

from load_tests.jmeter.plan import Crowd, run_plan
from load_tests.jmeter.plan_verdicts import judge_join_storm, judge_soak, judge_two_rooms
from load_tests.jmeter.steady_clients import heat_watched, sign_in
from load_tests.jmeter.storm import COOL_WITHIN_S, Sizes, make_room
from load_tests.jmeter.temporary_stack import Target
from load_tests.jmeter.verdict import Verdict

SINGLE_PLANS: Final = ("join-storm", "two-rooms", "soak")


async def run_single_plan(
    plan: str, target: Target, sizes: Sizes, results: Path, given: str | None = None, *, report: bool = True
) -> Verdict:
    """Run one of SINGLE_PLANS in the given room or a new one, and in a new cold one.

    Raises PlanFailed, or httpx.HTTPError if no server answers.
    """
    async with httpx.AsyncClient(base_url=target.url, timeout=10) as client:
        await sign_in(client, "load")
        suffix = uuid4().hex[:8]
        room = given if given is not None else await make_room(client, f"{plan}-{suffix}")
        cold_room = await make_room(client, f"cold-{suffix}")
        stream_url = (await client.get("/api/v1/config")).raise_for_status().json()["stream_url"]
        crowd = Crowd(
            target.host,
            target.port,
            room,
            threads=sizes.mix_threads if plan == "soak" else sizes.threads,
            loops={"join-storm": sizes.join_posts, "two-rooms": sizes.loops, "soak": 1}[plan],
            hold_s=sizes.hold_s,
            stream_url=stream_url,
            stream_s=sizes.stream_s,
            cold_room=cold_room,
            cold_threads=sizes.cold_threads,
            minutes=sizes.minutes,
        )
        counted_in = cold_room if plan == "two-rooms" else room
        before = await _messages(client, counted_in)
        async with heat_watched(stream_url, room) as heat:
            give_up_s = 60 + 2 * max(sizes.hold_s, sizes.minutes * 60 if plan == "soak" else 0)
            samples = await run_plan(plan, crowd, results, report=report, give_up_s=give_up_s)
            await heat.wait_cool(COOL_WITHIN_S)
        counted = await _messages(client, counted_in) - before
    max_s = sizes.max_p99_ms / 1000
    if plan == "join-storm":
        return judge_join_storm(samples, counted, threads=sizes.threads, max_p99_s=max_s)
    if plan == "two-rooms":
        return judge_two_rooms(samples, counted, heat.changes, max_p99_s=max_s)
    return judge_soak(samples, counted, max_p99_s=max_s)


async def _messages(client: httpx.AsyncClient, room: str) -> int:
    """How many messages the server has counted in the room."""
    count: int = (await client.get(f"/api/v1/rooms/{room}")).raise_for_status().json()["message_count"]
    return count
