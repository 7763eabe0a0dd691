"""A TCP proxy between a server and a store that can cut, delay or block connections, and cut them at COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, Literal

from local_stack.ports import LOOPBACK

READ_BYTES: Final = 65_536
COMMITTED_S: Final = 0.1
CommitCut = Literal["before", "after"]


class TcpProxy:
    """Forwards bytes. Each fault starts when its attribute is set.

    `latency_s` delays each chunk in one direction. While `is_silent`, nothing passes and nothing is closed.
    `commit_cuts` apply one by one to the next COMMITs, before Postgres gets them or after it has answered.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.latency_s = 0.0
        self.is_refusing = False
        self.commit_cuts: list[CommitCut] = []
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @classmethod
    @asynccontextmanager
    async def to(cls, target_port: int) -> AsyncIterator["TcpProxy"]:
        proxy = cls(target_port)
        proxy._server = await asyncio.start_server(proxy._serve, LOOPBACK, 0)
        proxy.port = proxy._server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            proxy._server.close()
            proxy.cut()
            for task in list(proxy._tasks):
                task.cancel()
            await asyncio.gather(*proxy._tasks, return_exceptions=True)

    @property
    def is_silent(self) -> bool:
        return not self._passing.is_set()

    @is_silent.setter
    def is_silent(self, silent: bool) -> None:
        if silent:
            self._passing.clear()
        else:
            self._passing.set()

    def cut(self) -> None:
        """Reset every open connection on both sides."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        if self.is_refusing:
            client_out.transport.abort()
            return
        try:
            server_in, server_out = await asyncio.open_connection(LOOPBACK, self.target_port)
        except OSError:
            client_out.transport.abort()
            return
        pair = (client_out, server_out)
        self._writers.update(pair)
        tasks = [
            asyncio.create_task(self._pass(client_in, server_out, watches_commit=True)),
            asyncio.create_task(self._pass(server_in, client_out, watches_commit=False)),
        ]
        self._tasks.update(tasks)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for writer in pair:
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.difference_update(tasks)
        self._writers.difference_update(pair)

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, watches_commit: bool
    ) -> None:
        with suppress(OSError):
            while data := await source.read(READ_BYTES):
                if self.latency_s:
                    await asyncio.sleep(self.latency_s)
                await self._passing.wait()
                if watches_commit and self.commit_cuts and b"COMMIT" in data:
                    if self.commit_cuts.pop(0) == "after":
                        await _let_commit(sink, data)
                    return
                sink.write(data)
                await sink.drain()


async def _let_commit(postgres: asyncio.StreamWriter, data: bytes) -> None:
    """Let Postgres commit, but never forward its response."""
    postgres.write(data)
    await postgres.drain()
    await asyncio.sleep(COMMITTED_S)
