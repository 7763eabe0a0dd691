"""Reads open streams frame by frame, as a browser does."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self

import httpx
import orjson

DEADLINE_S = 15.0


class Frame(NamedTuple):
    """`id` is "" if the frame has none."""

    type: str
    id: str
    data: Any


class StreamEnded(Exception):
    """The response is complete."""


class StreamReader:
    """Frames of one stream, each with a deadline. `retry_ms` is the server's latest `retry`."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.retry_ms = 0
        self._lines = response.aiter_lines()

    async def next_frame(self) -> Frame:
        async with asyncio.timeout(DEADLINE_S):
            return await self._next_frame()

    async def next_event(self) -> Frame:
        """The next frame except stream.ping and stream.opened."""
        async with asyncio.timeout(DEADLINE_S):
            while (frame := await self._next_frame()).type in ("stream.ping", "stream.opened"):
                pass
            return frame

    async def wait_for(self, event_type: str) -> Frame:
        async with asyncio.timeout(DEADLINE_S):
            while (frame := await self._next_frame()).type != event_type:
                pass
            return frame

    async def seqs(self, count: int) -> list[int]:
        """The seqs of the next `count` sequenced events."""
        seqs: list[int] = []
        while len(seqs) < count:
            frame = await self.next_event()
            if "seq" in frame.data:
                seqs.append(frame.data["seq"])
        return seqs

    async def _next_frame(self) -> Frame:
        fields: dict[str, str] = {}
        async for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Frame(
                    fields.get("event", "message"), fields.get("id", ""), orjson.loads(fields["data"])
                )
            else:
                self.retry_ms = int(fields.get("retry", self.retry_ms))
                fields = {}
        raise StreamEnded


class StreamClient:
    """Opens streams of one publish_server."""

    def __init__(self, client: httpx.AsyncClient, base_url: str) -> None:
        self.client = client
        self.base_url = base_url

    @asynccontextmanager
    async def open(
        self,
        room_id: str,
        *,
        cursor: int | None = None,
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> AsyncIterator[StreamReader]:
        sent = dict(headers or {})
        if cursor is not None:
            sent["Last-Event-ID"] = str(cursor)
        url = f"{self.base_url}/stream/v1/rooms/{room_id}"
        async with self.client.stream("GET", url, headers=sent, params=query) as response:
            yield StreamReader(response)

    @classmethod
    @asynccontextmanager
    async def of(cls, base_url: str) -> AsyncIterator[Self]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=DEADLINE_S, limits=limits, trust_env=False) as client:
            yield cls(client, base_url)
