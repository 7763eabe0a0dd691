"""The demo's crowd: open streams, posts, reactions and reloads, as many as the script demands."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from load_tests.demo.lines import PEOPLE, Person
from load_tests.demo.script import Arrivals, Demand, Show
from load_tests.demo.talk import Draft, Said, Talk

STEP_S: Final = 0.1
OPENED_IN_A_STEP: Final = 100
RELOADERS: Final = 20
MAX_RELOADS_AT_ONCE: Final = 20

MAX_CALLS: Final = 64
"""Posts and reactions in flight. Overflow rule: SKIP; `Seen.skipped` counts them."""

MAX_REPEATS: Final = 3

LONGEST_WAIT_S: Final = 10.0
"""A refused author waits as long as Retry-After says, but no longer than this."""


@dataclass
class Seen:
    """Counts of the requests and their responses. `unexpected` counts by status."""

    streams: int = 0
    stream_bytes: int = 0
    posts: int = 0
    replies: int = 0
    mentions: int = 0
    reactions: int = 0
    refused: int = 0
    skipped: int = 0
    fetches: int = 0
    fetches_refused: int = 0
    unexpected: Counter[int] = field(default_factory=Counter)
    hot_in: set[str] = field(default_factory=set)
    """The phases in which the room was hot."""


class Watcher(asyncio.Protocol):
    """One open stream whose data is dropped."""

    def __init__(self, request: bytes, seen: Seen) -> None:
        self._request = request
        self._seen = seen

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._seen.streams += 1
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._seen.stream_bytes += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen.streams -= 1


class Audience:
    """People who only read: one stream each."""

    def __init__(self, streams_url: str, room: str, seen: Seen) -> None:
        url = urlsplit(streams_url)
        self._host, self._port = url.hostname or "localhost", url.port or 80
        self._request = f"GET /stream/v1/rooms/{room} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
        self._seen = seen
        self._open: list[asyncio.BaseTransport] = []

    async def resize(self, people: int) -> None:
        """Open or close streams, at most OPENED_IN_A_STEP. Raises OSError."""
        wanted = people - len(self._open)
        if wanted > 0:
            loop = asyncio.get_running_loop()
            opening = (
                loop.create_connection(lambda: Watcher(self._request, self._seen), self._host, self._port)
                for _ in range(min(wanted, OPENED_IN_A_STEP))
            )
            self._open += [transport for transport, _ in await asyncio.gather(*opening)]
        for _ in range(min(-wanted, OPENED_IN_A_STEP)):
            self._open.pop().close()

    def leave(self) -> None:
        while self._open:
            self._open.pop().close()


class Authors:
    """People who write and react. Each call runs by itself, MAX_CALLS at most."""

    def __init__(
        self, http: httpx.AsyncClient, room: str, tokens: Mapping[Person, str], rng: Random, seen: Seen
    ) -> None:
        self._http = http
        self._path = f"/api/v1/rooms/{room}/messages"
        self._tokens = tokens
        self._rng = rng
        self._seen = seen
        self._talk = Talk(rng)
        self._posts, self._reactions = Arrivals(rng), Arrivals(rng)
        self._calls: set[asyncio.Task[None]] = set()

    def act(self, demand: Demand, elapsed_s: float) -> None:
        """Begin the posts and reactions of the last `elapsed_s`. Raises what an earlier call has raised."""
        for done in [call for call in self._calls if call.done()]:
            self._calls.discard(done)
            done.result()
        for _ in range(self._posts.take(demand.posts_per_s, elapsed_s)):
            self._begin(self._post(self._talk.next_draft(demand.authors)))
        for _ in range(self._reactions.take(demand.reactions_per_s, elapsed_s)):
            if chosen := self._talk.next_reaction():
                self._begin(self._react(*chosen, self._rng.choice(PEOPLE[: demand.authors])))

    async def finish(self) -> None:
        """Wait for the calls that have begun. Raises httpx.HTTPError."""
        await asyncio.gather(*self._calls)

    async def leave(self) -> None:
        """Give up the calls that have not ended."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _begin(self, call: Coroutine[None, None, None]) -> None:
        if len(self._calls) < MAX_CALLS:
            self._calls.add(asyncio.create_task(call))
        else:
            call.close()
            self._seen.skipped += 1

    async def _post(self, draft: Draft) -> None:
        body = {"client_message_id": str(uuid4()), "text": draft.text, "reply_to": draft.reply_to}
        answer = await self._answer("POST", self._path, draft.speaker, body)
        if answer.is_success:  # 200: the first of two attempts has stored it
            self._seen.posts += 1
            self._seen.replies += draft.reply_to is not None
            self._seen.mentions += draft.text.startswith("@")
            self._talk.heard(Said(answer.json()["id"], draft.speaker, draft.text))
        else:
            await self._not_done(answer)

    async def _react(self, said: Said, kind: str, person: Person) -> None:
        path = f"{self._path}/{said.message_id}/reactions/{kind}"
        answer = await self._answer("PUT", path, person)
        if answer.is_success:
            self._seen.reactions += 1
        else:
            await self._not_done(answer)

    async def _answer(self, method: str, path: str, person: Person, body: Any = None) -> httpx.Response:
        """The response to a call; like the page, it repeats a call that a busy server answers with 503."""
        headers = {"Authorization": f"Bearer {self._tokens[person]}"}
        for _ in range(MAX_REPEATS):
            answer = await self._http.request(method, path, json=body, headers=headers)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            await _wait_as_told(answer)
        return await self._http.request(method, path, json=body, headers=headers)

    async def _not_done(self, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self._seen.refused += 1
            await _wait_as_told(answer)
        else:
            self._seen.unexpected[answer.status_code] += 1


async def _wait_as_told(answer: httpx.Response) -> None:
    await asyncio.sleep(min(LONGEST_WAIT_S, float(answer.headers.get("Retry-After", 1))))


class Reloader:
    """One connection with frequent reloads: fetches of the latest page by one person, pipelined."""

    def __init__(self, url: str, room: str, token: str, seen: Seen) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port or 80
        self._request = (
            f"GET /api/v1/rooms/{room}/messages?limit=1 HTTP/1.1\r\n"
            f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
        self._seen = seen
        self.per_s = 0.0

    async def run(self) -> None:
        """Reload `per_s` times a second until cancelled. Raises OSError, or EOFError when the server hangs up."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        loop = asyncio.get_running_loop()
        try:
            while True:
                while self.per_s <= 0:
                    await asyncio.sleep(STEP_S)
                begun_s = loop.time()
                at_once = max(1, min(MAX_RELOADS_AT_ONCE, round(self.per_s * STEP_S)))
                writer.write(self._request * at_once)
                for _ in range(at_once):
                    await self._read_answer(reader)
                # The rate may rise during a long pause, so look at it again after each step.
                while (wait_s := self._due_s(begun_s, at_once) - loop.time()) > 0:
                    await asyncio.sleep(min(STEP_S, wait_s))
        finally:
            writer.close()

    def _due_s(self, begun_s: float, reloads: int) -> float:
        """When the reloads after those of `begun_s` are due."""
        return begun_s + reloads / self.per_s if self.per_s > 0 else math.inf

    async def _read_answer(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        await reader.readexactly(length)
        status = int(head[9:12])
        self._seen.fetches += status == httpx.codes.OK
        self._seen.fetches_refused += status == httpx.codes.TOO_MANY_REQUESTS


async def enter(http: httpx.AsyncClient) -> dict[Person, str]:
    """A session token for everybody who writes. Raises httpx.HTTPStatusError."""
    tokens = {}
    for person in PEOPLE:
        answer = await http.post("/api/v1/sessions", json={"nickname": person.name})
        http.cookies.clear()
        tokens[person] = answer.raise_for_status().json()["token"]
    return tokens


async def perform(
    show: Show, audience: Audience, authors: Authors, reloaders: list[Reloader], clock_s: Callable[[], float]
) -> None:
    """Let the crowd do what the show demands. `clock_s`: seconds since the show began."""
    before_s = 0.0
    while (second := clock_s()) < show.seconds:
        demand = show.demand(second)
        for reloader in reloaders:
            reloader.per_s = demand.fetches_per_s / len(reloaders)
        authors.act(demand, second - before_s)
        before_s = second
        await audience.resize(demand.people)
        await asyncio.sleep(STEP_S)
    for reloader in reloaders:
        reloader.per_s = 0.0
    await authors.finish()
