"""publish_server as a process, with real Kafka and a chat_server that tests control."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from chat_contract.topics import CHAT_EVENTS, CHAT_SIGNALS, event_headers
from local_stack.ports import free_port
from local_stack.server_process import ServerProcess
from publish_server.recovery.chat_client import ChatClient
from tests.publish.hub_fixtures import Core
from tests.publish.purges import Resuming
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S, StreamClient
from tests.support.chat_stack import SECRET, make_chat_stack
from tests.support.stores import Kafka

StartPublish = Callable[..., ServerProcess]


@pytest.fixture
def room() -> str:
    """A room id that no other test uses."""
    return f"room-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket() as sock:
        yield sock


@pytest_asyncio.fixture
async def resuming(sock: socket.socket) -> AsyncIterator[Resuming]:
    stored = StoredRooms()
    await stored.start(free_port())
    async with httpx.AsyncClient(timeout=DEADLINE_S, trust_env=False) as http:
        resuming = Resuming(stored, ChatClient(http, [stored.base_url], [SECRET]), sock)
        yield resuming
        stored.replies.set()
        await resuming.pages.close()
    await stored.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stored() -> AsyncIterator[StoredRooms]:
    rooms = StoredRooms()
    await rooms.start(free_port())
    yield rooms
    await rooms.stop()


@pytest.fixture(scope="module")
def publish_settings(
    fresh_redis: Callable[[], str], kafka_server: Kafka, stored: StoredRooms
) -> dict[str, str]:
    """Settings that point publish_server to the tests' stores."""
    return {
        "REDIS_URL": fresh_redis(),
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
        "CHAT_INTERNAL_URL": stored.base_url,
    }


def publish_server(settings: dict[str, str], logs: Path) -> ServerProcess:
    (process,) = make_chat_stack(chat=0, publish=1, scheduler=0, settings=settings, logs=logs).publish_servers
    return process


@pytest.fixture
def start_publish(publish_settings: dict[str, str], tmp_path: Path) -> Iterator[StartPublish]:
    """Starts a publish_server for one test, with the given settings, and stops it after the test."""
    with ExitStack() as stack:

        def start(**settings: str) -> ServerProcess:
            process = publish_server(publish_settings | settings, tmp_path)
            stack.callback(process.stop)
            process.start()
            return process

        yield start


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stream_client(publish_settings: dict[str, str], logs_dir: Path) -> AsyncIterator[StreamClient]:
    """Streams of a publish_server with default settings, shared by the tests of a module."""
    process = publish_server(publish_settings, logs_dir)
    process.start()
    try:
        await asyncio.to_thread(process.wait_ready)
        async with StreamClient.of(process.base_url) as stream_client:
            yield stream_client
    finally:
        await asyncio.to_thread(process.stop)


async def started(start_publish: StartPublish, **settings: str) -> str:
    """Start publish_server and return its URL. The event loop must keep running, because it serves chat_server."""
    process = start_publish(**settings)
    await asyncio.to_thread(process.wait_ready)
    return process.base_url


class Broker:
    """Produces records to Kafka as chat_server does; `send_raw` produces any other."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send(self, *events: dict[str, Any], conflate: str | None = None) -> None:
        sent = [
            await self._producer.send(
                CHAT_SIGNALS if event.get("seq") is None else CHAT_EVENTS,
                orjson.dumps(event),
                key=event["room_id"].encode(),
                headers=event_headers(
                    event["type"],
                    event.get("seq"),
                    conflate=conflate,
                    is_left_out=event.get("calm") is False,
                ),
            )
            for event in events
        ]
        await asyncio.gather(*sent)

    async def send_raw(
        self, topic: str, key: str, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        await self._producer.send_and_wait(topic, value, key=key.encode(), headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker(kafka_server: Kafka) -> AsyncIterator[Broker]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_server.bootstrap_servers, linger_ms=0)
    await producer.start()
    yield Broker(producer)
    await producer.stop()
