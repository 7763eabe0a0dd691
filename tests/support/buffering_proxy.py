"""A proxy before publish_server that holds responses back, as some company networks and virus scanners do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal

from local_stack.ports import LOOPBACK

Holds = Literal["nothing", "everything", "after the opening"]

_CHUNK: Final = 64 * 1024
_FIRST_FRAME: Final = b"\ndata:"


class BufferingProxy:
    """Forwards TCP connections. `holds` may change at any time; what was held back is then sent or kept accordingly."""

    def __init__(self, target_port: int) -> None:
        self.holds: Holds = "nothing"
        self.connections = 0
        """Connections accepted so far."""
        self._target_port = target_port
        self._changed = asyncio.Event()
        self._accepted = asyncio.Condition()

    def hold(self, holds: Holds) -> None:
        self.holds = holds
        self._changed.set()
        self._changed = asyncio.Event()

    async def has_accepted(self, connections: int) -> None:
        """Wait until that many connections were accepted."""
        async with self._accepted:
            await self._accepted.wait_for(lambda: self.connections >= connections)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until either side closes it."""
        async with self._accepted:
            self.connections += 1
            self._accepted.notify_all()
        server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._target_port)
        tasks = [
            asyncio.create_task(_forward(reader, server_writer)),
            asyncio.create_task(self._answer(server_reader, writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in (writer, server_writer):
                each.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held = bytearray()
        is_opened = False
        reading = asyncio.create_task(reader.read(_CHUNK))
        try:
            while True:
                changing = asyncio.create_task(self._changed.wait())
                await asyncio.wait({reading, changing}, return_when=asyncio.FIRST_COMPLETED)
                changing.cancel()
                if reading.done():
                    data = reading.result()
                    if not data:
                        return
                    held += data
                    reading = asyncio.create_task(reader.read(_CHUNK))
                if self.holds == "nothing" or (self.holds == "after the opening" and not is_opened):
                    is_opened = is_opened or _FIRST_FRAME in held
                    writer.write(bytes(held))
                    held.clear()
                    await writer.drain()
        finally:
            reading.cancel()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def buffering_proxy(port: int, target_port: int) -> AsyncIterator[BufferingProxy]:
    """A running proxy on `port`. Its connections are closed at the end."""
    proxy = BufferingProxy(target_port)
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        with suppress(ConnectionError):
            await proxy.serve(reader, writer)
        connections.discard(task)

    server = await asyncio.start_server(accept, LOOPBACK, port)
    try:
        yield proxy
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
