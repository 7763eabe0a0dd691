"""A reader whose messages are all checked: it resumes its stream after every cut and records each seq."""

import asyncio
import time
from contextlib import suppress
from random import Random
from typing import Final

from load_tests.chaos.sse_frames import SseDecoder
from load_tests.chaos.tab_record import Identity, TabRecord
from load_tests.league.dialects import Dialect, Position
from local_stack.ports import LOOPBACK

CONNECT_S: Final = 15.0
RETRY_MAX_S: Final = 0.5
"""The same for all programs; browsers wait longer."""

MESSAGE: Final = Identity("message", "")
"""The readers compare seqs, not contents."""


class Reader:
    """`record.gaps` counts how often the server said that messages are missing; the reader fetches none of them."""

    def __init__(self, port: int, dialect: Dialect, room: str, rng: Random) -> None:
        self.record = TabRecord(room, 0, {})
        self._port = port
        self._dialect = dialect
        self._rng = rng
        self._position: Position | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def has_failed(self) -> BaseException | None:
        """The error that ended it, if one did: the stream was not what its dialect expects."""
        return self._task.exception() if self._task is not None and self._task.done() else None

    async def _run(self) -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):  # a TimeoutError is an OSError
                await self._follow()
            self.record.reopenings += 1
            await asyncio.sleep(self._rng.uniform(0, RETRY_MAX_S))

    async def _follow(self) -> None:
        request = self._dialect.request(self._position)
        lines = [
            f"GET {request.path} HTTP/1.1",
            f"Host: {LOOPBACK}:{self._port}",
            "Accept: text/event-stream",
            *(f"{name}: {value}" for name, value in request.headers.items()),
        ]
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
        try:
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            async with asyncio.timeout(CONNECT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                return
            decoder = SseDecoder(chunked=b"\r\ntransfer-encoding: chunked" in head.lower())
            while not decoder.is_complete and (data := await reader.read(65_536)):
                self._take(decoder.blocks(data))
        finally:
            writer.transport.abort()

    def _take(self, blocks: list[bytes]) -> None:
        at_s = time.monotonic()
        for block in blocks:
            taken = self._dialect.take(block, self._position)
            for seq in taken.seqs:
                self.record.saw(seq, MESSAGE, at_s)
            self.record.gaps += taken.is_gap
            self._position = taken.position if taken.position is not None else self._position
