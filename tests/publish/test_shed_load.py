"""Both servers on real stores while they leave out all that they may for lack of CPU: SHED_LEVEL=4."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.publish.stream_reader import DEADLINE_S, StreamClient
from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.plain_http import ANSWERS_WITHIN_S

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest.fixture
def short_stack(start_chat_stack: StartChatStack) -> Iterator[ChatStack]:
    yield start_chat_stack(scheduler=0, SHED_LEVEL="4")


@asynccontextmanager
async def person(stack: ChatStack, nickname: str) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A client with a session, and the id of its user."""
    url = f"{stack.chat_url}/api/v1/"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=DEADLINE_S) as client:
        session = (await client.post("sessions", json={"nickname": nickname})).json()
        client.headers["Authorization"] = f"Bearer {session['token']}"
        yield client, session["user"]["id"]


async def post(client: httpx.AsyncClient, room: str, text: str) -> httpx.Response:
    draft = {"client_message_id": str(uuid.uuid4()), "text": text}
    return await client.post(f"rooms/{room}/messages", json=draft)


async def shed(url: str) -> dict[str, float]:
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWERS_WITHIN_S) as client:
        metrics = (await client.get(f"{url}/metrics")).text
    return {
        what: float(count) for what, count in re.findall(r'hotchat_shed_total\{what="(\w+)"\} (\S+)', metrics)
    }


async def test_posts_a_purge_and_reads_pass_and_only_typing_is_dropped(
    short_stack: ChatStack, room: str
) -> None:
    async with (
        person(short_stack, "Ada") as (owner, _),
        person(short_stack, "Mallory") as (troll, troll_id),
        StreamClient.of(short_stack.publish_url) as stream_client,
    ):
        (await owner.post("rooms", json={"name": "A room", "id": room})).raise_for_status()
        async with stream_client.open(room) as stream:
            await stream.next_frame()
            first = (await post(owner, room, "hello")).json()
            answers = await asyncio.gather(*(post(troll, room, f"spam {n}") for n in range(20)))
            assert {answer.status_code for answer in answers} == {201}
            assert (await owner.delete(f"rooms/{room}/messages/{first['id']}")).is_success
            ban = await owner.put(f"rooms/{room}/bans/{troll_id}", json={"seconds": 600, "purge": True})
            assert ban.is_success
            frames = [await stream.next_event()]
            while frames[-1].type != "messages.purged":
                frames.append(await stream.next_event())
        seqs = [int(frame.id) for frame in frames if frame.id]
        assert seqs == list(range(1, seqs[-1] + 1))
        assert [frame.type for frame in frames if frame.id][21] == "message.deleted"

        before = await shed(short_stack.chat_url)
        for _ in range(3):
            assert (await owner.post(f"rooms/{room}/typing")).status_code == 204
        for path in (
            "rooms",
            "rooms?q=room",
            f"rooms/{room}",
            f"rooms/{room}/messages",
            f"rooms/{room}/messages?before_seq=5",
            f"rooms/{room}/events?after_seq=0",
            f"rooms/{room}/search?q=spam",
        ):
            assert (await owner.get(path)).status_code == 200, path
        last = (await post(owner, room, "quiet again")).json()
        reacted = await owner.put(f"rooms/{room}/messages/{last['id']}/reactions/heart")
        assert reacted.status_code == 200
        after = await shed(short_stack.chat_url)
        assert {what: after[what] - before[what] for what in after if after[what] != before[what]} == {
            "typing": 3
        }


async def test_messages_that_wait_for_a_slow_flush_are_counted_and_all_arrive_in_order(
    short_stack: ChatStack, room: str
) -> None:
    async with (
        person(short_stack, "Ada") as (ada, _),
        StreamClient.of(short_stack.publish_url) as stream_client,
    ):
        (await ada.post("rooms", json={"name": "A room", "id": room})).raise_for_status()
        async with stream_client.open(room) as stream:
            await stream.next_frame()
            posted = 0
            async with asyncio.timeout(DEADLINE_S):
                while (await shed(short_stack.publish_url))["messages"] == 0:
                    answer = await post(ada, room, "hello")
                    assert answer.status_code == 201
                    posted += 1
            assert await stream.seqs(posted) == list(range(1, posted + 1))


async def test_readiness_and_metrics_of_both_servers_show_the_level(short_stack: ChatStack) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWERS_WITHIN_S) as client:
        for url in (short_stack.chat_url, short_stack.publish_url):
            ready = await client.get(f"{url}/healthz/ready")
            assert (ready.status_code, ready.json()["shed_level"]) == (200, 4)
            assert "hotchat_shed_level 4.0" in (await client.get(f"{url}/metrics")).text
