"""Clients that observe a storm: a stream of the room, an author in it, and a reader of another room."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx
import orjson

RECONNECT_S = 0.2
STREAM_WITHIN_S: Final = 10.0
ERRORS = (httpx.HTTPError, OSError)


@dataclass
class Answers:
    """Counts by status (0: no response), and the slowest response."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0

    @property
    def total(self) -> int:
        return self.statuses.total()

    def others_than(self, *good: int) -> dict[int, int]:
        return {status: count for status, count in self.statuses.items() if status not in good}


@dataclass
class HeatSeen:
    """Changes of `room.heat` on a stream of the room: (seconds since the epoch, hot)."""

    changes: list[tuple[float, bool]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, hot: bool, at: float) -> None:
        if (not self.changes and not hot) or (self.changes and self.changes[-1][1] == hot):
            return
        self.changes.append((at, hot))
        self.changed.set()
        self.changed = asyncio.Event()

    @property
    def is_hot(self) -> bool:
        return bool(self.changes) and self.changes[-1][1]

    async def wait_cool(self, within_s: float) -> None:
        """Return once the room is cold, or after `within_s`; the verdict reports a room that stays hot."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.is_hot:
                    await self.changed.wait()


async def watch_heat(stream_url: str, room: str, seen: HeatSeen, opened: asyncio.Event) -> None:
    """Record the room's heat until cancelled. Reconnects when the stream ends."""
    async with httpx.AsyncClient(timeout=httpx.Timeout(10, read=45)) as client:
        while True:
            with suppress(*ERRORS):
                async with client.stream("GET", f"{stream_url}/stream/v1/rooms/{room}") as answer:
                    kind = ""
                    async for line in answer.aiter_lines():
                        field, _, value = line.partition(": ")
                        if field == "event":
                            kind = value
                        elif field == "data" and kind in ("stream.opened", "room.heat"):
                            seen.note(bool(orjson.loads(value)["heat"]["hot"]), time.time())
                            opened.set()
            await asyncio.sleep(RECONNECT_S)


@asynccontextmanager
async def heat_watched(
    stream_url: str, room: str, *others: Coroutine[Any, Any, None]
) -> AsyncIterator[HeatSeen]:
    """The room's heat, from the opening of a stream until the block ends; `others` run as long. Raises TimeoutError."""
    seen, opened = HeatSeen(), asyncio.Event()
    running = [asyncio.create_task(each) for each in (watch_heat(stream_url, room, seen, opened), *others)]
    try:
        async with asyncio.timeout(STREAM_WITHIN_S):
            await opened.wait()
        yield seen
    finally:
        for task in running:
            task.cancel()
        for task in running:
            with suppress(asyncio.CancelledError):
                await task


async def sign_in(client: httpx.AsyncClient, nickname: str) -> None:
    """Create a session for the client. Raises HTTPStatusError."""
    answer = await client.post("/api/v1/sessions", json={"nickname": nickname})
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


async def post_steadily(client: httpx.AsyncClient, room: str, every_s: float, answers: Answers) -> None:
    """Post a message every `every_s` until cancelled."""

    async def post() -> int:
        message = {"client_message_id": str(uuid4()), "text": f"steady {answers.total}"}
        return (await client.post(f"/api/v1/rooms/{room}/messages", json=message)).status_code

    await _steadily(post, every_s, answers)


async def fetch_steadily(client: httpx.AsyncClient, room: str, every_s: float, answers: Answers) -> None:
    """Fetch the latest page every `every_s` until cancelled."""

    async def fetch() -> int:
        return (await client.get(f"/api/v1/rooms/{room}/messages")).status_code

    await _steadily(fetch, every_s, answers)


async def _steadily(ask: Callable[[], Awaitable[int]], every_s: float, answers: Answers) -> None:
    while True:
        started_at = time.monotonic()
        try:
            status = await ask()
        except ERRORS:
            status = 0
        took_s = time.monotonic() - started_at
        answers.statuses[status] += 1
        answers.slowest_s = max(answers.slowest_s, took_s)
        await asyncio.sleep(max(0.0, every_s - took_s))
