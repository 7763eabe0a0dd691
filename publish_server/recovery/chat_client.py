"""Calls to chat_server's internal API, as chat_contract/internal_api.py describes it."""

import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

import httpx
import msgspec
import orjson

from chat_contract.internal_api import Heads, RoomHead, service_token
from publish_server.encoding.sse_frames import event_frame
from publish_server.metrics import CHAT_CALLS
from publish_server.rooms.room_log import Entry

MAX_ANSWER_BYTES: Final = 8 * 2**20
"""chat_server ends a page after 1 MiB of events. Overflow rule: as if there was no answer."""

log = logging.getLogger(__name__)


class ChatUnavailable(Exception):
    """chat_server did not give a usable answer in time."""


class AnswerTooLarge(Exception):
    """Somebody answers who is not chat_server as we know it."""


class Answer(NamedTuple):
    status_code: int
    content: bytes


class StoredEvent(NamedTuple):
    seq: int
    entry: Entry


class StoredEvents(NamedTuple):
    """Oldest first. Where a seq is missing, also before the first one, that event is no longer kept."""

    events: list[StoredEvent]
    last_seq: int
    has_more: bool


class _Message(msgspec.Struct):
    id: str


class _Event(msgspec.Struct):
    type: str
    seq: int
    message: _Message | None = None
    message_id: str | None = None
    kind: str | None = None


class _Page(msgspec.Struct):
    events: list[msgspec.Raw]
    last_seq: int
    has_more: bool = False


_page_decoder = msgspec.json.Decoder(_Page)
_event_decoder = msgspec.json.Decoder(_Event)


def stored_event(raw: bytes) -> StoredEvent:
    """Frame one item of an events page, byte for byte as it was stored."""
    event = _event_decoder.decode(raw)
    if b"\n" in raw or b"\r" in raw:
        raw = orjson.dumps(orjson.loads(raw))
    conflate = f"{event.message_id}:{event.kind}".encode() if event.type == "reaction.changed" else None
    message_id = None if event.message is None else event.message.id.encode()
    event_type = event.type.encode()
    frame = event_frame(event_type, raw, event.seq)
    return StoredEvent(event.seq, Entry(frame, event_type, conflate, message_id))


class ChatClient:
    """`base_urls` and the tokens of `secrets` are tried in turn, starting with those that were accepted last."""

    def __init__(self, client: httpx.AsyncClient, base_urls: Sequence[str], secrets: Sequence[str]) -> None:
        self._client = client
        self._base_urls = [url.rstrip("/") for url in base_urls]
        self._service_tokens = [service_token(secret) for secret in secrets]
        self._is_down = False

    async def heads(self, room_ids: Sequence[str]) -> dict[str, RoomHead]:
        """Where those rooms are, MAX_HEADS at most; rooms that do not exist are left out. Raises ChatUnavailable."""
        answer = await self._call(
            "heads", "POST", "/internal/v1/heads", content=orjson.dumps({"rooms": room_ids})
        )
        try:
            page: Heads = orjson.loads(answer.content)
            return page["heads"]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ChatUnavailable(f"heads cannot be read: {error}") from error

    async def events(self, room_id: str, after_seq: int, limit: int) -> StoredEvents:
        """Events after `after_seq`, oldest first, from the oldest one that is kept. Raises ChatUnavailable."""
        path = f"/internal/v1/rooms/{room_id}/events"
        answer = await self._call("events", "GET", path, params={"after_seq": after_seq, "limit": limit})
        try:
            if answer.status_code == httpx.codes.GONE:
                oldest_seq = int(orjson.loads(answer.content)["oldest_seq"])
                if oldest_seq <= after_seq + 1:
                    raise ChatUnavailable(
                        f"events after {after_seq} are gone, yet the oldest is {oldest_seq}"
                    )
                page = await self.events(room_id, oldest_seq - 1, limit)
                return page._replace(last_seq=max(page.last_seq, oldest_seq - 1))
            page_read = _page_decoder.decode(answer.content)
            events = [stored_event(bytes(raw)) for raw in page_read.events]
            return StoredEvents(events, page_read.last_seq, page_read.has_more)
        except (msgspec.MsgspecError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ChatUnavailable(f"events cannot be read: {error}") from error

    async def _bounded(self, request: httpx.Request) -> Answer:
        """The answer, read as it comes and given up once it is too large. Raises AnswerTooLarge and httpx.HTTPError."""
        response = await self._client.send(request, stream=True)
        try:
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > MAX_ANSWER_BYTES:
                    raise AnswerTooLarge
        finally:
            await response.aclose()
        return Answer(response.status_code, bytes(content))

    async def _call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: dict[str, int] | None = None,
    ) -> Answer:
        """Both calls only read, so one that failed may be made again: a kept connection may have been closed."""
        reason = ""
        for _ in range(len(self._base_urls) + len(self._service_tokens)):
            try:
                answer = await self._bounded(
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
            except AnswerTooLarge:
                reason = f"an answer above {MAX_ANSWER_BYTES} bytes"
            else:
                if answer.status_code in (httpx.codes.OK, httpx.codes.GONE):
                    CHAT_CALLS.labels(name, "ok").inc()
                    if self._is_down:
                        self._is_down = False
                        log.info("chat_server answers again")
                    return answer
                reason = f"status {answer.status_code}"
                if answer.status_code == httpx.codes.UNAUTHORIZED and len(self._service_tokens) > 1:
                    self._service_tokens.append(self._service_tokens.pop(0))
                    continue
            self._base_urls.append(self._base_urls.pop(0))
        CHAT_CALLS.labels(name, "failed").inc()
        if not self._is_down:
            self._is_down = True
            log.warning("chat_server cannot be asked (%s); streams go on from Kafka alone", reason)
        raise ChatUnavailable(reason)
