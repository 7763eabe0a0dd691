"""`make load`: a flash crowd at one room, then a chat mix, and in words what came of it.

Starts a stack of its own unless HOST=host[:port] names one (PORT and ROOM are read too). ROOM must be cold.
Exits 1 when nothing was refused, the room did not heat and cool, or anything met an error.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from load_tests.bystanders import Answers, HeatSeen, fetch_steadily, post_steadily, sign_in, watch_heat
from load_tests.jmeter.installation import MissingTool, install
from load_tests.jmeter.plan import Crowd, PlanFailed, run_plan
from load_tests.own_stack import StackFailed, Target, own_stack
from load_tests.verdict import SHARE_ADVICE, Verdict, judge

RESULTS = Path(__file__).resolve().parent.parent / "build" / "load"
STREAM_WITHIN_S = 10.0
COOL_WITHIN_S = 15.0


@dataclass(frozen=True)
class Sizes:
    """How large the crowd is, and at how many fetches a second its room is to turn hot."""

    threads: int = 700
    loops: int = 10
    hold_s: int = 15
    mix_threads: int = 100
    mix_hold_s: int = 10
    enter_per_s: int = 700


async def storm(
    target: Target, sizes: Sizes, results: Path, room: str | None = None, *, report: bool = True
) -> Verdict:
    """Both plans with bystanders beside them. Raises PlanFailed, httpx.HTTPError (no server to ask)."""
    heat, posts, others = HeatSeen(), Answers(), Answers()
    async with AsyncExitStack() as stack:
        poster, reader = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=target.url, timeout=10))
            for _ in range(2)
        ]
        await sign_in(poster, "steady poster")
        await sign_in(reader, "reader elsewhere")
        suffix = uuid4().hex[:8]
        if room is None:
            room = await _make_room(poster, f"storm-{suffix}")
        calm_room = await _make_room(poster, f"calm-{suffix}")
        stream_url = (await poster.get("/api/v1/config")).raise_for_status().json()["stream_url"]

        opened = asyncio.Event()
        watchers = [
            asyncio.create_task(watch_heat(stream_url, room, heat, opened)),
            asyncio.create_task(post_steadily(poster, room, 0.25, posts)),
            asyncio.create_task(fetch_steadily(reader, calm_room, 0.2, others)),
        ]
        try:
            async with asyncio.timeout(STREAM_WITHIN_S):
                await opened.wait()
            crowd = Crowd(target.host, target.port, room, sizes.threads, 1, sizes.loops, sizes.hold_s)
            crowd_samples = await run_plan(
                "flash-crowd", crowd, results, report=report, give_up_s=60 + 2 * sizes.hold_s
            )
            await heat.wait_cool(COOL_WITHIN_S)
            mix = Crowd(target.host, target.port, room, sizes.mix_threads, 1, sizes.loops, sizes.mix_hold_s)
            mix_samples = await run_plan(
                "chat-mix", mix, results, report=report, give_up_s=60 + 2 * sizes.mix_hold_s
            )
        finally:
            for watcher in watchers:
                watcher.cancel()
            for watcher in watchers:
                with suppress(asyncio.CancelledError):
                    await watcher
    return judge(crowd_samples, mix_samples, heat.changes, posts, others, enter_per_s=sizes.enter_per_s)


def main(arguments: Sequence[str] | None = None) -> int:
    sizes, host = _sizes(arguments)
    try:
        install()
        with ExitStack() as stack:
            target = _given_target(host, os.environ.get("PORT", "")) or stack.enter_context(
                own_stack(_settings(sizes))
            )
            print(f"A crowd of {sizes.threads} fetches one room of {target.url} …", flush=True)
            verdict = asyncio.run(storm(target, sizes, RESULTS, os.environ.get("ROOM") or None))
    except (MissingTool, StackFailed, PlanFailed) as error:
        print(error, file=sys.stderr)
        return 2
    except (httpx.HTTPError, TimeoutError) as error:
        print(f"The server could not be asked: {error!r}", file=sys.stderr)
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 429:
            print(SHARE_ADVICE, file=sys.stderr)
        return 2
    print("\n".join(verdict.sentences))
    print(f"Reports: {RESULTS}/flash-crowd/report/index.html, {RESULTS}/chat-mix/report/index.html")
    for fault in verdict.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if verdict.faults else 0


async def _make_room(client: httpx.AsyncClient, name: str) -> str:
    room_id: str = (
        (await client.post("/api/v1/rooms", json={"name": name, "id": name})).raise_for_status().json()["id"]
    )
    return room_id


def _settings(sizes: Sizes) -> dict[str, str]:
    """The study project's first threshold; the crowd's sessions all come from one address."""
    return {"HOTCHAT_ENTER_PER_S": str(sizes.enter_per_s), "SESSIONS_PER_ADDRESS_PER_MIN": "0"}


def _given_target(host: str, port: str) -> Target | None:
    """`localhost`, `localhost:8000`, `http://localhost:8000/`; None when empty."""
    given = host.removeprefix("http://").rstrip("/")
    if not given:
        return None
    name, _, own_port = given.partition(":")
    return Target(name, int(own_port or port or 8000))


def _sizes(arguments: Sequence[str] | None) -> tuple[Sizes, str]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default=os.environ.get("HOST", ""), help="host[:port] of a running system")
    for name, default in vars(Sizes()).items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=int, default=default, help=f"{default} by default"
        )
    chosen = vars(parser.parse_args(arguments))
    host = str(chosen.pop("host"))
    return Sizes(**chosen), host


if __name__ == "__main__":
    sys.exit(main())
