"""What the league asks of each program: a server with one room, which it can write to, kill and restart.

`CONTESTANTS` in run.py lists the programs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp

from load_tests.bench.cores import SERVER_CORE, on_core
from load_tests.bench.stores import Stores
from load_tests.league.dialects import Dialect
from local_stack.child_process import ChildProcess

ROOM: Final = "hot"
RESTART_AFTER_S: Final = 0.3
"""The time within which a supervisor notices that a process ended."""

ATTEMPT_S: Final = 5.0
RETRY_S: Final = 0.05
GIVE_UP_S: Final = 60.0


class LeagueServer(Protocol):
    """A running server. Seqs of messages grow by one."""

    @property
    def port(self) -> int:
        """Of the streams."""
        ...

    @property
    def dialect(self) -> Dialect: ...

    @property
    def crowd_options(self) -> tuple[str, ...]:
        """How the crowd in C finds a message's seq."""
        ...

    @property
    def processes(self) -> Sequence[ChildProcess]: ...

    async def publish(self) -> int:
        """Publish one message, again until the server acknowledges it, and return its seq."""
        ...

    async def publish_at(self, per_s: float, seconds: float) -> int:
        """Publish evenly spaced messages without waiting for each, and return the seq of the last one."""
        ...

    async def wait_ready(self) -> None:
        """Wait for the end of a start."""
        ...


@dataclass(frozen=True)
class Contestant:
    """`stores` names what it keeps messages in. `why_absent` gives the reason if it cannot run here."""

    name: str
    stores: str
    open: Callable[[Stores], AbstractAsyncContextManager[LeagueServer]]
    why_absent: Callable[[], str | None] = lambda: None


async def kill_and_restart(server: LeagueServer) -> None:
    """Kill all processes with SIGKILL at once, and restart them as a supervisor does."""
    for process in server.processes:
        process.kill()
    await asyncio.sleep(RESTART_AFTER_S)
    start_on_server_core(server.processes)
    await server.wait_ready()


def start_on_server_core(processes: Iterable[ChildProcess]) -> None:
    with on_core(SERVER_CORE):
        for process in processes:
            process.start()


async def post_until(
    is_good: Callable[[int], bool], attempt: Callable[[], Awaitable[tuple[int, bytes]]]
) -> bytes:
    """Repeat a call that is safe to repeat until its status is good, and return the body.

    Raises TimeoutError after GIVE_UP_S.
    """
    async with asyncio.timeout(GIVE_UP_S):
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    status, body = await attempt()
                if is_good(status):
                    return body
            except (aiohttp.ClientError, OSError):  # a TimeoutError of ATTEMPT_S is an OSError
                pass
            await asyncio.sleep(RETRY_S)
