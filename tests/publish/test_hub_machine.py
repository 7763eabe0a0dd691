"""Any interleaving of what can happen to a hub, made up by hypothesis, on real sockets and without an event loop.

Each client must see its room's order exactly once from where it began, or an explicit stream.gap.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, precondition, rule

from chat_contract.internal_api import RoomHead
from chat_contract.limits import EVENTS_PAGE_MAX
from chat_contract.topics import event_headers
from publish_server.encoding.stream_encoding import Wire
from publish_server.fanout.flush import flush_steps
from publish_server.recovery.catch_up_pages import fill
from publish_server.recovery.chat_client import StoredEvents, stored_event
from publish_server.rooms.hub import Record
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import RoomLog
from publish_server.streams.connection import StreamConnection
from tests.publish.hub_fixtures import a_hub, head_at

ROOM = "lobby"
FILLER = "x" * 900
"""Long enough that a client that does not read stalls after a few events."""


class KafkaRecord(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class SocketTransport:
    """What uvloop's transport does with a write limit of 0, driven by hand, on a real socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffered: list[memoryview] = []
        self.protocol: StreamConnection | None = None
        self.is_closing = False
        self.is_closed = False

    def get_extra_info(self, name: str) -> socket.socket:
        assert name == "socket"
        return self._sock

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        assert self.protocol is not None
        was_empty = not self._buffered
        self._buffered.append(memoryview(data))
        if was_empty:
            self._send()
            if self._buffered:
                self.protocol.pause_writing()

    def close(self) -> None:
        self.is_closing = True
        if not self._buffered:
            self._end()

    def abort(self) -> None:
        self._buffered.clear()
        self._end()

    def client_reads(self) -> None:
        """The kernel has room again."""
        if self.is_closed or not self._buffered:
            return
        self._send()
        if not self._buffered:
            if self.is_closing:
                self._end()
            else:
                assert self.protocol is not None
                self.protocol.resume_writing()

    def _send(self) -> None:
        while self._buffered:
            try:
                sent = os.write(self._sock.fileno(), self._buffered[0])
            except BlockingIOError:
                return
            if sent < len(self._buffered[0]):
                self._buffered[0] = self._buffered[0][sent:]
            else:
                del self._buffered[0]

    def _end(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            assert self.protocol is not None
            self.protocol.connection_lost(None)
            self._sock.close()


class Client:
    """The other end: reads bytes, and believes nothing."""

    def __init__(self, cursor: int | None, *, may_gap: bool, deleted: frozenset[int] = frozenset()) -> None:
        ours, self._sock = socket.socketpair()
        for end in (ours, self._sock):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_608)
        self.transport = SocketTransport(ours)
        self.asked = cursor
        self.at: int | None = None
        self.gaps: list[tuple[int, int]] = []
        self._may_gap = may_gap
        self._deleted = deleted
        self._received = b""
        self._headless = False

    def read(self, most: int) -> bool:
        """Read at most that many bytes; False when there were none."""
        try:
            data = self._sock.recv(most)
        except BlockingIOError:
            return False
        self._received += data
        self._take_frames()
        self.transport.client_reads()
        return bool(data)

    def _take_frames(self) -> None:
        if not self._headless:
            _, separator, rest = self._received.partition(b"HEAD")
            if not separator:
                return
            self._received, self._headless = rest, True
        while b"\n\n" in self._received:
            frame, _, self._received = self._received.partition(b"\n\n")
            fields = dict(line.split(b": ", 1) for line in frame.split(b"\n"))
            if b"data" in fields:
                self._take(fields[b"event"].decode(), fields.get(b"id"), orjson.loads(fields[b"data"]))

    def _take(self, event_type: str, frame_id: bytes | None, data: dict[str, Any]) -> None:
        if event_type == "stream.opened":
            assert self.at is None
            assert self.asked is None or data["seq"] == self.asked
            self.at = data["seq"]
        elif event_type == "stream.gap":
            assert self.at is not None
            is_above_head = data["to_seq"] < data["from_seq"]
            assert self._may_gap or is_above_head, data
            assert is_above_head or data["from_seq"] <= self.at < data["to_seq"]
            self.gaps.append((data["from_seq"], data["to_seq"]))
            self.at = data["to_seq"]
        elif event_type == "stream.ping":
            has = self.asked or 0 if self.at is None else self.at
            assert data["seq"] <= has, "a ping must not claim what was not sent"
        elif "seq" in data:
            assert self.at is not None
            assert data["seq"] == self.at + 1, f"{data['seq']} after {self.at}"
            assert frame_id is not None
            assert int(frame_id) == data["seq"]
            assert data["seq"] not in self._deleted or not data["message"]["text"], "deleted before it came"
            self.at = data["seq"]

    def close(self) -> None:
        self._sock.close()


