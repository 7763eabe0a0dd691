"""Answers requests for streams as raw ASGI: checks the request, then takes its connection over."""

import asyncio
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, Literal, NamedTuple

from chat_contract.internal_api import RoomReaders
from publish_server.encoding.stream_encoding import StreamEncoding
from publish_server.fanout.followed_rooms import FollowedRooms
from publish_server.fanout.room_audience import HeadWaiter, RoomAudience
from publish_server.fanout.room_list_streams import RoomListStream, RoomListStreams
from publish_server.fanout.stream import Stream
from publish_server.fanout.subscriber import Subscriber
from publish_server.metrics import REFUSED
from publish_server.recovery.access_checks import AccessChecks
from publish_server.recovery.chat_client import ChatUnavailable
from publish_server.recovery.room_lookup import RoomLookup
from publish_server.rooms.room import Room
from publish_server.rooms.room_registry import RegistryFull
from publish_server.scheduling.paced_admission import PacedAdmission
from publish_server.stream_queue.stream_admission import Entry, StreamAdmission
from publish_server.streams.followed_room_shares import RoomSeats
from publish_server.streams.routes import ROOM_LIST, ROOM_PREFIX, route_of
from publish_server.streams.stream_request import (
    accepts_gzip,
    list_request,
    place_in,
    stream_request,
    ticket_in,
)
from publish_server.streams.stream_takeover import HasPipelined, Taken, response_head, take_transport
from server_kit.http.asgi import Receive, Scope, Send, raw_header
from server_kit.http.client_address import NO_ADDRESS
from server_kit.http.cors import RawHeaders, cors_headers
from server_kit.http.problem import ChatError, jittered
from server_kit.http.problem_response import send_problem
from server_kit.http.request_admission import Admission
from server_kit.http.request_head import request_head
from server_kit.http.request_id import request_id
from server_kit.limits.shares import Person, Seat, Source
from server_kit.stream_tickets import StreamTicket, StreamTickets, ticket_invalid

UNCONFIRMED_AFTER_S: Final = 2.0
"""A stream opens after this long even if chat_server has not confirmed that its room exists."""

SPACE_CHECK_S: Final = 0.1
"""A stream that finds the registry full tries again this often, until UNCONFIRMED_AFTER_S is over."""

FULL_RETRY_S: Final = 5.0

CLOSE: Final = (b"connection", b"close")
"""On a refusal for lack of streams: connections that people who wait keep open would soon run out, too."""

RETRY_MS: Final = (1_500, 3_500)

OPENINGS_PER_ITERATION: Final = 10
"""Streams that open in one iteration of the event loop; a list of 100 rooms takes 0.4 ms."""


class Visitor(NamedTuple):
    """Whose shares a stream uses."""

    source: Source
    person: Person | None


ANYBODY: Final = Visitor(Source(NO_ADDRESS), None)
"""Every visitor while no share is in force."""


