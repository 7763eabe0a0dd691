"""Server clocks that jump by hours, forward and back, while other servers and the stores keep the right time."""

import asyncio
from pathlib import Path
from typing import Final

import aiohttp
from redis import Redis

from chat_contract.redis_keys import DRAINED_AT_MS
from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.system import System
from local_stack.server_process import ServerProcess

FAULTS = FaultList()

JUMPS_S: Final = (7200, -7200, 0)
LAST_S: Final = 4.0
NOTICED_S: Final = 1
TICK_WITHIN_S: Final = 3.0
LIBRARY_FOLDERS: Final = ("/usr/lib", "/usr/local/lib")


def library() -> Path | None:
    """The path of libfaketime, which sets the clock of a process."""
    for folder in LIBRARY_FOLDERS:
        for path in sorted(Path(folder).glob("**/faketime/libfaketime.so.1")):
            return path
    return None


def no_library() -> str | None:
    """The reason why this machine cannot run the fault, or None."""
    return None if library() else "libfaketime is missing: apt-get install -y faketime"


@FAULTS.add("clocks of a server of each kind jump by 2 hours", is_mixable=False, missing=no_library)
async def one_of_each(system: System, crowd: Crowd) -> None:
    """The other servers keep the right time, so shared state must not depend on a server's own clock."""
    await _jump(system, crowd, [system.chat[0], system.publish[0], system.schedulers[0]])


@FAULTS.add("clocks of all servers jump by 2 hours", is_mixable=False, missing=no_library)
async def all_of_them(system: System, crowd: Crowd) -> None:
    await _jump(system, crowd, system.servers)


async def _jump(system: System, crowd: Crowd, servers: list[ServerProcess]) -> None:
    found = library()
    assert found is not None
    clock = system.folder / "clock"
    clock.write_text("+0")
    ordinary = {server.name: server.env for server in servers}
    try:
        for server in servers:
            server.env = {
                **(server.env or {}),
                "LD_PRELOAD": str(found),
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_CACHE_DURATION": str(NOTICED_S),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",
            }
            await system.restart(server)
        for jump_s in JUMPS_S:
            clock.write_text(f"{jump_s:+d}")
            await asyncio.sleep(NOTICED_S)
            await _use_session_at_other_server(system, crowd)
            await asyncio.sleep(LAST_S)
            since_s = await asyncio.to_thread(_since_last_tick_s, system)
            if since_s > TICK_WITHIN_S:
                system.findings.append(f"no scheduler has ticked for {since_s:.1f} s at {jump_s:+d} s")
    finally:
        for server in servers:
            server.env = ordinary[server.name]
            await system.restart(server)


def _since_last_tick_s(system: System) -> float:
    """By Valkey's clock and record, because all schedulers share them."""
    with Redis.from_url(system.valkey.url()) as redis:
        seconds, microseconds = redis.time()
        drained_at_ms = int(redis.get(DRAINED_AT_MS) or 0)
    return float(seconds + microseconds / 1e6 - drained_at_ms / 1000)


async def _use_session_at_other_server(system: System, crowd: Crowd) -> None:
    """A session from a server whose clock jumped is valid at the other server, and vice versa."""
    urls = system.chat_urls
    for here, there in ((urls[0], urls[1]), (urls[1], urls[0])):
        async with crowd.http.post(f"{here}/api/v1/sessions", json={"nickname": "traveller"}) as answer:
            token = (await answer.json()).get("token") if answer.status == 201 else None
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with crowd.http.get(f"{there}/api/v1/me", headers=headers) as answer:
                if answer.status != 200:
                    system.findings.append(f"a session from another server was answered {answer.status}")
        except aiohttp.ClientError as error:
            system.findings.append(f"a session could not be tried: {error}")
