"""The watched rooms: events go through each room's seq gate and to its subscribers. Synchronous throughout."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

import orjson

from chat_contract.internal_api import RoomHead
from chat_contract.topics import header
from publish_server.encoding.sse_frames import event_frame
from publish_server.fanout.broadcaster import Broadcaster
from publish_server.fanout.room_list_streams import ALL, LISTED, RoomLists
from publish_server.fanout.subscribers import Subscribers
from publish_server.metrics import GAPS, HEALED, MALFORMED, OFFERED, RING_BYTES, RINGS_SHRUNK, ROOMS, SIGNALS
from publish_server.recovery.chat_client import StoredEvents
from publish_server.rooms.room import Room
from publish_server.rooms.room_log import Entry, RoomLog, Verdict, message_id_in
from publish_server.scheduling.time_slices import SLICE_S

log = logging.getLogger(__name__)

MAX_VALUE_BYTES: Final = 64 * 1024
"""A text of 4,000 code points takes a third of it, escaped at its worst."""

NOTIFY_S: Final = 1.0
"""`room.updated` comes at most this often a room."""

LOST_S: Final = 10.0
"""A hole that chat_server does not know of for so long will not be filled."""

IDLE_ROOM_S: Final = 60.0
EVENTS_AT_ONCE: Final = 100
"""Events that are taken in one step; ten microseconds each at most."""

ROOMS_AT_ONCE: Final = 500
MAX_UNKNOWN: Final = 2_000

_OFFERED = {verdict: OFFERED.labels(verdict.value) for verdict in Verdict}


class Record(Protocol):
    """What the hub reads of a Kafka record."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Any: ...


class MalformedRecord(Exception):
    pass


class HubFull(Exception):
    """No further room can be followed for now."""


