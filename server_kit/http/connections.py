"""How both servers accept connections: uvicorn's protocol with bounds and deadlines on what a client may hold open.

Everything that waits for a client sits in one table of `Connections` with the time at which it began to wait. One sweep
a second ends what has waited too long. Each table is in the order of time, so a sweep looks only at what is due.

| waits for | at most | then |
| --- | --- | --- |
| the first byte of the first request | FIRST_BYTE_S | closed |
| the rest of a head | HEAD_S from its first byte | 408 |
| the rest of a body | BODY_S from its first byte | 408 |
| the next request | KEEP_ALIVE_S | closed |
| a client that does not read its answer | STALL_S | aborted |
| a client that does not close after its last answer | CLOSING_S | aborted |

A connection whose request a share has refused goes on only after a pause, so that a client which ignores refusals costs
little. A request that is complete has no deadline here: the application decides how long its answer takes. A connection
that becomes a stream leaves these tables (`hand_over`) and keeps its seats among the connections.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, Final, cast

import httptools
import uvicorn
from prometheus_client import Counter, Gauge
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from server_kit.http.asgi import Scope
from server_kit.http.client_address import NO_ADDRESS
from server_kit.http.event_loop_budget import MAX_COST, EventLoopBudget, cost_of
from server_kit.http.problem import MEDIA_TYPE, PROBLEMS_SENT, ChatError, jittered
from server_kit.http.problem_response import REFUSED_BY_SHARE
from server_kit.http.request_id import request_id
from server_kit.limited_log import LimitedLog
from server_kit.limits.shares import CountShare, RateShare, Seat, Shares

log = logging.getLogger(__name__)

FIRST_BYTE_S: Final = 15.0
HEAD_S: Final = 10.0
BODY_S: Final = 20.0
KEEP_ALIVE_S: Final = 65.0
"""Longer than a proxy's 60 s, so that the proxy closes first and loses no request."""

STALL_S: Final = 30.0
CLOSING_S: Final = 2.0
SWEEP_S: Final = 1.0
ENDED_AT_ONCE: Final = 64
"""Ending a connection takes about 30 µs, so that a sweep of one table takes about 2 ms of the event loop."""
NEXT_SLICE_S: Final = 0.005

MAX_HEAD_BYTES: Final = 32 * 1024
MAX_RAW_BODY_BYTES: Final = 128 * 1024
"""A body's bytes on the wire, with chunk sizes, extensions and trailers; read or not. A chunk takes about 1 µs."""

MAX_DROPPED_BYTES: Final = 1 << 20
"""What a refused client may still send. Overflow rule: ABORT, and the answer may be lost."""

MAX_HEADERS: Final = 100

MAX_LINES: Final = 64
"""Lines of received bytes that are parsed at once: 21 requests as short as possible, or a large request's head."""

PIPELINE_PIECE_BYTES: Final = 128
"""What is parsed at once of bytes with more lines. Once a request waits for the answer of an earlier one, nothing more
of its connection is parsed."""

PIPELINE_PIECE_COST: Final = 16
"""Of the iteration's budget: about 0.2 ms for requests as short as possible."""

MAX_UNPARSED_BYTES: Final = 512 * 1024
"""Bytes of one connection that wait to be parsed. Overflow rule: CUT the connection."""

MAX_ALL_UNPARSED_BYTES: Final = 32 * 1024 * 1024
"""The same of all connections. Overflow rule: CUT the oldest of the address with the most bytes."""

MAX_UNREAD_BYTES: Final = 64 * 1024 * 1024
"""Answers that stalled clients have not read. Overflow rule: CUT the oldest of the address with the most bytes."""

MAX_JOINED_BYTES: Final = 64 * 1024
"""A response with a larger body is written in two parts: 100 copies of 800 KB take 75 ms and as much memory."""

MAX_SENT_BYTES: Final = 4 * 1024 * 1024
"""Large bodies sent from memory in one iteration of the event loop: 1 to 2 ms. Overflow rule: WAIT."""

MAX_PARTING: Final = 64
"""Refused connections that still get an answer. Overflow rule: ABORT, further ones are closed without one."""

PIECE_BYTES: Final = 8 * 1024
"""What is parsed before the bounds are checked."""

FULL_RETRY_S: Final = 5.0

FIRST_PAUSE_S: Final = 0.05
MAX_PAUSE_S: Final = 0.8
"""Each refusal in a row doubles the pause of its connection. Both are shorter than the shortest `Retry-After`."""

