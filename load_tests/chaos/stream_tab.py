"""One open tab: follows its room's stream as the frontend does and reconnects after every failure."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from load_tests.chaos.event_pages import EventPages
from load_tests.chaos.sse_frames import (
    BrokenFraming,
    Frame,
    SseDecoder,
    identity_of,
    is_left_out,
    skipped_of,
)
from load_tests.chaos.tab_record import TabRecord

SILENT_S: Final = 40.0
CONNECT_S: Final = 15.0
BACKOFF_MAX_S: Final = 2.0
"""The frontend waits up to 30 s. A shorter bound loads the servers more and measures their part of the delay."""

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Gap(Exception):
    """The stream skipped events, which must be read over REST."""


class StreamTab:
    """Resumes by Last-Event-ID with full jitter between attempts. After `stream.gap` it reads the skipped events.

    `is_calm`: it follows the calm lane.
    """

    def __init__(
        self,
        record: TabRecord,
        publishers: Sequence[Address],
        pages: EventPages,
        rng: Random,
        *,
        is_calm: bool = False,
    ) -> None:
        self.record = record
        self.is_calm = is_calm
        self._publishers = publishers
        self._pages = pages
        self._rng = rng
        self._attempts = 0
        self._turn = rng.randrange(len(publishers))
        self.is_open = False
        self.opened = 0
        self.refusals: list[str] = []
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def query(self) -> str:
        """The mode or the pace of the stream as a query; empty for the full stream."""
        return "?pace=calm" if self.is_calm else ""

    async def _run(self) -> None:
        while True:
            try:
                await self._follow(*self._publishers[self._turn % len(self._publishers)])
            except _Gap:
                await self._fetch_skipped_events()
                continue
            except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass
            finally:
                self.is_open = False
            self._turn += 1  # like an edge: try the next server when one is down
            self.record.reopenings += 1
            bound_s = min(BACKOFF_MAX_S, 0.25 * 2 ** min(self._attempts, 10))
            self._attempts += 1
            await asyncio.sleep(self._rng.uniform(0, bound_s))

    def cut(self) -> None:
        """Reset the connection, as if the network were lost."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _follow(self, host: str, port: int) -> None:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port)
        self._writer = writer
        try:
            writer.write(self._request(host, port))
            async with asyncio.timeout(CONNECT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            if status != 200:
                self.refusals.append(f"{status}")
                return
            self._attempts = 0
            self.is_open = True
            self.opened += 1
            await self._read(reader, SseDecoder(chunked=b"\r\ntransfer-encoding: chunked" in head.lower()))
        finally:
            writer.transport.abort()

    def _request(self, host: str, port: int) -> bytes:
        return (
            f"GET /stream/v1/rooms/{self.record.room_id}{self.query()} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Accept: text/event-stream\r\nLast-Event-ID: {self.record.last_seq}\r\n\r\n"
        ).encode()

    async def _read(self, reader: asyncio.StreamReader, decoder: SseDecoder) -> None:
        while not decoder.is_complete:
            async with asyncio.timeout(SILENT_S):
                data = await reader.read(65_536)
            if not data:
                return
            at_s = time.monotonic()
            try:
                for frame in decoder.feed(data):
                    self.take(frame, at_s)
            except BrokenFraming as error:
                self.refusals.append(str(error))
                return

    def take(self, frame: Frame, at_s: float) -> None:
        """Record one frame. Leaves the stream if it skipped events."""
        if frame.event == "stream.gap":
            self.record.gaps += 1
            raise _Gap
        if frame.event == "stream.skipped":
            self.record.skipped_run(*skipped_of(frame.data), at_s)
        elif frame.id is not None and not frame.event.startswith("stream."):
            self.record.saw(frame.id, identity_of(frame.data), at_s)
            if self.is_calm and is_left_out(frame.data):
                self.record.unskipped.append(frame.id)

    async def _fetch_skipped_events(self) -> None:
        page = await self._pages.after(self.record.room_id, self.record.last_seq)
        for seq, identity in page.items():
            self.record.fetched(seq, identity, time.monotonic())
        if page.head < self.record.last_seq:
            self.record.last_seq = page.head  # after a restore from a backup, lost events stay lost
