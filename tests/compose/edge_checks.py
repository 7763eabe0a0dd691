"""Checks of the edge: hidden paths, streaming, counting of fetches, responses during outages."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import orjson

from local_stack.ports import LOOPBACK

STREAMED_POSTS = 200
Counted = Callable[[], Awaitable[int]]


async def serves_frontend_and_hides_internals(url: str) -> None:
    """Pages and /healthz are served; internal calls and metrics are 404. Raises AssertionError."""
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        for path in ("/", "/rooms/lobby"):
            page = await client.get(path)
            assert page.status_code == 200 and page.headers["content-type"].startswith("text/html"), path
            assert "script-src 'self'" in page.headers["content-security-policy"], path
        for path in ("/metrics", "/internal/v1/heads"):
            answer = await client.get(path)
            assert answer.status_code == 404 and answer.json()["code"] == "not_found", path
        assert (await client.get("/healthz/ready")).status_code == 200
        config = (await client.get("/api/v1/config")).json()
        assert config["stream_url"] == url, config["stream_url"]


async def post_to_seen_ms(url: str, room_id: str, nickname: str) -> tuple[float, float]:
    """p50 and p99 from the post's start to its event on a stream, one post at a time.

    Call it again with another nickname: a room reserves those of its hosts.
    """
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await sign_in(client, nickname)
        await client.post("/api/v1/rooms", json={"name": room_id, "id": room_id})
        took_s: list[float] = []
        async with client.stream("GET", f"/stream/v1/rooms/{room_id}") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            while await anext(lines) != "event: stream.opened":
                pass
            for number in range(STREAMED_POSTS):
                text, began_s = f"quiet {number}", time.perf_counter()
                _, seen_s = await asyncio.gather(post(client, room_id, text), seen_at_s(lines, text))
                took_s.append(seen_s - began_s)
    took_s.sort()
    return took_s[len(took_s) // 2] * 1000, took_s[int(len(took_s) * 0.99)] * 1000


async def seen_at_s(lines: AsyncIterator[str], text: str) -> float:
    """When the stream brings the message with this text. Raises AssertionError if the stream ends before it."""
    async for line in lines:
        if line.startswith("data: ") and f'"{text}"' in line:
            return time.perf_counter()
    raise AssertionError(f"the stream ended before the message {text!r}")


async def resumes_without_a_gap(url: str, room_id: str) -> int:
    """A stream opened with Last-Event-ID begins with the next event and omits none. Returns their number."""
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        page = (await client.get(f"/api/v1/rooms/{room_id}/messages")).raise_for_status().json()
        seqs = [message["seq"] for message in page["messages"]]
        resume = {"Last-Event-ID": str(seqs[0])}
        ids: list[int] = []
        async with client.stream("GET", f"/stream/v1/rooms/{room_id}", headers=resume) as stream:
            lines = stream.aiter_lines()
            while not ids or ids[-1] < seqs[-1]:
                if (line := await anext(lines)).startswith("id: "):
                    ids.append(int(line[4:]))
        resumed_at, *events = ids if ids[0] == seqs[0] else [seqs[0], *ids]
        assert events == list(range(resumed_at + 1, seqs[-1] + 1)), f"after {resumed_at} came {events}"
        return len(events)


async def fetches_counted_exactly(
    url: str, room_id: str, counted: Counted, fetches: int = 1000
) -> tuple[int, int]:
    """Returns the fetches sent through the edge, and the growth of `counted()` once it is stable."""
    async with httpx.AsyncClient(base_url=url, timeout=10, limits=httpx.Limits(max_connections=20)) as client:
        before = await settled(counted)
        path = f"/api/v1/rooms/{room_id}/messages"
        for start in range(0, fetches, 20):
            answers = await asyncio.gather(*(client.get(path) for _ in range(min(20, fetches - start))))
            assert all(answer.status_code in (200, 429) for answer in answers)
        return fetches, await settled(counted) - before


async def settled(counted: Counted) -> int:
    """The value of an async call once it has not changed for three seconds."""
    value, steady_s = await counted(), 0.0
    while steady_s < 3:
        await asyncio.sleep(0.5)
        newer = await counted()
        value, steady_s = newer, steady_s + 0.5 if newer == value else 0.0
    return int(value)


async def stream_outage_is_a_200(url: str, room_id: str) -> None:
    """Without any publish_server, a stream gets a response that makes EventSource reconnect."""
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        answer = await client.get(f"/stream/v1/rooms/{room_id}", headers={"Accept": "text/event-stream"})
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        assert answer.text.startswith("retry: ")


async def api_outage_is_a_503_with_retry_after(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        answer = await client.get("/api/v1/rooms/lobby")
        assert answer.status_code == 503 and answer.headers["retry-after"] == "2"
        assert answer.json()["code"] == "store_unavailable"


async def sign_in(client: httpx.AsyncClient, nickname: str = "Minji") -> None:
    session = (await client.post("/api/v1/sessions", json={"nickname": nickname})).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {session['token']}"


async def post(client: httpx.AsyncClient, room_id: str, text: str) -> dict[str, Any]:
    draft = {"client_message_id": str(uuid.uuid4()), "text": text}
    answer = await client.post(f"/api/v1/rooms/{room_id}/messages", json=draft)
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = orjson.loads(answer.content)
    return message


async def newest_texts(url: str, room_id: str) -> list[str]:
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        page = (await client.get(f"/api/v1/rooms/{room_id}/messages")).raise_for_status().json()
        return [message["text"] for message in page["messages"]]


async def scraped_replicas(prometheus_port: int, wanted: int, within_s: float = 60) -> int:
    """The number of targets that Prometheus reports as up. Waits until it is `wanted`."""
    url = f"http://{LOOPBACK}:{prometheus_port}/api/v1/query"
    up = 0
    async with httpx.AsyncClient(timeout=5) as client:
        deadline = time.monotonic() + within_s
        while up < wanted and time.monotonic() < deadline:
            found = (await client.get(url, params={"query": "sum(up)"})).json()["data"]["result"]
            up = int(float(found[0]["value"][1])) if found else 0
            await asyncio.sleep(0.5)
    return up
