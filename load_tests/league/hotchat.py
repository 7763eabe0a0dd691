"""Hotchat twice: publish_server alone, fed through Kafka, and the whole path of a post."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import orjson

from load_tests.bench.crowds import CrowdFailed, http_crowd
from load_tests.bench.feeder import Feeder
from load_tests.bench.fixtures import ChatFixture, chat_fixture, make_rooms, publish_fixture
from load_tests.bench.http_requests import post_message
from load_tests.bench.stores import Stores
from load_tests.league.contestant import ROOM, Contestant, post_until
from load_tests.league.dialects import LastEventIds
from local_stack.ports import LOOPBACK
from local_stack.server_process import ServerProcess

CONNECTIONS = 32
TEXT = "a message of the league"


class _Ours:
    crowd_options: tuple[str, ...] = ()

    def __init__(self, *processes: ServerProcess) -> None:
        self.port = processes[-1].port
        self.dialect = LastEventIds(f"/stream/v1/rooms/{ROOM}")
        self.processes = processes

    async def wait_ready(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(process.wait_ready) for process in self.processes))


class PublishServer(_Ours):
    """A message counts as acknowledged when Kafka has it."""

    def __init__(self, process: ServerProcess, feeder: Feeder) -> None:
        super().__init__(process)
        self._feeder = feeder

    async def publish(self) -> int:
        seq = await self._feeder.publish(ROOM)
        await self._feeder.flush()
        return seq

    async def publish_at(self, per_s: float, seconds: float) -> int:
        await self._feeder.publish_at(ROOM, per_s, seconds)
        await self._feeder.flush()
        return self._feeder.room(ROOM).last_seq


class WholeSystem(_Ours):
    """A message counts as acknowledged when chat_server has answered its post."""

    def __init__(
        self, chat: ServerProcess, publish: ServerProcess, token: str, http: aiohttp.ClientSession
    ) -> None:
        super().__init__(chat, publish)
        self._chat = chat
        self._token = token
        self._http = http
        self._last_seq = 0

    async def publish(self) -> int:
        draft = {"client_message_id": str(uuid4()), "text": TEXT}  # the id makes a repeated post safe

        async def attempt() -> tuple[int, bytes]:
            url = f"{self._chat.base_url}/api/v1/rooms/{ROOM}/messages"
            headers = {"Authorization": f"Bearer {self._token}"}
            async with self._http.post(url, json=draft, headers=headers) as answer:
                return answer.status, await answer.read()

        self._last_seq = orjson.loads(await post_until(lambda status: status in (200, 201), attempt))["seq"]
        return self._last_seq

    async def publish_at(self, per_s: float, seconds: float) -> int:
        """Raises CrowdFailed if a post was refused."""
        request = post_message(ROOM, self._token)
        done = await http_crowd(LOOPBACK, self._chat.port, [request], CONNECTIONS, seconds, rate=per_s)
        if done.others_than(201) or done.broken:
            raise CrowdFailed(f"Posts were answered {done.statuses}, {done.broken} connections broke.")
        self._last_seq += done.answered
        return self._last_seq


@asynccontextmanager
async def _publish_server(stores: Stores) -> AsyncIterator[PublishServer]:
    async with publish_fixture(stores) as fixture:
        yield PublishServer(fixture.server, fixture.feeder)


@asynccontextmanager
async def _whole_system(stores: Stores) -> AsyncIterator[WholeSystem]:
    async with chat_fixture(stores, with_streams=True) as fixture, aiohttp.ClientSession() as http:
        await make_rooms(fixture, [ROOM])
        yield WholeSystem(fixture.chat, _streams(fixture), fixture.token, http)


def _streams(fixture: ChatFixture) -> ServerProcess:
    if fixture.publish is None:
        raise ValueError("this fixture has no streams")
    return fixture.publish


STREAMS = Contestant("Hotchat's publish_server", "Kafka", _publish_server)
SYSTEM = Contestant("Hotchat, whole", "Postgres, Kafka", _whole_system)