class StreamEndpoint:
    """Must be called with the server's own `send`, so put no middleware in front of it."""

    def __init__(
        self,
        followed_rooms: FollowedRooms,
        lists: RoomListStreams,
        room_lookup: RoomLookup,
        access_checks: AccessChecks,
        tickets: StreamTickets,
        stream_admission: StreamAdmission,
        *,
        is_draining: Callable[[], bool],
        send_buffer_bytes: int,
        stall_s: float,
        gzip: Literal["off", "hot", "always"],
        allowed_origins: Sequence[str],
        admission: Admission,
        rng: Random,
    ) -> None:
        self._followed_rooms = followed_rooms
        self._lists = lists
        self._room_lookup = room_lookup
        self._access_checks = access_checks
        self._tickets = tickets
        self._stream_admission = stream_admission
        self._is_draining = is_draining
        self._send_buffer_bytes = send_buffer_bytes
        self._stall_s = stall_s
        self._gzip = gzip
        self._allowed_origins = allowed_origins
        self._admission = admission
        self._share, followed, unknown = map(
            admission.shares.count, ("streams", "followed_rooms", "unknown_rooms")
        )
        self._has_shares = any(share is not None for share in (self._share, followed, unknown))
        self._rooms_followed, self._rooms_unknown = RoomSeats(followed), RoomSeats(unknown)
        self._rng = rng
        self._pacer = PacedAdmission(OPENINGS_PER_ITERATION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = request_head(scope)
        headers = [(b"x-request-id", request_id(head.request_id))]
        if head.origin is not None:
            headers += cors_headers(head.origin, head.host, self._allowed_origins)
        seats: list[Seat] = []
        stream: Stream | None = None
        entry: Entry | None = None
        try:
            self._admission.check(scope, head)
            place = place_in(scope["query_string"])
            self._stream_admission.check(place)
            visitor = self._visitor(scope)
            seats += self._share_seat(visitor)
            await self._pacer.wait()
            entry = await self._stream_admission.enter(place)
            if route_of(scope["path"]) is ROOM_LIST:
                stream = await self._open_list(scope, send, headers, visitor, seats)
            else:
                stream = await self._open_room(scope, send, headers, visitor, seats)
        except ChatError as error:
            REFUSED.labels(error.code).inc()
            if error.code == "server_full":
                headers.append(CLOSE)
            await send_problem(scope, send, error, headers)
        finally:
            if stream is None:  # an open stream gives its seats back when it ends
                for held in seats:
                    held.leave()
            if entry is not None:
                entry.end()
                if stream is None:
                    await self._stream_admission.abandon(entry)

    def _visitor(self, scope: Scope) -> Visitor:
        if not self._has_shares:
            return ANYBODY
        return Visitor(self._admission.source_of(scope), self._admission.person_of(scope))

    def _share_seat(self, visitor: Visitor) -> list[Seat]:
        """One of the address's seats; none if there is no limit. Raises ChatError rate_limited."""
        if self._share is None:
            return []
        place = self._share.enter(visitor.source, visitor.person)
        if place is None:
            raise self._share.refusal()
        return [place]

    def _full(self) -> ChatError:
        retry_after_s = jittered(FULL_RETRY_S, self._rng)
        return ChatError("server_full", "No more streams here for now.", retry_after_s=retry_after_s)

    async def _open_room(
        self, scope: Scope, send: Send, headers: RawHeaders, visitor: Visitor, seats: list[Seat]
    ) -> Stream | None:
        """A stream of one room; None for HEAD, or if the client has disconnected. Raises ChatError."""
        request = stream_request(
            scope["path"].removeprefix(ROOM_PREFIX),
            scope["query_string"],
            raw_header(scope, b"last-event-id"),
        )
        room_id = request.room_id
        ticket = self._ticket(scope)
        version = 0 if ticket is None else await self._access_version(ticket, room_id)
        audiences = await self._audiences([room_id], visitor, seats, is_list=False)
        if not audiences or (ticket is None and audiences[0].room.is_private):
            raise ticket_invalid() if ticket else ChatError("room_not_found", f"There is no room {room_id}.")
        (audience,) = audiences
        encoding = StreamEncoding(
            is_chunked=scope["http_version"] == "1.1",
            is_gzip=self._may_gzip(audience.room) and accepts_gzip(raw_header(scope, b"accept-encoding")),
        )
        if self._gzip != "off":
            headers.append((b"vary", b"Accept-Encoding"))
        headers += _stream_headers(encoding)
        taken = await self._begin(scope, send, headers, seats)
        if taken is None:
            return None
        group = audience.group(encoding, is_notify=request.mode == "notify", is_calm=request.is_calm)
        reader = None if ticket is None else ticket.user_id
        subscriber = Subscriber(audience, taken.transport, group, request.cursor, taken.seats, reader)
        taken.transport.set_protocol(subscriber)
        head = response_head(headers, taken.default_headers, is_chunked=encoding.is_chunked)
        audience.join(subscriber, head, round(self._rng.uniform(*RETRY_MS)))
        if reader is not None:
            self._followed_rooms.access_granted(audience.room, version)
        return subscriber

    async def _open_list(
        self, scope: Scope, send: Send, headers: RawHeaders, visitor: Visitor, seats: list[Seat]
    ) -> Stream | None:
        """A room-list stream; None for HEAD, or if the client has disconnected. Raises ChatError."""
        room_ids = list_request(scope["query_string"])
        ticket = self._ticket(scope)
        covered = [] if ticket is None else [each for each in room_ids if each in ticket.rooms]
        readable = await self._readable(ticket, covered) if ticket is not None and covered else {}
        audiences = await self._audiences(room_ids, visitor, seats, is_list=True)
        audiences = [each for each in audiences if not each.room.is_private or each.room.id in readable]
        encoding = StreamEncoding(is_chunked=scope["http_version"] == "1.1")
        headers += _stream_headers(encoding)
        taken = await self._begin(scope, send, headers, seats)
        if taken is None:
            return None
        reader = None if ticket is None else ticket.user_id
        stream = RoomListStream(
            self._lists, taken.transport, encoding, audiences, taken.seats, reader, readable
        )
        taken.transport.set_protocol(stream)
        head = response_head(headers, taken.default_headers, is_chunked=encoding.is_chunked)
        self._lists.join(stream, head, round(self._rng.uniform(*RETRY_MS)))
        for each in audiences:
            if each.room.id in readable:
                self._followed_rooms.access_granted(each.room, readable[each.room.id]["access_version"])
        return stream

    def _ticket(self, scope: Scope) -> StreamTicket | None:
        """The ticket of the request; None without one. Raises ChatError ticket_invalid."""
        given = ticket_in(scope["query_string"])
        return None if given is None else self._tickets.verify(given, time.time())

    async def _access_version(self, ticket: StreamTicket, room_id: str) -> int:
        """The access version at which the ticket's user may read the room. Raises ChatError ticket_invalid."""
        readable = await self._readable(ticket, [room_id]) if room_id in ticket.rooms else {}
        if room_id not in readable:
            raise ticket_invalid()
        return readable[room_id]["access_version"]

    async def _readable(self, ticket: StreamTicket, room_ids: list[str]) -> dict[str, RoomReaders]:
        """Those of these rooms that the ticket's user may read now. Raises ChatError server_full."""
        try:
            async with asyncio.timeout(UNCONFIRMED_AFTER_S):
                return await self._access_checks.readable(ticket.user_id, room_ids)
        except (TimeoutError, ChatUnavailable):
            # Unlike a public room, a private one does not open while chat_server cannot confirm it.
            raise self._full() from None

    async def _audiences(
        self, room_ids: list[str], visitor: Visitor, seats: list[Seat], *, is_list: bool
    ) -> list[RoomAudience]:
        """The audiences of those rooms that exist. Their seats in the address's share are added to `seats`.

        While chat_server is unavailable, a room counts as existing after UNCONFIRMED_AFTER_S. Raises ChatError
        rate_limited and server_full.
        """
        if not self._has_shares:
            audiences = self._known(room_ids)
            if audiences is not None:
                return audiences
        until_s = asyncio.get_running_loop().time() + UNCONFIRMED_AFTER_S
        unknown = [room_id for room_id in room_ids if self._followed_rooms.get(room_id) is None]
        waiting = self._rooms_unknown.enter(*visitor, unknown)
        try:
            if is_list and unknown:
                # Only rooms that exist may take capacity of the registry, or one list could use up a hundred rooms.
                absent = set(unknown) - await self._room_lookup.existing(unknown, until_s)
                room_ids = [room_id for room_id in room_ids if room_id not in absent]
                await self._pacer.wait()
            followed = self._rooms_followed.enter(*visitor, room_ids)
            if followed is not None:
                seats.append(followed)
            return await self._follow_all(room_ids, until_s, is_list=is_list)
        finally:
            if waiting is not None:
                waiting.leave()

    async def _follow_all(self, room_ids: list[str], until_s: float, *, is_list: bool) -> list[RoomAudience]:
        """Follow the rooms, and wait until their heads are known; rooms that do not exist are left out."""
        known_audiences = self._known(room_ids)
        if known_audiences is not None:
            return known_audiences
        audiences: list[RoomAudience] = []
        known = asyncio.get_running_loop().create_future()
        waiter = HeadWaiter(known)
        waiter.missing = len(room_ids)
        try:
            for room_id in room_ids:
                audience = await self._follow(room_id, until_s, is_list=is_list)
                audiences.append(audience)
                if audience.log.is_started:
                    waiter.one_is_known()
                audience.waiters.add(waiter)
            if waiter.missing:
                left_s = until_s - asyncio.get_running_loop().time()
                await asyncio.wait([known], timeout=max(0.0, left_s))
                await self._pacer.wait()
            if self._is_draining():
                raise self._full()
        except RegistryFull:
            raise self._full() from None
        finally:
            # Do not await anything between here and the moment when the stream joins its rooms.
            for audience in audiences:
                audience.waiters.discard(waiter)
        return [audience for audience in audiences if not audience.is_absent]

    def _known(self, room_ids: list[str]) -> list[RoomAudience] | None:
        """The audiences of these rooms; None unless the heads of all are known."""
        audiences = []
        for room_id in room_ids:
            audience = self._followed_rooms.get(room_id)
            if audience is None or not audience.log.is_started:
                return None
            audiences.append(audience)
        return audiences

    async def _follow(self, room_id: str, until_s: float, *, is_list: bool) -> RoomAudience:
        """The room's audience; waits while the registry is full. Raises RegistryFull if it still is at `until_s`."""
        while True:
            try:
                return self._followed_rooms.follow(room_id, is_listed=is_list)
            except RegistryFull:
                if asyncio.get_running_loop().time() >= until_s:
                    raise
            await asyncio.sleep(SPACE_CHECK_S)

    def _may_gzip(self, room: Room) -> bool:
        return self._gzip == "always" or (self._gzip == "hot" and bool(room.heat["hot"]))

    async def _begin(self, scope: Scope, send: Send, headers: RawHeaders, seats: list[Seat]) -> Taken | None:
        """The connection of the stream; None for HEAD, which gets the headers, or if the client has disconnected."""
        if scope["method"] == "HEAD":
            await _send_head(send, headers)
            return None
        return self._take(send, seats)

    def _take(self, send: Send, seats: list[Seat]) -> Taken | None:
        """Take the connection over, and give it `seats` too; None if the client has disconnected.

        Without shares, all streams have the same tuple of seats: 10,000 of them need 2 MB less.
        """
        try:
            taken = take_transport(send, send_buffer_bytes=self._send_buffer_bytes, stall_s=self._stall_s)
        except HasPipelined:
            return None
        of_stream = tuple(seats) + taken.seats
        seats += taken.seats  # to be left if the stream does not open
        return Taken(taken.transport, taken.default_headers, of_stream)


def _stream_headers(encoding: StreamEncoding) -> RawHeaders:
    headers: RawHeaders = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    if encoding.is_gzip:
        headers.append((b"content-encoding", b"gzip"))
    return headers


async def _send_head(send: Send, headers: RawHeaders) -> None:
    """The response to HEAD: the checks and the headers of GET, but no stream is opened."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
