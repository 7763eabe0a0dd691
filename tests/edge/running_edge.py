"""Runs `docker/edge/run-edge` on this machine, with the container's paths, ports and names replaced."""

import os
import re
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, accepts, free_port
from tests.support.chat_stack import ROOT

WITHIN_S = 20.0
EDGE_FILES = ROOT / "docker" / "edge"


def nginx_program() -> str:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert program, "nginx is missing: apt-get install nginx"
    return program


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that nginx's workers, which do not run as root, may enter."""
    folder = Path(mkdtemp(prefix="hotchat-edge-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_edge(
    page: Mapping[str, bytes],
    chat_port: int,
    publish_port: int,
    *,
    replicas: Sequence[str] = (LOOPBACK,),
    **settings: str,
) -> Iterator[str]:
    """Yields the edge's URL. `page`: name → content of the frontend's files; `replicas` are chat_server addresses."""
    with open_folder() as folder:
        port = free_port()
        for name, content in page.items():
            path = folder / "html" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        etc, run = folder / "etc", folder / "run"
        for new in (etc, run):
            new.mkdir()
        replaced = {
            "/etc/nginx/mime.types": "/etc/nginx/mime.types",
            "/etc/nginx": str(etc),
            "/tmp": str(run),  # noqa: S108 - the container's
            "/usr/share/nginx/html": str(folder / "html"),
            "listen 8080": f"listen {LOOPBACK}:{port}",
            "resolver 127.0.0.11 valid=1s ipv6=off;": "",
            "set $publish publish_server;": f"set $publish {LOOPBACK};",
            "http://$publish:8001": f"http://$publish:{publish_port}",
            "PORT=8000": f"PORT={chat_port}",
            "worker_processes auto": "worker_processes 1",
            "nginx -c": f"{nginx_program()} -e stderr -c",
        }
        pattern = re.compile("|".join(map(re.escape, replaced)))
        for file in EDGE_FILES.iterdir():
            text = pattern.sub(lambda found: replaced[found[0]], file.read_text())
            (etc / file.name).write_text(text)
        resolver = folder / "bin" / "getent"
        resolver.parent.mkdir()
        resolver.write_text("#!/bin/sh\n" + "".join(f"echo {address} STREAM\n" for address in replicas))
        resolver.chmod(0o755)
        env = {"PATH": f"{resolver.parent}:{os.environ['PATH']}", **settings}
        command: list[str | Path] = ["/bin/sh", etc / "run-edge"]
        with _running("edge", command, folder, port, env):
            yield f"http://{LOOPBACK}:{port}"


@contextmanager
def running_nginx(http: str, folder: Path, port: int) -> Iterator[None]:
    """Runs nginx with these lines in its http block, listening on this port."""
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid; events {{}} http {{ access_log off; client_body_temp_path {folder}/body;"
        f" {paths}\n{http}}}"
    )
    command: list[str | Path] = [
        *(nginx_program(), "-e", "stderr", "-c", folder / "nginx.conf"),
        *("-g", "daemon off; error_log stderr warn;"),
    ]
    with _running("nginx", command, folder, port, dict(os.environ)):
        yield


@contextmanager
def running_caddy(sites: str, folder: Path, port: int) -> Iterator[None]:
    """Runs Caddy with these sites, listening on this port only."""
    options = "{\n admin off\n auto_https disable_redirects\n default_bind 127.0.0.1\n}\n"
    (folder / "Caddyfile").write_text(options + sites)
    env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command: list[str | Path] = ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
    with _running("caddy", command, folder, port, env):
        yield


@contextmanager
def _running(
    name: str, command: list[str | Path], folder: Path, port: int, env: Mapping[str, str]
) -> Iterator[None]:
    process = ChildProcess(name, command, log_path=folder / f"{name}.log", env=env)
    process.start()
    try:
        wait_until(
            lambda: not process.is_running() or accepts(LOOPBACK, port),
            within_s=WITHIN_S,
            what=f"{name}'s start",
        )
        assert process.is_running(), process.log_tail()
        yield
    finally:
        process.stop()


def raw_answer(port: int, request: bytes) -> bytes:
    """Send these bytes and read until the other side closes."""
    with closing(socket.create_connection((LOOPBACK, port), timeout=10)) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer
