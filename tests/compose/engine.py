"""Runs Docker Compose on the available engine, under a separate project name."""

import asyncio
import json
import os
import resource
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local_stack.ports import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ("hotchat-server", "hotchat-edge", "hotchat-load")
VERSION = "test"
OPEN_FILES = 65_536
"""The default of OPEN_FILES_LIMIT in docker-compose.yml."""


class NoEngine(Exception):
    """No engine can run containers. The text names the reason."""


class ComposeFailed(Exception):
    """A command failed or timed out. The text ends with its last output."""


def require_engine() -> None:
    """Raises NoEngine."""
    if shutil.which("docker") is None:
        raise NoEngine("docker is not installed; compose-test needs Docker with Compose v2")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        raise NoEngine("no Docker engine answers; start it and run `make compose-test` again")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
        raise NoEngine("docker has no `compose` command; install Compose v2")


def settings_of_engine() -> dict[str, str]:
    """Settings for a small engine: a Prometheus image that it has, and a limit of open files that it can set."""
    image = "prom/prometheus:latest"
    has_it = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False)
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    few_files = {"OPEN_FILES_LIMIT": str(hard_limit)} if 0 <= hard_limit < OPEN_FILES else {}
    return few_files | ({"PROMETHEUS_IMAGE": image} if has_it.returncode == 0 else {})


class Compose:
    def __init__(self, settings: Mapping[str, str]) -> None:
        self.project = f"hotchat-test-{secrets.token_hex(3)}"
        self.edge_port = free_port()
        self.prometheus_port = free_port()
        self.env = (
            settings_of_engine()
            | os.environ
            | {
                "COMPOSE_PROJECT_NAME": self.project,
                "HOTCHAT_VERSION": VERSION,
                "EDGE_BIND": LOOPBACK,
                "EDGE_PORT": str(self.edge_port),
                "PROMETHEUS_PORT": str(self.prometheus_port),
                **settings,
            }
        )

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.edge_port}"

    async def run(self, *words: str, within_s: float = 300) -> str:
        """Run `docker compose …` and return its output. Raises ComposeFailed."""
        return await self.call("docker", "compose", *words, within_s=within_s)

    async def call(self, *command: str, within_s: float = 300) -> str:
        """Run a command in the project's folder and environment. Raises ComposeFailed."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=self.env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(within_s):
                out, err = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise ComposeFailed(f"`{' '.join(command)}` did not end within {within_s:g} s") from None
        if process.returncode != 0:
            last = "\n".join((err + out).decode(errors="replace").splitlines()[-25:])
            raise ComposeFailed(f"`{' '.join(command)}` ended with {process.returncode}:\n{last}")
        return out.decode()

    async def containers(self, service: str) -> list[str]:
        """Ids of the service's running containers, oldest name first."""
        return (await self.run("ps", "-q", service)).split()

    async def inspect(self, containers: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(await self.call("docker", "inspect", *containers))
        return found

    async def up(self, *words: str) -> None:
        await self.run("up", "-d", "--wait", "--wait-timeout", "480", *words, within_s=600)

    async def wait_healthy(self, container: str, within_s: float = 300) -> None:
        """Raises ComposeFailed."""
        template = "{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}"
        try:
            async with asyncio.timeout(within_s):
                while (await self.call("docker", "inspect", "-f", template, container)).strip() != "healthy":
                    await asyncio.sleep(0.5)
        except TimeoutError:
            raise ComposeFailed(f"container {container} was not healthy within {within_s:g} s") from None

    async def print_logs_of_failed(self) -> None:
        """Print the last log lines of every unhealthy service."""
        listing = await self.run("ps", "-a", "--format", "json")
        for line in listing.splitlines():
            entry = json.loads(line)
            is_fine = entry["State"] == "running" and entry.get("Health") in ("healthy", "")
            if is_fine or (entry["State"] == "exited" and entry.get("ExitCode") == 0):
                continue
            print(f"\n--- {entry['Name']}: {entry['State']} {entry.get('Health', '')}")
            print(await self.run("logs", "--no-color", "--tail", "40", entry["Service"]))

    async def python(self, container: str, code: str) -> str:
        """The output of a line of Python in a server's container."""
        return await self.call("docker", "exec", container, "python", "-c", code)

    async def clean_up(self) -> list[str]:
        """Remove our containers, networks, volumes and images. Returns the names of the remaining ones."""
        await self.run("--profile", "*", "down", "-v", "--remove-orphans", "--timeout", "5", within_s=180)
        for image in IMAGES:
            with_tag = f"{image}:{VERSION}"
            if await self.call("docker", "images", "-q", with_tag):
                await self.call("docker", "rmi", "-f", with_tag)
        ours = ("--filter", f"label=com.docker.compose.project={self.project}", "-q")
        return [
            f"{kind} {name}"
            for kind, listing in (
                ("container", ("ps", "-a")),
                ("volume", ("volume", "ls")),
                ("network", ("network", "ls")),
            )
            for name in (await self.call("docker", *listing, *ours)).split()
        ]
