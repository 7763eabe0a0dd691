"""The queue of a full server: places that nobody uses, forged ones, and one place for many streams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import cycle
from typing import Any, Final, cast

from redis.asyncio import Redis

from chat_contract import redis_keys
from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Attacker, Connection
from load_tests.abuse.drill import Drill
from local_stack.ports import free_port
from publish_server.stream_queue.place_tokens import PlaceTokens, QueuePlace
from publish_server.stream_queue.redis_queue import UNUSED_TURN_S

ATTACKS = AttackList()
PATH: Final = "/stream/v1/rooms/lobby"
SLOTS: Final = 300
PLACES_PER_ADDRESS: Final = 500
"""The default. Clients without an older session may use three quarters, more than SLOTS."""

TURN_WITHIN_S: Final = 20.0
ROUNDS: Final = 10
REPLAYS: Final = 50
REPLAYED_SLOTS: Final = 4


class FullServer:
    """A publish_server whose slots are all taken. `drill` concerns this server; `streams` are open."""

    def __init__(self, drill: Drill, redis_url: str, streams: list[Connection]) -> None:
        self.drill = drill
        self.streams = streams
        self._redis_url = redis_url

    async def let_turns_end(self) -> None:
        """Every turn came UNUSED_TURN_S earlier."""
        async with Redis.from_url(self._redis_url) as redis:
            found = await redis.zrange(redis_keys.TURNS_CAME, 0, -1, withscores=True)
            for place, came_ms in cast(list[tuple[bytes, float]], found):
                await redis.zadd(redis_keys.TURNS_CAME, {place: came_ms - 1_000 * UNUSED_TURN_S})

    async def until_turn(self, person: Attacker, place: str) -> str:
        """Renew the place until its turn has come. Raises TimeoutError."""
        async with asyncio.timeout(TURN_WITHIN_S):
            while True:
                standing = await take_place(person, place)
                if standing is not None:
                    place = standing["place"]
                    if standing["position"] == 0:
                        return place
                await asyncio.sleep(0.05)


@asynccontextmanager
async def full_server(drill: Drill) -> AsyncIterator[FullServer]:
    """It has a queue of its own, because the attacked servers have free slots. Raises RuntimeError."""
    redis_url, port, slots = drill.fresh_redis(), free_port(), drill.of(SLOTS, least=8)
    settings = {
        "PUBLISH_PORT": f"{port}",
        "REDIS_URL": redis_url,
        "MAX_STREAMS": f"{slots}",
        "STREAMS_PER_ADDRESS": f"{2 * slots}",
        "PLACES_PER_ADDRESS": f"{drill.of(PLACES_PER_ADDRESS, least=16)}",
    }
    server = type(drill.publish)(
        "full_publish_server",
        "publish_server",
        env=(drill.publish.env or {}) | settings,
        log_path=drill.publish.log_path.with_name(f"full_publish_server-{port}.log"),
        port=port,
        cwd=drill.publish.cwd,
    )
    try:
        await asyncio.to_thread(server.start_and_wait)
        inside = replace(drill, publish=server)
        reader = inside.attacker()
        streams = [stream for _ in range(slots) if (stream := await reader.stream(PATH)) is not None]
        if len(streams) < slots:
            raise RuntimeError(f"only {len(streams)} of {slots} streams opened")
        yield FullServer(inside, redis_url, streams)
    finally:
        await asyncio.to_thread(server.stop)


async def take_place(person: Attacker, place: str | None = None) -> dict[str, Any] | None:
    """Join the queue, or renew the place. None if it was refused."""
    document = {} if place is None else {"place": place}
    answer = await person.call("POST", "/stream/v1/places", document, server="publish")
    return answer.json() if answer.status == 200 else None


async def first_place(person: Attacker) -> str:
    """Raises RuntimeError."""
    standing = await take_place(person)
    if standing is None:
        raise RuntimeError("the queue refused a new place")
    return str(standing["place"])


async def opens(person: Attacker, place: str) -> bool:
    return await person.stream(f"{PATH}?place={place}") is not None


@ATTACKS.add("2,000 places from one address, renewed and never used")
async def unused_places(drill: Drill) -> None:
    async with full_server(drill) as full:
        attacker, visitor = full.drill.attacker(), full.drill.attacker()
        await full.drill.start_measuring()
        held: list[str] = []

        async def take(_: int) -> None:
            standing = await take_place(attacker)
            if standing is not None:
                held.append(standing["place"])

        asked = drill.of(2_000)
        await full.drill.flood(take, calls=2_000, workers=16)
        drill.remarks.append(f"one address got {len(held)} of {asked} places")
        drill.expect("429" in drill.tally.answers, f"one address got all {asked} places that it requested")
        drill.expect(len(held) > len(full.streams), "too few places to keep every free slot")
        place = await first_place(visitor)
        for stream in full.streams:
            stream.close()
        held[0] = await full.until_turn(attacker, held[0])
        for rounds in range(ROUNDS):
            for number, each in enumerate(held):
                standing = await take_place(attacker, each)
                held[number] = each if standing is None else standing["place"]
            if await opens(visitor, place):
                drill.remarks.append(f"a visitor got a stream after {rounds} × {UNUSED_TURN_S:g} s")
                return
            await full.let_turns_end()
        drill.expect(False, "places that nobody uses kept the free streams from a visitor")


@ATTACKS.add("forged places, and one place for 50 streams")
async def worthless_places(drill: Drill) -> None:
    front = QueuePlace("00000000000000ff", -4_000_000_000_000_000, 2**32 - 1)
    forged = cycle(("x", "A" * 52, PlaceTokens("another secret").sign(front), "%00", "x" * 2_000))
    async with full_server(drill) as full:
        attacker, visitor = full.drill.attacker(), full.drill.attacker()
        await full.drill.start_measuring()
        place, behind = await first_place(visitor), await first_place(attacker)
        full.streams.pop().close()
        place = await full.until_turn(visitor, place)
        opened = 0

        async def overtake(number: int) -> None:
            nonlocal opened
            opened += await opens(attacker, behind if number % 2 else next(forged))

        await full.drill.flood(overtake, calls=400, workers=8)
        drill.expect(opened == 0, f"{opened} streams were opened before the turn of the attacker")
        place = await full.until_turn(visitor, place)
        drill.expect(await opens(visitor, place), "the first in line got no stream")
        for _ in range(REPLAYED_SLOTS):
            full.streams.pop().close()
        behind = await full.until_turn(attacker, behind)
        for _ in range(REPLAYED_SLOTS):  # while these wait, only a place opens a stream
            await first_place(full.drill.attacker())
        replayed = sum(await asyncio.gather(*(opens(attacker, behind) for _ in range(REPLAYS))))
        drill.remarks.append(f"{replayed} of {REPLAYS} streams of one place were opened")
        drill.expect(replayed == 1, f"one place opened {replayed} streams")