class Hub:
    """Rooms that somebody watches, by id. Records of other rooms cost a dictionary miss.

    All rings together hold `rings_total_bytes`, and at most what came in the second since they were full.
    Bounds: `max_rooms`, and MAX_UNKNOWN rooms of which chat_server has not said whether they exist; overflow rule
    REFUSE, after rooms that nobody watches any more have made room.
    """

    def __init__(
        self,
        subscribers: Subscribers,
        broadcaster: Broadcaster,
        lists: RoomLists,
        *,
        ring_events: int,
        ring_bytes: int,
        rings_total_bytes: int,
        max_rooms: int,
        clock: Callable[[], float],
    ) -> None:
        self.rooms: dict[str, Room] = {}
        self.subscribers = subscribers
        self.broadcaster = broadcaster
        self.lists = lists
        self.open_streams = subscribers.open
        self.is_draining = False
        self._by_key: dict[bytes | None, Room] = {}
        self.missing: set[Room] = set()
        self._to_tell: dict[Room, None] = {}
        self._ring_events = ring_events
        self._ring_bytes = ring_bytes
        self._rings_total_bytes = rings_total_bytes
        self._max_rooms = max_rooms
        self._unknown = 0
        self._rings_bytes = 0
        self._may_shrink_at = float("-inf")
        RING_BYTES.set_function(lambda: self._rings_bytes)
        self._may_make_room_at = float("-inf")
        self._clock = clock
        self._malformed_logged_at = float("-inf")

    # Rooms

    def watch(self, room_id: str) -> Room:
        """The room, from now on followed. Its head is asked for when it is new. Raises HubFull."""
        room = self.rooms.get(room_id)
        if room is None:
            if self._is_full():
                self._make_room()
                if self._is_full():
                    raise HubFull
            self._unknown += 1
            room = Room(room_id, RoomLog(self._ring_events, self._ring_bytes), self._clock())
            self.rooms[room_id] = self._by_key[room_id.encode()] = room
            ROOMS.set(len(self.rooms))
            self.subscribers.ask_head(room)
        return room

    def forget_idle(self) -> Iterator[None]:
        """Drop rooms that nobody has watched for IDLE_ROOM_S; yields between slices."""
        now = self._clock()
        for number, room in enumerate(list(self.rooms.values()), 1):
            if number % ROOMS_AT_ONCE == 0:
                yield
            if not room.is_watched() and now - room.idle_since > IDLE_ROOM_S and not room.is_healing:
                self._drop(room)
        self._weigh_rings()

    def _is_full(self) -> bool:
        return len(self.rooms) >= self._max_rooms or self._unknown >= MAX_UNKNOWN

    def _make_room(self) -> None:
        """Drop every room that nobody watches; once a second at most, as it looks at all of them."""
        now = self._clock()
        if now >= self._may_make_room_at:
            self._may_make_room_at = now + 1
            for room in [
                room for room in self.rooms.values() if not room.is_watched() and not room.is_healing
            ]:
                self._drop(room)

    def _drop(self, room: Room) -> None:
        if self.rooms.pop(room.id, None) is not None:
            self._unknown -= not room.log.started
            self._rings_bytes -= room.log.bytes_held
            del self._by_key[room.id.encode()]
            self._to_tell.pop(room, None)
            self.missing.discard(room)
            ROOMS.set(len(self.rooms))

    # Events

    def ingest(self, records: Iterable[Record]) -> Iterator[None]:
        """Take a batch of Kafka records, then wake the rooms it moved: one flush a room and batch.

        Yields between slices, in which anything may happen; each record is one step.
        """
        if self.is_draining:
            return
        touched: dict[Room, None] = {}
        for number, record in enumerate(records, 1):
            if number % EVENTS_AT_ONCE == 0:
                yield
            room = self._by_key.get(record.key)
            if room is None:
                continue
            try:
                self._take(room, record)
            except (MalformedRecord, ValueError, KeyError, TypeError) as error:
                self._skip_malformed(room, error)
            else:
                touched[room] = None
        until = self._clock() + SLICE_S
        for room in touched:
            self._moved(room)
            if self._clock() >= until:
                yield
                until = self._clock() + SLICE_S

    def _take(self, room: Room, record: Record) -> None:
        value = record.value
        event_type = header(record.headers, "type")
        if value is None or not event_type or len(value) > MAX_VALUE_BYTES:
            raise MalformedRecord("no type, no value, or one too long")
        if (
            value[:1] != b"{"
            or b"\n" in value
            or b"\r" in value
            or not event_type.isascii()
            or b"\n" in event_type
        ):
            raise MalformedRecord("not one line of JSON")
        seq = header(record.headers, "seq")
        if seq is None:
            self._take_signal(room, event_type, value)
        elif seq.isdigit() and len(seq) < 20 and (number := int(seq)) > 0:
            conflate = header(record.headers, "conflate")
            frame = event_frame(event_type, value, number)
            self._offer(room, number, Entry(frame, event_type, conflate, message_id_in(event_type, value)))
        else:
            raise MalformedRecord("seq is not a number")

    def _take_signal(self, room: Room, event_type: bytes, value: bytes) -> None:
        if not room.take_signal(event_type, value):
            SIGNALS.labels("dropped").inc()
            return
        SIGNALS.labels("taken").inc()
        if event_type in LISTED:
            self.lists.room_moved(room, LISTED[event_type])

    def _offer(self, room: Room, seq: int, entry: Entry) -> Verdict:
        verdict = room.log.offer(seq, entry)
        self._rings_bytes += len(entry.frame)
        if self._rings_bytes > self._rings_total_bytes:
            self._shrink(room)
        _OFFERED[verdict].inc()
        if verdict is not Verdict.DUPLICATE:
            room.count_message(seq, entry.type)
            if entry.type == b"message.deleted" and entry.message_id is not None:
                # The log has seen to its own frames. Who opens a stream later must not get the text from elsewhere.
                self.subscribers.mark_deleted(room, entry.message_id)
        return verdict

    def _shrink(self, room: Room) -> None:
        """All rings seem to be full. Overflow rule FAIR_SHARE: who grows gives up what it holds beyond an equal share;
        once a second at most all are weighed, and everybody does where that is needed."""
        now = self._clock()
        rooms = [room]
        if now >= self._may_shrink_at:
            self._weigh_rings()
            if self._rings_bytes <= self._rings_total_bytes:
                return
            self._may_shrink_at = now + 1
            rooms = list(self.rooms.values())
        share = self._rings_total_bytes // len(self.rooms)
        for each in rooms:
            held = each.log.bytes_held
            if held > share:
                each.log.shrink(share * 7 // 8)
                self._rings_bytes -= held - each.log.bytes_held
                RINGS_SHRUNK.inc()

    def _weigh_rings(self) -> None:
        """In between only what comes is counted: what leaves a ring, or is taken out of it, is seen here."""
        self._rings_bytes = sum(room.log.bytes_held for room in self.rooms.values())

    def _skip_malformed(self, room: Room, error: Exception) -> None:
        MALFORMED.inc()
        if self._clock() - self._malformed_logged_at > 1:
            self._malformed_logged_at = self._clock()
            log.warning("skipped a malformed record of room %s: %s", room.id, error)

    def _moved(self, room: Room) -> None:
        """Something came into the room: note what is missing before it, and let who listens know."""
        if room.log.hole() is None:
            room.hole_since = None
        elif room.hole_since is None:
            room.hole_since = self._clock()
        if room.log.head >= room.reported:
            room.tail_missing_since = None
        self._note_missing(room)
        if not room.log.started:
            return
        if room.unopened:
            self.subscribers.open_held(room, -1)
        if room.log.head > room.told_seq and room.has_notified():
            self._tell(room)
        self.broadcaster.wake(room)

    def _note_missing(self, room: Room) -> None:
        if room.hole_since is None and room.tail_missing_since is None:
            self.missing.discard(room)
        else:
            self.missing.add(room)

    # Heads and healing

    def take_heads(self, asked: Iterable[Room], heads: Mapping[str, RoomHead], answered: int) -> None:
        """chat_server's answer number `answered`: where those rooms are."""
        for room in asked:
            head = heads.get(room.id)
            if head is not None:
                self._take_head(room, head)
                self.subscribers.open_held(room, answered)
            elif not room.log.started:
                self._room_is_absent(room)

    def _take_head(self, room: Room, head: RoomHead) -> None:
        last_seq = head["last_seq"]
        room.reported = max(room.reported, last_seq)
        if not room.log.started:
            self._unknown -= self.rooms.get(room.id) is room
            room.heat = head["heat"]
            room.slow_mode_s = head["slow_mode_s"]
            room.recount(last_seq, head["message_count"])
            room.log.start(last_seq)
            room.flushed = room.told_seq = last_seq
            room.tell_waiters()
            self.lists.room_moved(room, ALL)
            self._moved(room)
            return
        if last_seq >= room.log.head:
            room.recount(last_seq, head["message_count"])
        if last_seq > room.log.head and room.tail_missing_since is None:
            room.tail_missing_since = self._clock()
            self._note_missing(room)
        self._heal_signals(room, head)

    def _heal_signals(self, room: Room, head: RoomHead) -> None:
        """A lost signal is made up for: the head says how hot and how slow the room is."""
        if bool(head["heat"]["hot"]) != bool(room.heat["hot"]):
            event: dict[str, Any] = {"type": "room.heat", "room_id": room.id, "heat": head["heat"]}
            self._take_signal(room, b"room.heat", orjson.dumps(event))
        if head["slow_mode_s"] != room.slow_mode_s:
            event = {"type": "room.slow_mode", "room_id": room.id, "slow_mode_s": head["slow_mode_s"]}
            self._take_signal(room, b"room.slow_mode", orjson.dumps(event))
        if room.pending_signals:
            self._moved(room)

    def _room_is_absent(self, room: Room) -> None:
        room.is_absent = True
        room.tell_waiters()
        self.subscribers.advance_soon(room, room.unopened)
        self._drop(room)

    def heal(self, room: Room, after_seq: int, committed: int, stored: StoredEvents) -> Iterator[None]:
        """What chat_server has after `after_seq`. A seq that is missing there is a confirmed hole: it becomes a gap.

        `committed` was known as the room's last_seq before the read began. An empty page says something only up to
        there, since its last_seq may be newer than its events, and only up to that last_seq, since a page may be old.
        Yields between slices, in which the room may go on by itself.
        """
        position = after_seq
        for number, event in enumerate(stored.events, 1):
            if number % EVENTS_AT_ONCE == 0:
                yield
            if event.seq > position + 1:
                self._give_up(room, event.seq - 1)
            if self._offer(room, event.seq, event.entry) is Verdict.APPENDED:
                HEALED.inc()
            position = event.seq
        if not stored.events:
            self._give_up(room, min(committed, stored.last_seq))
            hole = room.log.hole()
            if hole is not None and room.hole_since is not None and self._clock() - room.hole_since > LOST_S:
                # chat_server has lost what Kafka still told: a store that was restored
                self._give_up(room, hole[1] - 1)
        room.reported = max(room.reported, stored.last_seq)
        self._moved(room)

    def _give_up(self, room: Room, seq: int) -> None:
        if seq > room.log.head:
            log.warning("room %s: events %d to %d are gone", room.id, room.log.head + 1, seq)
            GAPS.labels("confirmed").inc()
            room.log.skip_to(seq)

    # Notify streams

    def _tell(self, room: Room) -> None:
        """`room.updated` goes out now, or when NOTIFY_S since the last one is over."""
        if self._clock() >= room.tell_at:
            room.tell_at = self._clock() + NOTIFY_S
            room.is_telling = True
            self._to_tell.pop(room, None)
            self.lists.room_moved(room)
        else:
            self._to_tell[room] = None

    def tell_due(self) -> Iterator[None]:
        """Let notify streams know of rooms whose pause is over; yields between slices."""
        until = self._clock() + SLICE_S
        for room in list(self._to_tell):
            if self._clock() >= room.tell_at and room in self._to_tell:
                self._tell(room)
                self.broadcaster.wake(room)
            if self._clock() >= until:
                yield
                until = self._clock() + SLICE_S
