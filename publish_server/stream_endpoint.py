"""`GET /stream/v1/rooms/{room_id}`, as raw ASGI: validate, then take the connection over for the hub."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Final, Literal

from chat_contract.http.cors import cors_headers
from chat_contract.http.edge import Receive, Scope, Send, raw_header
from chat_contract.http.problem import MEDIA_TYPE, ChatError, jittered
from chat_contract.http.request_id import request_id
from publish_server.hub import Hub, RoomAbsent
from publish_server.metrics import REFUSED
from publish_server.room import Room
from publish_server.stream_connection import HasPipelined, StreamConnection, response_head, take_transport
from publish_server.stream_cursor import STREAM_PREFIX, stream_request
from publish_server.stream_timer import StreamTimer
from publish_server.wire import Wire, accepts_gzip

HOLD_S: Final = 2.0
"""While chat_server cannot say whether the room exists, the stream opens after that and holds."""

FULL_RETRY_S: Final = 5.0
RETRY_MS: Final = (1_500, 3_500)


class StreamEndpoint:
    """Must be called with the server's own `send`, so no middleware may stand in front of it."""

    def __init__(
        self,
        hub: Hub,
        timer: StreamTimer,
        *,
        max_streams: int,
        send_buffer_bytes: int,
        stall_s: float,
        gzip: Literal["off", "hot", "always"],
        allowed_origins: Sequence[str],
        rng: Random,
    ) -> None:
        self._hub = hub
        self._timer = timer
        self._max_streams = max_streams
        self._send_buffer_bytes = send_buffer_bytes
        self._stall_s = stall_s
        self._gzip = gzip
        self._allowed_origins = allowed_origins
        self._rng = rng

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-request-id", request_id(raw_header(scope, b"x-request-id")))]
        origin = raw_header(scope, b"origin")
        if origin is not None:
            headers += cors_headers(origin, raw_header(scope, b"host") or b"", self._allowed_origins)
        try:
            request = stream_request(
                scope["path"].removeprefix(STREAM_PREFIX),
                scope["query_string"],
                raw_header(scope, b"last-event-id"),
            )
            self.check_capacity()
            room = self._hub.watch(request.room_id)
            if not room.log.started:
                await self._wait_for(room)
                self.check_capacity()
        except ChatError as error:
            REFUSED.labels(error.code).inc()
            await send_problem(send, error, headers)
            return
        self._open(scope, send, room, headers, is_notify=request.mode == "notify", cursor=request.cursor)

    def _may_gzip(self, room: Room) -> bool:
        return self._gzip == "always" or (self._gzip == "hot" and bool(room.heat["hot"]))

    def check_capacity(self) -> None:
        """Raises ChatError server_full, also while draining: another process, or this one's successor, has room."""
        if self._hub.is_draining or self._hub.subscribers.open_count >= self._max_streams:
            retry_after_s = jittered(FULL_RETRY_S, self._rng)
            raise ChatError("server_full", "No more streams here for now.", retry_after_s=retry_after_s)

    async def _wait_for(self, room: Room) -> None:
        try:
            async with asyncio.timeout(HOLD_S):
                exists = await self._hub.known(room)
        except TimeoutError:
            return
        if not exists:
            raise ChatError("room_not_found", f"There is no room {room.id}.") from RoomAbsent(room.id)

    def _open(
        self,
        scope: Scope,
        send: Send,
        room: Room,
        headers: list[tuple[bytes, bytes]],
        *,
        is_notify: bool,
        cursor: int | None,
    ) -> None:
        wire = Wire(
            is_chunked=scope["http_version"] == "1.1",
            is_gzip=self._may_gzip(room) and accepts_gzip(raw_header(scope, b"accept-encoding")),
        )
        try:
            transport, default_headers = take_transport(
                send, send_buffer_bytes=self._send_buffer_bytes, stall_s=self._stall_s
            )
        except HasPipelined:
            return
        if transport.is_closing():
            return
        connection = StreamConnection(
            self._hub.subscribers, transport, room.audience(wire, is_notify=is_notify), cursor
        )
        transport.set_protocol(connection)
        headers += [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        if wire.is_gzip:
            headers.append((b"content-encoding", b"gzip"))
        if self._gzip != "off":
            headers.append((b"vary", b"Accept-Encoding"))
        self._timer.add(connection)
        head = response_head(headers, default_headers, is_chunked=wire.is_chunked)
        self._hub.subscribers.join(connection, head, self._rng.randint(*RETRY_MS))


async def send_problem(send: Send, error: ChatError, headers: list[tuple[bytes, bytes]]) -> None:
    """The error as a whole ASGI response."""
    body = error.body()
    headers = [
        *headers,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
