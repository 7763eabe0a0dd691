"""Random interleavings of all operations on a room, on real sockets and without an event loop.

Each client must see its room's events in order exactly once from its cursor on, or an explicit stream.gap. In the calm
lane, an explicit stream.skipped stands for exactly the events that are left out.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, precondition, rule

from chat_contract.internal_api import RoomHead
from chat_contract.limits import EVENTS_PAGE_MAX
from publish_server.fanout.flush import flush_steps
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.subscriber import Subscriber
from publish_server.recovery.catch_up_pages import fill
from publish_server.recovery.chat_client import StoredEvents, stored_event
from publish_server.rooms.purge_marks import purge_in
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import RoomLog
from tests.publish.hub_fixtures import PLAIN, Core, event_record, head_at

ROOM = "lobby"
AUTHORS = ["author-0", "author-1", "author-2"]
FILLER = "x" * 900
"""Long enough to stall a client that does not read after a few events."""


def message_view(seq: int, text: str) -> dict[str, Any]:
    """The message that was created with this seq."""
    author = AUTHORS[seq % len(AUTHORS)]
    return {"id": f"message-{seq}", "author": {"id": author, "nickname": "Ada"}, "text": text}


class SocketTransport:
    """Behaves like uvloop's transport with a write limit of 0, step by step, on a real socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffered: list[memoryview] = []
        self.protocol: Subscriber | None = None
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
        """The kernel accepts bytes again."""
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
    """The client's end of a stream. It checks every frame."""

    def __init__(
        self,
        cursor: int | None,
        *,
        stored_head: Callable[[], int],
        may_gap: bool,
        deleted: frozenset[int] = frozenset(),
        purged: Mapping[str, int] | None = None,
        left_out: Mapping[int, bool] | None = None,
        is_calm: bool = False,
    ) -> None:
        """`left_out`: whether the calm lane leaves an event out, by its seq; True for a new message."""
        ours, self._sock = socket.socketpair()
        for end in (ours, self._sock):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_608)
        self.transport = SocketTransport(ours)
        self.requested = cursor
        self.at: int | None = None
        self.gaps: list[tuple[int, int]] = []
        self._stored_head = stored_head
        self._may_gap = may_gap
        self._deleted = deleted
        self._purged = purged or {}
        self._left_out = {} if left_out is None else left_out
        self._is_calm = is_calm
        self._received = b""
        self._headless = False

    def read(self, most: int) -> bool:
        """Read at most that many bytes; False if there were none."""
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
            assert self.requested is None or data["seq"] == self.requested
            self.at = data["seq"]
        elif event_type == "stream.gap":
            assert self.at is not None
            is_above_head = data["to_seq"] < data["from_seq"]
            assert self._may_gap or is_above_head, data
            assert is_above_head or data["from_seq"] <= self.at < data["to_seq"]
            self.gaps.append((data["from_seq"], data["to_seq"]))
            self.at = data["to_seq"]
        elif event_type == "stream.skipped":
            assert self._is_calm
            assert data["from_seq"] == self.at < data["to_seq"] == int(frame_id or 0)
            run = range(data["from_seq"] + 1, data["to_seq"] + 1)
            assert data["messages"] == sum(self._left_out[seq] for seq in run)
            self.at = data["to_seq"]
        elif event_type == "stream.ping":
            assert data["seq"] <= max(self._stored_head(), self.requested or 0), "above the room's head"
        elif "seq" in data:
            assert self.at is not None
            assert data["seq"] == self.at + 1, f"{data['seq']} after {self.at}"
            assert frame_id is not None
            assert int(frame_id) == data["seq"]
            assert not (self._is_calm and data["seq"] in self._left_out)
            message = data.get("message", {})
            if message.get("text"):
                is_deleted = event_type == "message.created" and data["seq"] in self._deleted
                assert not is_deleted, "deleted before it was sent"
                assert data["seq"] > self._purged.get(message["author"]["id"], 0), "purged before it was sent"
            self.at = data["seq"]

    def close(self) -> None:
        self._sock.close()


