"""One watched room: its log, and the latest values of everything that has no seq. It knows no subscribers."""

from itertools import count
from typing import Final

import orjson

from chat_contract.events import Heat, RecentMessage, RoomUpdated, SlowModeKind
from chat_contract.internal_api import RoomHead
from chat_contract.last_message import last_message
from publish_server.encoding.sse_frames import event_frame, json_frame
from publish_server.rooms.purge_marks import Purge
from publish_server.rooms.recent_deletions import RecentDeletions
from publish_server.rooms.room_log import RoomLog

COLD: Final[Heat] = {"hot": False, "since": None, "fetches_per_s": 0.0, "posts_per_s": 0.0, "level": 0}
MAX_SIGNAL_TYPES: Final = 16

RECENT_S: Final = 3.0
"""A list frame names the messages of at least this many seconds. A message waits at most two for its frame: one for
the pause of its room and one for that of the stream."""

MAX_RECENT: Final = 10

LATE_US: Final = 10_000_000
"""A signal whose version is lower by less than this is late. By more: the clock that gave the versions was set back."""

_numbers = count()


class Room:
    """`server_head` is the highest last_seq that chat_server reported; events up to it exist.

    `pending_signals` waits for the next flush; `latest_signals` is what a new subscriber receives. Both map a type to
    its frame. `signals_version` changes with `latest_signals`. `signal_times_s` maps a type to the time of its last
    signal. `name` is empty until chat_server reports it; `slow_mode` is None if it did not report the mode.
    `access_version` changes whenever somebody may no longer read the room; `unverified_since_s`: since when its readers
    wait to be checked again. `head_at_s`: when chat_server last reported the room.
    `number` differs each time the room is followed: what was read before may contain texts that were removed since.
    """

    __slots__ = (
        "_counted_seq",
        "_list_frame",
        "_recent_after_seq",
        "_recent_since",
        "_versions",
        "access_version",
        "head_at_s",
        "heat",
        "id",
        "is_private",
        "latest_signals",
        "log",
        "message_count",
        "name",
        "number",
        "pending_signals",
        "recent_deletions",
        "server_head",
        "signal_times_s",
        "signals_version",
        "slow_mode",
        "slow_mode_s",
        "unverified_since_s",
    )

    def __init__(self, room_id: str, log: RoomLog) -> None:
        self.id = room_id
        self.number = next(_numbers)
        self.log = log
        self.server_head = 0
        self.recent_deletions = RecentDeletions()
        self.heat: Heat = COLD
        self.slow_mode_s = 0
        self.slow_mode: SlowModeKind | None = None
        self.name = ""
        self.is_private = False
        self.access_version = 0
        self.head_at_s = float("-inf")
        self.unverified_since_s: float | None = None
        self.message_count = 0
        self.pending_signals: dict[bytes, bytes] = {}
        self.latest_signals: dict[bytes, bytes] = {}
        self.signals_version = 0
        self.signal_times_s: dict[bytes, float] = {}
        self._versions: dict[bytes, int] = {}
        self._counted_seq = 0
        self._list_frame: tuple[tuple[int, int, str, int, int], bytes] | None = None
        self._recent_after_seq = 0
        self._recent_since = (0, float("-inf"))

    def start(self, head: RoomHead) -> None:
        """Take the first head that chat_server reported."""
        self.heat = head["heat"]
        self.slow_mode_s = head["slow_mode_s"]
        self.slow_mode = head.get("slow_mode")
        self.name = head.get("name", "")
        self.recount(head["last_seq"], head["message_count"])
        self.log.start(head["last_seq"])
        self._recent_after_seq = head["last_seq"]
        self._recent_since = (head["last_seq"], float("-inf"))
        self.log.drop_to(self.log.purges.refetch_seq)

    def take_access(self, head: RoomHead, now_s: float) -> bool:
        """Take who may read the room from a head; True if streams must be checked again.

        Not with the first head: each stream is checked when it opens.
        """
        self.head_at_s = now_s
        is_private = head.get("visibility") == "private"
        version = head.get("access_version", 0)
        if is_private == self.is_private and version == self.access_version:
            return False
        self.is_private, self.access_version = is_private, version
        must_check = is_private and self.log.is_started
        if must_check and self.unverified_since_s is None:
            self.unverified_since_s = now_s
        return must_check

    def access_verified(self, version: int) -> bool:
        """All readers were checked at that version; False if the access has changed since."""
        if version == self.access_version:
            self.unverified_since_s = None
        return version == self.access_version

    def purge(self, purge: Purge) -> bool:
        """Remove the texts from every frame, now and when one arrives later. False if all of them are marked."""
        if not self.log.purges.add(*purge):
            return False
        self.log.drop_to(self.log.purges.refetch_seq)
        if purge.erased_as is not None:
            self.log.replace_erased()
        return True

    def raise_server_head(self, last_seq: int) -> None:
        self.server_head = max(self.server_head, last_seq)

    def count_message(self, seq: int, event_type: bytes) -> None:
        """Keep `message_count` in step with the log's head."""
        if seq > self._counted_seq:
            self._counted_seq = seq
            if event_type == b"message.created":
                self.message_count += 1

    def recount(self, seq: int, message_count: int) -> None:
        """Take chat_server's count at `seq`, unless our own count is newer."""
        if seq >= self._counted_seq:
            self._counted_seq = seq
            self.message_count = message_count

    def take_signal(self, event_type: bytes, value: bytes, now_s: float) -> bool:
        """Keep a signal for the next flush; False if it is dropped.

        Overflow rules: LATEST of each type, by version where signals have one; DROP typing in a hot room, and types
        beyond MAX_SIGNAL_TYPES. Raises ValueError, KeyError or TypeError if the value cannot be read.
        """
        if event_type == b"room.typing":
            if self.heat["hot"]:
                return False
            self.pending_signals[event_type] = event_frame(event_type, value, None)
            return True
        if event_type not in self.latest_signals and len(self.latest_signals) >= MAX_SIGNAL_TYPES:
            return False
        signal = orjson.loads(value)
        if not self._is_newest(event_type, signal.get("version")):
            return False
        if event_type == b"room.heat":
            self.heat = signal["heat"]
        elif event_type == b"room.slow_mode":
            self.slow_mode_s = signal["slow_mode_s"]
            self.slow_mode = signal.get("mode")
        elif event_type == b"room.name":
            self.name = signal["name"]
        self.pending_signals[event_type] = self.latest_signals[event_type] = event_frame(
            event_type, value, None
        )
        self.signals_version += 1
        self.signal_times_s[event_type] = now_s
        return True

    def _is_newest(self, event_type: bytes, version: int | None) -> bool:
        """Whether a signal of this version replaces the latest of its type. Several servers send signals, so that one
        may arrive after a newer one. A signal without a version is the newest."""
        if version is None:
            return True
        newest = self._versions.get(event_type)
        if newest is not None and newest - LATE_US < version < newest:
            return False
        self._versions[event_type] = version
        return True

    def updated_frame(self) -> bytes:
        """`room.updated` for streams of this room in notify mode."""
        return json_frame("room.updated", self._updated(), self.log.head)

    def list_frame(self, now_s: float) -> bytes:
        """`room.updated` for room-list streams, with the room's name and newest messages if known. Encoded once."""
        removals = (self.recent_deletions.count, self.log.purges.changes)
        version = (self.log.head, self.message_count, self.name, *removals)
        if self._list_frame is None or self._list_frame[0] != version:
            updated = self._updated()
            message = self.log.last_message()
            if message is not None:
                updated["last_message"] = last_message(message)
            recent = self._recent_messages(now_s)
            if any(message is None or each["seq"] != message["seq"] for each in recent):
                updated["recent"] = recent
            if self.name:
                updated["name"] = self.name
            self._list_frame = (version, json_frame("room.updated", updated, self.log.head))
        return self._list_frame[1]

    def _recent_messages(self, now_s: float) -> list[RecentMessage]:
        """The newest messages created or deleted within the last RECENT_S, and maybe some from before."""
        seq, since_s = self._recent_since
        if now_s - since_s >= RECENT_S:
            self._recent_after_seq = seq
            self._recent_since = (self.log.head, now_s)
        return self.log.recent_messages(self._recent_after_seq, MAX_RECENT)

    def _updated(self) -> RoomUpdated:
        return {
            "type": "room.updated",
            "room_id": self.id,
            "seq": self.log.head,
            "message_count": self.message_count,
        }
