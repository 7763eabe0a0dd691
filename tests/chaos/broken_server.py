"""A tiny chat server with deliberate errors, each of which the checker must notice."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

Frames = list[dict[str, Any]]
Wrong = Callable[[Frames], Frames]


def event(seq: int, event_type: str = "message.created", message: str | None = None) -> dict[str, Any]:
    return {
        "type": event_type,
        "room_id": "room",
        "seq": seq,
        "message": {"id": message or f"message-{seq}"},
    }


def reaction(seq: int, message: str, kind: str = "heart") -> dict[str, Any]:
    return {"type": "reaction.changed", "room_id": "room", "seq": seq, "message_id": message, "kind": kind}


class BrokenServer:
    """Serves `log` unchanged over REST, and changed by `wrong` over streams, after each connection's cursor.

    `cut_after` ends every stream after this many frames; `gap` makes the first stream begin with a gap up to this seq.
    """

    def __init__(
        self, log: Frames, wrong: Wrong = list, *, cut_after: int | None = None, gap: int | None = None
    ) -> None:
        self.log = log
        self.cursors: list[int] = []
        self._wrong = wrong
        self._cut_after = cut_after
        self._gap = gap
        self._runner: web.AppRunner | None = None
        self._ends = asyncio.Event()

    async def start(self) -> tuple[str, int]:
        app = web.Application()
        app.router.add_get("/stream/v1/rooms/room", self._stream)
        app.router.add_get("/api/v1/rooms/room/events", self._events)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return str(host), int(port)

    async def stop(self) -> None:
        assert self._runner is not None
        self._ends.set()
        await self._runner.cleanup()

    async def _events(self, request: web.Request) -> web.Response:
        after = int(request.query["after_seq"])
        events = [e for e in self.log if e["seq"] > after]
        head = max(e["seq"] for e in self.log)
        return web.json_response({"events": events, "cursor": head, "last_seq": head, "has_more": False})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        cursor = int(request.headers["Last-Event-ID"])
        self.cursors.append(cursor)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        opened = orjson.dumps({"room_id": "room", "seq": cursor, "resumed": True})
        await response.write(b"retry: 100\n\nid: %d\nevent: stream.opened\ndata: %b\n\n" % (cursor, opened))
        if self._gap is not None and len(self.cursors) == 1:
            gap = orjson.dumps({"from_seq": cursor, "to_seq": self._gap})
            await response.write(b"id: %d\nevent: stream.gap\ndata: %b\n\n" % (self._gap, gap))
            await self._ends.wait()
        frames = [e for e in self._wrong(list(self.log)) if e["seq"] > cursor]
        for one in frames[: self._cut_after]:
            body = b"id: %d\nevent: %b\ndata: %b\n\n" % (one["seq"], one["type"].encode(), orjson.dumps(one))
            await response.write(body)
        if self._cut_after is None or len(frames) <= self._cut_after:
            await self._ends.wait()
        return response
