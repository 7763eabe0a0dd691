"""A small server with one very busy room, so that figures measure the frontend alone: `python -m
load_tests.bench.replay_server`. It implements a part of the contract, and checks what it receives and sends against it.
Its output depends on SEED and the clock.

`POST /control/rate` {"rate": messages a second}, `POST /control/say` {"nickname"?, "text", "reply_to"?},
`POST /control/edit|react|delete` {"id", …}, `POST /control/many` {"count"}, `POST /control/streams` {"open"} and
`POST /control/heat` {"hot"} steer it; `POST /control/messages` {} returns all messages, `POST /control/lanes` {} the
lane of each stream, `POST /control/reset` {} starts over. PORT, SPA_DIR, RATE and SEED come from the environment.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from chat_server.http.client_config import ClientConfig, ClientLimits
from chat_server.messages.calm_sampling import take_calm_row
from load_tests.contract_checks import chat_contract, with_contract
from server_kit.http.problem import MEDIA_TYPE, ChatError

KEPT = 5_000
EARLIER = 200
AUTHORS = 400
TICK_S = 0.05
COLD = {"hot": False, "since": None, "fetches_per_s": 0.0, "posts_per_s": 0.0, "level": 0}
WORDS = [
    *[
        "wow",
        "go",
        "that was so good",
        "I can not believe it",
        "again",
        "please",
        "yes",
        "no",
        "what a night",
    ],
    *[
        "the light",
        "the drums",
        "bass",
        "encore",
        "hello from Seoul",
        "Tokyo",
        "Lisbon",
        "louder",
        "look there",
    ],
    *["they come", "finally", "haha", "amazing", "대박", "最高", "すごい", "좋아요"],
]


def _mark(*, is_left_out: bool) -> dict[str, Any]:
    return {"calm": False} if is_left_out else {}


def _mark_of(message: dict[str, Any]) -> dict[str, Any]:
    return _mark(is_left_out=message.get("calm") is False)


def _frame(event_type: str, seq: int, body: dict[str, Any]) -> str:
    return f"id: {seq}\nevent: {event_type}\ndata: {json.dumps(body)}\n\n"


def _skipped_frame(events: list[dict[str, Any]]) -> str:
    """The frame of a run that the calm lane skips; nothing for an empty run."""
    if not events:
        return ""
    created = [event["message"] for event in events if event["type"] == "message.created"]
    run = {
        "from_seq": events[0]["seq"] - 1,
        "to_seq": events[-1]["seq"],
        "messages": len(created),
        "replied_to": [],
    }
    return _frame("stream.skipped", run["to_seq"], run)


class BusyRoom:
    """The room's messages and events; streams wait on `moved`."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.seq = 0
        self.messages: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.pinned: list[dict[str, Any]] = []
        self.rate = 0.0
        self.count = 0
        self.heat = COLD
        self.takes_streams = True
        self.calm_full_at: datetime | None = None
        self.lanes: list[str] = []
        self.moved = asyncio.Condition()

    def say(
        self, nickname: str, text: str, reply_to: str | None = None, author_id: str = ""
    ) -> dict[str, Any]:
        self.count += 1
        now = datetime.now(UTC)
        is_shown, self.calm_full_at = take_calm_row(self.calm_full_at, now, is_host=nickname == "Olivia")
        message = {
            "id": f"0190a0b0-{self.rng.getrandbits(16):04x}-7000-8000-{self.count:012d}",
            "room_id": "lobby",
            "seq": self.seq + 1,
            "author": {"id": author_id or f"author-{nickname}", "nickname": nickname},
            "text": text,
            "reply_to": reply_to,
            "created_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "edited_at": None,
            "deleted": False,
            "reactions": {},
            **_mark(is_left_out=not is_shown),
        }
        self.messages = [*self.messages[-KEPT:], message]
        self._add({"type": "message.created", **_mark_of(message), "message": message})
        return message

    def chatter(self) -> None:
        text = " ".join(self.rng.choices(WORDS, k=1 + int(self.rng.expovariate(0.5)) % 15))
        message = self.say(f"Fan {self.rng.randrange(AUTHORS)}", text)
        if self.rng.random() < 0.3:
            self.react(self.rng.choice(self.messages[-30:])["id"], "heart")
        if self.rng.random() < 0.02:
            self.edit(message["id"], text + " (edited)")

    def find(self, message_id: str) -> dict[str, Any]:
        return next(message for message in reversed(self.messages) if message["id"] == message_id)

    def react(self, message_id: str, kind: str) -> int:
        message = self.find(message_id)
        counts = message["reactions"]
        counts[kind] = counts.get(kind, 0) + 1
        changed = {"message_id": message_id, "kind": kind, "count": counts[kind], "added": [], "removed": []}
        self._add({"type": "reaction.changed", **_mark_of(message), **changed})
        return int(counts[kind])

    def edit(self, message_id: str, text: str) -> None:
        message = self.find(message_id)
        message.update(text=text, edited_at=message["created_at"])
        self._add({"type": "message.edited", **_mark_of(message), "message": dict(message)})

    def delete(self, message_id: str) -> None:
        message = self.find(message_id)
        message.update(text="", deleted=True)
        self._add({"type": "message.deleted", "message": dict(message)})

    def pin(self, message_id: str) -> None:
        message = self.find(message_id)
        self.pinned = [message, *self.pinned]
        self._add({"type": "message.pinned", "message": dict(message)})

    def _add(self, event: dict[str, Any]) -> None:
        self.seq += 1
        event = {"room_id": "lobby", "seq": self.seq, **event}
        chat_contract().check_schema("RoomEvent", event)
        self.events = [*self.events[-KEPT:], event]

    async def notify(self) -> None:
        async with self.moved:
            self.moved.notify_all()

    def summary(self) -> dict[str, Any]:
        """The room as lists show it."""
        return {
            "id": "lobby",
            "name": "Show night",
            "visibility": "public",
            "owner_id": "author-Olivia",
            "last_seq": self.seq,
            "message_count": self.count,
            "heat": self.heat,
            "slow_mode_s": 0,
            "viewers": 5_000,
        }

    def view(self) -> dict[str, Any]:
        return {
            **self.summary(),
            "owner": {"id": "author-Olivia", "nickname": "Olivia"},
            "moderators": [],
            "who_can_post": "everyone",
            "regular_after_s": 86_400,
            "slow_mode": {"mode": "off", "seconds": 0, "target_posts_per_s": None},
        }

    def page(self, query: dict[str, int]) -> dict[str, Any]:
        limit = query.get("limit", 50)
        if "after_seq" in query:
            newer = [message for message in self.messages if message["seq"] > query["after_seq"]]
            return {"messages": newer[:limit], "cursor": self.seq, "has_more": len(newer) > limit}
        end = query.get("before_seq", query.get("around_seq", self.seq) + limit // 2)
        older = [message for message in self.messages if message["seq"] < end]
        has_newer = "around_seq" in query and len(older) < len(self.messages)
        page: dict[str, Any] = {
            "messages": older[-limit:],
            "cursor": self.seq,
            "has_more": len(older) > limit or has_newer,
        }
        if not query.keys() & {"before_seq", "around_seq"}:
            page["room"] = self.view()
            if self.pinned:
                page["pinned"] = self.pinned
        return page

    def search(self, words: str, limit: int) -> dict[str, Any]:
        found = [message for message in reversed(self.messages) if words.lower() in message["text"].lower()]
        more = len(found) > limit
        return {
            "messages": found[:limit],
            "has_more": more,
            "next_before_seq": found[limit - 1]["seq"] if more else None,
        }


def problem(error: ChatError) -> Response:
    return Response(error.body(), error.status, error.headers, MEDIA_TYPE)


def lively_room(seed: int) -> BusyRoom:
    room = BusyRoom(Random(seed))
    for _ in range(EARLIER):
        room.chatter()
    return room


class ReplayServer:
    """The endpoints of one busy room."""

    def __init__(self, seed: int, own_url: str, page: Path) -> None:
        self.seed, self.own_url, self.page = seed, own_url, page
        self.room = lively_room(seed)
        self.session: dict[str, str] = {}

    async def config(self, _: Request) -> Response:
        config = ClientConfig(
            stream_url=self.own_url,
            reaction_kinds=["heart", "sad", "laugh"],
            limits=ClientLimits(posts_per_user_per_s=0),
            sessions="open",
            room_creation="everyone",
            version="0",
        )
        return JSONResponse(config.model_dump())

    async def me(self, _: Request) -> Response:
        return (
            JSONResponse(self.session)
            if self.session
            else problem(ChatError("unauthenticated", "Join first."))
        )

    async def sessions(self, request: Request) -> Response:
        nickname = (await request.json())["nickname"]
        self.session.update(id=f"author-{nickname}", nickname=nickname)
        return JSONResponse(
            {"user": self.session, "token": "t", "expires_at": "2100-01-01T00:00:00.000Z"}, 201
        )

    async def rooms(self, _: Request) -> Response:
        listed = {**self.room.summary(), "last_message": None}
        return JSONResponse({"rooms": [listed], "next_cursor": None})

    async def my_rooms(self, _: Request) -> Response:
        return JSONResponse({"rooms": [], "next_cursor": None})

    async def one_room(self, _: Request) -> Response:
        return JSONResponse(self.room.view())

    async def messages(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(
                self.room.page({key: int(value) for key, value in request.query_params.items()})
            )
        draft = await request.json()
        author = self.session or {"id": "author-Me", "nickname": "Me"}
        message = self.room.say(author["nickname"], draft["text"], draft.get("reply_to"), author["id"])
        await self.room.notify()
        return JSONResponse(message, 201)

    async def message(self, request: Request) -> Response:
        return JSONResponse(self.room.find(request.path_params["id"]))

    async def reaction(self, request: Request) -> Response:
        count = self.room.react(request.path_params["id"], request.path_params["kind"])
        await self.room.notify()
        return JSONResponse({"message_id": request.path_params["id"], "kind": "heart", "count": count})

    async def reactors(self, request: Request) -> Response:
        return JSONResponse({"message_id": request.path_params["id"], "reactions": {}})

    async def mine(self, _: Request) -> Response:
        return JSONResponse({"mine": {}})

    async def typing(self, _: Request) -> Response:
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        if not self.room.takes_streams:
            return problem(ChatError("store_unavailable", "No events for now.", retry_after_s=1.0))
        after_seq, limit = (
            int(request.query_params.get(*each)) for each in (("after_seq", "0"), ("limit", "500"))
        )
        newer = [event for event in self.room.events if event["seq"] > after_seq]
        cursor = newer[:limit][-1]["seq"] if newer else after_seq
        return JSONResponse(
            {
                "events": newer[:limit],
                "cursor": cursor,
                "last_seq": self.room.seq,
                "has_more": len(newer) > limit,
            }
        )

    async def search(self, request: Request) -> Response:
        query = request.query_params
        return JSONResponse(self.room.search(query["q"], int(query.get("limit", "20"))))

    async def stream(self, request: Request) -> Response:
        if not self.room.takes_streams:
            return problem(ChatError("server_full", "No streams for now.", retry_after_s=1.0))
        query = request.query_params
        cursor = int(query.get("last_event_id", self.room.seq))
        self.room.lanes.append(query.get("pace", "full"))
        return StreamingResponse(
            self.frames(cursor, is_calm=query.get("pace") == "calm"), media_type="text/event-stream"
        )

    async def frames(self, cursor: int, *, is_calm: bool) -> AsyncIterator[str]:
        opened = {"room_id": "lobby", "seq": cursor, "resumed": True, "heat": self.room.heat}
        yield f"event: stream.opened\ndata: {json.dumps(opened)}\n\n"
        room = self.room
        skipped: list[dict[str, Any]] = []
        while room.takes_streams:
            for event in [event for event in room.events[-KEPT:] if event["seq"] > cursor]:
                cursor = event["seq"]
                if is_calm and event.get("calm") is False:
                    skipped.append(event)
                    continue
                yield _skipped_frame(skipped) + _frame(event["type"], cursor, event)
                skipped = []
            try:
                async with asyncio.timeout(1.0 if skipped else None), room.moved:
                    if room.seq == cursor and room.takes_streams:
                        await room.moved.wait()
            except TimeoutError:
                yield _skipped_frame(skipped)
                skipped = []

    async def list_stream(self, _: Request) -> Response:
        async def silence() -> AsyncIterator[str]:
            yield "retry: 60000\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(silence(), media_type="text/event-stream")

    async def control(self, request: Request) -> Response:
        body, what = await request.json(), request.path_params["what"]
        answer: Any = None
        if what == "rate":
            self.room.rate = float(body["rate"])
        elif what == "reset":
            self.room.takes_streams = False
            await self.room.notify()
            self.room = lively_room(self.seed)
            self.session.clear()
        elif what == "say":
            answer = self.room.say(body.get("nickname", "Somebody"), body["text"], body.get("reply_to"))
        elif what == "many":
            for _ in range(body["count"]):
                self.room.say("Crowd", "one of many")
        elif what == "streams":
            self.room.takes_streams = bool(body["open"])
        elif what == "heat":
            self.room.heat = {**COLD, "hot": bool(body["hot"])}
        elif what == "edit":
            self.room.edit(body["id"], body["text"])
        elif what == "react":
            self.room.react(body["id"], body.get("kind", "heart"))
        elif what == "pin":
            self.room.pin(body["id"])
        elif what == "delete":
            self.room.delete(body["id"])
        await self.room.notify()
        return JSONResponse(answer)

    async def all_messages(self, _: Request) -> Response:
        return JSONResponse(self.room.messages)

    async def all_lanes(self, _: Request) -> Response:
        return JSONResponse(self.room.lanes)

    async def ready(self, _: Request) -> Response:
        return JSONResponse({"status": "ready"})

    async def index(self, _: Request) -> Response:
        return FileResponse(self.page / "index.html")

    async def chatter(self) -> None:
        owed = 0.0
        while True:
            await asyncio.sleep(TICK_S)
            owed += self.room.rate * TICK_S
            for _ in range(int(owed)):
                self.room.chatter()
            if owed >= 1:
                await self.room.notify()
            owed -= int(owed)

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(self.chatter())
        yield
        task.cancel()

    def app(self) -> Starlette:
        of_room = "/api/v1/rooms/lobby"
        of_message = f"{of_room}/messages/{{id}}"
        return Starlette(
            lifespan=self.lifespan,
            routes=[
                Route("/api/v1/config", self.config),
                Route("/api/v1/me", self.me),
                Route("/api/v1/me/rooms", self.my_rooms),
                Route("/api/v1/sessions", self.sessions, methods=["POST"]),
                Route("/api/v1/rooms", self.rooms),
                Route(of_room, self.one_room),
                Route(f"{of_room}/messages", self.messages, methods=["GET", "POST"]),
                Route(of_message, self.message),
                Route(f"{of_message}/reactions", self.reactors),
                Route(f"{of_message}/reactions/{{kind}}", self.reaction, methods=["PUT", "DELETE"]),
                Route(f"{of_room}/reactions/mine", self.mine),
                Route(f"{of_room}/events", self.events),
                Route(f"{of_room}/search", self.search),
                Route(f"{of_room}/typing", self.typing, methods=["POST"]),
                Route("/stream/v1/rooms/lobby", self.stream),
                Route("/stream/v1/rooms", self.list_stream),
                Route("/control/messages", self.all_messages, methods=["POST"]),
                Route("/control/lanes", self.all_lanes, methods=["POST"]),
                Route("/control/{what}", self.control, methods=["POST"]),
                Route("/healthz/ready", self.ready),
                Route("/", self.index),
                Route("/rooms/lobby", self.index),
                Mount("/", GZipMiddleware(StaticFiles(directory=self.page), minimum_size=1024)),
            ],
        )


def main() -> None:
    port = int(os.environ["PORT"])
    seed = int(os.environ.get("SEED", "7"))
    server = ReplayServer(seed, f"http://127.0.0.1:{port}", Path(os.environ["SPA_DIR"]))
    server.room.rate = float(os.environ.get("RATE", "0"))
    uvicorn.run(
        with_contract(server.app(), chat_contract()),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
