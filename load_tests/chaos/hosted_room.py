"""A room of its own with an owner, for faults in which a host bans people."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any, Final, NamedTuple
from uuid import uuid4

import aiohttp
import orjson

from load_tests.chaos.crowd import Crowd

ATTEMPT_S: Final = 10.0
RETRY_S: Final = 0.2
GIVE_UP_S: Final = 60.0
SIGNED_IN_AT_ONCE: Final = 20


class Response(NamedTuple):
    """`status` is 0 if the connection broke, or if no response came within ATTEMPT_S."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


class Person:
    """A session that sends each request to a random chat_server."""

    def __init__(self, http: aiohttp.ClientSession, chat_urls: Sequence[str], rng: Random) -> None:
        self.id = ""
        self._http = http
        self._chat_urls = chat_urls
        self._rng = rng
        self._headers: dict[str, str] = {}

    async def sign_in(self) -> None:
        session = await self.must("POST", "/api/v1/sessions", {"nickname": f"person {uuid4().hex[:12]}"})
        self.id = session["user"]["id"]
        self._headers = {"Authorization": f"Bearer {session['token']}"}

    async def try_once(self, method: str, path: str, body: object = None) -> Response:
        url = self._rng.choice(self._chat_urls) + path
        headers = self._headers if body is None else self._headers | {"Content-Type": "application/json"}
        data = None if body is None else orjson.dumps(body)
        try:
            async with (
                asyncio.timeout(ATTEMPT_S),
                self._http.request(method, url, data=data, headers=headers) as answer,
            ):
                content = await answer.read()
                return Response(answer.status, orjson.loads(content) if content else {})
        except (aiohttp.ClientError, OSError, TimeoutError):
            return Response(0, {})

    async def must(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Repeat until a server does it. Raises RuntimeError for a refusal that a repeat cannot cure.

        Raises TimeoutError after GIVE_UP_S.
        """
        async with asyncio.timeout(GIVE_UP_S):
            while True:
                response = await self.try_once(method, path, body)
                if 200 <= response.status < 300:
                    return response.body
                if response.status not in (0, 429, 502, 503, 504):
                    raise RuntimeError(f"{method} {path}: {response.status} {response.code}")
                await asyncio.sleep(RETRY_S)


class HostedRoom:
    """Use `make`."""

    def __init__(self, crowd: Crowd, chat_urls: Sequence[str], owner: Person, rng: Random) -> None:
        self.id = ""
        self.owner = owner
        self.rng = rng
        self._crowd = crowd
        self._chat_urls = chat_urls

    @classmethod
    async def make(cls, crowd: Crowd, chat_urls: Sequence[str], rng: Random) -> "HostedRoom":
        owner = Person(crowd.http, chat_urls, rng)
        await owner.sign_in()
        room = cls(crowd, chat_urls, owner, rng)
        made = await owner.must("POST", "/api/v1/rooms", {"name": f"Hosted {uuid4().hex[:12]}"})
        room.id = made["id"]
        return room

    @property
    def path(self) -> str:
        return f"/api/v1/rooms/{self.id}"

    async def people(self, count: int) -> list[Person]:
        """New people, some of whom sign in at the same time."""
        permits = asyncio.Semaphore(SIGNED_IN_AT_ONCE)

        async def enter() -> Person:
            person = Person(self._crowd.http, self._chat_urls, self.rng)
            async with permits:
                await person.sign_in()
            return person

        return list(await asyncio.gather(*(enter() for _ in range(count))))

    async def events(self) -> list[dict[str, Any]]:
        """The stored events of the room, by seq."""
        return [event async for page in self._crowd.pages.pages(self.id, 0) for event in page["events"]]
