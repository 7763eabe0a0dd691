"""Starts the whole chat room on one machine: stores, frontend, servers. Stops them in reverse order."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import combinations
from pathlib import Path
from typing import NoReturn

from local_stack.child_process import ChildProcess
from local_stack.data_folder import DataFolder
from local_stack.errors import StackFailure
from local_stack.frontend_build import DIST, ensure_page
from local_stack.kafka_broker import EmbeddedKafka
from local_stack.lobby_owner import NoLink, lobby_link
from local_stack.overridden_settings import overridden_settings
from local_stack.polling import DeadlinePassed
from local_stack.ports import LOOPBACK, lan_address, why_unusable
from local_stack.postgres import Postgres
from local_stack.server_process import ServerProcess
from local_stack.settings import StackSettings
from local_stack.supervisor import Supervisor
from local_stack.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
ADMIN_TOKEN = "admin-token"  # noqa: S105 - the name of a file
"""The file of the data folder with the operator's token."""

ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound


def run(settings: StackSettings) -> NoReturn:
    """Run until StackFailure or an exception of a signal handler. Leaves no process behind."""
    with held_folder(settings) as folder, ExitStack() as stack:
        check_ports(settings)
        say(f"Starting Hotchat; data and logs are in {folder.path}")
        _run_parts(settings, folder, stack)


@contextmanager
def held_folder(settings: StackSettings) -> Iterator[DataFolder]:
    """The data folder, locked against other runs. Failures in the block become a StackFailure."""
    folder = DataFolder(settings.hotchat_data_dir)
    with folder.held():
        try:
            yield folder
        except (DeadlinePassed, RuntimeError, OSError) as error:
            raise StackFailure(str(error)) from error


def say(line: str) -> None:
    """Print one line, even if standard output is closed."""
    try:
        print(line, flush=True)
    except (BrokenPipeError, ValueError):
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends


def _run_parts(settings: StackSettings, folder: DataFolder, stack: ExitStack) -> NoReturn:
    env, stores = start_stores(settings, folder, stack)
    with step("page") as note:
        if settings.spa_dir:
            note.append("given by SPA_DIR")
        else:
            note.append("built" if ensure_page(folder.log("page"), say) else "unchanged")
    env = server_environment(settings, folder, env)
    servers = make_servers(settings, folder, env)
    supervisor = Supervisor(stores, servers, say=say)
    stack.callback(supervisor.stop_servers)
    with step("chat_server, publish_server, scheduler"):
        supervisor.start_servers()
    host = (
        "localhost"
        if settings.hotchat_bind in {*ANY_ADDRESS, LOOPBACK, "localhost"}
        else settings.hotchat_bind
    )
    if settings.hotchat_bind in ANY_ADDRESS and (address := lan_address()):
        say(f"In your network: http://{address}:{settings.chat_port}")
    url = f"http://{host}:{settings.chat_port}"
    say_lobby_link(servers[0], env, url)
    token = (
        "HOTCHAT_ADMIN_TOKEN" if settings.hotchat_admin_token else f"the token in {folder.path / ADMIN_TOKEN}"
    )
    say(f"Control room: {url}/ops, sign in with {token}")
    for line in overridden_settings(servers[0], env["HOTCHAT_ADMIN_TOKEN"]):
        say(line)
    say(f"Hotchat is ready: {url}")
    supervisor.watch()


def say_lobby_link(chat_server: ServerProcess, env: Mapping[str, str], page_url: str) -> None:
    """Print the link that makes its first opener the owner of the lobby, as long as it has no owner."""
    try:
        link = lobby_link(chat_server, env, page_url, ROOT)
    except NoLink as error:
        say(f"No link for an owner of the lobby could be made: {error}")
        return
    if link is not None:
        say(f"Become the owner of the lobby: {link}")


