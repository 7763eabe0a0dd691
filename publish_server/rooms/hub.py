"""Everything that enters a room: Kafka records, heads and stored events. Synchronous throughout."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from chat_contract.events import Heat
from chat_contract.internal_api import RoomHead
from chat_contract.topics import header
from publish_server.metrics import GAPS, MALFORMED, OFFERED, RING_BYTES, RINGS_SHRUNK, SIGNALS
from publish_server.rooms.log_entry import REMOVALS, LogEntry
from publish_server.rooms.missing_tracker import MissingTracker
from publish_server.rooms.purge_marks import PURGE, purge_in
from publish_server.rooms.record_parser import MalformedRecord, Record, parse_record
from publish_server.rooms.room import Room
from publish_server.rooms.room_listener import RoomListener
from publish_server.rooms.room_log import OfferResult
from publish_server.rooms.room_registry import RoomRegistry
from publish_server.scheduling.time_slices import in_slices
from server_kit.load_shedder import LoadShedder

log = logging.getLogger(__name__)

EVENTS_PER_STEP: Final = 100
"""Events that are taken in one step, at ten microseconds each at most."""

TYPING: Final = b"room.typing"

ROOM_CREATED: Final = b"room.created"
"""A signal for all room-list streams. Its room is usually not followed yet."""

ROOM_DELETED: Final = b"room.deleted"
"""A signal that ends the streams of its room. If it is lost, a head check notices that the room is absent."""

ACCESS_CHANGED: Final = b"room.access"
"""A signal that a room left the list, or that somebody may no longer read a private one. If it is lost, the next head
shows the change."""

SETTLE_S: Final = 3.0
"""A head may be older than a signal that arrived this recently: chat_server copies the heat once a second, and a call
takes time. A later check restores what is still different."""

_HIDES_ROOM: Final = frozenset({ROOM_DELETED, ACCESS_CHANGED})

_OFFERED = {result: OFFERED.labels(result.value) for result in OfferResult}


class Hub:
    """Puts events into each room's log in seq order and reports to the listener which rooms moved.

    All rings together hold `rings_total_bytes`, plus at most the events of one second above it.
    Ingestion stops once `is_draining` returns True.
    """

    def __init__(
        self,
        registry: RoomRegistry,
        missing: MissingTracker,
        listener: RoomListener,
        *,
        rings_total_bytes: int,
        shedder: LoadShedder,
        is_draining: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._registry = registry
        self._by_key = registry.by_key
        self._missing = missing
        self._listener = listener
        self._shedder = shedder
        self._is_draining = is_draining
        self._clock = clock
        self._rings_total_bytes = rings_total_bytes
        self._rings_bytes = 0
        self._may_shrink_at = float("-inf")
        self._malformed_logged_at = float("-inf")
        RING_BYTES.set_function(lambda: self._rings_bytes)

    # Kafka records

    def ingest(self, records: Iterable[Record]) -> Iterator[None]:
        """Take a batch of Kafka records, then report each room that moved: one flush per room and batch.

        Yields between steps, where other work may run; each record is one step.
        """
        if self._is_draining():
            return
        touched: dict[Room, None] = {}
        for number, record in enumerate(records, 1):
            if number % EVENTS_PER_STEP == 0:
                yield
            room = self._by_key.get(record.key)
            if room is None:
                self._take_announcement(record)
                continue
            try:
                event_type, value, seq, entry = parse_record(record)
                if seq is None or entry is None:
                    self._take_signal(room, event_type, value)
                else:
                    self.offer(room, seq, entry)
            except (MalformedRecord, ValueError, KeyError, TypeError) as error:
                self._skip_malformed(room, error)
            else:
                touched[room] = None
        yield from in_slices(touched, self.room_moved, self._clock)

    def _take_announcement(self, record: Record) -> None:
        """Take a record of a room that nobody follows, if it concerns room lists."""
        event_type = header(record.headers, "type")
        if event_type in _HIDES_ROOM and record.key is not None:
            self._listener.room_hidden(record.key)
        if event_type != ROOM_CREATED:
            return
        try:
            _, value, _, _ = parse_record(record)
        except (MalformedRecord, ValueError):
            MALFORMED.inc()
            return
        SIGNALS.labels("taken").inc()
        self._listener.room_created(record.key or b"", value)

    def _take_signal(self, room: Room, event_type: bytes, value: bytes) -> None:
        if event_type == ROOM_CREATED:
            SIGNALS.labels("taken").inc()
            self._listener.room_created(room.id.encode(), value)
            return
        if event_type in _HIDES_ROOM:
            self._listener.room_hidden(room.id.encode())
        if event_type == ROOM_DELETED:
            SIGNALS.labels("taken").inc()
            self._listener.room_deleted(room)
            return
        if event_type == ACCESS_CHANGED:
            SIGNALS.labels("taken").inc()
            self._listener.access_may_have_changed(room)
            return
        is_shed = event_type == TYPING and self._shedder.drops("typing")
        if is_shed or not room.take_signal(event_type, value, self._clock()):
            SIGNALS.labels("dropped").inc()
            return
        SIGNALS.labels("taken").inc()
        self._listener.signal_taken(room, event_type)

    def _skip_malformed(self, room: Room, error: Exception) -> None:
        MALFORMED.inc()
        if self._clock() - self._malformed_logged_at > 1:
            self._malformed_logged_at = self._clock()
            log.warning("skipped a malformed record of room %s: %s", room.id, error)

    # Events, from Kafka or from chat_server

    def offer(self, room: Room, seq: int, entry: LogEntry) -> OfferResult:
        """Pass one event to the room's log. Call `room_moved` after the last one of a batch."""
        result = room.log.offer(seq, entry)
        self._rings_bytes += len(entry.frame)
        if self._rings_bytes > self._rings_total_bytes:
            self._shrink(room)
        _OFFERED[result].inc()
        if result is not OfferResult.DUPLICATE:
            room.count_message(seq, entry.type)
        if entry.type in REMOVALS:
            self._take_removal(room, entry, is_new=result is not OfferResult.DUPLICATE)
        return result

    def _take_removal(self, room: Room, entry: LogEntry, *, is_new: bool) -> None:
        if entry.type == PURGE:
            # Also if it is no new event for the log: it may have become a gap, or be older than the first head.
            purge = purge_in(entry.type, entry.frame)
            if purge is not None and room.purge(purge):
                self._listener.messages_purged(room, purge.up_to_seq)
        elif is_new and entry.message_id is not None:
            # The log has removed the text from its own frames. Pages and pieces may still contain it.
            room.recent_deletions.add(entry.message_id)
            self._listener.message_deleted(room, entry.message_id)

    def give_up(self, room: Room, seq: int) -> None:
        """The events up to `seq` will never arrive: replace those that are missing by a gap."""
        if seq > room.log.head:
            log.warning("room %s: events %d to %d are gone", room.id, room.log.head + 1, seq)
            GAPS.labels("confirmed").inc()
            room.log.skip_to(seq)

    def room_moved(self, room: Room) -> None:
        """Something entered the room: note what is missing, then report it."""
        if self._registry.rooms.get(room.id) is not room:
            return  # dropped between two steps of a batch
        self._missing.update(room)
        if room.log.is_started:
            self._listener.room_moved(room)

    # Heads

    def take_heads(self, rooms: Iterable[Room], heads: Mapping[str, RoomHead], check: int) -> None:
        """The reply to head check number `check` about these rooms; rooms that do not exist are not in `heads`."""
        for room in rooms:
            if self._registry.rooms.get(room.id) is not room:
                continue  # dropped during the call
            head = heads.get(room.id)
            if head is not None:
                self._take_head(room, head)
                self._listener.head_checked(room, check)
            elif room.log.is_started:
                self._listener.room_deleted(room)
            else:
                self._listener.room_absent(room)

    def _take_head(self, room: Room, head: RoomHead) -> None:
        last_seq = head["last_seq"]
        if room.take_access(head, self._clock()):
            self._listener.access_changed(room)
        room.raise_server_head(last_seq)
        if not room.log.is_started:
            self._registry.confirm(room)
            room.start(head)
            self._listener.room_started(room, last_seq)
            self.room_moved(room)
            return
        if last_seq >= room.log.head:
            room.recount(last_seq, head["message_count"])
        if last_seq > room.log.head:
            self._missing.tail_is_missing(room)
        self._restore_signals(room, head)

    def _restore_signals(self, room: Room, head: RoomHead) -> None:
        """Signals may be lost; the head contains the room's heat, slow mode and name."""
        if _steps_of(head["heat"]) != _steps_of(room.heat):
            self._restore_signal(room, "room.heat", {"heat": head["heat"]})
        mode = head.get("slow_mode", room.slow_mode)
        if (head["slow_mode_s"], mode) != (room.slow_mode_s, room.slow_mode):
            slow_mode = {"slow_mode_s": head["slow_mode_s"]} | ({} if mode is None else {"mode": mode})
            self._restore_signal(room, "room.slow_mode", slow_mode)
        name = head.get("name", "")
        if name and name != room.name:
            self._restore_signal(room, "room.name", {"name": name})
        if room.pending_signals:
            self.room_moved(room)

    def _restore_signal(self, room: Room, event_type: str, state: dict[str, Any]) -> None:
        key = event_type.encode()
        if self._clock() - room.signal_times_s.get(key, float("-inf")) >= SETTLE_S:
            self._take_signal(room, key, orjson.dumps({"type": event_type, "room_id": room.id, **state}))

    # Bytes of all rings

    def _shrink(self, room: Room) -> None:
        """The rings seem to be full. Overflow rule FAIR_SHARE: the growing room drops what exceeds an equal share.

        At most once a second all rings are measured. If they are full, every room drops its excess.
        """
        now = self._clock()
        rooms = [room]
        if now >= self._may_shrink_at:
            self._count_ring_bytes()
            if self._rings_bytes <= self._rings_total_bytes:
                return
            self._may_shrink_at = now + 1
            rooms = list(self._registry.rooms.values())
        share = self._rings_total_bytes // max(1, len(self._registry.rooms))
        for each in rooms:
            held = each.log.bytes_held
            if held > share:
                each.log.shrink(share * 7 // 8)
                self._rings_bytes -= held - each.log.bytes_held
                RINGS_SHRUNK.inc()

    def measure_rings(self) -> Iterator[None]:
        """Count the bytes of all rings. Between two counts only additions are tracked."""
        self._count_ring_bytes()
        yield

    def _count_ring_bytes(self) -> None:
        self._rings_bytes = sum(room.log.bytes_held for room in self._registry.rooms.values())


def _steps_of(heat: Heat) -> tuple[bool, int]:
    """What a client may have missed. The rates differ each second, so they are not compared."""
    return bool(heat["hot"]), heat.get("level", 0)
