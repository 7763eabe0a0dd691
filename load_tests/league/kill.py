"""kill -9 of the server while it delivers: what each reader lost, saw twice or saw out of order."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from load_tests.league.contestant import ROOM, LeagueServer, kill_and_restart
from load_tests.league.plan import Plan
from load_tests.league.reader import Reader
from load_tests.league.verdict import Exactness, judge

WARM_WITHIN_S: Final = 30.0
FINISHED_WITHIN_S: Final = 15.0
LOOK_S: Final = 0.05


class DrillFailed(RuntimeError):
    """The readers could not follow the room before the kill."""


async def kill_drill(server: LeagueServer, plan: Plan, rng: Random) -> Exactness:
    """Raises DrillFailed."""
    readers = [
        Reader(server.port, server.dialect, ROOM, Random(rng.random())) for _ in range(plan.checked_readers)
    ]
    for reader in readers:
        reader.start()
    try:
        warm_seq = await _warm_up(server, readers)
        for reader in readers:
            reader.record.restart(warm_seq)
            reader.record.begin_window(time.monotonic())
        published = await _publish_over_a_kill(server, plan)
        await _until(partial(_all_have, readers, published[-1]), FINISHED_WITHIN_S)
        for reader in readers:
            reader.record.end_window(time.monotonic())
            if error := reader.has_failed():
                raise DrillFailed(f"a reader ended: {error!r}")
        return judge(published, [reader.record for reader in readers])
    finally:
        await asyncio.gather(*(reader.close() for reader in readers))


async def _warm_up(server: LeagueServer, readers: list[Reader]) -> int:
    """Publish until every reader has the newest message."""
    give_up_s = time.monotonic() + WARM_WITHIN_S
    while time.monotonic() < give_up_s:
        seq = await server.publish()
        if await _until(partial(_all_have, readers, seq), 1.0):
            return seq
    errors = [error for reader in readers if (error := reader.has_failed())]
    raise DrillFailed(f"not every reader received a message within {WARM_WITHIN_S:g} s {errors[:1]}")


async def _publish_over_a_kill(server: LeagueServer, plan: Plan) -> list[int]:
    """Returns the seqs of all messages: each was acknowledged. After an outage the rest keeps its pace, because readers
    that cannot recover a burst would lose all of it before they have reconnected."""
    published: list[int] = []
    killing: asyncio.Task[None] | None = None
    due_s = time.monotonic()
    for number in range(plan.messages):
        if (wait_s := due_s - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        due_s = max(due_s, time.monotonic()) + 1 / plan.per_s
        if number == plan.kill_after:
            killing = asyncio.create_task(kill_and_restart(server))
        published.append(await server.publish())
    if killing is not None:
        await killing
    return published


def _all_have(readers: list[Reader], seq: int) -> bool:
    return all(reader.record.has(seq) for reader in readers)


async def _until(condition: Callable[[], bool], within_s: float) -> bool:
    give_up_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() >= give_up_s:
            return False
        await asyncio.sleep(LOOK_S)
    return True