def start_stores(
    settings: StackSettings, folder: DataFolder, stack: ExitStack
) -> tuple[dict[str, str], list[ChildProcess]]:
    """Start the stores that no setting names. Returns the settings of all stores and the stores started here."""
    env: dict[str, str] = {}
    stores: list[ChildProcess] = []
    with step("Postgres") as note:
        env["DATABASE_URL"] = settings.database_url.get_secret_value()
        if settings.database_url:
            note.append("given by DATABASE_URL")
        else:
            postgres = Postgres(folder.path / "postgres", log_path=folder.log("postgres"))
            stack.callback(postgres.stop)
            postgres.start()
            postgres.ensure_database("hotchat")
            env["DATABASE_URL"] = postgres.url()
            stores.append(postgres.process)
    with step("Valkey") as note:
        env["REDIS_URL"] = settings.redis_url.get_secret_value()
        if settings.redis_url:
            note.append("given by REDIS_URL")
        else:
            valkey = Valkey(folder.path / "valkey", log_path=folder.log("valkey"))
            stack.callback(valkey.stop)
            valkey.start()
            env["REDIS_URL"] = valkey.url()
            stores.append(valkey.process)
    with step("Kafka broker") as note:
        env["KAFKA_BOOTSTRAP_SERVERS"] = settings.kafka_bootstrap_servers
        if settings.kafka_bootstrap_servers:
            note.append("given by KAFKA_BOOTSTRAP_SERVERS")
        else:
            kafka = EmbeddedKafka(folder.path / "kafka", log_path=folder.log("kafka"))
            stack.callback(kafka.stop)
            kafka.start()
            env["KAFKA_BOOTSTRAP_SERVERS"] = kafka.bootstrap_servers
            env["KAFKA_FETCH_MAX_WAIT_MS"] = (
                "5"  # the embedded broker does not end a long poll when a record arrives
            )
            stores.append(kafka.process)
    return env, stores


def server_environment(
    settings: StackSettings, folder: DataFolder, stores_env: Mapping[str, str]
) -> dict[str, str]:
    """The environment of every server: ours, the stores' addresses and the secrets."""
    return {
        **os.environ,
        **stores_env,
        "HOTCHAT_BIND": settings.hotchat_bind,
        "CHAT_PORT": str(settings.chat_port),
        "PUBLISH_PORT": str(settings.publish_port),
        "HOTCHAT_SECRET": settings.hotchat_secret.get_secret_value() or folder.secret("secret"),
        "HOTCHAT_ADMIN_TOKEN": settings.hotchat_admin_token.get_secret_value() or folder.secret(ADMIN_TOKEN),
        "CHAT_INTERNAL_URL": os.environ.get("CHAT_INTERNAL_URL")
        or f"http://{_host(settings)}:{settings.chat_port}",
        "SPA_DIR": settings.spa_dir or str(DIST),
        "HOTCHAT_REUSE_PORT": "1",  # several processes may share a port, as do the old and the new one during a restart
        "PYTHONUNBUFFERED": "1",
    }


def _host(settings: StackSettings) -> str:
    """The address at which this machine reaches the servers."""
    return LOOPBACK if settings.hotchat_bind in ANY_ADDRESS else settings.hotchat_bind


def make_servers(settings: StackSettings, folder: DataFolder, env: Mapping[str, str]) -> list[ServerProcess]:
    """Every server process, not started."""
    host = _host(settings)

    def servers(module: str, count: int, port: int) -> list[ServerProcess]:
        names = [module] if count == 1 else [f"{module}-{number}" for number in range(1, count + 1)]
        return [
            ServerProcess(name, module, env=env, log_path=folder.log(name), port=port, host=host, cwd=ROOT)
            for name in names
        ]

    scheduler = ServerProcess(
        "scheduler", "chat_server.hotchat.scheduler", env=env, log_path=folder.log("scheduler"), cwd=ROOT
    )
    return [
        *servers("chat_server", settings.chat_workers, settings.chat_port),
        *servers("publish_server", settings.publish_workers, settings.publish_port),
        scheduler,
    ]


def check_ports(settings: StackSettings, more: Mapping[str, int] | None = None) -> None:
    ports = {"CHAT_PORT": settings.chat_port, "PUBLISH_PORT": settings.publish_port, **(more or {})}
    for name, other in combinations(ports, 2):
        if ports[name] == ports[other]:
            raise StackFailure(f"{name} and {other} are both {ports[name]}; they must differ")
    for name, port in ports.items():
        why = why_unusable(settings.hotchat_bind, port)
        if why:
            raise StackFailure(
                f"port {port} on {settings.hotchat_bind} {why}; free it or set {name} to another one"
            )


@contextmanager
def step(name: str) -> Iterator[list[str]]:
    """Print one progress line when the step is done, with the notes that the block adds to the list."""
    note: list[str] = []
    began = time.monotonic()
    yield note
    say(f"  {name}: {', '.join([*note, f'{time.monotonic() - began:.1f} s'])}")
