"""`make dev`: stores once, servers that restart when their sources change, and the frontend from Vite.

Run as `python -m local_stack.dev`.
"""

import logging
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from watchfiles import PythonFilter, watch

from local_stack.child_process import ChildProcess
from local_stack.cli import run_until_stopped
from local_stack.data_folder import DataFolder
from local_stack.errors import StackFailure
from local_stack.node import FRONTEND, find_npm
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, accepts
from local_stack.server_process import ServerProcess
from local_stack.settings import StackSettings
from local_stack.stack import (
    ROOT,
    check_ports,
    held_folder,
    make_servers,
    say,
    say_lobby_link,
    server_environment,
    start_stores,
    step,
)
from local_stack.supervisor import how_it_ended, stop_together

SHARED_PACKAGES: Final = ("chat_contract", "server_kit")
OWN_PACKAGE: Final = {
    "chat_server": "chat_server",
    "publish_server": "publish_server",
    "scheduler": "chat_server",
}
"""Server to the package whose changes restart it; changes of SHARED_PACKAGES restart all."""

CHECK_EVERY_MS: Final = 500
STOP_WITHIN_S: Final = 3.0
VITE_WITHIN_S: Final = 60.0
LOG_LINES: Final = 15


def develop(settings: StackSettings) -> None:
    """Run until StackFailure or a stop signal. Leaves no process behind."""
    with held_folder(settings) as folder, ExitStack() as stack:
        check_ports(settings, {"DEV_PORT": settings.dev_port})
        say(f"Starting Hotchat; data and logs are in {folder.path}")
        vite = _vite(settings, folder)
        stack.callback(vite.stop)
        vite.start()
        env, stores = start_stores(settings, folder, stack)
        server_env = _dev_environment(settings, folder, env)
        servers = make_servers(settings, folder, server_env)
        stack.callback(stop_together, servers, within_s=STOP_WITHIN_S)
        with step("chat_server, publish_server, scheduler"):
            _restart(servers)
        with step("Vite"):
            _wait_for_vite(vite, settings.dev_port)
        say("A server restarts when its sources change.")
        page_url = f"http://localhost:{settings.dev_port}"
        say_lobby_link(servers[0], server_env, page_url)
        say(f"Hotchat is ready: {page_url}")
        _watch(servers, [*stores, vite])


def servers_of(paths: Iterable[str | Path], names: Sequence[str]) -> list[str]:
    """The names of the servers that run code of these files."""
    packages = {Path(path).resolve().relative_to(ROOT).parts[0] for path in paths}
    if packages & set(SHARED_PACKAGES):
        return list(names)
    return [name for name in names if OWN_PACKAGE[name.partition("-")[0]] in packages]


def _dev_environment(
    settings: StackSettings, folder: DataFolder, stores_env: dict[str, str]
) -> dict[str, str]:
    """Vite serves the page on a separate port, and the servers accept calls with the cookie from it."""
    pages = f"http://localhost:{settings.dev_port},http://{LOOPBACK}:{settings.dev_port}"
    given = os.environ.get("ALLOWED_ORIGINS", "")
    env = server_environment(settings, folder, stores_env)
    return env | {"SPA_DIR": settings.spa_dir, "ALLOWED_ORIGINS": f"{given},{pages}".strip(",")}


def _vite(settings: StackSettings, folder: DataFolder) -> ChildProcess:
    _, env = find_npm()
    node = shutil.which("node", path=env["PATH"])
    vite = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
    if node is None or not vite.exists():
        raise StackFailure("the frontend's packages are missing; `make setup` installs them")
    command: list[str | Path] = [
        node,
        vite,
        "--port",
        str(settings.dev_port),
        "--strictPort",
        "--clearScreen",
        "false",
    ]
    env["CHAT_PORT"] = str(settings.chat_port)
    return ChildProcess("vite", command, log_path=folder.log("vite"), env=env, cwd=FRONTEND)


def _wait_for_vite(vite: ChildProcess, port: int) -> None:
    wait_until(
        lambda: not vite.is_running() or accepts(LOOPBACK, port),
        within_s=VITE_WITHIN_S,
        what="the start of Vite",
    )
    _check(vite)


def _check(part: ChildProcess) -> None:
    """Raises StackFailure for a store or Vite that has ended."""
    if not part.is_running():
        raise StackFailure(f"{part.name} has {how_it_ended(part)}; its log is {part.log_path}")


def _watch(servers: Sequence[ServerProcess], others: Sequence[ChildProcess]) -> None:
    """Restart servers whose sources change, until a stop signal. Raises StackFailure when a store or Vite ends."""
    by_name = {server.name: server for server in servers}
    reported: set[int] = set()
    folders = [ROOT / package for package in (*SHARED_PACKAGES, *sorted(set(OWN_PACKAGE.values())))]
    for changes in watch(
        *folders,
        watch_filter=PythonFilter(),
        rust_timeout=CHECK_EVERY_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        for part in others:
            _check(part)
        paths = sorted({path for _, path in changes})
        if names := servers_of(paths, list(by_name)):
            say(f"{', '.join(str(Path(path).relative_to(ROOT)) for path in paths)} changed")
            with step(f"{', '.join(names)} restarted"):
                _restart([by_name[name] for name in names])
        for server in servers:
            if not server.is_running() and server.pid not in reported:
                reported.add(server.pid)
                say(f"{server.name} has {how_it_ended(server)}; it starts again when its sources change:")
                say(server.log_tail(LOG_LINES))


def _restart(servers: Sequence[ServerProcess]) -> None:
    """Restart these and wait until each is ready or has ended."""
    stop_together(servers, within_s=STOP_WITHIN_S)
    for server in servers:
        server.start()
    for server in servers:
        wait_until(
            lambda server=server: not server.is_running() or server.is_ready(),  # type: ignore[misc]
            within_s=VITE_WITHIN_S,
            what=f"the start of {server.name}",
        )


if __name__ == "__main__":
    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it warns of Ctrl-C
    sys.exit(run_until_stopped(develop))
