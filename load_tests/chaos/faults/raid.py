"""A raid: hundreds of new sessions post one text into a large room, until a host bans them all with one call."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import uuid4

from load_tests.bench.crowds import StreamCrowd, generator_note, stream_crowd
from load_tests.chaos.ban_check import broken_bans
from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.hosted_room import HostedRoom, Person
from load_tests.chaos.stream_tab import Address
from load_tests.chaos.system import System

FAULTS = FaultList()

PURGE_WITHIN_S: Final = 0.5
"""From the host's call until a stream has the purge."""

SLOWER_POSTS: Final = 1.5
"""The regulars' p99 during the raid, divided by that before."""

SLOWER_CROWD: Final = 10
ARRIVED_WITHIN_S: Final = 30.0
TICK_S: Final = 0.005
POLL_S: Final = 0.1
MARK: Final = "messages.purged"
PAGES_OLD_S: Final = 0.5


@dataclass(frozen=True)
class RaidSize:
    """Each regular posts once a second, each raider `raider_posts_per_s`. Each phase lasts `phase_s`."""

    readers: int
    regulars: int
    raiders: int
    raider_posts_per_s: float
    phase_s: float
    is_timed: bool
    """Whether to hold the promises about time. A small run on a busy machine checks only what arrives."""


FULL: Final = RaidSize(
    readers=2_000, regulars=50, raiders=500, raider_posts_per_s=0.2, phase_s=15.0, is_timed=True
)
SMALL: Final = RaidSize(
    readers=100, regulars=5, raiders=30, raider_posts_per_s=1.0, phase_s=2.0, is_timed=False
)


@dataclass(frozen=True)
class Phase:
    """`posts_s`: the seconds that each post of the regulars took. `generator_share`: its use of a core meanwhile."""

    posts_s: list[float]
    generator_share: float

    def __str__(self) -> str:
        return f"{_p99(self.posts_s) * 1000:.0f} ms ({generator_note(self.generator_share)})"


@dataclass(frozen=True)
class Measured:
    """`elsewhere`: the same generator load, but the raiders post into another room. It bounds the generator's part.

    `purge_s`: from the host's call until 99 % of the streams had the purge. `call_s`: until the call's response.
    """

    before: Phase
    during: Phase
    elsewhere: Phase
    purge_s: float
    call_s: float


@FAULTS.add("raid of 500 new sessions, purged with one call", is_mixable=False)
async def raid(system: System, crowd: Crowd) -> None:
    await _raid(system, crowd, FULL)


async def small_raid(system: System, crowd: Crowd) -> None:
    """A smaller raid, for the tests."""
    await _raid(system, crowd, SMALL)


async def _raid(system: System, crowd: Crowd, size: RaidSize) -> None:
    room = await HostedRoom.make(crowd, system.chat_urls, Random(size.raiders))
    other_room = await HostedRoom.make(crowd, system.chat_urls, room.rng)
    regulars, raiders = await room.people(size.regulars), await room.people(size.raiders)
    crowd.pace.every_s *= SLOWER_CROWD
    try:
        async with _readers(system.publishers, room.id, size.readers) as readers, _lateness() as late_s:
            before = await _regular_posts(room, regulars, size.phase_s)
            during, called_s, call_s = await _raid_until_purged(room, regulars, raiders, size)
            purge_s = await _purge_delay_s(readers, called_s, size.readers)
            # After the raid: earlier posts of the raiders elsewhere would make their purge slower.
            async with _posting(other_room, raiders, size, uuid4().hex):
                elsewhere = await _regular_posts(room, regulars, size.phase_s)
    finally:
        crowd.pace.every_s /= SLOWER_CROWD
    findings, remarks = judge(size, Measured(before, during, elsewhere, purge_s, call_s))
    system.findings += findings
    system.remarks += remarks
    system.remarks.append(f"the load generator itself was late by {_p99(late_s) * 1000:.0f} ms at p99")
    await asyncio.sleep(PAGES_OLD_S)
    events = await room.events()
    purges = [event for event in events if event["type"] == "messages.purged"]
    bans = {user_id: int(purge["seq"]) for purge in purges for user_id in purge["author_ids"]}
    system.findings += broken_bans(events, bans, [person.id for person in raiders])


async def _regular_posts(room: HostedRoom, regulars: list[Person], seconds: float) -> Phase:
    """Let the regulars post once a second each."""
    posts_s: list[float] = []
    loop = asyncio.get_running_loop()
    begun_s, cpu_s = loop.time(), time.process_time()
    await asyncio.gather(*(_post_often(room, person, 1.0, seconds, None, posts_s) for person in regulars))
    return Phase(posts_s, (time.process_time() - cpu_s) / (loop.time() - begun_s))


