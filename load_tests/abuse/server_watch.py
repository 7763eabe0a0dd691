"""Observes a server from outside: memory, descriptors, steps of its event loop."""

from dataclasses import dataclass
from typing import Final, Self

import aiohttp
import psutil

from load_tests.bench.loop_steps import LoopReading, read_loop
from local_stack.server_process import ServerProcess

WATCH_ADDRESS: Final = "127.1.0.250"
"""An address that no attacker shares."""
ANSWER_WITHIN_S: Final = 10.0


@dataclass(frozen=True)
class Use:
    memory_mib: float
    descriptors: int


NORMAL_MIB: Final = 48.0
"""Growth that counts as normal, because an allocator keeps freed memory."""
NORMAL_DESCRIPTORS: Final = 24


def kept(server: str, before: Use, now: Use) -> list[str]:
    """A sentence for each resource that has not returned to normal. Pure."""
    found = []
    if now.memory_mib > before.memory_mib + NORMAL_MIB:
        found.append(f"{server} still holds {now.memory_mib - before.memory_mib:.0f} MiB more than before")
    if now.descriptors > before.descriptors + NORMAL_DESCRIPTORS:
        found.append(
            f"{server} still holds {now.descriptors - before.descriptors} descriptors more than before"
        )
    return found


def use_of(server: ServerProcess) -> Use:
    """Raises psutil.NoSuchProcess."""
    process = psutil.Process(server.pid)
    return Use(process.memory_info().rss / 2**20, process.num_fds())


class Watch:
    """Reads servers' metrics. An async context manager."""

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=(WATCH_ADDRESS, 0), force_close=True),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def loop(self, server: ServerProcess) -> LoopReading:
        """An empty reading if the server does not answer."""
        try:
            async with self._http.get(f"{server.base_url}/metrics") as answer:
                return read_loop(await answer.text())
        except (aiohttp.ClientError, OSError, TimeoutError):
            return read_loop("")
