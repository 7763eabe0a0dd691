"""The bystander: four people with their own room and addresses who post, read, follow the stream and check health.

As a program (`python -m load_tests.abuse.bystander CHAT_PORT PUBLISH_PORT`) it reads commands from standard input:
`reset` begins a window, `report` ends it with one line of JSON. It runs separately, so attackers do not delay it.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import aiohttp
import msgspec
import orjson
import uvloop

from load_tests.chaos.sse_frames import Frame, SseDecoder
from local_stack.ports import LOOPBACK

PEOPLE: Final = 4
POST_EVERY_S: Final = 0.25
"""Four posts a second each: below POSTS_PER_USER_PER_S."""
READ_EVERY_S: Final = 0.5
HEALTH_EVERY_S: Final = 0.25
ANSWER_WITHIN_S: Final = 10.0
SEEN_WITHIN_S: Final = 5.0
ERRORS: Final = (aiohttp.ClientError, OSError, TimeoutError)


class Times(msgspec.Struct, frozen=True):
    """Milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Window(msgspec.Struct, frozen=True):
    """The bystander's results of one window. `bad` counts failures that must never happen, by kind."""

    posts: Times
    reads: Times
    health: Times
    delays: Times
    bad: dict[str, int]
    unseen: int


@dataclass
class Record:
    posts_s: list[float] = field(default_factory=list)
    reads_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)
    waiting: dict[str, list[float]] = field(default_factory=dict)
    """Message id → start times of its post, one for each stream that has not delivered it yet."""


