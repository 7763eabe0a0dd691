"""`make demo`: simulated users enter a live room, chat, react and reload, so that you can watch a room go hot.

Options: `make demo ARGS="--people 5000 --posts-per-s 50 --seconds 60 --url http://localhost:8000 --room lobby"`.
"""

import argparse
import asyncio
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import uvloop

CHATTERS = 20
RELOADERS = 20
RELOADS_AT_ONCE = 20
REPORT_EVERY_S = 2.0
SPARE_DESCRIPTORS = 200
SENTENCES = (
    "hello from the crowd",
    "what a moment",
    "did you see that?!",
    "여기 정말 뜨겁네요",
    "盛り上がってきた",
    "first time here, hi all",
    "again, again!",
    "that was the best one yet",
)


@dataclass(frozen=True)
class Size:
    people: int
    posts_per_s: float
    fetches_per_s: float
    seconds: float


@dataclass
class Seen:
    """Counts of the requests and their responses."""

    streams: int = 0
    stream_bytes: int = 0
    posts: int = 0
    posts_refused: int = 0
    fetches: int = 0
    fetches_refused: int = 0
    unexpected: dict[int, int] = field(default_factory=dict)


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


async def enter(
    streams: str, room: str, people: int, ramp_s: float, seen: Seen
) -> list[asyncio.BaseTransport]:
    """Open `people` streams over `ramp_s`."""
    url = urlsplit(streams)
    host, port = url.hostname or "localhost", url.port or 80
    request = f"GET /stream/v1/rooms/{room} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    transports: list[asyncio.BaseTransport] = []
    started = loop.time()
    while len(transports) < people:
        due = min(people, int((loop.time() - started) / ramp_s * people) + 1)
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda: Watcher(request, seen), host, port)
                for _ in range(due - len(transports))
            )
        )
        transports += [transport for transport, _ in made]
        await asyncio.sleep(0.02)
    return transports


async def chat(http: httpx.AsyncClient, room: str, per_s: float, rng: Random, seen: Seen) -> None:
    """One person who posts at random times and reacts to new messages."""
    answer = await http.post("/api/v1/sessions", json={"nickname": f"crowd {rng.randrange(1000):03}"})
    answer.raise_for_status()
    session = {"Authorization": f"Bearer {answer.json()['token']}"}
    path = f"/api/v1/rooms/{room}/messages"
    while True:
        await asyncio.sleep(rng.expovariate(per_s))
        draft = {"client_message_id": str(uuid4()), "text": rng.choice(SENTENCES)}
        answer = await http.post(path, json=draft, headers=session)
        if answer.status_code == httpx.codes.CREATED:
            seen.posts += 1
            kind = rng.choice(("heart", "sad", "laugh"))
            await http.put(f"{path}/{answer.json()['id']}/reactions/{kind}", headers=session)
        elif answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            seen.posts_refused += 1
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        else:
            seen.unexpected[answer.status_code] = seen.unexpected.get(answer.status_code, 0) + 1


async def reload_often(url: str, room: str, per_s: float, seen: Seen) -> None:
    """Frequent reloads: fetches of the latest page, pipelined on one connection."""
    parts = urlsplit(url)
    request = f"GET /api/v1/rooms/{room}/messages?limit=1 HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    loop = asyncio.get_running_loop()
    next_at = loop.time()
    for _ in count():
        writer.write(request * RELOADS_AT_ONCE)
        for _ in range(RELOADS_AT_ONCE):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            status = int(head[9:12])
            seen.fetches += status == httpx.codes.OK
            seen.fetches_refused += status == httpx.codes.TOO_MANY_REQUESTS
        next_at += RELOADS_AT_ONCE / per_s
        await asyncio.sleep(max(0.0, next_at - loop.time()))


async def report(http: httpx.AsyncClient, room: str, seen: Seen) -> None:
    was_hot = False
    while True:
        await asyncio.sleep(REPORT_EVERY_S)
        answer = await http.get(f"/api/v1/rooms/{room}")
        if answer.status_code == httpx.codes.OK:
            heat = answer.json()["heat"]
            was_hot = heat["hot"]
        say(
            f"  {seen.streams:,} watching · {seen.posts:,} posted · {seen.fetches:,} pages fetched, "
            f"{seen.fetches_refused:,} refused with 429 · the room is {'HOT' if was_hot else 'cool'}"
        )


async def run(url: str, room: str, size: Size) -> Seen:
    """Run the whole demo. Raises httpx.HTTPError if no server answers at `url`."""
    seen, rng = Seen(), Random()
    limits = httpx.Limits(max_connections=CHATTERS * 2)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=20) as http:
        config = (await http.get("/api/v1/config")).raise_for_status().json()
        say(f"{size.people:,} people enter {url}/rooms/{room} …")
        tasks = [asyncio.create_task(report(http, room, seen))]
        tasks += [
            asyncio.create_task(chat(http, room, size.posts_per_s / CHATTERS, rng, seen))
            for _ in range(CHATTERS)
        ]
        tasks += [
            asyncio.create_task(reload_often(url, room, size.fetches_per_s / RELOADERS, seen))
            for _ in range(RELOADERS if size.fetches_per_s > 0 else 0)
        ]
        transports = await enter(config["stream_url"], room, size.people, size.seconds / 6, seen)
        failures, _ = await asyncio.wait(
            tasks, timeout=size.seconds * 5 / 6, return_when=asyncio.FIRST_EXCEPTION
        )
        for task in tasks:
            task.cancel()
        for transport in transports:
            transport.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in failures:
            task.result()
    return seen


def say(sentence: str) -> None:
    print(sentence, flush=True)


@contextmanager
def descriptors(wanted: int) -> Iterator[int]:
    """Raise the limit of open files, up to `wanted`; yields the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    yield max(soft, allowed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make demo", description="Simulated users in a live room.")
    parser.add_argument("--url", default="http://localhost:8000", help="a running Hotchat")
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--people", type=int, default=5000, help="open streams")
    parser.add_argument("--posts-per-s", type=float, default=20.0)
    parser.add_argument("--fetches-per-s", type=float, default=6000.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args(words)
    with descriptors(given.people + SPARE_DESCRIPTORS) as allowed:
        people = min(given.people, allowed - SPARE_DESCRIPTORS)
        if people < given.people:
            say(
                f"This machine lets one process open {allowed:,} files (see `ulimit -n`), so only"
                f" {people:,} people will enter."
            )
        size = Size(people, given.posts_per_s, given.fetches_per_s, given.seconds)
        try:
            seen = uvloop.run(run(given.url, given.room, size))
        except (httpx.HTTPError, OSError) as error:
            sys.exit(f"No server answers at {given.url} ({error}); start it with `make run`.")
    say(f"Done: {seen.posts:,} posts, {seen.fetches + seen.fetches_refused:,} fetches.")
    if seen.unexpected:
        sys.exit(f"Unexpected responses: {seen.unexpected}")


if __name__ == "__main__":
    main()
