"""Measures one program after the other: first the climb, then the kill, each with a fresh server."""

from collections.abc import Iterable
from random import Random

from load_tests.bench.crowds import CrowdFailed
from load_tests.bench.stores import Stores
from load_tests.league.centrifugo import CENTRIFUGO_MEMORY, CENTRIFUGO_REDIS
from load_tests.league.climb import climb
from load_tests.league.contestant import Contestant
from load_tests.league.hotchat import STREAMS, SYSTEM
from load_tests.league.kill import kill_drill
from load_tests.league.nchan import NCHAN, NCHAN_REDIS
from load_tests.league.plan import Plan
from load_tests.league.standing import Standing

CONTESTANTS = (STREAMS, SYSTEM, CENTRIFUGO_MEMORY, CENTRIFUGO_REDIS, NCHAN, NCHAN_REDIS)
FAILURES = (CrowdFailed, RuntimeError, OSError)  # a TimeoutError is an OSError
SEED = 16
CLIMB_TRIES = 2
"""A stream that one server did not open in time fails a climb. Both tries are in the notes."""


async def compete(contestants: Iterable[Contestant], stores: Stores, plan: Plan) -> list[Standing]:
    """A program that fails keeps its column, with the reason in its notes."""
    standings = []
    for contestant in contestants:
        print(f"{contestant.name} …", flush=True)
        standings.append(await measure(contestant, stores, plan))
    return standings


async def measure(contestant: Contestant, stores: Stores, plan: Plan) -> Standing:
    if reason := contestant.why_absent():
        return Standing(contestant.name, contestant.stores, absent=reason)
    notes: list[str] = []
    climbed = exactness = None
    for _ in range(CLIMB_TRIES):
        try:
            async with contestant.open(stores) as server:
                climbed = await climb(server, plan)
            break
        except FAILURES as error:
            notes.append(f"a climb failed: {_first_line(error)}")
    try:
        async with contestant.open(stores) as server:
            exactness = await kill_drill(server, plan, Random(SEED))
    except FAILURES as error:
        notes.append(f"the kill failed: {_first_line(error)}")
    return Standing(contestant.name, contestant.stores, climbed, exactness, tuple(notes))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}{f': {lines[0]}' if lines else ''}"
