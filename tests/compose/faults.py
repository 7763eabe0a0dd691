"""Faults of containers, and the effects that clients may notice at most."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.compose.engine import Compose

Break = Callable[[Compose], Awaitable[None]]
RESTARTABLE = ("chat_server", "publish_server", "scheduler", "valkey", "kafka", "postgres", "edge")
MAY_REFUSE = {"postgres"}
MAY_CUT = {"edge"}
"""While the edge is down no request is answered. Clients repeat them, and the same id makes one message."""


@dataclass(frozen=True)
class ContainerFault:
    """`may_refuse`: posts may get 503 with `Retry-After`. `may_cut`: connections to the edge may break."""

    name: str
    breaks: Break
    may_refuse: bool = False
    may_cut: bool = False


def all_faults() -> list[ContainerFault]:
    scaling = [
        ContainerFault("publish_server scaled to 3", scaled("publish_server", 3)),
        ContainerFault("publish_server scaled to 1", scaled("publish_server", 1)),
        ContainerFault("publish_server scaled back to 2", scaled("publish_server", 2)),
        ContainerFault("chat_server scaled to 3 and back to 2", scaled_up_and_down("chat_server")),
    ]
    rolling = [
        ContainerFault(
            f"{service}: rolling restart", rolling_restart(service), service in MAY_REFUSE, service in MAY_CUT
        )
        for service in RESTARTABLE
    ]
    kills = [
        ContainerFault(f"{service}: one killed", killed(service), service in MAY_REFUSE, service in MAY_CUT)
        for service in RESTARTABLE
    ]
    wipes = [
        ContainerFault("kafka: recreated with an empty volume", wiped_kafka),
        ContainerFault("valkey: recreated empty", wiped_valkey),
    ]
    upgrade = ContainerFault("upgrade: servers and edge recreated", upgraded, may_refuse=True, may_cut=True)
    return [*scaling, *rolling, *kills, *wipes, upgrade]


async def nothing(_: Compose) -> None:
    """No fault, for the time that a restart takes."""
    await asyncio.sleep(8)


def scaled(service: str, count: int) -> Break:
    async def breaks(compose: Compose) -> None:
        await compose.up("--no-recreate", "--scale", f"{service}={count}", service)

    return breaks


def scaled_up_and_down(service: str) -> Break:
    async def breaks(compose: Compose) -> None:
        await compose.up("--no-recreate", "--scale", f"{service}=3", service)
        await asyncio.sleep(3)
        await compose.up("--no-recreate", "--scale", f"{service}=2", service)

    return breaks


def rolling_restart(service: str) -> Break:
    """Restart one container after the other; each must be healthy before the next."""

    async def breaks(compose: Compose) -> None:
        for container in await compose.containers(service):
            await compose.call("docker", "restart", "--time", "15", container)
            await compose.wait_healthy(container)

    return breaks


def killed(service: str) -> Break:
    """Send SIGKILL to the first container's process. Its restart policy restarts it."""

    async def breaks(compose: Compose) -> None:
        container = (await compose.containers(service))[0]
        state = (await compose.inspect([container]))[0]["State"]
        try:
            os.kill(state["Pid"], signal.SIGKILL)
        except (PermissionError, ProcessLookupError):  # not our process: the engine runs on another machine
            await compose.call("docker", "kill", container)
            await compose.call("docker", "start", container)
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                while (await compose.inspect([container]))[0]["State"]["StartedAt"] == state["StartedAt"]:
                    await asyncio.sleep(0.2)
        await compose.wait_healthy(container)

    return breaks


async def wiped_kafka(compose: Compose) -> None:
    await compose.run("rm", "--stop", "--force", "--volumes", "kafka")
    await compose.call("docker", "volume", "rm", f"{compose.project}_kafka-data")
    await compose.up("--no-recreate", "kafka")


async def wiped_valkey(compose: Compose) -> None:
    await compose.up("--force-recreate", "--no-deps", "valkey")


async def upgraded(compose: Compose) -> None:
    await compose.up("--force-recreate", "--no-deps", "chat_server", "publish_server", "scheduler", "edge")
