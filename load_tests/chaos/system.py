"""The system under test: two of each server, Postgres, Valkey and Apache Kafka. Faults may break each of them."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from load_tests.bench.stores import make_topics
from load_tests.chaos.stream_tab import Address
from load_tests.chaos.tcp_proxy import TcpProxy
from local_stack.apache_kafka import ApacheKafka, fetch_jars
from local_stack.child_process import ChildProcess
from local_stack.ports import LOOPBACK, free_port
from local_stack.postgres import Postgres
from local_stack.server_process import ServerProcess
from local_stack.valkey import Valkey

ROOT: Final = Path(__file__).resolve().parent.parent.parent
DATABASE: Final = "hotchat"
LOOK_S: Final = 0.2
RESTART_AFTER_S: Final = 0.3
"""The time within which a supervisor notices that a process ended."""


@dataclass
class System:
    """`findings` are sentences about broken promises, such as a server that ended by itself; `remarks` are
    figures for the reader. `leftovers` are cleaned up at the end, when everything has stopped.
    """

    postgres: Postgres
    valkey: Valkey
    kafka: ApacheKafka
    chat: list[ServerProcess]
    publish: list[ServerProcess]
    schedulers: list[ServerProcess]
    env: Mapping[str, str] = field(repr=False)
    folder: Path
    detour: "Detour | None" = None
    findings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    leftovers: ExitStack = field(default_factory=ExitStack)
    _broken: set[ChildProcess] = field(default_factory=set)

    @property
    def chat_urls(self) -> list[str]:
        return [server.base_url for server in self.chat]

    @property
    def publishers(self) -> list[Address]:
        return [(server.host, server.port) for server in self.publish]

    @property
    def servers(self) -> list[ServerProcess]:
        return [*self.chat, *self.publish, *self.schedulers]

    async def kill(self, *processes: ServerProcess) -> None:
        """Kill servers with SIGKILL, restart them as a supervisor does, and return when they are ready."""
        self._broken.update(processes)
        for process in processes:
            process.kill()
        await asyncio.sleep(RESTART_AFTER_S)
        for process in processes:
            process.start()
        await self.ready(processes)
        self._broken.difference_update(processes)

    async def restart(self, process: ServerProcess) -> int:
        """Stop with SIGTERM and start again. Returns the exit code of the old process."""
        self._broken.add(process)
        code = await asyncio.to_thread(process.stop)
        process.start()
        await self.ready([process])
        self._broken.discard(process)
        return code

    async def stop_servers(self) -> None:
        self._broken.update(self.servers)
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in self.servers))

    async def start_servers(self) -> None:
        for server in self.servers:
            server.start()
        await self.ready(self.servers)
        self._broken.difference_update(self.servers)

    async def ready(self, processes: Sequence[ServerProcess]) -> None:
        await asyncio.gather(*(asyncio.to_thread(process.wait_ready) for process in processes))

    async def watch(self) -> None:
        """Restart servers that end by themselves and record that they did. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            for server in self.servers:
                if server not in self._broken and not server.is_running():
                    self.findings.append(f"{server.name} ended with {server.exit_code()}")
                    await asyncio.sleep(RESTART_AFTER_S)
                    server.start()


@dataclass(frozen=True)
class Detour:
    """Proxies between the servers and their stores, and between publish_server and chat_server."""

    postgres: TcpProxy
    valkey: TcpProxy
    kafka: TcpProxy
    internal: TcpProxy


