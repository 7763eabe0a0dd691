"""A host bans people who write as fast as they can, through both chat_servers, also while parts are down."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Final
from uuid import uuid4

from load_tests.chaos.ban_check import broken_bans
from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.faults.stores import kill_kafka, kill_valkey
from load_tests.chaos.hosted_room import HostedRoom, Person
from load_tests.chaos.system import System

FAULTS = FaultList()

PEOPLE: Final = 50
FEW_PEOPLE: Final = 12
BANNED_WITHIN_S: Final = 6.0
WRITE_AFTER_BANS_S: Final = 1.0
PAUSE_AFTER_REFUSAL_S: Final = 0.02
STOPPED_S: Final = 3.0
PAGES_OLD_S: Final = 0.5
"""Twice the age of a page in memory."""


@FAULTS.add("50 people banned while they write", "bans")
async def ban_everybody(system: System, crowd: Crowd) -> None:
    await _ban_everybody(system, crowd, PEOPLE)


@FAULTS.add("50 people banned, a chat_server stopped for 3 s", "bans", "chat", is_mixable=False)
async def ban_while_a_server_hangs(system: System, crowd: Crowd) -> None:
    await asyncio.gather(_ban_everybody(system, crowd, PEOPLE), _stop_a_server(system))


@FAULTS.add("50 people banned, Kafka and Valkey down", "bans", "kafka", "valkey", is_mixable=False)
async def ban_without_kafka_and_valkey(system: System, crowd: Crowd) -> None:
    await asyncio.gather(
        _ban_everybody(system, crowd, PEOPLE), kill_kafka(system, crowd), kill_valkey(system, crowd)
    )


async def ban_a_few(system: System, crowd: Crowd) -> None:
    """Fewer people and a stopped server, for the tests."""
    await asyncio.gather(_ban_everybody(system, crowd, FEW_PEOPLE), _stop_a_server(system))


@dataclass
class _BannedWriters:
    """The writes of all people in the room, and their bans."""

    room: HostedRoom
    rng: Random
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=50))
    bans: dict[str, int] = field(default_factory=dict)
    """User id → the seq of the response."""
    purged: set[str] = field(default_factory=set)
    stored: int = 0
    refused: int = 0
    """Writes of banned people that were refused."""

    async def write(self, person: Person) -> None:
        """Write without a pause until the end."""
        own: deque[str] = deque(maxlen=5)
        while not self.is_over.is_set():
            response = await person.try_once(*self._next_write(own))
            if response.status == 201:
                own.append(response.body["id"])
                self.recent.append(response.body["id"])
            self.stored += response.status in (200, 201)
            self.refused += response.code == "banned"
            if response.status not in (200, 201):
                await asyncio.sleep(PAUSE_AFTER_REFUSAL_S)

    def _next_write(self, own: deque[str]) -> tuple[str, str, object]:
        dice = self.rng.random()
        messages = f"{self.room.path}/messages"
        if dice < 0.2 and own:
            return "PATCH", f"{messages}/{self.rng.choice(own)}", {"text": f"corrected {dice}"}
        if dice < 0.4 and self.recent:
            kind = self.rng.choice(("heart", "sad", "laugh"))
            method = self.rng.choice(("PUT", "PUT", "DELETE"))
            return method, f"{messages}/{self.rng.choice(self.recent)}/reactions/{kind}", None
        return "POST", messages, {"client_message_id": str(uuid4()), "text": f"text {dice}"}

    async def ban(self, person: Person) -> None:
        """At a random moment, with a purge or without."""
        await asyncio.sleep(self.rng.uniform(0.2, BANNED_WITHIN_S))
        purge = self.rng.random() < 0.5
        body = {"seconds": None, "purge": purge}
        result = await self.room.owner.must("PUT", f"{self.room.path}/bans/{person.id}", body)
        self.bans[person.id] = int(result["seq"])
        if purge:
            self.purged.add(person.id)


async def _ban_everybody(system: System, crowd: Crowd, count: int) -> None:
    rng = Random(count)
    room = await HostedRoom.make(crowd, system.chat_urls, rng)
    people = await room.people(count)
    writing = _BannedWriters(room, rng)
    writers = asyncio.gather(*(writing.write(person) for person in people))
    try:
        await asyncio.gather(*(writing.ban(person) for person in people))
        await asyncio.sleep(WRITE_AFTER_BANS_S)
    finally:
        writing.is_over.set()
        await writers
    await asyncio.sleep(PAGES_OLD_S)
    system.findings += broken_bans(await room.events(), writing.bans, writing.purged)
    system.remarks.append(
        f"{len(writing.bans)} people banned, {len(writing.purged)} of them purged;"
        f" {writing.stored:,} writes were stored, {writing.refused:,} refused because of a ban"
    )
    if not writing.refused:
        system.findings.append("no write of a banned person was refused")


async def _stop_a_server(system: System) -> None:
    """In the middle of the bans, so that requests wait in it."""
    await asyncio.sleep(BANNED_WITHIN_S / 4)
    system.chat[1].pause()
    try:
        await asyncio.sleep(STOPPED_S)
    finally:
        system.chat[1].resume()
