"""Events of a room with purges, what a log shows of them, and streams that resume from pages of chat_server."""

import asyncio
import socket
from typing import Any

import orjson

from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.subscriber import Subscriber
from publish_server.recovery.catch_up_pages import MAX_PAGE_BYTES, CatchUpPages
from publish_server.recovery.chat_client import ChatClient
from publish_server.rooms.room_log import RoomLog
from tests.publish.hub_fixtures import Core, CountingTransport, event_record, subscriber_of
from tests.publish.stored_rooms import StoredRoom, StoredRooms
from tests.publish.stream_reader import DEADLINE_S

SECRET_TEXT = "a secret of "
Event = dict[str, Any]


def about(seq: int, author: str, kind: str = "created", *, message_seq: int | None = None) -> Event:
    """An event with a message's text, with its fields in chat_server's order."""
    message = {
        "id": f"message-{message_seq or seq}",
        "room_id": "lobby",
        "seq": message_seq or seq,
        "author": {"id": author, "nickname": "Ada"},
        "text": SECRET_TEXT + author,
        "reply_to": "message-1",
        "created_at": "2026-01-01T00:00:00.000Z",
        "edited_at": None,
        "deleted": False,
        "reactions": {"heart": 2},
    }
    return {"type": f"message.{kind}", "room_id": "lobby", "seq": seq, "message": message}


def purge(seq: int, *authors: str, up_to_seq: int | None = None) -> Event:
    named = {"author_id": authors[0]} if len(authors) == 1 else {"author_ids": list(authors)}
    up_to = seq - 1 if up_to_seq is None else up_to_seq
    return {"type": "messages.purged", "room_id": "lobby", "seq": seq, **named, "up_to_seq": up_to}


def deliver(core: Core, *events: Event) -> None:
    list(core.ingest(*map(event_record, events)))


def events_in(body: bytes) -> list[Event]:
    return [orjson.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: ")]


def events_of(log: RoomLog, cursor: int | None = None) -> list[Event]:
    joined = log.since(log.floor if cursor is None else cursor, log.head, 2**30)
    assert joined is not None
    return events_in(joined.body)


def texts_of(log: RoomLog, cursor: int | None = None) -> list[str | None]:
    return [event.get("message", {}).get("text") for event in events_of(log, cursor)]


def shown(events: list[Event]) -> list[tuple[int, str | None]]:
    return [(event["seq"], event.get("message", {}).get("text")) for event in events]


class Resuming:
    """Subscribers of `lobby` that resume from pages of chat_server."""

    def __init__(self, stored: StoredRooms, client: ChatClient, sock: socket.socket) -> None:
        self._read = asyncio.Event()
        self._sock = sock
        now_s = asyncio.get_running_loop().time
        self.stored = stored
        self.pages: CatchUpPages[Subscriber] = CatchUpPages(
            client, lambda *_: self._read.set(), clock=now_s, max_bytes=64 * MAX_PAGE_BYTES
        )
        self.core = Core(pages=self.pages)

    def store(self, *events: Event) -> None:
        room = self.stored.rooms.setdefault("lobby", StoredRoom())
        for event in events:
            room.events[event["seq"]] = event
            room.last_seq = max(room.last_seq, event["seq"])

    def follow(self) -> RoomAudience:
        return self.core.follow_at(self.stored.rooms["lobby"].last_seq)

    async def resume(self, audience: RoomAudience, cursor: int = 0) -> list[Event]:
        """The events that a stream gets which resumes after `cursor`."""
        subscriber = subscriber_of(audience, CountingTransport(self._sock), cursor)
        subscriber.is_replaying = True
        body = b""
        async with asyncio.timeout(DEADLINE_S):
            while cursor < audience.full.flushed:
                self._read.clear()
                piece = self.core.catch_up.next_piece(
                    audience.room, subscriber, cursor, audience.full.flushed
                )
                if piece is None:
                    await self._read.wait()
                    continue
                body += piece.body
                cursor = piece.to_seq
        return events_in(body)

    async def called(self, times: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.stored.calls["events"] < times:
                await asyncio.sleep(0)
