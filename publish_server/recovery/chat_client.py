"""Calls to chat_server's internal API; see chat_contract/internal_api.py."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import httpx
import msgspec
import orjson

from chat_contract.internal_api import AccessReply, Heads, RoomHead, RoomReaders, service_token
from publish_server.encoding.sse_frames import event_frame
from publish_server.metrics import CHAT_CALLS
from publish_server.rooms.log_entry import LogEntry
from server_kit.dependency_status import DependencyStatus
from server_kit.ended_sessions import SessionEnd

MAX_REPLY_BYTES: Final = 8 * 2**20
"""chat_server ends a page after 1 MiB of events. Overflow rule: a larger reply counts as none."""

log = logging.getLogger(__name__)


class ChatUnavailable(Exception):
    """chat_server did not send a usable reply in time."""


class ReplyTooLarge(Exception):
    """The reply exceeds MAX_REPLY_BYTES, which chat_server never sends."""


class Reply(NamedTuple):
    status_code: int
    content: bytes


class StoredEvent(NamedTuple):
    seq: int
    entry: LogEntry


class StoredEvents(NamedTuple):
    """Oldest first. A seq that is missing, also before the first one, belongs to an event that is no longer kept."""

    events: list[StoredEvent]
    last_seq: int
    has_more: bool


class _Author(msgspec.Struct):
    id: str


class _Message(msgspec.Struct):
    id: str
    author: _Author | None = None


class _Event(msgspec.Struct):
    type: str
    seq: int
    message: _Message | None = None
    message_id: str | None = None
    kind: str | None = None
    calm: bool = True


class _Page(msgspec.Struct):
    events: list[msgspec.Raw]
    last_seq: int
    has_more: bool = False


class _EndedPage(msgspec.Struct):
    ended: list[SessionEnd]
    until_us: int


class _Exemptions(msgspec.Struct):
    exemptions: dict[str, float]


_exemptions_decoder = msgspec.json.Decoder(_Exemptions)
_page_decoder = msgspec.json.Decoder(_Page)
_ended_page_decoder = msgspec.json.Decoder(_EndedPage)
_event_decoder = msgspec.json.Decoder(_Event)


def stored_event(raw: bytes) -> StoredEvent:
    """Frame one item of an events page without changing its bytes."""
    event = _event_decoder.decode(raw)
    if b"\n" in raw or b"\r" in raw:
        raw = orjson.dumps(orjson.loads(raw))
    conflate = f"{event.message_id}:{event.kind}".encode() if event.type == "reaction.changed" else None
    message = event.message
    message_id = None if message is None else message.id.encode()
    author_id = None if message is None or message.author is None else message.author.id.encode()
    event_type = event.type.encode()
    frame = event_frame(event_type, raw, event.seq)
    entry = LogEntry(frame, event_type, conflate, message_id, author_id, is_left_out=not event.calm)
    return StoredEvent(event.seq, entry)


class ChatClient:
    """Tries `base_urls` and the tokens of `secrets` in turn, starting with those that worked last.

    A call that its caller cancels goes on until httpx' own timeouts: httpx loses a connection of its pool for good with
    a cancelled call, and without connections publish_server recovers nothing.
    """

    def __init__(self, client: httpx.AsyncClient, base_urls: Sequence[str], secrets: Sequence[str]) -> None:
        self._client = client
        self._base_urls = [url.rstrip("/") for url in base_urls]
        self._service_tokens = [service_token(secret) for secret in secrets]
        self._calls: set[asyncio.Task[Reply]] = set()
        self._status = {
            name: DependencyStatus(log, store="chat_server", part=name)
            for name in ("heads", "access", "events", "ended sessions", "exemptions")
        }

    async def heads(self, room_ids: Sequence[str]) -> dict[str, RoomHead]:
        """The heads of at most MAX_HEADS rooms; rooms that do not exist are left out. Raises ChatUnavailable."""
        reply = await self._call(
            "heads", "POST", "/internal/v1/heads", content=orjson.dumps({"rooms": room_ids})
        )
        try:
            page: Heads = orjson.loads(reply.content)
            return page["heads"]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ChatUnavailable(f"heads cannot be read: {error}") from error

    async def access(self, people: Mapping[str, Sequence[UUID]]) -> dict[str, RoomReaders]:
        """Who of these people may read which room; rooms that do not exist are left out. Raises ChatUnavailable."""
        reply = await self._call(
            "access", "POST", "/internal/v1/access", content=orjson.dumps({"rooms": people})
        )
        try:
            page: AccessReply = orjson.loads(reply.content)
            return page["rooms"]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ChatUnavailable(f"access cannot be read: {error}") from error

    async def events(self, room_id: str, after_seq: int, limit: int) -> StoredEvents:
        """Events after `after_seq`, starting with the oldest one that is kept. Raises ChatUnavailable."""
        path = f"/internal/v1/rooms/{room_id}/events"
        reply = await self._call("events", "GET", path, params={"after_seq": after_seq, "limit": limit})
        try:
            if reply.status_code == httpx.codes.GONE:
                oldest_seq = int(orjson.loads(reply.content)["oldest_seq"])
                if oldest_seq <= after_seq + 1:
                    raise ChatUnavailable(
                        f"events after {after_seq} are gone, yet the oldest is {oldest_seq}"
                    )
                page = await self.events(room_id, oldest_seq - 1, limit)
                return page._replace(last_seq=max(page.last_seq, oldest_seq - 1))
            page_read = _page_decoder.decode(reply.content)
            events = [stored_event(bytes(raw)) for raw in page_read.events]
            return StoredEvents(events, page_read.last_seq, page_read.has_more)
        except (msgspec.MsgspecError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ChatUnavailable(f"events cannot be read: {error}") from error

    async def ended_sessions(self, since_us: int) -> tuple[list[SessionEnd], int]:
        """The sessions that ended after `since_us`, and when the last one did, in µs. Raises ChatUnavailable."""
        reply = await self._call(
            "ended sessions", "GET", "/internal/v1/ended-sessions", params={"since_us": since_us}
        )
        try:
            page = _ended_page_decoder.decode(reply.content)
        except msgspec.MsgspecError as error:
            raise ChatUnavailable(f"ended sessions cannot be read: {error}") from error
        return page.ended, page.until_us

    async def exemptions(self) -> dict[str, float]:
        """The exempted addresses, and when each exemption ends, in Unix seconds. Raises ChatUnavailable."""
        reply = await self._call("exemptions", "GET", "/internal/v1/exemptions")
        try:
            return _exemptions_decoder.decode(reply.content).exemptions
        except msgspec.MsgspecError as error:
            raise ChatUnavailable(f"exemptions cannot be read: {error}") from error

    async def _bounded_reply(self, request: httpx.Request) -> Reply:
        """Read the reply, up to its bound. Raises ReplyTooLarge and httpx.HTTPError."""
        response = await self._client.send(request, stream=True)
        try:
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > MAX_REPLY_BYTES:
                    raise ReplyTooLarge
        finally:
            await response.aclose()
        return Reply(response.status_code, bytes(content))

    async def close(self) -> None:
        """Cancel the calls whose callers are gone. Call this before the connections are closed."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: dict[str, int] | None = None,
    ) -> Reply:
        call = asyncio.create_task(self._call_to_its_end(name, method, path, content, params))
        self._calls.add(call)
        call.add_done_callback(self._ended)
        return await asyncio.shield(call)

    def _ended(self, call: asyncio.Task[Reply]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # nobody may be left to take it

    async def _call_to_its_end(
        self, name: str, method: str, path: str, content: bytes | None, params: dict[str, int] | None
    ) -> Reply:
        """Retry a failed call at once: the calls only read, and chat_server may have closed a kept connection."""
        reason = ""
        for _ in range(len(self._base_urls) + len(self._service_tokens)):
            try:
                reply = await self._bounded_reply(
                    self._client.build_request(
                        method,
                        self._base_urls[0] + path,
                        content=content,
                        params=params,
                        headers={
                            "authorization": f"Bearer {self._service_tokens[0]}",
                            **({"content-type": "application/json"} if content else {}),
                        },
                    )
                )
            except httpx.HTTPError as error:
                reason = f"{type(error).__name__} {error}".strip()
            except ReplyTooLarge:
                reason = f"a reply above {MAX_REPLY_BYTES} bytes"
            else:
                if reply.status_code in (httpx.codes.OK, httpx.codes.GONE):
                    CHAT_CALLS.labels(name, "ok").inc()
                    self._status[name].answered()
                    return reply
                reason = f"status {reply.status_code}"
                if reply.status_code == httpx.codes.UNAUTHORIZED and len(self._service_tokens) > 1:
                    self._service_tokens.append(self._service_tokens.pop(0))
                    continue
            self._base_urls.append(self._base_urls.pop(0))
        CHAT_CALLS.labels(name, "failed").inc()
        unavailable = ChatUnavailable(reason)
        self._status[name].failed(unavailable)
        raise unavailable
