"""Our servers as processes on free ports and real stores, for tests of streams, kills and restarts."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local_stack.apache_kafka import missing_tool
from local_stack.ports import LOOPBACK, free_port
from local_stack.server_process import ServerProcess
from tests.support.forked_server import ForkedServer

SECRET = "a secret for tests only"
ADMIN_TOKEN = "an operator's token for tests only"
KAFKA_FETCH_MAX_WAIT_MS = "5" if missing_tool() else "500"
"""A record ends a poll of Apache Kafka at once, but not one of the embedded broker. Short polls cost CPU when idle."""

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class ChatStack:
    """Running servers. Each listens on its own port; `chat_servers[i].base_url` is its URL."""

    chat_servers: list[ServerProcess]
    publish_servers: list[ServerProcess]
    schedulers: list[ServerProcess]
    env: Mapping[str, str] = field(repr=False)

    @property
    def chat_url(self) -> str:
        return self.chat_servers[0].base_url

    @property
    def publish_url(self) -> str:
        return self.publish_servers[0].base_url

    @property
    def processes(self) -> list[ServerProcess]:
        return [*self.chat_servers, *self.publish_servers, *self.schedulers]


StartChatStack = Callable[..., ChatStack]


@pytest.fixture
def start_chat_stack(
    database_url: str, redis_url: str, kafka_bootstrap_servers: str, tmp_path: Path
) -> Iterator[StartChatStack]:
    """Starts servers and returns when all are ready: `start(chat=2, publish=1, scheduler=1, HOTCHAT_MODE="off")`.

    Keywords in capitals are settings and may replace those of the stores. All servers are stopped after the test;
    their logs are in `tmp_path/servers`.
    """
    with ExitStack() as stack:

        def start(*, chat: int = 1, publish: int = 1, scheduler: int = 1, **settings: str) -> ChatStack:
            stores = {
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap_servers,
            }
            running = make_chat_stack(
                chat=chat,
                publish=publish,
                scheduler=scheduler,
                settings=stores | settings,
                logs=tmp_path / "servers",
            )
            for process in running.processes:
                stack.callback(process.stop)
                process.start()
            for process in running.processes:
                process.wait_ready()
            return running

        yield start


def make_chat_stack(
    *, chat: int, publish: int, scheduler: int, settings: Mapping[str, str], logs: Path
) -> ChatStack:
    """The processes, not started. `settings` names the stores; limits of sessions and posts and
    the shedding of load are off unless given."""
    chat_ports = [free_port() for _ in range(chat)]
    publish_ports = [free_port() for _ in range(publish)]
    env = {
        "PATH": os.environ["PATH"],
        "HOTCHAT_SECRET": SECRET,
        "HOTCHAT_ADMIN_TOKEN": ADMIN_TOKEN,
        "HOTCHAT_BIND": LOOPBACK,
        "POSTS_PER_USER_PER_S": "0",
        "SESSIONS_PER_ADDRESS_PER_MIN": "0",
        "SHED_LEVEL": "0",
        "KAFKA_FETCH_MAX_WAIT_MS": KAFKA_FETCH_MAX_WAIT_MS,
        **settings,
    }
    if chat_ports:
        env["CHAT_PORT"] = str(chat_ports[0])
        env.setdefault("CHAT_INTERNAL_URL", ",".join(f"http://{LOOPBACK}:{port}" for port in chat_ports))
    if publish_ports:
        env["PUBLISH_PORT"] = str(publish_ports[0])

    def process(name: str, module: str, port: int = 0, **own: str) -> ServerProcess:
        return ForkedServer(name, module, env=env | own, log_path=logs / f"{name}.log", port=port, cwd=ROOT)

    return ChatStack(
        chat_servers=[
            process(f"chat_server-{number}", "chat_server", port, CHAT_PORT=str(port))
            for number, port in enumerate(chat_ports, 1)
        ],
        publish_servers=[
            process(f"publish_server-{number}", "publish_server", port, PUBLISH_PORT=str(port))
            for number, port in enumerate(publish_ports, 1)
        ],
        schedulers=[
            process(f"scheduler-{number}", "chat_server.hotchat.scheduler")
            for number in range(1, scheduler + 1)
        ],
        env=env,
    )
