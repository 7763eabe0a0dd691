"""Shares one snapshot a second among all watchers of this process. Without a watcher nothing is composed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import orjson
from prometheus_client import Counter, Gauge
from sse_starlette import ServerSentEvent

from chat_contract.ops_snapshot import SNAPSHOT_EVENT, OpsSnapshot
from server_kit.http.problem import ChatError

EVERY_S: Final = 1.0
MAX_WATCHERS: Final = 20
"""Of one process. Overflow rule: REFUSE, 503 server_full."""

RETRY_AFTER_S: Final = 10

WATCHERS: Final = Gauge(
    "hotchat_control_room_watchers", "Open streams of the control room (at most 20: REFUSE)"
)
REFUSED: Final = Counter(
    "hotchat_control_room_refused_total", "Streams of the control room that were refused"
)
COMPOSED: Final = Counter("hotchat_control_room_snapshots_total", "Snapshots composed for the control room")


class SnapshotFeed:
    """A watcher that reads slowly gets the newest snapshot next, never a queue of them (overflow rule: LATEST)."""

    def __init__(
        self, compose: Callable[[], Awaitable[OpsSnapshot]], max_watchers: int = MAX_WATCHERS
    ) -> None:
        self._compose = compose
        self._max_watchers = max_watchers
        self.watchers = 0
        self._is_wanted = asyncio.Event()
        self._next: asyncio.Future[bytes] | None = None

    def enter(self) -> None:
        """Take a place, to be given back with `leave`. Raises ChatError `server_full`."""
        if self.watchers >= self._max_watchers:
            REFUSED.inc()
            raise ChatError(
                "server_full",
                f"{self._max_watchers} control rooms are open on this server; close one and try again.",
                retry_after_s=RETRY_AFTER_S,
            )
        self._count(1)

    def leave(self) -> None:
        self._count(-1)

    async def frames(self, until_s: float, now_s: Callable[[], float]) -> AsyncIterator[bytes]:
        """Each snapshot as one frame, until `now_s` reads `until_s`."""
        while now_s() < until_s:
            frame = await asyncio.shield(self._coming())
            if now_s() < until_s:
                yield frame

    async def run(self) -> None:
        """Compose at most once a second, and only while somebody waits for a snapshot, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._is_wanted.wait()
            begun_s = loop.time()
            frame = frame_of(await self._compose())
            COMPOSED.inc()
            self._is_wanted.clear()
            coming, self._next = self._next, None
            if coming is not None:
                coming.set_result(frame)
            await asyncio.sleep(max(0.0, begun_s + EVERY_S - loop.time()))

    def _coming(self) -> "asyncio.Future[bytes]":
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._is_wanted.set()
        return self._next

    def _count(self, change: int) -> None:
        self.watchers += change
        WATCHERS.set(self.watchers)


def frame_of(snapshot: OpsSnapshot) -> bytes:
    """The server-sent event, encoded once for all watchers."""
    return ServerSentEvent(orjson.dumps(snapshot).decode(), event=SNAPSHOT_EVENT, sep="\n").encode()
