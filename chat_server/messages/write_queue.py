"""Writes that wait for a transaction, by room. writer.py takes a batch for each free lane. Pure: no await, no clock."""

from asyncio import Future
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from chat_server.messages.operations import Operation, OperationResult
from server_kit.http.problem import ChatError
from server_kit.http.rate_limit_headers import rate_limit_headers
from server_kit.session_tokens import Session

MAX_QUEUED = 10_000
MAX_QUEUED_OF_USER = 500
MAX_BATCH = 500
MAX_BATCH_BYTES = 400_000
"""UTF-8 bytes of text. A batch of 1.6 MB held the event loop for 10 ms; this one needs about 3 ms."""


@dataclass(slots=True, eq=False)
class PendingWrite:
    """`since_s`: arrival by the event loop's clock. `session`: None for the operator, whose token never ends."""

    operation: Operation
    result: Future[OperationResult]
    since_s: float
    session: Session | None = None

    def is_of(self, ended: Mapping[UUID, int]) -> bool:
        """Whether its session was ended. `ended`: session or user id → generation below which tokens are invalid."""
        session = self.session
        return session is not None and (
            ended.get(session.session_id, 0) > session.generation
            or ended.get(session.user_id, 0) > session.generation
        )


@dataclass(slots=True)
class _RoomQueue:
    writes: deque[PendingWrite] = field(default_factory=deque)
    was_skipped: bool = False
    is_busy: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Writes of rooms that no other lane works on.

    `wait`: queue for the lock of its rooms instead of skipping those that are locked.
    """

    writes: list[PendingWrite]
    wait: bool

    def room_ids(self) -> list[str]:
        return sorted({write.operation.room_id for write in self.writes})


class WriteQueue:
    """At most MAX_QUEUED writes. Overflow rule: REFUSE (503 with Retry-After; the client's key makes a retry safe).

    No user and no room can fill it alone. A user has at most MAX_QUEUED_OF_USER writes in it, and a room at most as
    many as there are free places: one busy room leaves half of it, two leave a third. Overflow rule: REFUSE, 429.
    Rooms take turns, and each gets its share of a batch, so a cold room never queues behind a hot one.

    A room whose lock another process had is skipped once. Then a batch waits for its lock, and takes what arrives
    meanwhile. One batch waits at a time, so that the other lane stays free.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, _RoomQueue] = {}
        self.size = 0
        self._of_users: dict[UUID, int] = {}
        self._waits_for_lock = False

    def offer(self, write: PendingWrite) -> None:
        """Raises ChatError `store_unavailable`, or `rate_limited` when the user or room has its share."""
        if self.size >= MAX_QUEUED:
            raise ChatError(
                "store_unavailable", "Too many writes are waiting; try again shortly.", retry_after_s=1
            )
        room_id, user_id = write.operation.room_id, write.operation.actor_id
        waiting_of_user = self._of_users.get(user_id, 0)
        if waiting_of_user >= MAX_QUEUED_OF_USER:
            raise _too_many_waiting("Too many of your writes are waiting", MAX_QUEUED_OF_USER)
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = _RoomQueue()
        elif len(room.writes) >= MAX_QUEUED - self.size:
            raise _too_many_waiting("Too many writes are waiting in this room", MAX_QUEUED // 2)
        room.writes.append(write)
        self.size += 1
        self._of_users[user_id] = waiting_of_user + 1

    def _count_out(self, write: PendingWrite) -> None:
        self.size -= 1
        user_id = write.operation.actor_id
        if waiting := self._of_users.pop(user_id) - 1:
            self._of_users[user_id] = waiting

    def _count_in(self, write: PendingWrite) -> None:
        self.size += 1
        user_id = write.operation.actor_id
        self._of_users[user_id] = self._of_users.get(user_id, 0) + 1

    def take(self) -> Batch | None:
        """The next batch, whose rooms are busy until `release`; None if no write can be taken."""
        ready = [(room_id, room) for room_id, room in self._rooms.items() if room.writes and not room.is_busy]
        if not ready:
            return None
        if ready[0][1].was_skipped and not self._waits_for_lock:
            self._waits_for_lock = True
            return Batch(self._take_from(*ready[0], MAX_BATCH, MAX_BATCH_BYTES)[0], wait=True)
        writes: list[PendingWrite] = []
        ready = [entry for entry in ready if not entry[1].was_skipped][:MAX_BATCH]
        bytes_left = MAX_BATCH_BYTES
        for index, (room_id, room) in enumerate(ready):
            rooms_left = len(ready) - index
            share = (MAX_BATCH - len(writes)) // rooms_left
            taken, size = self._take_from(room_id, room, share, max(1, bytes_left // rooms_left))
            writes += taken
            bytes_left -= size
            if bytes_left <= 0:
                break  # the other rooms are first in the next batch
        return Batch(writes, wait=False) if writes else None

    def top_up(self, batch: Batch) -> list[PendingWrite]:
        """Add what has arrived in the room of a batch that waited for its lock. Returns the added writes."""
        room_id = batch.writes[0].operation.room_id
        size = sum(write.operation.text_bytes for write in batch.writes)
        taken, _ = self._take_from(
            room_id, self._rooms[room_id], MAX_BATCH - len(batch.writes), MAX_BATCH_BYTES - size
        )
        batch.writes.extend(taken)
        return taken

    def _take_from(
        self, room_id: str, room: _RoomQueue, share: int, bytes_share: int
    ) -> tuple[list[PendingWrite], int]:
        """As many writes as the shares allow, and how many bytes of text they have. The last one may exceed them."""
        room.is_busy = True
        self._rooms[room_id] = self._rooms.pop(room_id)  # behind the other rooms
        taken: list[PendingWrite] = []
        size = 0
        while room.writes and len(taken) < share and size < bytes_share:
            write = room.writes.popleft()
            taken.append(write)
            size += write.operation.text_bytes
            self._count_out(write)
        return taken, size

    def put_back(self, writes: Iterable[PendingWrite]) -> None:
        """Put writes back at the front, because another process had locked their room."""
        for write in reversed(list(writes)):
            self._rooms[write.operation.room_id].writes.appendleft(write)
            self._count_in(write)

    def release(self, batch: Batch, skipped: Collection[str] = ()) -> None:
        """Make the batch's rooms available to the next one. `skipped`: those that another process had locked."""
        if batch.wait:
            self._waits_for_lock = False
        for room_id in batch.room_ids():
            room = self._rooms[room_id]
            room.is_busy = False
            room.was_skipped = room_id in skipped
            if not room.writes:
                del self._rooms[room_id]

    def waiting(self) -> list[PendingWrite]:
        """All waiting writes; they stay in the queue."""
        return [write for room in self._rooms.values() for write in room.writes]

    def drain(self) -> list[PendingWrite]:
        """Remove and return all waiting writes, at the end of the process."""
        writes = self.waiting()
        for room in self._rooms.values():
            room.writes.clear()
        self.size = 0
        self._of_users.clear()
        return writes


def _too_many_waiting(what: str, quota: int) -> ChatError:
    return ChatError(
        "rate_limited",
        f"{what}; try again in a second.",
        retry_after_s=1,
        headers=rate_limit_headers("waiting-writes", quota=quota, window_s=1, remaining=0, reset_s=1),
    )