@asynccontextmanager
async def open_system(
    settings: Mapping[str, str] | None = None,
    *,
    with_detour: bool = False,
    server_type: type[ServerProcess] = ServerProcess,
) -> AsyncIterator[System]:
    """Start everything, behind proxies if `with_detour`. Stops everything and removes its folder at the end."""
    fetch_jars()
    path = _folder()
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, path, ignore_errors=True)
        leftovers = stack.enter_context(ExitStack())
        postgres = Postgres(path / "postgres", log_path=path / "postgres.log")
        valkey = Valkey(path / "valkey", log_path=path / "valkey.log")
        ports = ServerPorts.free()
        kafka_port, detour = free_port(), None
        if with_detour:
            detour = Detour(
                postgres=await stack.enter_async_context(TcpProxy.to(postgres.port)),
                valkey=await stack.enter_async_context(TcpProxy.to(valkey.port)),
                kafka=await stack.enter_async_context(TcpProxy.to(kafka_port)),
                internal=await stack.enter_async_context(TcpProxy.to(ports.chat[0])),
            )
        advertised = {"advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{detour.kafka.port}"} if detour else {}
        kafka = ApacheKafka(
            path / "kafka",
            log_path=path / "kafka.log",
            port=kafka_port,
            settings=advertised,
            quick_start=True,
        )
        stores = (postgres, valkey, kafka)
        for store in stores:
            stack.callback(store.stop)
        await asyncio.gather(*(asyncio.to_thread(store.start) for store in stores))
        await asyncio.to_thread(postgres.ensure_database, DATABASE)
        await asyncio.to_thread(make_topics, kafka.bootstrap_servers)
        env = _environment(postgres, valkey, kafka, ports, detour) | dict(settings or {})
        servers = _servers(env, ports, path, server_type)
        system = System(postgres, valkey, kafka, *servers, env, path, detour, leftovers=leftovers)
        for server in system.servers:
            stack.callback(server.stop)
        await system.start_servers()
        watch = asyncio.create_task(system.watch())
        try:
            yield system
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await system.stop_servers()


def _folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="hotchat-chaos-"))
    path.chmod(0o755)  # Postgres runs as another user if we are root
    return path


@dataclass(frozen=True)
class ServerPorts:
    chat: tuple[int, int]
    publish: tuple[int, int]

    @classmethod
    def free(cls) -> "ServerPorts":
        return cls((free_port(), free_port()), (free_port(), free_port()))


def _environment(
    postgres: Postgres, valkey: Valkey, kafka: ApacheKafka, ports: ServerPorts, detour: Detour | None
) -> dict[str, str]:
    database, redis, brokers = postgres.url(DATABASE), valkey.url(), kafka.bootstrap_servers
    internal = list(ports.chat)
    if detour is not None:
        database = database.replace(f":{postgres.port}/", f":{detour.postgres.port}/")
        redis = redis.replace(f":{valkey.port}/", f":{detour.valkey.port}/")
        brokers = f"{LOOPBACK}:{detour.kafka.port}"
        internal = [detour.internal.port, ports.chat[1]]
    return {
        "PATH": os.environ["PATH"],
        "HOTCHAT_SECRET": secrets.token_hex(16),
        "HOTCHAT_BIND": LOOPBACK,
        "POSTS_PER_USER_PER_S": "0",
        "SESSIONS_PER_ADDRESS_PER_MIN": "0",
        "STREAM_STALL_S": "5",
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "KAFKA_BOOTSTRAP_SERVERS": brokers,
        "CHAT_INTERNAL_URL": ",".join(f"http://{LOOPBACK}:{port}" for port in internal),
    }


Servers = list[ServerProcess]


def _servers(
    env: Mapping[str, str], ports: ServerPorts, path: Path, server_type: type[ServerProcess]
) -> tuple[Servers, Servers, Servers]:
    def server(name: str, module: str, port: int = 0, **own: str) -> ServerProcess:
        return server_type(
            name, module, env={**env, **own}, log_path=path / f"{name}.log", port=port, cwd=ROOT
        )

    return (
        [
            server(f"chat_server-{n}", "chat_server", port, CHAT_PORT=str(port))
            for n, port in enumerate(ports.chat, 1)
        ],
        [
            server(f"publish_server-{n}", "publish_server", port, PUBLISH_PORT=str(port))
            for n, port in enumerate(ports.publish, 1)
        ],
        [server(f"scheduler-{n}", "chat_server.hotchat.scheduler") for n in (1, 2)],
    )