class PagesByHand:
    """Pages that are read when the machine says so."""

    def __init__(self) -> None:
        self.pages: dict[int, RoomLog] = {}
        self.wanted: dict[int, set[StreamConnection]] = {}

    def page(self, room_id: str, cursor: int) -> RoomLog | None:
        page = self.pages.get(cursor - cursor % EVENTS_PAGE_MAX)
        return page if page is not None and page.head > cursor else None

    def want(self, room: Room, cursor: int, connection: StreamConnection) -> None:
        self.wanted.setdefault(cursor - cursor % EVENTS_PAGE_MAX, set()).add(connection)

    def mark_deleted(self, room_id: str, message_id: bytes) -> list[int]:
        return sorted({seq for page in self.pages.values() for seq in page.mark_deleted(message_id)})


class HubMachine(RuleBasedStateMachine):
    """With a ring that holds everything and a store that keeps everything, a client never needs to see a gap."""

    ring_events = 100_000
    may_gap = False
    clients = Bundle("clients")
    records = Bundle("records")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.stored: dict[int, dict[str, Any]] = {}
        self.last_seq = 0
        self.deletions: dict[int, int] = {}
        """The seq of each deletion: the seq of the message's creation."""
        self.calls = 0
        self.hub = a_hub(lambda: self.now, ring_events=self.ring_events, small_flush_s=-1)
        self.subscribers = self.hub.subscribers
        self.pages = PagesByHand()
        self.subscribers.pages = self.pages
        self.subscribers.ask_head = self._ask_head
        self.open_clients: list[Client] = []
        self.flush: Iterator[tuple[int, int]] | None = None
        self.reading: tuple[int, int, StoredEvents] | None = None
        self.heads_read: tuple[int, RoomHead] | None = None

    def _ask_head(self, room: Room) -> int:
        return self.calls + 1

    @property
    def room(self) -> Room | None:
        return self.hub.rooms.get(ROOM)

    # The store and Kafka

    @rule(target=records, filler=st.booleans())
    def message_is_stored(self, filler: bool) -> dict[str, Any]:
        return self._store(FILLER if filler else "")

    @rule(event=consumes(records))
    def record_arrives(self, event: dict[str, Any]) -> None:
        self._deliver(event)

    @rule(event=records)
    def record_arrives_and_will_again(self, event: dict[str, Any]) -> None:
        self._deliver(event)

    @rule(event=consumes(records))
    def record_is_lost(self, event: dict[str, Any]) -> None:
        pass

    @rule(count=st.integers(1, 30))
    def crowd_talks(self, count: int) -> None:
        for _ in range(count):
            self._deliver(self._store(FILLER))

    @precondition(lambda self: self.last_seq > 0)
    @rule(target=records, back=st.integers(0, 60))
    def message_is_deleted(self, back: int) -> dict[str, Any]:
        seq = max(1, self.last_seq - back)
        message = {"id": f"message-{seq}", "text": ""}
        if seq in self.stored:
            self.stored[seq] = {**self.stored[seq], "message": message}
        self.last_seq += 1
        event = {"type": "message.deleted", "room_id": ROOM, "seq": self.last_seq, "message": message}
        self.stored[self.last_seq] = event
        self.deletions[self.last_seq] = seq
        return event

    @rule()
    def somebody_types(self) -> None:
        value = orjson.dumps({"type": "room.viewers", "room_id": ROOM, "viewers": self.last_seq})
        self._ingest(KafkaRecord(ROOM.encode(), value, event_headers("room.viewers", None)))

    def _store(self, text: str) -> dict[str, Any]:
        self.last_seq += 1
        message = {"id": f"message-{self.last_seq}", "text": text or "a text"}
        event = {"type": "message.created", "room_id": ROOM, "seq": self.last_seq, "message": message}
        self.stored[self.last_seq] = event
        return event

    def _deliver(self, event: dict[str, Any]) -> None:
        headers = event_headers(event["type"], event["seq"])
        self._ingest(KafkaRecord(ROOM.encode(), orjson.dumps(event), headers))

    def _ingest(self, record: KafkaRecord) -> None:
        list(self.hub.ingest([cast(Record, record)]))

    def _stored_after(self, after_seq: int, limit: int) -> StoredEvents:
        seqs = sorted(seq for seq in self.stored if seq > after_seq)
        events = [stored_event(orjson.dumps(self.stored[seq])) for seq in seqs[:limit]]
        return StoredEvents(events, self.last_seq, len(seqs) > limit)

    # Streams

    @rule(target=clients, back=st.none() | st.integers(-3, 60))
    def stream_opens(self, back: int | None) -> Client:
        return self._open(back)

    @precondition(lambda self: self.room is not None and self.room.log.started)
    @rule(count=st.integers(2, 6))
    def crowd_comes(self, count: int) -> None:
        for _ in range(count):
            self._open(None)

    def _open(self, back: int | None) -> Client:
        room = self.hub.watch(ROOM)
        cursor = None if back is None else max(0, self.last_seq - back)
        known = frozenset(seq for at, seq in self.deletions.items() if at <= room.log.head)
        client = Client(cursor, may_gap=self.may_gap, deleted=known)
        audience = room.audience(Wire(is_chunked=False), is_notify=False)
        transport = cast(asyncio.Transport, client.transport)
        connection = StreamConnection(self.subscribers, transport, audience, cursor)
        client.transport.protocol = connection
        self.open_clients.append(client)
        self.subscribers.join(connection, b"HEAD", 2_000)
        return client

    @rule(client=clients, most=st.sampled_from([1, 500, 5_000, 100_000]))
    def client_reads(self, client: Client, most: int) -> None:
        if client in self.open_clients:
            client.read(most)

    @rule(client=consumes(clients))
    def client_leaves(self, client: Client) -> None:
        if client in self.open_clients:
            self.open_clients.remove(client)
            client.transport.abort()
            client.close()

    @rule(client=clients)
    def stream_is_pinged(self, client: Client) -> None:
        protocol = client.transport.protocol
        if client in self.open_clients and protocol is not None and not protocol.is_closed:
            self.subscribers.ping(protocol)

    # Flushes, in slices between which anything may happen

    @precondition(lambda self: self.flush is None and self.room is not None and self.room.log.started)
    @rule(slice_writes=st.integers(1, 3))
    def flush_starts(self, slice_writes: int) -> None:
        assert self.room is not None
        self.flush = flush_steps(self.room, self.subscribers, slice_writes)
        self.flush_goes_on()

    @precondition(lambda self: self.flush is not None)
    @rule()
    def flush_goes_on(self) -> None:
        assert self.flush is not None
        if next(self.flush, None) is None:
            self.flush = None

    @precondition(lambda self: self.flush is not None and len(self.open_clients) > 1)
    @rule(target=clients, who=st.integers(0, 50), back=st.none() | st.integers(0, 5))
    def stream_goes_and_another_comes_within_a_flush(self, who: int, back: int | None) -> Client:
        """The newcomer gets the descriptor of who left."""
        gone = self.open_clients.pop(who % len(self.open_clients))
        gone.transport.abort()
        gone.close()
        return self._open(back)

    @precondition(lambda self: self.flush is not None)
    @rule()
    def everyone_is_pinged_within_a_flush(self) -> None:
        for client in self.open_clients:
            if client.transport.protocol is not None and not client.transport.protocol.is_closed:
                self.subscribers.ping(client.transport.protocol)

    @rule()
    def pump_runs(self) -> None:
        self.subscribers.advance_some(self.now + 1)

    # Reads from chat_server, which take their time

    @precondition(lambda self: self.heads_read is None and self.room is not None)
    @rule()
    def heads_are_read(self) -> None:
        self.calls += 1
        head = head_at(self.last_seq)
        head["oldest_seq"] = min(self.stored, default=self.last_seq + 1)
        self.heads_read = (self.calls, head)

    @precondition(lambda self: self.heads_read is not None)
    @rule()
    def heads_arrive(self) -> None:
        assert self.heads_read is not None
        assert self.room is not None
        number, head = self.heads_read
        self.heads_read = None
        self.hub.take_heads([self.room], {ROOM: head}, number)

    @precondition(
        lambda self: self.reading is None and self.room is not None and self.room in self.hub.missing
    )
    @rule()
    def missing_events_are_read(self) -> None:
        assert self.room is not None
        after_seq = self.room.log.head
        self.reading = (after_seq, self.room.reported, self._stored_after(after_seq, 5))

    @precondition(lambda self: self.reading is not None)
    @rule(is_last_seq_newer=st.booleans())
    def missing_events_arrive(self, is_last_seq_newer: bool) -> None:
        """An answer whose last_seq was read after its events must do no harm."""
        assert self.reading is not None
        assert self.room is not None
        after_seq, committed, events = self.reading
        self.reading = None
        if is_last_seq_newer:
            events = events._replace(last_seq=self.last_seq)
        list(self.hub.heal(self.room, after_seq, committed, events))

    @precondition(lambda self: bool(self.pages.wanted))
    @rule()
    def page_arrives(self) -> None:
        assert self.room is not None
        start, waiting = self.pages.wanted.popitem()
        page = RoomLog(EVENTS_PAGE_MAX, 2**40)
        page.start(start)
        end = min(start + EVENTS_PAGE_MAX, max(self.room.reported, self.room.log.floor))
        fill(page, self._stored_after(start, EVENTS_PAGE_MAX), end, start + EVENTS_PAGE_MAX)
        self.pages.pages[start] = page
        self.subscribers.advance_soon(self.room, waiting)

    @rule(seconds=st.sampled_from([0.05, 0.5, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    def teardown(self) -> None:
        """Given quiet and a working chat_server, everyone who is still there comes to the same end."""
        try:
            if self.room is not None:
                for _ in range(1_000):
                    if self._settle():
                        break
                for client in self.open_clients:
                    assert client.at == self.last_seq or (client.asked or 0) > self.last_seq
        finally:
            for client in self.open_clients:
                client.transport.abort()
                client.close()

    def _settle(self) -> bool:
        """One round of everything; True when nothing moved any more."""
        assert self.room is not None
        before = [client.at for client in self.open_clients]
        if self.heads_read is None:
            self.heads_are_read()
        self.heads_arrive()
        if self.reading is None and self.room in self.hub.missing:
            self.missing_events_are_read()
        if self.reading is not None:
            self.missing_events_arrive(False)
        while self.flush is not None:
            self.flush_goes_on()
        self.flush_starts(3)
        while self.flush is not None:
            self.flush_goes_on()
        self.pump_runs()
        while self.pages.wanted:
            self.page_arrives()
        self.pump_runs()
        has_read = False
        for client in self.open_clients:
            while client.read(1_000_000):
                has_read = True
        self.now += 1.0
        is_done = not has_read and before == [client.at for client in self.open_clients]
        return is_done and self.room.log.head >= self.last_seq and not self.room.needs_flush()


class LossyHubMachine(HubMachine):
    """A ring that is too small and a store that forgets: gaps are told, and there is still no other disorder."""

    ring_events = 4
    may_gap = True

    @rule(keep=st.integers(0, 20))
    def old_events_are_dropped(self, keep: int) -> None:
        for seq in [seq for seq in self.stored if seq <= self.last_seq - keep]:
            del self.stored[seq]


def test_a_gap_that_reaches_beyond_what_was_flushed_holds_nobody_up() -> None:
    """A store that was restored lacks events that the hub has not even seen: the page's gap ends above its head."""
    machine = LossyHubMachine()
    for _ in range(20):
        machine._store("")
    machine._open(None)
    machine.heads_are_read()
    machine.heads_arrive()
    returning = machine._open(15)
    machine.pump_runs()
    for _ in range(3):
        machine._store("")
    machine.heads_are_read()
    machine.heads_arrive()
    machine.old_events_are_dropped(0)
    machine.page_arrives()
    machine.pump_runs()
    machine.teardown()
    assert returning.gaps[0] == (5, 20)


_SETTINGS = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)

TestHub = HubMachine.TestCase
TestHub.settings = _SETTINGS
TestLossyHub = LossyHubMachine.TestCase
TestLossyHub.settings = _SETTINGS
