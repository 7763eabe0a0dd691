"""Both servers on real stores: every message answered 201 is delivered, also when a server is killed."""

import asyncio
import uuid
from collections.abc import Mapping

import httpx
import pytest

from tests.publish.stream_reader import DEADLINE_S, Frame, StreamClient, StreamReader
from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="function")


class Writer:
    """A signed-in user in one room."""

    def __init__(self, client: httpx.AsyncClient, room: str) -> None:
        self._client = client
        self.messages = f"/api/v1/rooms/{room}/messages"

    @classmethod
    async def enter(cls, client: httpx.AsyncClient, room: str) -> "Writer":
        session = (await client.post("/api/v1/sessions", json={"nickname": "Ada"})).json()
        client.headers["Authorization"] = f"Bearer {session['token']}"
        (await client.post("/api/v1/rooms", json={"name": room, "id": room})).raise_for_status()
        return cls(client, room)

    async def post(self, text: str) -> dict[str, object]:
        """Post until the message is accepted, as the browser's outbox does."""
        draft = {"client_message_id": str(uuid.uuid4()), "text": text}
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    answer = await self._client.post(self.messages, json=draft)
                except httpx.TransportError:
                    continue
                if answer.status_code in (200, 201):
                    message: dict[str, object] = answer.json()
                    return message

    async def call(self, method: str, path: str, **body: object) -> None:
        (await self._client.request(method, f"{self.messages}/{path}", json=body or None)).raise_for_status()


async def test_every_kind_of_write_is_seen_in_order(start_chat_stack: StartChatStack, room: str) -> None:
    stack: ChatStack = await asyncio.to_thread(start_chat_stack, scheduler=0)
    async with (
        client_of(stack.chat_url) as client,
        StreamClient.of(stack.publish_url) as stream_client,
    ):
        writer = await Writer.enter(client, room)
        async with stream_client.open(room) as stream:
            await stream.next_frame()
            message = await writer.post("first")
            await writer.call("PATCH", str(message["id"]), text="first, edited")
            await writer.call("PUT", f"{message['id']}/reactions/heart")
            await writer.call("PUT", f"{message['id']}/pin")
            await writer.call("DELETE", f"{message['id']}/pin")
            await writer.call("DELETE", str(message["id"]))
            seen = [await stream.next_event() for _ in range(6)]
        assert [frame.type for frame in seen] == [
            "message.created",
            "message.edited",
            "reaction.changed",
            "message.pinned",
            "message.unpinned",
            "message.deleted",
        ]
        assert [frame.id for frame in seen] == ["1", "2", "3", "4", "5", "6"]
        async with stream_client.open(room, cursor=0) as later:
            texts = [(await later.next_event()).data.get("message", {}).get("text") for _ in range(6)]
        assert texts == ["", "", None, "", None, ""]


async def test_each_change_of_a_room_is_signalled_with_a_higher_version(
    start_chat_stack: StartChatStack, room: str
) -> None:
    stack: ChatStack = await asyncio.to_thread(start_chat_stack, scheduler=0)
    async with (
        client_of(stack.chat_url) as client,
        StreamClient.of(stack.publish_url) as stream_client,
    ):
        await Writer.enter(client, room)
        versions: list[dict[str, int]] = []
        async with stream_client.open(room) as stream:
            await stream.next_frame()
            for number in (1, 2, 3):
                change = {"name": f"{room} {number}", "slow_mode_s": number}
                (await client.patch(f"/api/v1/rooms/{room}", json=change)).raise_for_status()
                versions.append(await versions_of(stream, change))
        for signal in ("room.name", "room.slow_mode"):
            first, second, third = (seen[signal] for seen in versions)
            assert first < second < third


async def versions_of(stream: StreamReader, change: Mapping[str, object]) -> dict[str, int]:
    """The versions of the signals that report this change. A head check may report it earlier, without a version."""
    versions: dict[str, int] = {}
    while len(versions) < len(change):
        frame = await stream.next_event()
        if "version" in frame.data and any(frame.data.get(field) == value for field, value in change.items()):
            versions[frame.type] = frame.data["version"]
    return versions


@pytest.mark.parametrize("part", ["chat_server", "publish_server"])
async def test_killing_a_server_neither_loses_nor_repeats_messages(
    start_chat_stack: StartChatStack, room: str, part: str
) -> None:
    stack: ChatStack = await asyncio.to_thread(start_chat_stack, scheduler=0)
    victim = stack.chat_servers[0] if part == "chat_server" else stack.publish_servers[0]
    async with (
        client_of(stack.chat_url) as client,
        StreamClient.of(stack.publish_url) as stream_client,
    ):
        writer = await Writer.enter(client, room)
        posted: list[str] = []

        async def chat() -> None:
            for number in range(60):
                await writer.post(f"message {number}")
                posted.append(f"message {number}")

        readers = [asyncio.create_task(texts_until(stream_client, room, "message 59")) for _ in range(5)]
        chatting = asyncio.create_task(chat())
        async with asyncio.timeout(4 * DEADLINE_S):
            while len(posted) < 20:
                await asyncio.sleep(0.01)
            victim.kill()
            await asyncio.to_thread(victim.start_and_wait)
            await chatting
            for reader in readers:
                assert await reader == posted


async def texts_until(stream_client: StreamClient, room: str, last: str) -> list[str]:
    """The texts that a reconnecting client sees, up to the message `last`."""
    texts: list[str] = []
    cursor = 0
    while not texts or texts[-1] != last:
        try:
            async with stream_client.open(room, cursor=cursor) as stream:
                while not texts or texts[-1] != last:
                    frame = await next_of(stream)
                    assert frame.type == "message.created"
                    texts.append(frame.data["message"]["text"])
                    cursor = int(frame.id)
        except (httpx.TransportError, TimeoutError):
            await asyncio.sleep(0.05)
    return texts


async def next_of(stream: StreamReader) -> Frame:
    while (frame := await stream.next_event()).type == "stream.closing":
        pass
    return frame
