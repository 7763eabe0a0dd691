"""The npm package `eventsource`, unchanged, in Node."""

import asyncio
import signal
from pathlib import Path

import orjson
import pytest

from local_stack.node import find_npm
from tests.publish.conftest import Broker, StartPublish
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import DEADLINE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIENT = Path(__file__).with_name("eventsource_client.mjs")


async def test_npm_eventsource_reads_a_room_and_resumes_after_a_reconnect(
    start_publish: StartPublish, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room)
    server = start_publish(STREAM_LIFETIME_S="3", STREAM_PING_S="0.5")
    await asyncio.to_thread(server.wait_ready)
    _, env = find_npm()
    client = await asyncio.create_subprocess_exec(
        "node", CLIENT, f"{server.base_url}/stream/v1/rooms/{room}", stdout=asyncio.subprocess.PIPE, env=env
    )
    assert client.stdout is not None
    try:
        async with asyncio.timeout(2 * DEADLINE_S):
            opened = orjson.loads(await client.stdout.readline())
            assert (opened["type"], opened["id"]) == ("stream.opened", "1")
            await broker.send(*stored.store(room))
            seen = orjson.loads(await client.stdout.readline())
            assert (seen["type"], seen["id"], seen["data"]["seq"]) == ("message.created", "2", 2)
            assert orjson.loads(await client.stdout.readline())["type"] == "stream.closing"
            await broker.send(*stored.store(room))
            again = orjson.loads(await client.stdout.readline())
            assert (again["type"], again["data"]["resumed"], again["data"]["seq"]) == (
                "stream.opened",
                True,
                2,
            )
            seen = orjson.loads(await client.stdout.readline())
            assert (seen["type"], seen["data"]["seq"]) == ("message.created", 3)
    finally:
        client.send_signal(signal.SIGTERM)
        await client.wait()
