"""Heat: one client alone must not make a room hot, nor keep it hot by refused fetches."""

import asyncio

from load_tests.abuse.attack import AttackList
from load_tests.abuse.drill import Drill
from load_tests.bench.crowds import http_crowd
from load_tests.bench.http_requests import get

ATTACKS = AttackList()


@ATTACKS.add("fetches of one room by one load generator", "M2")
async def heat_alone(drill: Drill) -> None:
    """The benchmarks' native crowd from 127.0.0.1, our fastest client."""
    owner = await drill.person()
    room = await drill.room(owner)
    watcher = drill.attacker()
    await drill.start_measuring()
    hot = False

    async def watch_heat() -> None:
        nonlocal hot
        while True:
            answer = await watcher.call("GET", f"/api/v1/rooms/{room}", what="a room")
            hot = hot or (answer.status == 200 and answer.json()["heat"]["hot"])
            await asyncio.sleep(0.5)

    watching = asyncio.ensure_future(watch_heat())
    try:
        run = await http_crowd(
            drill.chat.host,
            drill.chat.port,
            [get(f"/api/v1/rooms/{room}/messages")],
            64,
            drill.scale.window_s,
            most=0 if drill.scale.is_full else 500,
        )
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    drill.tally.answers.update(run.statuses)
    drill.remarks.append(f"{run.per_s:.0f} requests a second")
    drill.expect(not hot, "one address alone made a room hot")
    drill.expect("429" in run.statuses, "no fetch of one address was refused")
