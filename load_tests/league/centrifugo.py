"""Centrifugo with unidirectional server-sent events, history and recovery, its messages in memory or in Redis."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson

from load_tests.bench.stores import temporary_folder
from load_tests.league.contestant import ROOM, Contestant, start_on_server_core
from load_tests.league.dialects import CentrifugoConnect
from load_tests.league.go_programs import CENTRIFUGO
from load_tests.league.numbered_posts import NumberedPosts, numbered_posts
from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, accepts, free_port

READY_WITHIN_S: Final = 20.0


def settings(port: int, redis_url: str | None) -> dict[str, Any]:
    """The configuration. Sources: the pages of centrifugal.dev/docs named below, and the descriptions of the options
    in v6.9.1, internal/configtypes."""
    engine: dict[str, Any] = {"type": "memory"}
    if redis_url is not None:  # server/history_and_recovery: then history survives a restart of Centrifugo
        engine = {"type": "redis", "redis": {"address": redis_url, "prefix": secrets.token_hex(8)}}
    return {
        "http_server": {"address": LOOPBACK, "port": port},
        "uni_sse": {"enabled": True},  # transports/uni_sse
        "client": {
            "allow_anonymous_connect_without_token": True,  # readers of a public room
            "recovery_max_publication_limit": 1_000,  # the default, 300, could be fewer than an outage's messages
        },
        "channel": {
            "without_namespace": {
                "allow_subscribe_for_client": True,
                "allow_subscribe_for_anonymous": True,
                "history_size": 1_000,  # server/history_and_recovery: both are needed, with force_recovery
                "history_ttl": "300s",
                "force_recovery": True,
            }
        },
        "http_api": {"insecure": True, "error_mode": "transport"},  # no API key: it listens on loopback only
        "engine": engine,
        "log": {"level": "error"},
        "usage_stats": {"disabled": True},
    }


class CentrifugoServer:
    crowd_options = ("ids=seq",)

    def __init__(self, process: ChildProcess, port: int, posts: NumberedPosts) -> None:
        self.port = port
        self.dialect = CentrifugoConnect(ROOM)
        self.processes = (process,)
        self.publish = posts.publish
        self.publish_at = posts.publish_at

    async def wait_ready(self) -> None:
        (process,) = self.processes
        await asyncio.to_thread(
            wait_until,
            lambda: not process.is_running() or accepts(LOOPBACK, self.port),
            within_s=READY_WITHIN_S,
            what="the start of Centrifugo",
        )
        if not process.is_running():
            raise RuntimeError(f"Centrifugo ended at its start:\n{process.log_tail()}")


def wrap(seq: int, event: bytes) -> bytes:
    """The body of a publish call. The key makes a repeated call safe while the engine remembers it."""
    return b'{"channel":"%b","idempotency_key":"%d","data":%b}' % (ROOM.encode(), seq, event)


@asynccontextmanager
async def _open(redis_url: str | None) -> AsyncIterator[CentrifugoServer]:
    with temporary_folder() as path:
        port = free_port()
        config = path / "config.json"
        config.touch(mode=0o600)  # the URL has a password
        config.write_bytes(orjson.dumps(settings(port, redis_url)))
        process = ChildProcess(
            "centrifugo",
            [CENTRIFUGO.require(), "--config", config],
            log_path=path / "centrifugo.log",
            env={"PATH": os.environ["PATH"]},
            cwd=path,
        )
        try:
            start_on_server_core([process])
            async with numbered_posts(port, "/api/publish", wrap) as posts:
                server = CentrifugoServer(process, port, posts)
                await server.wait_ready()
                yield server
        finally:
            process.stop()


CENTRIFUGO_MEMORY = Contestant("Centrifugo", "memory", lambda _: _open(None), CENTRIFUGO.why_absent)
CENTRIFUGO_REDIS = Contestant(
    "Centrifugo + Redis", "Redis", lambda stores: _open(stores.fresh_redis()), CENTRIFUGO.why_absent
)
