"""Posts evenly spaced events to a reference server over one connection, without waiting for responses."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import orjson

from load_tests.bench.feeder import message_created
from load_tests.bench.http_requests import padded
from local_stack.ports import LOOPBACK

EventMaker = Callable[[int], bytes]


def stamped_events(room: str, text_length: int = 60) -> EventMaker:
    """Event number n of the room in our format, with the current time in its text."""

    def event(number: int) -> bytes:
        text = padded(f"@{time.monotonic_ns() // 1000:016d}", text_length)
        return orjson.dumps(message_created(room, number, text))

    return event


@dataclass(frozen=True)
class Publisher:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def publish_at(self, path: str, per_s: float, seconds: float, event: EventMaker) -> int:
        """Like Feeder.publish_at. It does not wait for a server too busy to read: missing deliveries show that."""
        answers = asyncio.create_task(self._forget_answers())
        began_s, count = time.monotonic(), round(per_s * seconds)
        try:
            for number in range(1, count + 1):
                if (wait_s := began_s + number / per_s - time.monotonic()) > 0:
                    await asyncio.sleep(wait_s)
                body = event(number)
                head = f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Length: {len(body)}\r\n\r\n"
                self.writer.write(head.encode() + body)
        finally:
            answers.cancel()
            with suppress(asyncio.CancelledError):
                await answers
        return count

    async def _forget_answers(self) -> None:
        while await self.reader.read(65_536):
            pass


@asynccontextmanager
async def publisher(port: int) -> AsyncIterator[Publisher]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield Publisher(reader, writer)
    finally:
        writer.close()
