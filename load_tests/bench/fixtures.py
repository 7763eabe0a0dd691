"""Fixtures of the figures: real stores and servers, each pinned to its core, in a temporary folder."""

import os
import resource
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from load_tests.bench.cores import LOAD_CORE, SERVER_CORE, on_core
from load_tests.bench.crowds import CrowdFailed, http_crowd
from load_tests.bench.feeder import Feeder, feeder
from load_tests.bench.http_requests import make_room, post_message
from load_tests.bench.stores import Stores, temporary_folder
from local_stack.ports import LOOPBACK, free_port
from local_stack.server_process import ServerProcess

REQUESTS_A_RUN = 10_000
SET_UP_WITHIN_S = 60.0
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class PublishFixture:
    """publish_server under test; `feeder` produces its events. No chat_server, no Postgres."""

    feeder: Feeder
    servers: list[ServerProcess]
    kafka_bootstrap_servers: str

    @property
    def server(self) -> ServerProcess:
        return self.servers[0]

    @property
    def port(self) -> int:
        return self.server.port


@dataclass(frozen=True)
class ChatFixture:
    """chat_server and the scheduler on real stores, and publish_server if wanted."""

    chat: ServerProcess
    publish: ServerProcess | None
    token: str
    database_url: str


def allow_many_files() -> None:
    """Raise the limit of open files, which children inherit, to its maximum."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@asynccontextmanager
async def publish_fixture(
    stores: Stores,
    *,
    server_cores: tuple[int | None, ...] = (SERVER_CORE,),
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[PublishFixture]:
    """Start one publish_server for each of `server_cores`, each on its own port."""
    with ExitStack() as stack:
        path = stack.enter_context(temporary_folder())
        stack.enter_context(on_core(LOAD_CORE))
        internal_port = free_port()
        env = _env(settings) | {
            "KAFKA_BOOTSTRAP_SERVERS": stores.kafka_bootstrap_servers,
            "REDIS_URL": stores.fresh_redis(),
            "CHAT_INTERNAL_URL": f"http://{LOOPBACK}:{internal_port}",
        }
        async with feeder(stores.kafka_bootstrap_servers, internal_port) as feeding:
            servers = []
            for core in server_cores:
                server = _server("publish_server", free_port(), env, path)
                stack.callback(server.stop)
                with on_core(core):
                    server.start()
                servers.append(server)
            for server in servers:
                server.wait_ready()
            yield PublishFixture(feeding, servers, stores.kafka_bootstrap_servers)


@asynccontextmanager
async def chat_fixture(
    stores: Stores,
    *,
    server_core: int | None = SERVER_CORE,
    other_core: int | None = LOAD_CORE,
    with_streams: bool = False,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[ChatFixture]:
    """Start chat_server and the scheduler, and publish_server if `with_streams`. No limits per user unless given."""
    with ExitStack() as stack:
        path = stack.enter_context(temporary_folder())
        stack.enter_context(on_core(other_core))
        chat_port, publish_port = free_port(), free_port()
        env = _env(settings) | {
            "CHAT_PORT": str(chat_port),
            "PUBLISH_PORT": str(publish_port),
            "DATABASE_URL": stores.fresh_database(),
            "REDIS_URL": stores.fresh_redis(),
            "KAFKA_BOOTSTRAP_SERVERS": stores.kafka_bootstrap_servers,
            "CHAT_INTERNAL_URL": f"http://{LOOPBACK}:{chat_port}",
        }
        chat = _server("chat_server", chat_port, env, path)
        publish = _server("publish_server", publish_port, env, path) if with_streams else None
        scheduler = _server("chat_server.hotchat.scheduler", 0, env, path)
        with on_core(server_core):
            for server in filter(None, (chat, publish)):
                stack.callback(server.stop)
                server.start()
        stack.callback(scheduler.stop)
        scheduler.start()
        for server in filter(None, (chat, publish, scheduler)):
            server.wait_ready()
        yield ChatFixture(chat, publish, await sign_in(chat.base_url), env["DATABASE_URL"])


async def make_rooms(fixture: ChatFixture, rooms: Sequence[str], *, messages: int = 0) -> None:
    """Create rooms with this many messages each. Raises CrowdFailed if a request was not answered 201."""
    await _send_all(fixture, [make_room(room, fixture.token) for room in rooms])
    await _send_all(fixture, [post_message(room, fixture.token) for room in rooms] * messages)


async def _send_all(fixture: ChatFixture, requests: Sequence[bytes]) -> None:
    for first in range(0, len(requests), REQUESTS_A_RUN):
        some = requests[first : first + REQUESTS_A_RUN]
        done = await http_crowd(LOOPBACK, fixture.chat.port, some, 16, SET_UP_WITHIN_S, most=len(some))
        if done.statuses != {"201": len(some)}:
            raise CrowdFailed(f"Set-up requests were answered {done.statuses}:\n{fixture.chat.log_tail()}")


async def sign_in(base_url: str) -> str:
    """The token of a new session."""
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
        answer = await client.post("/api/v1/sessions", json={"nickname": f"bench {secrets.token_hex(6)}"})
        token: str = answer.raise_for_status().json()["token"]
        return token


def _server(module: str, port: int, env: Mapping[str, str], path: Path) -> ServerProcess:
    own = {"PUBLISH_PORT": str(port)} if module == "publish_server" else {}
    log = path / f"{module}-{port}.log"
    return ServerProcess(module, module, env={**env, **own}, log_path=log, port=port, cwd=ROOT)


def _env(settings: Mapping[str, str] | None) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOTCHAT_SECRET": secrets.token_hex(16),
        "HOTCHAT_BIND": LOOPBACK,
        "LOG_LEVEL": "WARNING",
        "MAX_STREAMS": "100000",
        "POSTS_PER_USER_PER_S": "0",
        "SESSIONS_PER_ADDRESS_PER_MIN": "0",
        **(settings or {}),
    }
