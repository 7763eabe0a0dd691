"""A room in slow mode `auto`, with two chat_servers, a scheduler and real stores."""

import asyncio
import time
import uuid
from collections import Counter

import httpx

from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.fetching_crowd import until

TARGET_PER_S = 2
PEOPLE = 30


async def test_both_servers_slow_a_crowd_but_no_host_and_open_without_a_scheduler(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(chat=2, publish=0, SESSIONS_PER_ADDRESS_PER_MIN="0", POSTS_PER_ADDRESS_PER_S="0")
    async with httpx.AsyncClient(base_url=stack.chat_url, timeout=30) as host:
        await host.post("/api/v1/sessions", json={"nickname": "host"})
        made = await host.post("/api/v1/rooms", json={"name": "A room", "id": f"r-{uuid.uuid4().hex}"})
        room_path = f"/api/v1/rooms/{made.json()['id']}"
        auto = {"slow_mode": {"mode": "auto", "target_posts_per_s": TARGET_PER_S}}
        assert (await host.patch(room_path, json=auto)).status_code == 200
        crowd = [Guest(stack, number, f"{room_path}/messages") for number in range(PEOPLE)]
        writing = [asyncio.create_task(guest.write()) for guest in crowd]
        try:

            async def both_refuse() -> bool:
                return all(
                    sum(guest.refused for guest in crowd if guest.server == server) > 5 for server in (0, 1)
                )

            await until(both_refuse, within_s=60, what="slow mode on both servers")
            room = (await host.get(room_path)).json()
            assert room["slow_mode"] == {"mode": "auto", "seconds": 0, "target_posts_per_s": TARGET_PER_S}
            assert room["slow_mode_s"] > 0
            assert room["heat"]["level"] >= 1 and room["heat"]["posts_per_s"] > TARGET_PER_S
            for _ in range(3):
                draft = {"client_message_id": str(uuid.uuid4()), "text": "a host never waits"}
                assert (await host.post(f"{room_path}/messages", json=draft)).status_code == 201
            assert sum((guest.statuses for guest in crowd), Counter()).keys() <= {200, 201, 429}

            for scheduler in stack.schedulers:
                scheduler.kill()

            async def is_open() -> bool:
                return bool((await host.get(room_path)).json()["slow_mode_s"] == 0)

            await until(is_open, within_s=30, what="a room that is open without a scheduler")
            stored = [guest.statuses[201] for guest in crowd]

            async def everybody_writes() -> bool:
                return all(guest.statuses[201] > before for guest, before in zip(crowd, stored, strict=True))

            await until(everybody_writes, within_s=30, what="a post of everybody")
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)


class Guest:
    """Writes four messages a second at most and sends each until it is stored."""

    def __init__(self, stack: ChatStack, number: int, path: str) -> None:
        self.server = number % len(stack.chat_servers)
        self.statuses: Counter[int] = Counter()
        self.refused = 0
        self._url = stack.chat_servers[self.server].base_url
        self._name = f"guest {number}"
        self._path = path

    async def write(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            await client.post("/api/v1/sessions", json={"nickname": self._name})
            while True:
                draft = {"client_message_id": str(uuid.uuid4()), "text": f"at {time.monotonic()}"}
                answer = await client.post(self._path, json=draft)
                self.statuses[answer.status_code] += 1
                while answer.status_code == 429:
                    assert answer.json()["code"] == "slow_mode"
                    self.refused += 1
                    await asyncio.sleep(0.25)
                    answer = await client.post(self._path, json=draft)
                    self.statuses[answer.status_code] += 1
                await asyncio.sleep(0.25)
