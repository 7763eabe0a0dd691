"""One chat_server for all tests of a worker, and people who call it."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local_stack.postgres import Postgres
from local_stack.server_process import ServerProcess
from tests.support.chat_stack import make_chat_stack
from tests.support.plain_http import answer_of, client_of
from tests.support.stores import Kafka


@pytest.fixture(scope="session")
def chat_server(
    postgres_server: Postgres,
    fresh_redis: Callable[[], str],
    kafka_server: Kafka,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    name = f"api_{uuid.uuid4().hex}"
    postgres_server.ensure_database(name)
    settings = {
        "DATABASE_URL": postgres_server.url(name),
        "REDIS_URL": fresh_redis(),
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
    }
    stack = make_chat_stack(
        chat=1, publish=0, scheduler=0, settings=settings, logs=tmp_path_factory.mktemp("api")
    )
    [server] = stack.chat_servers
    server.start()
    server.wait_ready()
    yield server
    server.stop()
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def publish_server(
    chat_server: ServerProcess,
    fresh_redis: Callable[[], str],
    kafka_server: Kafka,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """A publish_server for the rooms of that chat_server."""
    stack = make_chat_stack(
        chat=0,
        publish=1,
        scheduler=0,
        settings={
            "REDIS_URL": fresh_redis(),
            "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
            "CHAT_INTERNAL_URL": chat_server.base_url,
        },
        logs=tmp_path_factory.mktemp("publish"),
    )
    [server] = stack.publish_servers
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@dataclass
class Person:
    """A client of the API, with or without a session."""

    http: httpx.AsyncClient
    id: str
    nickname: str

    async def make_room(self, **fields: Any) -> dict[str, Any]:
        new = {"name": "A room", "id": f"r-{uuid.uuid4().hex}", **fields}
        answer = await answer_of(self.http, "POST", "/api/v1/rooms", json=new)
        assert answer.status_code == 201, answer.text
        room: dict[str, Any] = answer.json()
        return room

    async def post(self, room_id: str, text: str, **fields: Any) -> dict[str, Any]:
        answer = await answer_of(
            self.http, "POST", f"/api/v1/rooms/{room_id}/messages", json=_message(text, fields)
        )
        assert answer.status_code in (200, 201), answer.text  # 200: the first of two calls has stored it
        message: dict[str, Any] = answer.json()
        return message

    async def try_post(self, room_id: str, text: object, **fields: Any) -> httpx.Response:
        """One call, whatever its response."""
        return await self.http.post(f"/api/v1/rooms/{room_id}/messages", json=_message(text, fields))

    async def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = await answer_of(self.http, "GET", path, params=parameters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def _message(text: object, fields: dict[str, Any]) -> dict[str, Any]:
    return {"client_message_id": str(uuid.uuid4()), "text": text, **fields}


@pytest.fixture
async def people(chat_server: ServerProcess) -> AsyncIterator["People"]:
    people = People(chat_server.base_url)
    yield people
    await people.leave()


class People:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._clients: list[httpx.AsyncClient] = []

    def anonymous(self) -> httpx.AsyncClient:
        """A client without a session."""
        client = client_of(self.base_url)
        self._clients.append(client)
        return client

    async def enter(self, nickname: str = "ann") -> Person:
        client = self.anonymous()
        answer = await answer_of(client, "POST", "/api/v1/sessions", json={"nickname": nickname})
        assert answer.status_code == 201, answer.text
        session = answer.json()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {session['token']}"
        return Person(client, session["user"]["id"], session["user"]["nickname"])

    async def leave(self) -> None:
        for client in self._clients:
            await client.aclose()
