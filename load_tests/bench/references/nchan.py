"""nchan, the fastest packaged fan-out of server-sent events, in its own nginx with one worker."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from load_tests.bench.cores import SERVER_CORE, on_core
from load_tests.bench.references.publisher import Publisher, publisher, stamped_events
from load_tests.bench.stores import temporary_folder
from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, accepts, free_port

MODULES = tuple(Path(path) for path in ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"))
CONFIG = """
load_module {module};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {path}/nginx.pid;
error_log {path}/error.log error;
events {{ worker_connections 19000; use epoll; }}
http {{
  access_log off;
  client_body_temp_path {path}/body;
  proxy_temp_path {path}/proxy;
  fastcgi_temp_path {path}/fastcgi;
  uwsgi_temp_path {path}/uwsgi;
  scgi_temp_path {path}/scgi;
  keepalive_requests 1000000;
  tcp_nodelay on;
  nchan_shared_memory_size 512m;
  {upstream}
  server {{
    listen {host}:{port} backlog=8192;
    location ~ ^/pub/(.+)$ {{
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 500;
      nchan_message_timeout 60s;
      {storage}
    }}
    location ~ ^/sub/(.+)$ {{
      nchan_subscriber eventsource;
      nchan_channel_id $1;
      nchan_subscriber_first_message newest;
      {storage}
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Nchan:
    """Streams at `/sub/<room>`."""

    port: int
    pid: int
    publisher: Publisher

    async def publish_at(self, room: str, per_s: float, seconds: float) -> int:
        """Like Feeder.publish_at, with events of the same length."""
        return await self.publisher.publish_at(f"/pub/{room}", per_s, seconds, stamped_events(room))


def why_absent() -> str | None:
    """Why nchan cannot run here, as a sentence for the table."""
    if shutil.which("nginx") is None or _module() is None:
        return "nchan is not installed: apt-get install -y nginx libnginx-mod-nchan"
    return None


@asynccontextmanager
async def nchan() -> AsyncIterator[Nchan]:
    """Start it, pinned like the server under test. Call why_absent() first."""
    with nchan_process() as (server, port):
        async with publisher(port) as publishing:
            yield Nchan(port, server.pid, publishing)


@contextmanager
def nchan_process(redis_url: str | None = None) -> Iterator[tuple[ChildProcess, int]]:
    """The running server and its port. With `redis_url` it keeps its messages in Redis.

    Source: nchan.io, "Redis", `nchan_redis_server` and `nchan_redis_pass`. The default storage mode, `distributed`,
    keeps messages in Redis.
    """
    with temporary_folder() as path:
        port = free_port()
        config = path / "nginx.conf"
        config.write_text(
            CONFIG.format(
                module=_module(),
                path=path,
                host=LOOPBACK,
                port=port,
                upstream=f"upstream redis {{ nchan_redis_server {redis_url}; }}" if redis_url else "",
                storage="nchan_redis_pass redis;" if redis_url else "",
            )
        )
        config.chmod(0o600)  # the URL has a password
        command: list[str | Path] = ["nginx", "-p", path, "-c", config, "-e", path / "start.log"]
        server = ChildProcess("nginx", command, log_path=path / "console.log")
        try:
            with on_core(SERVER_CORE):
                server.start()
            wait_until(
                lambda: not server.is_running() or accepts(LOOPBACK, port),
                within_s=20,
                what="the start of nginx",
            )
            yield server, port
        finally:
            server.stop()


def _module() -> Path | None:
    return next((p for folder in MODULES if (p := folder / "ngx_nchan_module.so").exists()), None)