class ManualPages:
    """Pages that are read when the state machine decides. A reply may be older than its arrival."""

    def __init__(self) -> None:
        self.pages: dict[int, RoomLog] = {}
        self.waiting: dict[int, set[Subscriber]] = {}
        self.replies: dict[int, StoredEvents] = {}
        self.report: Callable[[Room, int], None] = lambda room, up_to_seq: None

    def report_purges(self, report: Callable[[Room, int], None]) -> None:
        self.report = report

    def page(self, room: Room, cursor: int) -> RoomLog | None:
        page = self.pages.get(cursor - cursor % EVENTS_PAGE_MAX)
        return page if page is not None and page.head > cursor else None

    def read(self, room: Room, cursor: int, stream: Subscriber) -> None:
        self.waiting.setdefault(cursor - cursor % EVENTS_PAGE_MAX, set()).add(stream)

    def mark_deleted(self, room: Room, message_id: bytes) -> list[int]:
        return sorted({seq for page in self.pages.values() for seq in page.mark_deleted(message_id)})


class HubMachine(RuleBasedStateMachine):
    """The ring and chat_server keep every event, so no client ever sees a gap."""

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
        """Maps the seq of a deletion to the seq of the message's creation."""
        self.purges: dict[int, tuple[list[str], int]] = {}
        """Maps the seq of a purge to its authors and the highest purged seq."""
        self.left_out: dict[int, bool] = {}
        """Maps the seq of each event that the calm lane leaves out to whether it is a new message."""
        self.known_purged: dict[str, int] = {}
        """Maps an author to the highest seq of a purge that has arrived since the room is followed."""
        self.pages = ManualPages()
        self.core = Core(lambda: self.now, ring_events=self.ring_events, small_flush_s=-1, pages=self.pages)
        self.open_clients: list[Client] = []
        self.flush: Iterator[tuple[int, int]] | None = None
        self.reading: tuple[int, int, StoredEvents] | None = None
        self.heads_read: tuple[int, RoomHead] | None = None

    @property
    def audience(self) -> RoomAudience | None:
        return self.core.followed_rooms.get(ROOM)

    @property
    def room(self) -> Room | None:
        return self.core.registry.rooms.get(ROOM)

    def is_started(self) -> bool:
        return self.room is not None and self.room.log.is_started

    # chat_server and Kafka

    @rule(target=records, filler=st.booleans(), is_left_out=st.booleans())
    def message_is_stored(self, filler: bool, is_left_out: bool) -> dict[str, Any]:
        return self._store(FILLER if filler else "", is_left_out=is_left_out)

    @rule(event=consumes(records))
    def record_arrives(self, event: dict[str, Any]) -> None:
        self._deliver(event)

    @rule(event=records)
    def record_arrives_and_will_be_repeated(self, event: dict[str, Any]) -> None:
        self._deliver(event)

    @rule(event=consumes(records))
    def record_is_lost(self, event: dict[str, Any]) -> None:
        pass

    @rule(count=st.integers(1, 30), shown=st.sets(st.integers(0, 29)))
    def many_messages_arrive(self, count: int, shown: set[int]) -> None:
        for number in range(count):
            self._deliver(self._store(FILLER, is_left_out=number not in shown))

    @precondition(lambda self: self.last_seq > 0)
    @rule(target=records, back=st.integers(0, 60))
    def message_is_deleted(self, back: int) -> dict[str, Any]:
        seq = max(1, self.last_seq - back)
        message = message_view(seq, "")
        self._remove_texts(lambda event: event["message"]["id"] == message["id"])
        event = self._add({"type": "message.deleted", "message": message})
        self.deletions[self.last_seq] = seq
        return event

    @precondition(lambda self: self.last_seq > 0)
    @rule(target=records, back=st.integers(0, 60), change=st.sampled_from(["edited", "pinned"]))
    def message_is_edited_or_pinned(self, back: int, change: str) -> Any:
        created = self.stored.get(max(1, self.last_seq - back), {})
        if not created.get("message", {}).get("text"):
            return multiple()
        mark = {"calm": False} if change == "edited" and "calm" in created else {}
        return self._add({"type": f"message.{change}", **mark, "message": created["message"]})

    @precondition(lambda self: self.last_seq > 0)
    @rule(target=records, authors=st.lists(st.sampled_from(AUTHORS), min_size=1, max_size=2, unique=True))
    def authors_are_purged(self, authors: list[str]) -> dict[str, Any]:
        up_to_seq = self.last_seq
        self._remove_texts(lambda event: event["message"]["author"]["id"] in authors)
        named = {"author_id": authors[0]} if len(authors) == 1 else {"author_ids": authors}
        event = self._add({"type": "messages.purged", "up_to_seq": up_to_seq, **named})
        self.purges[self.last_seq] = (authors, up_to_seq)
        return event

    @rule()
    def viewers_change(self) -> None:
        self._deliver({"type": "room.viewers", "room_id": ROOM, "viewers": self.last_seq})

    def _store(self, text: str, *, is_left_out: bool = False) -> dict[str, Any]:
        message = message_view(self.last_seq + 1, text or "a text")
        mark = {"calm": False} if is_left_out else {}
        return self._add({"type": "message.created", **mark, "message": message})

    def _add(self, event: dict[str, Any]) -> dict[str, Any]:
        self.last_seq += 1
        self.stored[self.last_seq] = event = {**event, "room_id": ROOM, "seq": self.last_seq}
        if "calm" in event:
            self.left_out[self.last_seq] = event["type"] == "message.created"
        return event

    def _remove_texts(self, matches: Callable[[dict[str, Any]], bool]) -> None:
        for seq, event in self.stored.items():
            if "message" in event and matches(event):
                self.stored[seq] = {**event, "message": {**event["message"], "text": ""}}

    def _deliver(self, event: dict[str, Any]) -> None:
        if self.room is not None:
            self._note_purge(event.get("seq"))
        list(self.core.ingest(event_record(event)))

    def _note_purge(self, seq: int | None) -> None:
        authors, up_to_seq = self.purges.get(seq or 0, ([], 0))
        for author in authors:
            self.known_purged[author] = max(up_to_seq, self.known_purged.get(author, 0))

    def _stored_after(self, after_seq: int, limit: int) -> StoredEvents:
        seqs = sorted(seq for seq in self.stored if seq > after_seq)
        events = [stored_event(orjson.dumps(self.stored[seq])) for seq in seqs[:limit]]
        return StoredEvents(events, self.last_seq, len(seqs) > limit)

    # Streams

    @rule(target=clients, back=st.none() | st.integers(-3, 60), is_calm=st.booleans())
    def stream_opens(self, back: int | None, is_calm: bool) -> Client:
        return self._open(back, is_calm=is_calm)

    @precondition(lambda self: self.is_started())
    @rule(count=st.integers(2, 6), is_calm=st.booleans())
    def many_streams_open(self, count: int, is_calm: bool) -> None:
        for _ in range(count):
            self._open(None, is_calm=is_calm)

    def _open(self, back: int | None, *, is_calm: bool = False) -> Client:
        audience = self.core.followed_rooms.follow(ROOM)
        cursor = None if back is None else max(0, self.last_seq - back)
        known = frozenset(seq for at, seq in self.deletions.items() if at <= audience.log.head)
        client = Client(
            cursor,
            stored_head=lambda: self.last_seq,
            may_gap=self.may_gap,
            deleted=known,
            purged=dict(self.known_purged),
            left_out=self.left_out,
            is_calm=is_calm,
        )
        group = audience.group(PLAIN, is_calm=is_calm)
        transport = cast(asyncio.Transport, client.transport)
        subscriber = Subscriber(audience, transport, group, cursor)
        client.transport.protocol = subscriber
        self.open_clients.append(client)
        audience.join(subscriber, b"HEAD", 2_000)
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
        if client in self.open_clients:
            self._ping(client)

    def _ping(self, client: Client) -> None:
        subscriber = client.transport.protocol
        if subscriber is not None and not subscriber.is_closed:
            subscriber.owner.ping(subscriber)

    # Flushes, in slices between which anything may happen

    @precondition(lambda self: self.flush is None and self.is_started())
    @rule(slice_writes=st.integers(1, 3))
    def flush_starts(self, slice_writes: int) -> None:
        assert self.audience is not None
        self.flush = flush_steps(self.audience.full, self.core.replay_queue, slice_writes)
        self.flush_continues()

    @precondition(lambda self: self.flush is None and self.is_started())
    @rule(slice_writes=st.integers(1, 3))
    def flush_of_the_calm_lane_starts_when_it_is_due(self, slice_writes: int) -> None:
        assert self.audience is not None
        if self.audience.calm.needs_flush():
            self.flush = flush_steps(self.audience.calm, self.core.replay_queue, slice_writes)
            self.flush_continues()

    @precondition(lambda self: self.flush is not None)
    @rule()
    def flush_continues(self) -> None:
        assert self.flush is not None
        if next(self.flush, None) is None:
            self.flush = None

    @precondition(lambda self: self.flush is not None and len(self.open_clients) > 1)
    @rule(
        target=clients,
        who=st.integers(0, 50),
        back=st.none() | st.integers(0, 5),
        is_calm=st.booleans(),
    )
    def stream_is_replaced_during_a_flush(self, who: int, back: int | None, is_calm: bool) -> Client:
        """The new stream gets the descriptor of the one that left."""
        gone = self.open_clients.pop(who % len(self.open_clients))
        gone.transport.abort()
        gone.close()
        return self._open(back, is_calm=is_calm)

    @precondition(lambda self: self.flush is not None)
    @rule()
    def all_streams_are_pinged_during_a_flush(self) -> None:
        for client in self.open_clients:
            self._ping(client)

    @rule()
    def replay_queue_runs(self) -> None:
        self.core.replay_queue.run_until(self.now + 1)

    # Reads from chat_server, which take time

    @precondition(lambda self: self.heads_read is None and self.room is not None)
    @rule()
    def heads_are_read(self) -> None:
        check = self.core.head_check_queue.begin_check()
        head = head_at(self.last_seq)
        head["oldest_seq"] = min(self.stored, default=self.last_seq + 1)
        self.heads_read = (check, head)

    @precondition(lambda self: self.heads_read is not None)
    @rule()
    def heads_arrive(self) -> None:
        assert self.heads_read is not None
        assert self.room is not None
        check, head = self.heads_read
        self.heads_read = None
        self.core.hub.take_heads([self.room], {ROOM: head}, check)

    @precondition(
        lambda self: self.reading is None and self.room is not None and self.room in self.core.tracker
    )
    @rule()
    def missing_events_are_read(self) -> None:
        assert self.room is not None
        after_seq = self.room.log.head
        self.reading = (after_seq, self.room.server_head, self._stored_after(after_seq, 5))

    @precondition(lambda self: self.reading is not None)
    @rule(is_last_seq_newer=st.booleans())
    def missing_events_arrive(self, is_last_seq_newer: bool) -> None:
        """A reply whose last_seq was read after its events must not cause a gap."""
        assert self.reading is not None
        assert self.room is not None
        after_seq, server_head, events = self.reading
        self.reading = None
        if is_last_seq_newer:
            events = events._replace(last_seq=self.last_seq)
        for event in events.events:
            self._note_purge(event.seq)
        list(self.core.restore(self.room, after_seq, server_head, events))

    @precondition(lambda self: bool(self.pages.waiting))
    @rule()
    def page_is_read(self) -> None:
        for start in self.pages.waiting.keys() - self.pages.replies.keys():
            self.pages.replies[start] = self._stored_after(start, EVENTS_PAGE_MAX)

    @precondition(lambda self: bool(self.pages.waiting))
    @rule()
    def page_arrives(self) -> None:
        assert self.room is not None
        start, waiting = self.pages.waiting.popitem()
        stored = self.pages.replies.pop(start, None) or self._stored_after(start, EVENTS_PAGE_MAX)
        for event in stored.events:
            purge = purge_in(event.entry.type, event.entry.frame)
            if purge is not None and self.room.purge(purge):
                self.pages.report(self.room, purge.up_to_seq)
            self._note_purge(event.seq)
        page = RoomLog(EVENTS_PAGE_MAX, 2**40, self.room.log.purges)
        page.start(start)
        end = min(start + EVENTS_PAGE_MAX, max(self.room.server_head, self.room.log.floor))
        fill(page, stored, end, start + EVENTS_PAGE_MAX)
        self.pages.pages[start] = page
        self.core.replay_queue.push(self.room, waiting)

    @rule(seconds=st.sampled_from([0.05, 0.5, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    def teardown(self) -> None:
        """Once nothing new happens and chat_server works, every client reaches the head, wherever it resumes."""
        try:
            if self.room is not None:
                self._settle_all()
                for cursor in range(0, self.last_seq, max(1, self.last_seq // 8)):
                    for is_calm in (False, True):
                        self._open(self.last_seq - cursor, is_calm=is_calm)
                self._settle_all()
                for client in self.open_clients:
                    assert client.at == self.last_seq or (client.requested or 0) > self.last_seq
        finally:
            for client in self.open_clients:
                client.transport.abort()
                client.close()

    def _settle_all(self) -> None:
        for _ in range(1_000):
            if self._settle():
                break

    def _settle(self) -> bool:
        """One round of everything; True once nothing moves any more."""
        assert self.room is not None
        assert self.audience is not None
        before = [client.at for client in self.open_clients]
        if self.heads_read is None:
            self.heads_are_read()
        self.heads_arrive()
        if self.reading is None and self.room in self.core.tracker:
            self.missing_events_are_read()
        if self.reading is not None:
            self.missing_events_arrive(False)
        while self.flush is not None:
            self.flush_continues()
        for start in (self.flush_starts, self.flush_of_the_calm_lane_starts_when_it_is_due):
            start(3)
            while self.flush is not None:
                self.flush_continues()
        self.replay_queue_runs()
        while self.pages.waiting:
            self.page_arrives()
        self.replay_queue_runs()
        has_read = False
        for client in self.open_clients:
            while client.read(1_000_000):
                has_read = True
        self.now += 1.0
        is_done = not has_read and before == [client.at for client in self.open_clients]
        has_news = any(lane.has_news() for lane in self.audience.lanes)
        return is_done and self.room.log.head >= self.last_seq and not has_news


class LossyHubMachine(HubMachine):
    """The ring is too small and chat_server drops events: clients see gaps, and no other disorder."""

    ring_events = 4
    may_gap = True

    @rule(keep=st.integers(0, 20))
    def old_events_are_dropped(self, keep: int) -> None:
        for seq in [seq for seq in self.stored if seq <= self.last_seq - keep]:
            del self.stored[seq]


def test_a_gap_that_ends_above_the_flushed_seq_does_not_block_a_replay() -> None:
    """A restored database lacks events that the hub has not seen yet, so the page's gap ends above its head."""
    machine = LossyHubMachine()
    for _ in range(20):
        machine._store("")
    machine._open(None)
    machine.heads_are_read()
    machine.heads_arrive()
    returning = machine._open(15)
    machine.replay_queue_runs()
    for _ in range(3):
        machine._store("")
    machine.heads_are_read()
    machine.heads_arrive()
    machine.old_events_are_dropped(0)
    machine.page_arrives()
    machine.replay_queue_runs()
    machine.teardown()
    assert returning.gaps[0] == (5, 20)


_SETTINGS = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)

TestHub = HubMachine.TestCase
TestHub.settings = _SETTINGS
TestLossyHub = LossyHubMachine.TestCase
TestLossyHub.settings = _SETTINGS