@asynccontextmanager
async def _posting(room: HostedRoom, raiders: list[Person], size: RaidSize, text: str) -> AsyncIterator[None]:
    """The raiders post this text until the block ends."""
    every_s = 1 / size.raider_posts_per_s
    posts = asyncio.gather(
        *(_post_often(room, person, every_s, 2 * size.phase_s, text, []) for person in raiders)
    )
    try:
        yield
    finally:
        posts.cancel()
        await asyncio.gather(posts, return_exceptions=True)


async def _raid_until_purged(
    room: HostedRoom, regulars: list[Person], raiders: list[Person], size: RaidSize
) -> tuple[Phase, float, float]:
    """Returns the posts of the regulars, the time of the host's call and the seconds until its response."""
    text = f"raid {uuid4().hex}"
    first = await raiders[0].must("POST", f"{room.path}/messages", _message(text))
    loop = asyncio.get_running_loop()
    async with _posting(room, raiders, size, text):
        regular_posts = asyncio.create_task(_regular_posts(room, regulars, size.phase_s + 2))
        await asyncio.sleep(size.phase_s)
        called_s = loop.time()
        ban = {"seconds": None, "purge": True, "same_text_as": first["id"]}
        await room.owner.must("POST", f"{room.path}/bans", ban)
        call_s = loop.time() - called_s
        return await regular_posts, called_s, call_s


async def _post_often(
    room: HostedRoom, person: Person, every_s: float, seconds: float, text: str | None, took_s: list[float]
) -> None:
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + seconds
    await asyncio.sleep(room.rng.uniform(0, every_s))
    while (begun_s := loop.time()) < ends_s:
        response = await person.try_once("POST", f"{room.path}/messages", _message(text or uuid4().hex))
        if response.status == 201:
            took_s.append(loop.time() - begun_s)
        await asyncio.sleep(max(0.0, begun_s + every_s - loop.time()))


def _message(text: str) -> dict[str, str]:
    return {"client_message_id": str(uuid4()), "text": text}


@asynccontextmanager
async def _readers(publishers: list[Address], room_id: str, count: int) -> AsyncIterator[list[StreamCrowd]]:
    """`count` streams, spread over the publish_servers. Raises CrowdFailed."""
    path = f"/stream/v1/rooms/{room_id}"
    each, rest = divmod(count, len(publishers))
    async with AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(
                stream_crowd(host, port, path, each + (index < rest), f"mark={MARK}", core=None)
            )
            for index, (host, port) in enumerate(publishers)
        ]


@asynccontextmanager
async def _lateness() -> AsyncIterator[list[float]]:
    """By how many seconds this process runs late, sampled until the block ends: all its posts share a core."""
    loop = asyncio.get_running_loop()
    late_s: list[float] = []

    async def sample() -> None:
        while True:
            due_s = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            late_s.append(loop.time() - due_s)

    task = asyncio.create_task(sample())
    try:
        yield late_s
    finally:
        task.cancel()


async def _purge_delay_s(readers: list[StreamCrowd], called_s: float, count: int) -> float:
    """The p99 of the slower publish_server, once every stream has the purge. Raises TimeoutError."""
    async with asyncio.timeout(ARRIVED_WITHIN_S):
        while True:
            marks = [await crowd.marked(called_s) for crowd in readers]
            if sum(each.streams for each in marks) == count:
                return max(each.p99_ms for each in marks) / 1_000
            await asyncio.sleep(POLL_S)


def judge(size: RaidSize, measured: Measured) -> tuple[list[str], list[str]]:
    """The broken promises, and figures for the reader."""
    purge_s = measured.purge_s
    before_s, during_s, elsewhere_s = (
        _p99(phase.posts_s) for phase in (measured.before, measured.during, measured.elsewhere)
    )
    remarks = [
        f"99 % of {size.readers:,} streams had the purge {purge_s * 1000:.0f} ms after the call, which took"
        f" {measured.call_s * 1000:.0f} ms",
        f"p99 of the regulars' posts: {measured.before} before the raid, {measured.during} during it,"
        f" {measured.elsewhere} while the same people posted into another room",
        f"the raid slowed posts by a factor of {during_s / before_s:.2f}; the same load in another room by"
        f" {elsewhere_s / before_s:.2f}",
    ]
    findings = []
    if size.is_timed and purge_s > PURGE_WITHIN_S:
        findings.append(f"the purge took {purge_s:.2f} s, more than {PURGE_WITHIN_S:g} s")
    if size.is_timed and during_s > SLOWER_POSTS * before_s:
        findings.append(f"the raid slowed posts by a factor of {during_s / before_s:.1f}")
    return findings, remarks


def _p99(times_s: list[float]) -> float:
    return sorted(times_s)[int(len(times_s) * 0.99)]