OPEN: Final = Gauge("hotchat_connections_open", "Open connections of this process, streams included")
REFUSED: Final = Counter("hotchat_connections_refused_total", "Connections that were not accepted", ["code"])
CUT: Final = Counter(
    "hotchat_connections_cut_total", "Connections ended for what their client did", ["reason"]
)
PAUSES: Final = Counter(
    "hotchat_connections_paused_total", "Pauses in reading a connection after a share refused its request"
)

Waiting = dict["GuardedProtocol", float]

ANSWER_AT_ONCE: Final = "hotchat.answer_at_once"
"""The key of the AnswerAtOnce in the state of the application's lifespan, if it has one."""

AnswerAtOnce = Callable[[Scope], tuple[bytes, bytes] | None]
"""Answers a GET without waiting: the head on the wire without its final empty line, and the body. None leaves the
request to the application. It must not raise."""


class Connections:
    """The connections of one process. `max_open` bounds them; overflow rule: 503 `server_full`, then close."""

    def __init__(
        self,
        shares: Shares,
        max_open: int,
        clock: Callable[[], float],
        rng: Random,
        cheap_reads: tuple[bytes, ...] = (),
    ) -> None:
        """`cheap_reads` are for `cost_of`."""
        self.shares = shares
        self.cheap_reads = cheap_reads
        self.share: CountShare | None = shares.count("connections")
        self.rate: RateShare | None = shares.rate("new_connections")
        self.max_open = max_open
        self.clock = clock
        self.rng = rng
        self.log = LimitedLog(log, clock)
        self.budget = EventLoopBudget(self._start_ready)
        self.count = 0
        self._own_seat: tuple[Seat, ...] = (self,)
        """The seats of every connection while no share limits connections: 10,000 streams need no object each."""
        self.first_byte: Waiting = {}
        self.head: Waiting = {}
        self.body: Waiting = {}
        self.idle: Waiting = {}
        self.closing: Waiting = {}
        self.stalled: Waiting = {}
        self.parting: Waiting = {}
        self.unread = HeldBytes()
        self.unparsed = HeldBytes()
        self.ready: list[GuardedProtocol] = []
        """Connections with a whole request that was parsed in this iteration. They are answered together: writes in a
        row cost the kernel less than writes between reads."""
        self.sent_bytes = 0
        """Of large bodies, in this iteration."""
        self._default_headers: list[tuple[bytes, bytes]] = []
        self._default_lines = b""
        OPEN.set_function(lambda: self.count)

    def sweep(self) -> bool:
        """End what has waited too long, at most ENDED_AT_ONCE of each table. True when there may be more to end."""
        now_s = self.clock()
        ends: tuple[tuple[Waiting, float, Callable[[GuardedProtocol], None]], ...] = (
            (self.first_byte, FIRST_BYTE_S, lambda connection: connection.cut("first_byte")),
            (self.head, HEAD_S, lambda connection: connection.refuse(_too_slow(), "head_timeout")),
            (self.body, BODY_S, lambda connection: connection.refuse(_too_slow(), "body_timeout")),
            (self.idle, KEEP_ALIVE_S, lambda connection: connection.close()),
            (self.stalled, STALL_S, lambda connection: connection.cut("stalled")),
            (self.closing, CLOSING_S, lambda connection: connection.transport.abort()),
            (self.parting, CLOSING_S, lambda connection: connection.transport.abort()),
        )
        is_partial = False
        for waiting, limit_s, end in ends:
            due = _due(waiting, now_s - limit_s)
            is_partial |= len(due) == ENDED_AT_ONCE
            for connection in due:
                end(connection)
        return is_partial

    def enter(self, peer: str) -> tuple[Seat, ...]:
        """Count a connection of that peer. To be left, each once, when the connection ends. Raises ChatError."""
        seats: tuple[Seat, ...] = self._own_seat
        if self.rate is not None or self.share is not None:
            source = self.shares.source_of_peer(peer)
            if self.rate is not None:
                self.rate.check(source, None, self.clock())
            if self.share is not None:
                seat = self.share.enter(source)
                if seat is None:
                    raise self.share.refusal()
                seats = (self, seat)
        self.count += 1
        return seats

    def leave(self) -> None:
        """A connection has ended."""
        self.count -= 1

    def note_unread(self, connection: "GuardedProtocol") -> None:
        """The connection's client has stopped reading. May cut a connection, this one or another."""
        self.stalled[connection] = self.clock()
        self.unread.set(connection, connection.transport.get_write_buffer_size())
        while self.unread.total_bytes > MAX_UNREAD_BYTES:
            victim = self.unread.largest()
            self.note_read(victim)
            victim.cut("unread")

    def note_read(self, connection: "GuardedProtocol") -> None:
        """The client reads again, or is gone."""
        self.stalled.pop(connection, None)
        self.unread.remove(connection)

    def note_unparsed(self, connection: "GuardedProtocol", size: int) -> None:
        """The connection has `size` bytes that wait to be parsed. May cut a connection, this one or another."""
        self.unparsed.set(connection, size)
        while self.unparsed.total_bytes > MAX_ALL_UNPARSED_BYTES:
            victim = self.unparsed.largest()
            self.unparsed.remove(victim)
            victim.cut("unparsed")

    def _start_ready(self) -> bool:
        """Answer the requests that were parsed in the last iteration. True when some wait for the next iteration."""
        ready, self.ready = self.ready, []
        self.sent_bytes = 0
        for number, connection in enumerate(ready):
            if self.sent_bytes >= MAX_SENT_BYTES:
                self.ready = ready[number:]
                return True
            connection.start()
        return False

    def default_lines(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """uvicorn's headers of every response, as on the wire. It makes a new list of them each second."""
        if headers is not self._default_headers:
            self._default_headers = headers
            self._default_lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._default_lines

    def full(self) -> ChatError:
        wait_s = jittered(FULL_RETRY_S, self.rng)
        return ChatError(
            "server_full", f"Too many connections here; try again in {wait_s:.0f} s.", retry_after_s=wait_s
        )

    def sweep_each_second(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on, and sooner while there is more to end. A sweep that fails is not the last."""
        pause_s = SWEEP_S
        try:
            if self.sweep():
                pause_s = NEXT_SLICE_S
        finally:
            loop.call_later(pause_s, self.sweep_each_second, loop)


def _due(waiting: Waiting, since_s: float) -> list["GuardedProtocol"]:
    """The first ENDED_AT_ONCE connections that have waited since `since_s` or longer."""
    due: list[GuardedProtocol] = []
    for connection, began_s in waiting.items():
        if began_s > since_s or len(due) == ENDED_AT_ONCE:
            break
        due.append(connection)
    return due


def _too_slow() -> ChatError:
    return ChatError("request_timeout", "The request did not arrive in time; send it again.")


class HeldBytes:
    """Bytes that the process holds for connections, by address. The oldest connection of an address comes first."""

    def __init__(self) -> None:
        self.total_bytes = 0
        self._of_address: dict[str, dict[GuardedProtocol, int]] = {}

    def set(self, connection: "GuardedProtocol", size: int) -> None:
        of_address = self._of_address.setdefault(connection.address, {})
        self.total_bytes += size - of_address.get(connection, 0)
        of_address[connection] = size

    def remove(self, connection: "GuardedProtocol") -> None:
        """Safe to call again."""
        of_address = self._of_address.get(connection.address)
        if of_address is not None and connection in of_address:
            self.total_bytes -= of_address.pop(connection)
            if not of_address:
                del self._of_address[connection.address]

    def largest(self) -> "GuardedProtocol":
        """The oldest connection of the address with the most bytes. Raises ValueError when there is none."""
        largest = max(self._of_address, key=lambda address: sum(self._of_address[address].values()))
        return next(iter(self._of_address[largest]))


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, whose errors below HTTP leave as problem+json too.

    Which part of a request is missing follows from uvicorn's own fields: a head when `cycle.scope` is not `scope`, a
    body when `whole` (the last scope whose request has come whole) is not `scope`.
    """

    # CPython shares the keys of instances between them while there are at most 30. uvicorn has 28, so ours are slots:
    # otherwise each connection has a larger dictionary, and every access is slower.
    __slots__ = (
        "address",
        "answer_at_once",
        "answering",
        "guard",
        "pause",
        "peer",
        "raw_bytes",
        "refusal",
        "refusals_in_row",
        "seats",
        "unparsed",
        "unstarted",
        "waits_in",
        "whole",
    )

    def __init__(
        self,
        connections: Connections,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.guard = connections
        self.seats: tuple[Seat, ...] = ()
        self.whole: object = None
        self.waits_in: Waiting | None = None
        self.refusal: ChatError | None = None
        self.raw_bytes = 0
        self.unparsed = b""
        """Bytes that wait for a later iteration of the event loop, or for the answer of an earlier request. Reading is
        paused when more arrive."""
        self.peer = self.address = NO_ADDRESS
        """`address` is the key of the peer's limits: an IPv4 address or an IPv6 /64."""
        self.answering = self.cycle
        """The request that the application answers now, or answered last."""
        self.answer_at_once: AnswerAtOnce | None = app_state.get(ANSWER_AT_ONCE)
        self.unstarted: ASGI3Application | None = None
        """The application that is to answer `answering`, until what has arrived is parsed."""
        self.refusals_in_row = 0
        self.pause: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        guard = self.guard
        if self.client:
            self.peer = self.client[0]
            self.address = guard.shares.source_of_peer(self.peer).address
        if guard.count >= guard.max_open:
            self._turn_away(guard.full())
            return
        try:
            self.seats = guard.enter(self.peer)
        except ChatError as error:
            self._turn_away(error)
            return
        self._wait_in(guard.first_byte)

    def data_received(self, data: bytes) -> None:
        # The first lines are every request's path, so they call nothing they can do without.
        budget = self.guard.budget
        if budget.spent >= MAX_COST or self.unparsed or self.pipeline:
            self._parse_later(data)
            return
        if budget.spent == 0:
            budget.begin()
        budget.spent += cost_of(data, self.guard.cheap_reads)
        if (
            not self.raw_bytes
            and len(data) <= PIECE_BYTES
            and data.count(b"\n") <= MAX_LINES
            and self.refusal is None
        ):
            scope = self.scope
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade:
                pass  # we offer no upgrade, so the request is answered as it is
            except httptools.HttpParserError:
                self._refuse_invalid()
                return
            if self.scope is self.whole and not self.pipeline and scope is not self.scope:
                if self.waits_in is not None:
                    del self.waits_in[self]
                    self.waits_in = None
                if self.answer_at_once is not None:
                    self.guard.ready.append(self)
                else:
                    self.start()  # makes a task, which runs in the next iteration
                return
            self._check_bounds(scope, len(data))
        elif self.refusal is not None:
            self._drop(len(data))
            return
        else:
            self._feed_in_pieces(data)
        if self.parser is not None and self.refusal is None:
            self._check_progress()
            if self.unstarted is not None:
                self.start()

    def _parse_later(self, data: bytes) -> None:
        """In a later iteration, or once no request of this connection waits for an earlier answer."""
        if self.refusal is not None:
            self._drop(len(data))
            return
        if not self.unparsed:
            # Most clients now wait for their answer: stop reading only those that go on sending.
            self.unparsed = data
            if not self.pipeline:
                self.guard.budget.wait(self.address, self._parse_unparsed)
        else:
            self.unparsed += data
            self.flow.pause_reading()
        if len(self.unparsed) > MAX_UNPARSED_BYTES:
            self.cut("unparsed")
        else:
            self.guard.note_unparsed(self, len(self.unparsed))

    def _parse_unparsed(self) -> None:
        if self.pause is not None:
            return  # its end goes on from here
        data, self.unparsed = self.unparsed, b""
        self.guard.unparsed.remove(self)
        if data and not self.transport.is_closing():
            self.flow.resume_reading()
            self.data_received(data)

    def _feed_in_pieces(self, data: bytes) -> None:
        pieces = memoryview(data)
        budget = self.guard.budget
        size, cost = PIECE_BYTES, 0
        if data.count(b"\n") > MAX_LINES:
            size, cost = PIPELINE_PIECE_BYTES, PIPELINE_PIECE_COST
        start = end = 0
        while end < len(data):
            start, end = end, end + size
            if self._is_in_head():
                end = min(end, start + MAX_HEAD_BYTES - self.raw_bytes)
            if self.parser is None or self.refusal is not None or self.transport.is_closing():
                return
            if self.pipeline or (start and budget.spent >= MAX_COST):
                self._parse_later(data[start:])
                return
            budget.spent += cost
            scope = self.scope
            piece = pieces[start:end]
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                pass
            except httptools.HttpParserError:
                self._refuse_invalid()
                return
            if self.refusal is None:
                self._check_bounds(scope, len(piece))

    def _refuse_invalid(self) -> None:
        self.refuse(ChatError("bad_request", "The request is not valid HTTP."), "invalid")

    def _check_bounds(self, scope_before: object, size: int) -> None:
        """After `size` bytes were parsed: end a request that has too many bytes or headers."""
        if self.scope is not scope_before or self.scope is self.whole:
            self.raw_bytes = 0
        if self.scope is self.whole:
            return
        self.raw_bytes += size
        if self._is_in_head():
            if self.raw_bytes >= MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
                self._refuse_head()
        elif self.raw_bytes > MAX_RAW_BODY_BYTES:
            self.refuse(ChatError("body_too_large", "The request body is too large."), "body_too_large")

    def _refuse_head(self) -> None:
        detail = f"A request has at most {MAX_HEAD_BYTES:,} bytes of headers, and {MAX_HEADERS} of them."
        self.refuse(ChatError("head_too_large", detail), "head_too_large")

    def _is_in_head(self) -> bool:
        return self.cycle is None or self.cycle.scope is not self.scope

    def _check_progress(self) -> None:
        """Move to the table of what is missing now; the deadline of a part runs from the part's first byte."""
        if self.scope is self.whole and self.scope is not None:
            waits_in = None
            if self.waits_in is self.guard.body and self.cycle.response_complete and not self.pipeline:
                waits_in = self.guard.idle
            self._wait_in(waits_in)
        elif self._is_in_head():
            self._wait_in(self.guard.head)
        else:
            self._wait_in(self.guard.body)

    def _wait_in(self, waiting: Waiting | None) -> None:
        if self.waits_in is waiting:
            return
        if self.waits_in is not None:
            self.waits_in.pop(self, None)
        self.waits_in = waiting
        if waiting is not None:
            waiting[self] = self.guard.clock()

    def on_headers_complete(self) -> None:
        """uvicorn's own; trailers, which come later, must not pass for headers."""
        count = len(self.headers)
        super().on_headers_complete()
        self.headers = []
        if not self.pipeline:
            self.answering = self.cycle
        if count > MAX_HEADERS:
            self._refuse_head()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self.unstarted = app  # `cycle` is `answering`

    def start(self) -> None:
        """Answer the request that has become `answering`: at once if possible, otherwise by a task."""
        app, self.unstarted = self.unstarted, None
        if app is None or self.refusal is not None or self.transport.is_closing():
            return
        cycle, answer_at_once = self.answering, self.answer_at_once
        if answer_at_once is not None and cycle.keep_alive and not self.flow.write_paused:
            try:
                answer = answer_at_once(cast(Scope, cycle.scope))
            except Exception as error:
                self.guard.log.warning(ANSWER_AT_ONCE, "Memory could not answer a request: %r", error)
                answer = None
            if answer is not None:
                head, body = answer
                cycle.response_started = cycle.response_complete = True
                self.write_response((head, self.guard.default_lines(cycle.default_headers), b"\r\n"), body)
                self.on_response_complete()
                return
        super()._start_asgi_task(cycle, app)

    def write_response(self, head: tuple[bytes, ...], body: bytes) -> None:
        """Write a whole response. Connections that read slowly share a large body instead of a copy for each."""
        if len(body) <= MAX_JOINED_BYTES:
            self.transport.write(b"".join((*head, body)))
            return
        self.guard.sent_bytes += len(body)
        self.transport.write(b"".join(head))
        self.transport.write(body)

    def on_message_complete(self) -> None:
        """uvicorn's own without its questions about upgrades, of which we offer none."""
        self.whole = self.scope
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        """uvicorn's own, with a place in a table instead of a timer for each response."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._wait_in(self.guard.closing)
            return
        if REFUSED_BY_SHARE in self.answering.scope:
            self._slow_down()
        else:
            self.refusals_in_row = 0
            self._go_on()

    def _go_on(self) -> None:
        """Start the next request that is parsed, else parse what has arrived, else read on."""
        if self.pipeline:
            self.answering, self.unstarted = self.pipeline.pop()
            if not self.unparsed and not self.pipeline:
                self.flow.resume_reading()
            self.start()
            return
        if self.unparsed:
            self.guard.budget.wait(self.address, self._parse_unparsed)
            return
        self.flow.resume_reading()
        if self.scope is self.whole and self.waits_in is None:
            self.waits_in = idle = self.guard.idle
            idle[self] = self.guard.clock()

    def _slow_down(self) -> None:
        """A share has refused the request: go on after a pause. A client that has sent further requests is cut off.

        A proxy's connection serves many clients, so it goes on at once.
        """
        if self.guard.shares.source_of_peer(self.peer).is_exempt:
            self._go_on()
            return
        if self.pipeline or (self.unparsed and self.scope is self.whole):
            CUT.labels("pipelined_refusal").inc()
            self.transport.close()
            self._wait_in(self.guard.closing)
            return
        PAUSES.inc()
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**self.refusals_in_row)
        self.refusals_in_row = min(self.refusals_in_row + 1, 10)
        self.flow.pause_reading()
        self.pause = self.loop.call_later(pause_s, self._end_pause)

    def _end_pause(self) -> None:
        self.pause = None
        if not self.transport.is_closing():
            self._go_on()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.guard.note_unread(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.guard.note_read(self)

    def refuse(self, error: ChatError, reason: str) -> None:
        """Say what is wrong, if no answer is on its way, and close."""
        CUT.labels(reason).inc()
        self.guard.log.warning(reason, "A connection was closed: %s", reason)
        cycle = self.cycle
        earlier_waits = bool(self.pipeline) or (
            cycle is not None
            and not cycle.response_complete
            and (cycle.response_started or cycle.scope is not self.scope)
        )
        if earlier_waits or self.transport.is_closing():
            self.transport.abort()
            return
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.scope is not self.whole and not self._is_in_head() and cycle.response_complete:
            # Answered already, and more of the body is not wanted. A reset could overtake the answer.
            self.refusal = error
            self._wait_in(self.guard.closing)
            if self.transport.can_write_eof():
                self.transport.write_eof()
            return
        self.refusal = error
        self._say_refusal()

    def cut(self, reason: str) -> None:
        """End the connection without a word."""
        CUT.labels(reason).inc()
        self.transport.abort()

    def close(self) -> None:
        """Close a connection that has nothing under way; what its client has not read is dropped."""
        if self.transport.get_write_buffer_size():
            self.cut("stalled")
        else:
            self.transport.close()

    def _drop(self, size: int) -> None:
        """Bytes that come after a refusal: unread, and bounded, as a client may send them as fast as it can."""
        self.raw_bytes += size
        if self.raw_bytes > MAX_DROPPED_BYTES:
            self.transport.abort()
        else:
            self._say_refusal()

    def _turn_away(self, error: ChatError) -> None:
        """Refuse a connection: its first bytes are answered with the error, and the connection ends."""
        REFUSED.labels(error.code).inc()
        if len(self.guard.parting) + len(self.guard.closing) >= MAX_PARTING:
            self.transport.abort()
            return
        self.refusal = error
        self._wait_in(self.guard.parting)

    def _say_refusal(self) -> None:
        """Once; from then on the client's bytes are dropped until it closes, as a reset could overtake the answer."""
        error, transport = self.refusal, self.transport
        if error is None or self.waits_in is self.guard.closing or transport.is_closing():
            return
        self._wait_in(self.guard.closing)
        self.flow.resume_reading()
        PROBLEMS_SENT.labels(error.code).inc()
        body = error.body()
        headers = [
            *self.server_state.default_headers,
            (b"x-request-id", request_id(None)),
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        transport.write(STATUS_LINE[error.status] + lines + b"\r\n" + body)
        if transport.can_write_eof():
            transport.write_eof()

    def shutdown(self) -> None:
        """At SIGTERM: only whole requests are still answered."""
        if self.refusal is not None or self.cycle is None or self.cycle.response_complete:
            self.close()
        elif self.scope is not self.whole and not self.pipeline:
            self.cut("shutdown")
        else:
            self.cycle.keep_alive = False

    def hand_over(self) -> tuple[Seat, ...]:
        """Let go of a connection that becomes a stream. Returns its seats, to be left when the stream ends."""
        seats, self.seats = self.seats, ()
        self.connection_lost(ConnectionResetError("the connection is a stream now"))
        return seats

    def connection_lost(self, exc: Exception | None) -> None:
        self.unparsed = b""
        self.guard.unparsed.remove(self)
        if self.pause is not None:
            self.pause.cancel()
            self.pause = None
        self._wait_in(None)
        self.guard.note_read(self)
        seats, self.seats = self.seats, ()
        for seat in seats:
            seat.leave()
        super().connection_lost(exc)


def guarded_protocol(connections: Connections) -> Any:
    """What uvicorn.Config takes as `http`."""
    return partial(GuardedProtocol, connections)
