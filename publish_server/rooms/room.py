"""A watched room: its log, who listens, and the latest of what has no seq."""

from asyncio import Future
from typing import TYPE_CHECKING

import orjson

from chat_contract.events import Heat, RoomUpdated
from chat_contract.last_message import last_message
from publish_server.encoding.sse_frames import event_frame, own_frame
from publish_server.encoding.stream_encoding import Wire
from publish_server.fanout.subscriber_group import Audience
from publish_server.rooms.room_log import RoomLog
from publish_server.streams.connection import StreamConnection

if TYPE_CHECKING:
    from publish_server.fanout.room_list_streams import ListConnection

COLD: Heat = {"hot": False, "since": None, "fetches_per_s": 0.0}
MAX_SIGNAL_TYPES = 16
MAX_DELETED = 500
"""Deletions that a room remembers for pages that are being read; overflow rule: such a page is read again."""


class Waiter:
    """Somebody who waits until it is known of each of some rooms where it is, or that it does not exist."""

    __slots__ = ("known", "missing")

    def __init__(self, known: "Future[None]") -> None:
        self.known = known
        self.missing = 0

    def one_is_known(self) -> None:
        self.missing -= 1
        if self.missing == 0 and not self.known.done():
            self.known.set_result(None)


class Room:
    """`flushed` is how far the live subscribers are, or will be at the end of the flush that is on its way.

    `reported` is the highest last_seq chat_server told, `answered` the number of its answer that told last.
    """

    def __init__(self, room_id: str, log: RoomLog, now: float) -> None:
        self.id = room_id
        self.log = log
        self.flushed = 0
        self.reported = 0
        self.tail_missing_since: float | None = None
        self.hole_since: float | None = None
        self.is_healing = False

        self.audiences: dict[tuple[Wire, bool], Audience] = {}
        self.behind: set[StreamConnection] = set()
        self.unopened: dict[StreamConnection, int] = {}
        self.answered = 0
        self.waiters: set[Waiter] = set()
        self.lists: set[ListConnection] = set()
        self.streams = 0
        self.idle_since = now
        self.is_absent = False

        self.deleted: dict[bytes, None] = {}
        self.deletions = 0

        self.heat: Heat = COLD
        self.slow_mode_s = 0
        self.message_count = 0
        self._counted_seq = 0
        self.pending_signals: dict[bytes, bytes] = {}
        self.latest_signals: dict[bytes, bytes] = {}
        self.signals_version = 0

        self._listed_frame: tuple[tuple[int, int], bytes] | None = None
        self.told_seq = 0
        self.tell_at = 0.0
        self.is_telling = False
        self.is_flushing = False
        self.is_queued = False

    def audience(self, wire: Wire, *, is_notify: bool) -> Audience:
        key = (wire, is_notify)
        audience = self.audiences.get(key)
        if audience is None:
            audience = self.audiences[key] = Audience(self, wire, is_notify=is_notify)
        return audience

    def live_count(self) -> int:
        return sum(len(audience.live) for audience in self.audiences.values())

    def is_compressed(self) -> bool:
        return any(audience.wire.is_gzip and audience.live for audience in self.audiences.values())

    def tell_waiters(self) -> None:
        """The room's head is known, or that there is no such room."""
        for waiter in self.waiters:
            waiter.one_is_known()

    def is_watched(self) -> bool:
        return bool(self.streams or self.lists or self.waiters)

    def has_notified(self) -> bool:
        """Does anybody want `room.updated`?"""
        return bool(self.lists) or any(audience.is_notify for audience in self.audiences.values())

    def needs_flush(self) -> bool:
        return self.log.head > self.flushed or bool(self.pending_signals) or self.is_telling

    def count_message(self, seq: int, event_type: bytes) -> None:
        """Keep `message_count` in step with the log's head."""
        if seq > self._counted_seq:
            self._counted_seq = seq
            if event_type == b"message.created":
                self.message_count += 1

    def recount(self, seq: int, message_count: int) -> None:
        """chat_server's count at `seq`; one from before our own is older news."""
        if seq >= self._counted_seq:
            self._counted_seq = seq
            self.message_count = message_count

    def note_deleted(self, message_id: bytes) -> None:
        """Remember the newest MAX_DELETED deletions."""
        self.deletions += 1
        self.deleted[message_id] = None
        if len(self.deleted) > MAX_DELETED:
            del self.deleted[next(iter(self.deleted))]

    def take_signal(self, event_type: bytes, value: bytes) -> bool:
        """Keep a signal for the next flush; False when it is dropped.

        Overflow rules: LATEST of each type; DROP for typing in a hot room, and for types beyond MAX_SIGNAL_TYPES.
        Raises ValueError when heat cannot be read.
        """
        if event_type == b"room.typing":
            if self.heat["hot"]:
                return False
        elif event_type == b"room.heat":
            self.heat = orjson.loads(value)["heat"]
        elif event_type == b"room.slow_mode":
            self.slow_mode_s = orjson.loads(value)["slow_mode_s"]
        if event_type not in self.latest_signals and len(self.latest_signals) >= MAX_SIGNAL_TYPES:
            return False
        frame = event_frame(event_type, value, None)
        self.pending_signals[event_type] = frame
        if event_type != b"room.typing":
            self.latest_signals[event_type] = frame
            self.signals_version += 1
        return True

    def updated_frame(self) -> bytes:
        """`room.updated`: the room moved; come and fetch."""
        return own_frame("room.updated", self._updated(), self.log.head)

    def listed_frame(self) -> bytes:
        """The same for lists of rooms, with the newest message where it is held; made once for all lists."""
        at = (self.log.head, self.message_count)
        if self._listed_frame is None or self._listed_frame[0] != at:
            updated = self._updated()
            message = self.log.last_message()
            if message is not None:
                updated["last_message"] = last_message(message)
            self._listed_frame = (at, own_frame("room.updated", updated, self.log.head))
        return self._listed_frame[1]

    def _updated(self) -> RoomUpdated:
        return {
            "type": "room.updated",
            "room_id": self.id,
            "seq": self.log.head,
            "message_count": self.message_count,
        }
