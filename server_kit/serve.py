"""Runs both servers under uvicorn with the same event loop, parser and limits on clients."""

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from random import Random
from types import FrameType
from typing import Final

import uvicorn

from server_kit.file_descriptor_limit import SPARE_DESCRIPTORS, raise_descriptor_limit
from server_kit.http.asgi import ASGIApp
from server_kit.http.connections import Connections, guarded_protocol
from server_kit.limited_log import RepeatsFilter
from server_kit.limits.shares import Shares
from server_kit.settings import ServerSettings

BACKLOG: Final = 4096
SEND_BUFFER_BYTES: Final = 128 * 1024
"""Kernel send buffer of a connection, inherited from the listener. Linux doubles it. Without this limit, the buffer
grows to 4 MB for a client that does not read."""

GRACEFUL_SHUTDOWN_S: Final = 4


def listening_socket(host: str, port: int, *, reuse_port: bool) -> socket.socket:
    """A listening socket. Exits with one sentence if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if reuse_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        sys.exit(
            f"Cannot listen on {host}:{port}: {error.strerror}. Stop what uses the port or choose another one."
        )
    listener.listen(BACKLOG)
    return listener


def log_to_stderr(level: str) -> None:
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    logging.getLogger("aiokafka").setLevel(
        logging.CRITICAL
    )  # it logs a lost connection many times; we log it once
    logging.getLogger("uvicorn.error").addFilter(RepeatsFilter(time.monotonic))
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


class GuardedServer(uvicorn.Server):
    """uvicorn with bounds on connections and deadlines for requests.

    `on_stop` is called at the signal, because uvicorn starts the lifespan's shutdown only after all connections have
    closed.
    """

    def __init__(
        self, config: uvicorn.Config, connections: Connections, on_stop: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._on_stop is None:
            super().handle_exit(sig, frame)
            return
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self._on_stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._connections.sweep_each_second(asyncio.get_running_loop())
        await super().startup(sockets)


def serve(
    app: ASGIApp,
    settings: ServerSettings,
    port: int,
    shares: Shares,
    cheap_reads: tuple[bytes, ...],
    on_stop: Callable[[], None] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT. `cheap_reads`: first bytes of requests that cost little, for `cost_of`."""
    log_to_stderr(settings.log_level)
    max_open = min(settings.max_connections, max(1, raise_descriptor_limit() - SPARE_DESCRIPTORS))
    connections = Connections(shares, max_open, time.monotonic, Random(), cheap_reads)
    listener = listening_socket(settings.hotchat_bind, port, reuse_port=settings.hotchat_reuse_port)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=guarded_protocol(connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
    )
    running = GuardedServer(config, connections, on_stop)
    running.run(sockets=[listener])
    if not running.started:
        sys.exit(3)
