"""A small chat_server: it answers the internal calls from events in memory, which a test may change."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import TypeAdapter

from chat_contract.internal_api import EndedPage, Heads, service_token
from load_tests.contract_checks import chat_contract
from server_kit.http.problem import MEDIA_TYPE, ChatError
from tests.support.chat_stack import SECRET

HEADS: Final = TypeAdapter(Heads)


@dataclass
class StoredRoom:
    """`events` by seq. A missing seq is no longer kept."""

    events: dict[int, dict[str, Any]] = field(default_factory=dict)
    last_seq: int = 0
    heat: dict[str, Any] = field(default_factory=lambda: {"hot": False, "since": None, "fetches_per_s": 0.0})

    @property
    def oldest_seq(self) -> int:
        return min(self.events, default=self.last_seq + 1)


def message_event(room_id: str, seq: int, text: str, *, message_id: str | None = None) -> dict[str, Any]:
    return {
        "type": "message.created",
        "room_id": room_id,
        "seq": seq,
        "message": {
            "id": message_id or f"00000000-0000-7000-8000-{seq:012d}",
            "room_id": room_id,
            "seq": seq,
            "author": {"id": "00000000-0000-7000-8000-000000000000", "nickname": "Ada"},
            "text": text,
            "reply_to": None,
            "created_at": "2026-01-01T00:00:00.000Z",
            "edited_at": None,
            "deleted": False,
            "reactions": {},
        },
    }


class StoredRooms:
    """`calls` counts calls by name. While `is_down`, every call gets 503.

    A test clears `replies` to delay pages. Pages are cut at `page_characters`, as chat_server does.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, StoredRoom] = {}
        self.calls: dict[str, int] = defaultdict(int)
        self.largest_heads = 0
        self.is_down = False
        self.replies = asyncio.Event()
        self.replies.set()
        self.page_characters = 1_000_000
        self.base_url = ""
        self._runner: web.AppRunner | None = None
        self._called = asyncio.Condition()

    def store(self, room_id: str, count: int = 1, text: str = "hello") -> list[dict[str, Any]]:
        """Add `count` messages to the room, which is created if new, and return their events."""
        room = self.rooms.setdefault(room_id, StoredRoom())
        made = []
        for _ in range(count):
            room.last_seq += 1
            event = message_event(room_id, room.last_seq, text)
            chat_contract().check_schema("RoomEvent", event)
            room.events[room.last_seq] = event
            made.append(event)
        return made

    async def start(self, port: int) -> None:
        app = web.Application()
        app.router.add_post("/internal/v1/heads", self._heads)
        app.router.add_get("/internal/v1/rooms/{room_id}/events", self._events)
        app.router.add_get("/internal/v1/ended-sessions", self._ended_sessions)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.base_url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _note(self, request: web.Request, name: str) -> None:
        if self.is_down:
            error = ChatError("store_unavailable", "The store is down.", retry_after_s=1.0)
            raise web.HTTPServiceUnavailable(text=error.body().decode(), content_type=MEDIA_TYPE)
        assert request.headers["Authorization"] == f"Bearer {service_token(SECRET)}"
        self.calls[name] += 1

    async def _heads(self, request: web.Request) -> web.Response:
        await self._note(request, "heads")
        requested = orjson.loads(await request.read())["rooms"]
        self.largest_heads = max(self.largest_heads, len(requested))
        heads = {
            room_id: {
                "last_seq": room.last_seq,
                "oldest_seq": room.oldest_seq,
                "message_count": room.last_seq,
                "heat": room.heat,
                "slow_mode_s": 0,
            }
            for room_id in requested
            if (room := self.rooms.get(room_id)) is not None
        }
        answer = HEADS.validate_python({"heads": heads}, strict=True)
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    async def _ended_sessions(self, request: web.Request) -> web.Response:
        await self._note(request, "ended_sessions")
        page: EndedPage = {"ended": [], "until_us": int(request.query["since_us"])}
        return web.Response(body=orjson.dumps(page), content_type="application/json")

    async def _events(self, request: web.Request) -> web.Response:
        await self._note(request, "events")
        room = self.rooms[request.match_info["room_id"]]
        after_seq, limit = int(request.query["after_seq"]), int(request.query["limit"])
        if after_seq < room.oldest_seq - 1:
            error = ChatError("cursor_expired", "These events have expired.", oldest_seq=room.oldest_seq)
            return web.Response(body=error.body(), status=error.status, content_type=MEDIA_TYPE)
        seqs = sorted(seq for seq in room.events if seq > after_seq)
        given: list[bytes] = []
        for seq in seqs[:limit]:
            event = orjson.dumps(room.events[seq])
            if given and sum(map(len, given)) + len(event) > self.page_characters:
                break
            given.append(event)
        body = b'{"events":[%b],"cursor":%d,"last_seq":%d,"has_more":%b}' % (
            b",".join(given),
            seqs[len(given) - 1] if given else after_seq,
            room.last_seq,
            b"true" if len(seqs) > len(given) else b"false",
        )
        await self.replies.wait()
        return web.Response(body=body, content_type="application/json")
