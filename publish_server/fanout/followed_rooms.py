"""The rooms with listeners, each with its audience. The hub reports to this module what happened to a room."""

from collections.abc import Callable, Collection, Iterator
from typing import Final
from uuid import UUID

from publish_server.encoding.sse_frames import event_frame
from publish_server.fanout.broadcaster import Broadcaster
from publish_server.fanout.catch_up import MAX_REPLAY, CatchUp
from publish_server.fanout.lane import CalmLane
from publish_server.fanout.open_streams import OpenStreams
from publish_server.fanout.replay_queue import ReplayQueue
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.room_list_streams import ALL_CHANGES, SIGNAL_BITS, UPDATED, RoomListStreams
from publish_server.recovery.access_checks import AccessChecks
from publish_server.recovery.head_check_queue import HeadCheckQueue
from publish_server.rooms.missing_tracker import MissingTracker
from publish_server.rooms.room import Room
from publish_server.rooms.room_registry import RoomRegistry
from publish_server.scheduling.time_slices import in_slices

UPDATE_PAUSE_S: Final = 1.0
"""`room.updated` is sent at most this often per room."""

IDLE_ROOM_S: Final = 60.0
"""A room without listeners is kept for this long."""

ROOMS_PER_STEP: Final = 500


class FollowedRooms:
    """Implements RoomListener. An unwatched room is dropped after IDLE_ROOM_S, earlier if the registry is full."""

    def __init__(
        self,
        registry: RoomRegistry,
        missing: MissingTracker,
        open_streams: OpenStreams,
        lists: RoomListStreams,
        catch_up: CatchUp,
        replay_queue: ReplayQueue,
        head_check_queue: HeadCheckQueue,
        broadcaster: Broadcaster,
        access_checks: AccessChecks,
        clock: Callable[[], float],
    ) -> None:
        self._access_checks = access_checks
        self._registry = registry
        self._missing = missing
        self._open_streams = open_streams
        self._lists = lists
        self._catch_up = catch_up
        self._replay_queue = replay_queue
        self._head_check_queue = head_check_queue
        self._broadcaster = broadcaster
        self._clock = clock
        self._audiences: dict[Room, RoomAudience] = {}
        self._private: dict[Room, None] = {}
        self._delayed_updates: dict[RoomAudience, None] = {}
        self._calm_lanes: dict[CalmLane, None] = {}
        self._may_make_space_at = float("-inf")

    def get(self, room_id: str) -> RoomAudience | None:
        room = self._registry.rooms.get(room_id)
        return None if room is None else self._audiences[room]

    def follow(self, room_id: str, *, is_listed: bool = False) -> RoomAudience:
        """The room's audience. A new room gets a head check. Raises RegistryFull; room lists reach that limit first."""
        audience = self.get(room_id)
        if audience is None:
            if self._registry.is_full(is_listed=is_listed):
                self._drop_unwatched()
            room = self._registry.add(room_id, is_listed=is_listed)
            audience = self._audiences[room] = RoomAudience(
                room,
                self._open_streams,
                self._catch_up,
                self._replay_queue,
                self._head_check_queue,
                self._clock,
            )
            self._head_check_queue.add(room)
        return audience

    def subscriber_counts(self) -> dict[str, int]:
        """Open streams by room id, of rooms that have any."""
        return {
            room.id: audience.subscriber_count
            for room, audience in self._audiences.items()
            if audience.subscriber_count
        }

    def drop_idle(self) -> Iterator[None]:
        """Drop rooms that have been unwatched for IDLE_ROOM_S, and purge marks that no reader needs any more.

        Yields between steps.
        """
        now = self._clock()
        for number, (room, audience) in enumerate(list(self._audiences.items()), 1):
            if number % ROOMS_PER_STEP == 0:
                yield
            # No subscriber is sent frames before the ring and more than MAX_REPLAY behind the others.
            room.log.purges.forget(min(room.log.floor, audience.lowest_flushed() - MAX_REPLAY))
            if now - audience.idle_since > IDLE_ROOM_S and self._is_unused(room, audience):
                self._drop(room)

    def _is_unused(self, room: Room, audience: RoomAudience) -> bool:
        return not audience.is_watched() and not self._missing.is_being_fetched(room)

    def _drop_unwatched(self) -> None:
        """Drop all unwatched rooms; at most once a second, because it visits every room."""
        now = self._clock()
        if now >= self._may_make_space_at:
            self._may_make_space_at = now + 1
            for room, audience in list(self._audiences.items()):
                if self._is_unused(room, audience):
                    self._drop(room)

    def _drop(self, room: Room) -> None:
        self._registry.remove(room)
        self._missing.forget(room)
        self._private.pop(room, None)
        audience = self._audiences.pop(room, None)
        if audience is not None:
            self._delayed_updates.pop(audience, None)
            self._calm_lanes.pop(audience.calm, None)

    # Private rooms

    def check_private_heads(self) -> Iterator[None]:
        """Ask for the heads of private rooms: they show who may read them, also while Kafka is down."""
        for room in list(self._private):
            self._head_check_queue.add(room)
        yield

    def readers_of(self, room: Room) -> set[UUID]:
        """The people with streams that show the room."""
        audience = self._audiences.get(room)
        if audience is None:
            return set()
        readers = {stream.reader for stream in audience.subscribers() if stream.reader is not None}
        return readers | self._lists.readers_of(audience)

    def access_checked(self, room: Room, version: int, lost: Collection[UUID]) -> None:
        audience = self._audiences.get(room)
        if audience is None:
            return
        if room.is_private:
            audience.end_streams(
                [each for each in audience.subscribers() if each.reader is None or each.reader in lost],
                "access_lost",
            )
            self._lists.access_lost(audience, lost)
        if room.access_verified(version):
            self._release(audience)
        else:
            self._access_checks.recheck(room)

    def access_granted(self, room: Room, version: int) -> None:
        """A stream joined whose reader was checked at that version."""
        if room.is_private and version != room.access_version:
            self._access_checks.recheck(room)
            self._head_check_queue.add(room)

    def _release(self, audience: RoomAudience) -> None:
        if audience.was_withheld and not audience.is_withheld():
            audience.was_withheld = False
            audience.release()
            self._lists.room_moved(audience, ALL_CHANGES)
            self._broadcaster.wake(audience.full)
            self._broadcaster.wake(audience.calm)

    # RoomListener

    def room_started(self, room: Room, last_seq: int) -> None:
        audience = self._audiences.get(room)
        if audience is not None:
            audience.started(last_seq)
            self._lists.room_moved(audience, ALL_CHANGES)

    def room_absent(self, room: Room) -> None:
        self._end(room, "room_not_found")

    def room_deleted(self, room: Room) -> None:
        self._end(room, "room_deleted")

    def _end(self, room: Room, reason: str) -> None:
        audience = self._audiences.get(room)
        if audience is not None:
            audience.end(reason)
            self._drop(room)

    def head_checked(self, room: Room, check: int) -> None:
        audience = self._audiences.get(room)
        if audience is None:
            return
        if room.is_private:
            self._private[room] = None
            self._release(audience)
        else:
            self._private.pop(room, None)
        audience.head_checked(check)

    def access_may_have_changed(self, room: Room) -> None:
        self._head_check_queue.add(room)

    def access_changed(self, room: Room) -> None:
        if room in self._audiences:
            self._access_checks.recheck(room)

    def room_moved(self, room: Room) -> None:
        audience = self._audiences[room]
        if audience.pending_open:
            audience.open_pending()
        if room.log.head > audience.full.notified_seq and audience.wants_updates():
            self._send_update(audience)
        self._broadcaster.wake(audience.full)
        if audience.calm.has_news():
            self._calm_lanes[audience.calm] = None
            self._broadcaster.wake(audience.calm)

    def flush_calm_lanes(self) -> Iterator[None]:
        """Flush the calm lanes whose time has come; yields between steps."""
        yield from in_slices(list(self._calm_lanes), self._flush_calm_lane, self._clock)

    def _flush_calm_lane(self, lane: CalmLane) -> None:
        if lane.has_news():
            self._broadcaster.wake(lane)
        else:
            self._calm_lanes.pop(lane, None)

    def signal_taken(self, room: Room, event_type: bytes) -> None:
        changes = SIGNAL_BITS.get(event_type) or (UPDATED if event_type == b"room.name" else None)
        audience = self._audiences.get(room)
        if audience is not None and audience.calm.stream_count:
            audience.calm.signals[event_type] = room.pending_signals[event_type]
        if changes is not None and audience is not None:
            self._lists.room_moved(audience, changes)

    def room_created(self, room_id: bytes, value: bytes) -> None:
        self._lists.room_created(room_id, event_frame(b"room.created", value, None))

    def room_hidden(self, room_id: bytes) -> None:
        self._lists.room_hidden(room_id)

    def message_deleted(self, room: Room, message_id: bytes) -> None:
        self._catch_up.mark_deleted(room, message_id)

    def messages_purged(self, room: Room, up_to_seq: int) -> None:
        self._catch_up.drop_pieces(room, up_to_seq)

    # room.updated

    def _send_update(self, audience: RoomAudience) -> None:
        """Send `room.updated` with the next flush, or once UPDATE_PAUSE_S since the last one is over."""
        now = self._clock()
        if now >= audience.notify_at:
            audience.notify_at = now + UPDATE_PAUSE_S
            audience.full.notify_pending = True
            self._delayed_updates.pop(audience, None)
            self._lists.room_moved(audience)
        else:
            self._delayed_updates[audience] = None

    def send_delayed_updates(self) -> Iterator[None]:
        """Send the updates whose pause is over; yields between steps."""
        yield from in_slices(list(self._delayed_updates), self._send_delayed_update, self._clock)

    def _send_delayed_update(self, audience: RoomAudience) -> None:
        if self._clock() >= audience.notify_at and audience in self._delayed_updates:
            self._send_update(audience)
            self._broadcaster.wake(audience.full)
