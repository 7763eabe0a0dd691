"""`GET /stream/v1/rooms/{room_id}` and `GET /stream/v1/rooms?room=`, as raw ASGI: validate, then take the connection
over for the hub."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Final, Literal

from publish_server.encoding.stream_encoding import Wire, accepts_gzip
from publish_server.fanout.room_list_streams import ListConnection
from publish_server.fanout.timer_wheel import StreamTimer
from publish_server.metrics import REFUSED
from publish_server.rooms.hub import Hub, HubFull
from publish_server.rooms.room import Room, Waiter
from publish_server.scheduling.time_slices import Turns
from publish_server.streams.connection import (
    Connection,
    HasPipelined,
    StreamConnection,
    Taken,
    response_head,
    take_transport,
)
from publish_server.streams.stream_request import LIST_PATH, STREAM_PREFIX, list_request, stream_request
from server_kit.http.admission import Admission
from server_kit.http.asgi import Receive, Scope, Send, raw_header, request_head, send_problem
from server_kit.http.connections import ConnectionPlace
from server_kit.http.cors import RawHeaders, cors_headers
from server_kit.http.problem import ChatError, jittered
from server_kit.http.request_id import request_id
from server_kit.shares import Place

HOLD_S: Final = 2.0
"""While chat_server cannot say whether the room exists, the stream opens after that and holds."""

FULL_RETRY_S: Final = 5.0
RETRY_MS: Final = (1_500, 3_500)

OPENINGS_AT_ONCE: Final = 10
"""Streams that open in one round of the event loop; a list of 100 rooms takes 0.4 ms."""


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
        admission: Admission,
        rng: Random,
    ) -> None:
        self._hub = hub
        self._timer = timer
        self._max_streams = max_streams
        self._send_buffer_bytes = send_buffer_bytes
        self._stall_s = stall_s
        self._gzip = gzip
        self._allowed_origins = allowed_origins
        self._admission = admission
        self._share = admission.shares.count("streams")
        self._rng = rng
        self._turns = Turns(OPENINGS_AT_ONCE)

    def takes(self, path: str) -> bool:
        return path == LIST_PATH or path.startswith(STREAM_PREFIX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = request_head(scope)
        headers = [(b"x-request-id", request_id(head.request_id))]
        if head.origin is not None:
            headers += cors_headers(head.origin, head.host, self._allowed_origins)
        place: Place | None = None
        connection: Connection | None = None
        try:
            self._admission.check(scope, head)
            self.check_capacity()
            place = self._place(scope)
            await self._turns.take()
            self.check_capacity()
            if scope["path"] == LIST_PATH:
                connection = await self._open_list(scope, send, headers)
            else:
                connection = await self._open_room(scope, send, headers)
        except ChatError as error:
            REFUSED.labels(error.code).inc()
            await send_problem(send, error, headers)
        finally:
            if place is not None:
                if connection is None or connection.is_closed:
                    place.leave()
                else:
                    connection.place = place

    def _place(self, scope: Scope) -> Place | None:
        """One of the address's places, None where there is no limit. Raises ChatError rate_limited."""
        if self._share is None:
            return None
        place = self._share.enter(self._admission.source_of(scope), self._admission.person_of(scope))
        if place is None:
            raise self._share.refusal()
        return place

    def check_capacity(self) -> None:
        """Raises ChatError server_full, also while draining: another process, or this one's successor, has room."""
        if self._hub.is_draining or self._hub.open_streams.count >= self._max_streams:
            raise self._full()

    def _full(self) -> ChatError:
        retry_after_s = jittered(FULL_RETRY_S, self._rng)
        return ChatError("server_full", "No more streams here for now.", retry_after_s=retry_after_s)

    async def _open_room(self, scope: Scope, send: Send, headers: RawHeaders) -> Connection | None:
        request = stream_request(
            scope["path"].removeprefix(STREAM_PREFIX),
            scope["query_string"],
            raw_header(scope, b"last-event-id"),
        )
        (room,) = await self._known_rooms([request.room_id])
        if room is None:
            raise ChatError("room_not_found", f"There is no room {request.room_id}.")
        wire = Wire(
            is_chunked=scope["http_version"] == "1.1",
            is_gzip=self._may_gzip(room) and accepts_gzip(raw_header(scope, b"accept-encoding")),
        )
        if self._gzip != "off":
            headers.append((b"vary", b"Accept-Encoding"))
        taken = self._take(send, wire, headers)
        if taken is None:
            return None
        transport, head, own_place = taken
        audience = room.audience(wire, is_notify=request.mode == "notify")
        connection = StreamConnection(self._hub.subscribers, transport, audience, request.cursor)
        self._hand_over(connection, own_place)
        self._hub.subscribers.join(connection, head, self._rng.randint(*RETRY_MS))
        return connection

    async def _open_list(self, scope: Scope, send: Send, headers: RawHeaders) -> Connection | None:
        """`room.updated`, `room.heat` and `room.viewers` of those rooms; rooms that do not exist are left out."""
        rooms = await self._known_rooms(list_request(scope["query_string"]))
        wire = Wire(is_chunked=scope["http_version"] == "1.1")
        taken = self._take(send, wire, headers)
        if taken is None:
            return None
        transport, head, own_place = taken
        found = tuple(room for room in rooms if room is not None)
        connection = ListConnection(self._hub.lists, transport, wire, found)
        self._hand_over(connection, own_place)
        self._hub.lists.join(connection, head, self._rng.randint(*RETRY_MS))
        return connection

    async def _known_rooms(self, room_ids: list[str]) -> list[Room | None]:
        """The rooms, from now on followed; None for those that do not exist.

        While chat_server cannot tell, a room counts as existing after HOLD_S. Raises ChatError server_full.
        """
        followed = [self._hub.rooms.get(room_id) for room_id in room_ids]
        if all(room is not None and room.log.started for room in followed):
            return followed
        rooms: list[Room] = []
        waiter = Waiter(asyncio.get_running_loop().create_future())
        try:
            for room_id in room_ids:
                room = self._hub.watch(room_id)
                room.waiters.add(waiter)
                waiter.missing += not room.log.started
                rooms.append(room)
            if waiter.missing:
                await asyncio.wait([waiter.known], timeout=HOLD_S)
                await self._turns.take()
                self.check_capacity()
        except HubFull:
            raise self._full() from None
        finally:
            # Nothing is awaited from here to the moment when the stream is in its rooms.
            for room in rooms:
                room.waiters.discard(waiter)
        return [None if room.is_absent else room for room in rooms]

    def _may_gzip(self, room: Room) -> bool:
        return self._gzip == "always" or (self._gzip == "hot" and bool(room.heat["hot"]))

    def _take(self, send: Send, wire: Wire, headers: RawHeaders) -> Taken | None:
        """The connection, out of uvicorn's hands, and the response's head; None when the client has gone."""
        try:
            taken = take_transport(send, send_buffer_bytes=self._send_buffer_bytes, stall_s=self._stall_s)
        except HasPipelined:
            return None
        headers += [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        if wire.is_gzip:
            headers.append((b"content-encoding", b"gzip"))
        return taken._replace(head=response_head(headers, taken.head, is_chunked=wire.is_chunked))

    def _hand_over(self, connection: Connection, place: ConnectionPlace | None) -> None:
        connection.connection_place = place
        connection.transport.set_protocol(connection)
        self._timer.add(connection)
