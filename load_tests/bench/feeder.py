"""Replaces chat_server for benchmarks of publish_server: it produces events to Kafka and answers internal calls from
memory."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from aiohttp import web
from aiokafka import AIOKafkaProducer

from chat_contract.events import Heat, Message, MessageCreated
from chat_contract.limits import EVENTS_PAGE_MAX
from chat_contract.topics import CHAT_EVENTS, event_headers
from chat_server.messages.calm_sampling import take_calm_row
from load_tests.bench.http_requests import padded
from local_stack.ports import LOOPBACK

KEPT_EVENTS = 20_000
"""Newest events that a room keeps for pages, enough for any benchmark. Overflow rule: drop the oldest."""
COLD = Heat(hot=False, since=None, fetches_per_s=0.0)


@dataclass
class RoomFeed:
    last_seq: int = 0
    values: deque[bytes] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))


class Feeder:
    """A room exists as soon as it is requested. An event's text begins with "@" and the time in microseconds."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._rooms: dict[str, RoomFeed] = {}

    def room(self, room_id: str) -> RoomFeed:
        return self._rooms.setdefault(room_id, RoomFeed())

    async def publish(
        self,
        room_id: str,
        *,
        text_length: int = 60,
        filler: str | None = None,
        is_left_out: bool = False,
        replied_to: str | None = None,
    ) -> int:
        """Produce the room's next event and return its seq. `filler` replaces the padding.

        `is_left_out` by the calm lane; then `replied_to` is the author whom the message answers.
        """
        feed = self.room(room_id)
        feed.last_seq += 1
        stamp = f"@{time.monotonic_ns() // 1000:016d}"
        text = padded(stamp, text_length) if filler is None else f"{stamp} {filler}"
        event = message_created(room_id, feed.last_seq, text)
        if is_left_out:
            event["calm"] = event["message"]["calm"] = False
        value = orjson.dumps(event)
        feed.values.append(value)
        headers = event_headers(
            "message.created", feed.last_seq, is_left_out=is_left_out, replied_to=replied_to
        )
        await self._producer.send(CHAT_EVENTS, value, key=room_id.encode(), headers=headers)
        return feed.last_seq

    async def publish_at(self, room_id: str, per_s: float, seconds: float, *, text_length: int = 60) -> int:
        """Send evenly spaced events for `seconds` and return their number. Late events are sent at once."""
        async for _ in _paced(per_s, seconds):
            await self.publish(room_id, text_length=text_length)
        return round(per_s * seconds)

    async def publish_marked_at(self, room_id: str, per_s: float, seconds: float) -> int:
        """The same, marked for the calm lane as chat_server marks messages of guests. Every tenth is a reply."""
        full_at = None
        async for number in _paced(per_s, seconds):
            is_shown, full_at = take_calm_row(full_at, datetime.now(UTC), is_host=False)
            replied_to = str(uuid4()) if not is_shown and number % 10 == 0 else None
            await self.publish(room_id, is_left_out=not is_shown, replied_to=replied_to)
        return round(per_s * seconds)

    async def flush(self) -> None:
        await self._producer.flush()

    async def heads(self, request: web.Request) -> web.Response:
        asked = orjson.loads(await request.read())["rooms"]
        return _json({"heads": {room_id: self._head(room_id) for room_id in asked}})

    async def events(self, request: web.Request) -> web.Response:
        feed = self.room(request.match_info["room_id"])
        after = int(request.query.get("after_seq", "0"))
        limit = min(int(request.query.get("limit", EVENTS_PAGE_MAX)), EVENTS_PAGE_MAX)
        skipped = max(0, after - (feed.last_seq - len(feed.values)))
        page = [orjson.loads(value) for value in list(feed.values)[skipped : skipped + limit]]
        cursor = page[-1]["seq"] if page else after
        return _json(
            {"events": page, "cursor": cursor, "last_seq": feed.last_seq, "has_more": cursor < feed.last_seq}
        )

    async def ended_sessions(self, request: web.Request) -> web.Response:
        return _json({"ended": [], "until_us": int(request.query["since_us"])})

    def _head(self, room_id: str) -> dict[str, object]:
        feed = self.room(room_id)
        return {
            "last_seq": feed.last_seq,
            "oldest_seq": feed.last_seq - len(feed.values) + 1,
            "message_count": feed.last_seq,
            "heat": COLD,
            "slow_mode_s": 0,
        }


async def _paced(per_s: float, seconds: float) -> AsyncIterator[int]:
    """1, 2, 3 … at that rate for `seconds`."""
    began_s = time.monotonic()
    for number in range(round(per_s * seconds)):
        if (wait_s := began_s + number / per_s - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        yield number + 1


@asynccontextmanager
async def feeder(kafka_bootstrap_servers: str, port: int) -> AsyncIterator[Feeder]:
    """A feeder that answers the internal calls on `port`."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap_servers, acks=1, max_batch_size=1 << 18)
    await producer.start()
    try:
        made = Feeder(producer)
        application = web.Application()
        application.router.add_post("/internal/v1/heads", made.heads)
        application.router.add_get("/internal/v1/rooms/{room_id}/events", made.events)
        application.router.add_get("/internal/v1/ended-sessions", made.ended_sessions)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
            yield made
        finally:
            await runner.cleanup()
    finally:
        await producer.stop()


def message_created(room_id: str, seq: int, text: str) -> MessageCreated:
    message = Message(
        id=str(uuid4()),
        room_id=room_id,
        seq=seq,
        author={"id": "01890000-0000-7000-8000-000000000001", "nickname": "feeder"},
        text=text,
        reply_to=None,
        created_at="2026-01-01T00:00:00.000Z",
        edited_at=None,
        deleted=False,
        reactions={},
    )
    return MessageCreated(type="message.created", room_id=room_id, seq=seq, message=message)


def _json(body: object) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