def times(seconds: list[float]) -> Times:
    if not seconds:
        return Times(0, 0.0, 0.0, 0.0)
    ordered = sorted(seconds)
    middle = ordered[len(ordered) // 2]
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return Times(len(ordered), middle * 1000, p99 * 1000, ordered[-1] * 1000)


class Bystander:
    """Call `start` once, `reset` at the beginning of a window, `report` at its end."""

    def __init__(self, chat_port: int, publish_port: int, *, people: int = PEOPLE) -> None:
        self._chat = f"http://{LOOPBACK}:{chat_port}"
        self._publish = f"http://{LOOPBACK}:{publish_port}"
        self._people = people
        self._record = Record()
        self._tasks: list[asyncio.Task[None]] = []
        self._sessions: list[aiohttp.ClientSession] = []
        self.room = f"bystander-{uuid4().hex[:12]}"
        self._scrolled = 0
        self._early: dict[str, list[float]] = {}
        self._opened = [asyncio.Event() for _ in range(people)]

    async def start(self) -> None:
        """Return when every person is signed in and every stream is open."""
        for number in range(self._people):
            http = self._client(f"127.1.0.{number + 1}")
            answer = await http.post(
                f"{self._chat}/api/v1/sessions", json={"nickname": f"bystander {number}"}
            )
            answer.raise_for_status()
            http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
            if number == 0:
                made = await http.post(f"{self._chat}/api/v1/rooms", json={"id": self.room, "name": "calm"})
                made.raise_for_status()
            self._go(self._follow(http, self._opened[number]))
            self._go(self._steadily(POST_EVERY_S, self._post, http, number))
            self._go(self._steadily(READ_EVERY_S, self._read, http, number))
        self._go(self._steadily(HEALTH_EVERY_S, self._check_health, self._client("127.1.0.200"), 0))
        async with asyncio.timeout(30):
            await asyncio.gather(*(opened.wait() for opened in self._opened))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for session in self._sessions:
            await session.close()

    async def reset(self) -> None:
        """Begin a window."""
        self._record = Record()

    async def report(self) -> Window:
        """The window up to now. Waits until every stream has delivered every answered post of the window."""
        record = self._record
        with suppress(TimeoutError):
            async with asyncio.timeout(SEEN_WITHIN_S):
                while any(begun for begun in list(record.waiting.values())):
                    await asyncio.sleep(0.02)
        return Window(
            posts=times(record.posts_s),
            reads=times(record.reads_s),
            health=times(record.health_s),
            delays=times(record.delays_s),
            bad=dict(+record.bad),
            unseen=sum(len(begun) for begun in record.waiting.values()),
        )

    def _client(self, address: str) -> aiohttp.ClientSession:
        made = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=(address, 0), limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
        )
        self._sessions.append(made)
        return made

    def _go(self, work: Awaitable[None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def _steadily(
        self,
        every_s: float,
        act: Callable[[aiohttp.ClientSession, Record], Awaitable[None]],
        http: aiohttp.ClientSession,
        number: int,
    ) -> None:
        await asyncio.sleep(every_s * number / self._people)
        due_s = time.monotonic()
        while True:
            await act(http, self._record)
            due_s = max(due_s + every_s, time.monotonic())
            await asyncio.sleep(due_s - time.monotonic())

    async def _post(self, http: aiohttp.ClientSession, record: Record) -> None:
        begun_s = time.monotonic()
        key = str(uuid4())
        draft = {"client_message_id": key, "text": f"calm {key}"}
        try:
            async with http.post(f"{self._chat}/api/v1/rooms/{self.room}/messages", json=draft) as answer:
                body = await answer.read()
                status = answer.status
        except ERRORS as error:
            record.bad[f"post: {type(error).__name__}"] += 1
            record.posts_s.append(time.monotonic() - begun_s)
            return
        record.posts_s.append(time.monotonic() - begun_s)
        if status != 201:
            record.bad[f"post: {status}"] += 1
            return
        message_id = orjson.loads(body)["id"]
        seen = self._early.pop(message_id, [])
        record.delays_s += [at_s - begun_s for at_s in seen]
        if len(seen) < self._people:
            record.waiting[message_id] = [begun_s] * (self._people - len(seen))

    async def _read(self, http: aiohttp.ClientSession, record: Record) -> None:
        """Reads the newest page, an older page that no other request shares, and the room list."""
        messages = f"/api/v1/rooms/{self.room}/messages"
        self._scrolled += 1
        for path in (messages, f"{messages}?before_seq={1_000_000 + self._scrolled}", "/api/v1/rooms"):
            await self._get(http, self._chat + path, record, record.reads_s, "read")

    async def _check_health(self, http: aiohttp.ClientSession, record: Record) -> None:
        for server in (self._chat, self._publish):
            await self._get(http, f"{server}/healthz/ready", record, record.health_s, "readiness")

    async def _get(
        self, http: aiohttp.ClientSession, url: str, record: Record, took_s: list[float], what: str
    ) -> None:
        begun_s = time.monotonic()
        try:
            async with http.get(url) as answer:
                await answer.read()
                if answer.status != 200:
                    record.bad[f"{what}: {answer.status}"] += 1
        except ERRORS as error:
            record.bad[f"{what}: {type(error).__name__}"] += 1
        took_s.append(time.monotonic() - begun_s)

    async def _follow(self, http: aiohttp.ClientSession, opened: asyncio.Event) -> None:
        last_id = ""
        while True:
            is_due = False
            headers = {"Last-Event-ID": last_id} if last_id else {}
            with suppress(*ERRORS):
                async with http.get(
                    f"{self._publish}/stream/v1/rooms/{self.room}",
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(total=None, sock_read=40),
                ) as answer:
                    if answer.status != 200:
                        self._record.bad[f"stream: {answer.status}"] += 1
                    decoder = SseDecoder(chunked=False)
                    async for chunk in answer.content.iter_any():
                        at_s = time.monotonic()
                        for frame in decoder.feed(chunk):
                            if frame.event == "stream.opened":
                                opened.set()
                            self._take(frame, at_s)
                            is_due = is_due or frame.event == "stream.closing"
                            last_id = str(frame.id) if frame.id is not None else last_id
            self._record.bad["stream: ended"] += not is_due
            await asyncio.sleep(0.1)

    def _take(self, frame: Frame, at_s: float) -> None:
        if frame.event == "stream.gap":
            self._record.bad["stream: gap"] += 1
        elif frame.event == "message.created":
            self._saw(orjson.loads(frame.data)["message"]["id"], at_s)

    def _saw(self, message_id: str, at_s: float) -> None:
        record = self._record
        begun = record.waiting.get(message_id)
        if begun is None:  # the stream was faster than the response, or the post belongs to an earlier window
            self._early.setdefault(message_id, []).append(at_s)
            while len(self._early) > 1_000:
                del self._early[next(iter(self._early))]
            return
        record.delays_s.append(at_s - begun.pop())
        if not begun:
            del record.waiting[message_id]


async def main(chat_port: int, publish_port: int) -> None:
    bystander = Bystander(chat_port, publish_port)
    await bystander.start()
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while word := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        if word == "reset":
            await bystander.reset()
            print("reset", flush=True)
        else:
            print(msgspec.json.encode(await bystander.report()).decode(), flush=True)
    await bystander.stop()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
