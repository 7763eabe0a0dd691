"""The environment of an attack: servers, fresh addresses and people, limits in count and time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from uuid import uuid4

import asyncpg

from load_tests.abuse.attacker import Answer, Attacker
from load_tests.abuse.tally import Tally
from load_tests.bench.scale import Scale
from local_stack.server_process import ServerProcess

FULL: Final = Scale(factor=1.0, window_s=10.0, settle_s=2.0)
TINY: Final = Scale(factor=0.02, window_s=20.0, settle_s=0.0)
"""Counts end an attack, not time, so that a busy machine does the same work."""

RETRY_MS: Final = 1_000
"""After a refusal that names no time."""

HOSTS_PER_BLOCK: Final = 250
_addresses = count()


def fresh_address() -> str:
    """A loopback address that no attacker has used yet, so its shares are unused."""
    number = next(_addresses)
    block, host = divmod(number, HOSTS_PER_BLOCK)
    high, low = divmod(block, HOSTS_PER_BLOCK)
    return f"127.{16 + high}.{low}.{host + 1}"


@dataclass
class Drill:
    """One attack's view of the stack. `faults` are sentences about wrong behaviour of the stack.

    `fresh_redis` returns the URL of an empty database. `on_start` restarts the bystander's window. An attack calls
    `start_measuring` after its preparation.
    """

    chat: ServerProcess
    publish: ServerProcess
    database_url: str
    redis_url: str
    operator_token: str
    scale: Scale
    on_start: Callable[[], Awaitable[None]]
    fresh_redis: Callable[[], str]
    tally: Tally = field(default_factory=Tally)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _attackers: list[Attacker] = field(default_factory=list)
    _ends_s: float = float("inf")

    def of(self, full: int, *, least: int = 2) -> int:
        return self.scale.of(full, least=least)

    async def start_measuring(self) -> None:
        await self.on_start()
        self._ends_s = time.monotonic() + self.scale.window_s

    @property
    def is_over(self) -> bool:
        """Whether the attack's time is over."""
        return time.monotonic() >= self._ends_s

    async def hold(self) -> None:
        """Wait for the end of the window, for attacks that hold something open. Short at a tiny scale."""
        await asyncio.sleep(max(0.0, self._ends_s - time.monotonic()) if self.scale.is_full else 0.3)

    def expect(self, holds: bool, sentence: str) -> None:
        """Record `sentence` as a fault unless `holds`."""
        if not holds:
            self.faults.append(sentence)

    def attacker(self) -> Attacker:
        """A client at a fresh address, without a session."""
        made = Attacker(
            fresh_address(),
            (self.chat.host, self.chat.port),
            (self.publish.host, self.publish.port),
            self.tally,
        )
        self._attackers.append(made)
        return made

    async def person(self) -> Attacker:
        """A signed-in client at a fresh address, with a name of its own: a host's name is reserved in their room.

        Raises RuntimeError if it gets no session.
        """
        attacker = self.attacker()
        answer = await attacker.sign_in(f"mallory {uuid4().hex[:12]}")
        if answer.status != 201:
            raise RuntimeError(f"no session for an attacker: {answer.status} {answer.body[:200]!r}")
        return attacker

    async def people(self, number: int) -> list[Attacker]:
        return [await self.person() for _ in range(number)]

    async def room(self, owner: Attacker, name: str = "abuse") -> str:
        """Create a room for this attack. Raises RuntimeError."""
        room_id = f"{name}-{uuid4().hex[:12]}"
        answer = await owner.call("POST", "/api/v1/rooms", {"id": room_id, "name": name})
        if answer.status != 201:
            raise RuntimeError(f"no room for an attack: {answer.status} {answer.body[:200]!r}")
        return room_id

    async def flood(self, call: Callable[[int], Awaitable[object]], *, calls: int, workers: int = 32) -> None:
        """Run `call(0)`, `call(1)` …, `workers` at a time: `calls` at this scale, none started after the window."""
        numbers = iter(range(self.of(calls, least=8)))

        async def work() -> None:
            for number in numbers:
                if self.is_over:
                    return
                await call(number)

        await asyncio.gather(*(work() for _ in range(workers)))

    async def insist(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat a call that is refused for the moment after its retry time until it is accepted or the attack is over.

        503 is such a refusal, too: an overloaded machine does not store a write in time.
        """
        while True:
            answer = await call()
            if answer.status not in (429, 503) or self.is_over:
                return answer
            await asyncio.sleep(answer.json().get("retry_after_ms", RETRY_MS) / 1000)

    @asynccontextmanager
    async def sql(self) -> AsyncIterator[Any]:
        """A connection to the stack's Postgres, for preparations that would take hours over HTTP."""
        connection = await asyncpg.connect(self.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def close(self) -> None:
        for attacker in self._attackers:
            await attacker.close()
        self._attackers.clear()
