"""Snapshots of rooms in memory, at most 250 ms old. Callers that wait for the same snapshot share one read."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from prometheus_client import Counter, Gauge

from chat_server.http.errors import room_not_found
from chat_server.postgres.errors import store_unavailable
from server_kit.http.problem import ChatError
from server_kit.single_flight import SingleFlight

MAX_AGE_S: Final = 0.25
MAX_ROOMS: Final = 10_000
MAX_BYTES: Final = 96 * 1024 * 1024

MAX_FLIGHTS_OF_ONE_CALLER: Final = 3
"""The running read, one that another caller started meanwhile, and its own."""

_LOADS = Counter("hotchat_snapshot_loads_total", "Snapshots read from Postgres", ["cache", "outcome"])
_EVICTED = Counter(
    "hotchat_snapshots_evicted_total", "Snapshots dropped because the cache was full", ["cache"]
)
_BYTES = Gauge("hotchat_snapshot_cache_bytes", "Memory the snapshots hold, about", ["cache"])
_ROOMS = Gauge("hotchat_snapshot_cache_rooms", "Rooms with a snapshot", ["cache"])


class Snapshot(Protocol):
    last_seq: int
    size_bytes: int
    taken_at_s: float

    def holds(self, want: int) -> bool: ...


S = TypeVar("S", bound=Snapshot)


class CacheResult(NamedTuple, Generic[S]):
    """A snapshot and its origin; `age_s` is set if it is stale because Postgres is down."""

    snapshot: S
    is_hit: bool
    age_s: float | None = None


class _Entry(Generic[S]):
    """`written_seq` is the newest seq that this process committed: an older snapshot is not fresh.

    `must_show_seq` is that of its last deletion: an older snapshot is not fresh in a hot room either.
    """

    __slots__ = ("must_show_seq", "snapshot", "want", "written_seq")

    def __init__(self) -> None:
        self.snapshot: S | None = None
        self.written_seq = 0
        self.must_show_seq = 0
        self.want = 0


class SnapshotCache(Generic[S]):
    """By room id; bounded by rooms and bytes. Overflow rule: LRU.

    `load(room_id, previous, want, written_seq)` reads a snapshot that holds `want`, None for a room that does not
    exist; it sets `taken_at_s` to the moment before it asked. `written_seq` is the newest seq that this process
    committed.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[str, S | None, int, int], Awaitable[S | None]],
        *,
        clock: Callable[[], float],
        store_is_down: Callable[[], bool],
        max_rooms: int = MAX_ROOMS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._loads = {outcome: _LOADS.labels(name, outcome) for outcome in ("read", "no_room", "failed")}
        self._evicted = _EVICTED.labels(name)
        self._rooms_gauge = _ROOMS.labels(name)
        self._bytes_gauge = _BYTES.labels(name)
        self._load = load
        self._clock = clock
        self._store_is_down = store_is_down
        self._max_rooms = max_rooms
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry[S]] = OrderedDict()
        self._flights: SingleFlight[str, S | None] = SingleFlight()
        self._bytes = 0

    def fresh(self, room_id: str, *, is_hot: bool) -> S | None:
        """The snapshot if it may be served as it is. In a cold room a writer reads its own write at once; in a hot
        one everybody waits for the next quarter of a second."""
        entry = self._entries.get(room_id)
        if entry is None or entry.snapshot is None:
            return None
        snapshot = entry.snapshot
        if self._clock() - snapshot.taken_at_s > MAX_AGE_S:
            return None
        if snapshot.last_seq < (entry.must_show_seq if is_hot else entry.written_seq):
            return None
        self._entries.move_to_end(room_id)
        return snapshot

    def cached(self, room_id: str) -> S | None:
        """The snapshot in memory, of any age."""
        entry = self._entries.get(room_id)
        return None if entry is None else entry.snapshot

    async def read_since(self, room_id: str, since_s: float) -> S:
        """A snapshot taken at `since_s` or later, shared by all who wait; never a stale one.

        Raises ChatError `room_not_found` or `store_unavailable`.
        """
        entry = self._entry(room_id)
        while entry.snapshot is None or entry.snapshot.taken_at_s < since_s:
            snapshot, is_stale = await self._fly(room_id, entry)
            if snapshot is None:
                raise room_not_found(room_id)
            if is_stale:
                raise store_unavailable()
            if snapshot.taken_at_s >= since_s:
                return snapshot
        return entry.snapshot

    async def get(self, room_id: str, *, want: int, is_hot: bool) -> CacheResult[S]:
        """A fresh snapshot that holds `want`, or any snapshot while Postgres is down.

        Raises ChatError `room_not_found`, or `store_unavailable` when nothing is in memory.
        """
        fresh = self.fresh(room_id, is_hot=is_hot)
        if fresh is not None and fresh.holds(want):
            return CacheResult(fresh, is_hit=True)
        entry = self._entry(room_id)
        entry.want = max(entry.want, want)
        written_seq = entry.written_seq
        flights = 0
        while True:
            flights += 1
            began_earlier = self._flights.is_running(room_id)
            snapshot, is_stale = await self._fly(room_id, entry)
            if snapshot is None:
                raise room_not_found(room_id)
            if is_stale:
                return CacheResult(snapshot, is_hit=True, age_s=self._clock() - snapshot.taken_at_s)
            # A read that was under way may be from before the caller's own write, or for a smaller page.
            is_good = snapshot.last_seq >= written_seq and snapshot.holds(want)
            if is_good or not began_earlier or flights == MAX_FLIGHTS_OF_ONE_CALLER:
                return CacheResult(snapshot, is_hit=False)

    def wrote(
        self,
        room_id: str,
        last_seq: int,
        *,
        must_show: bool = False,
        extend: Callable[[S], S | None] | None = None,
    ) -> None:
        """Report a commit of this process up to last_seq. `must_show`: no older page may be served.

        `extend` adds the commit to a snapshot, or returns None if the room must be read again.
        """
        entry = self._entries.get(room_id)
        if entry is None:
            return
        entry.written_seq = max(entry.written_seq, last_seq)
        if must_show:
            entry.must_show_seq = max(entry.must_show_seq, last_seq)
        snapshot = entry.snapshot
        if extend is None or snapshot is None or self._clock() - snapshot.taken_at_s > MAX_AGE_S:
            return
        extended = extend(snapshot)
        if extended is not None:
            self._weigh(extended.size_bytes - snapshot.size_bytes)
            entry.snapshot = extended

    def invalidate(self, room_id: str) -> None:
        """Drop the snapshot: the room changed in a way that takes no seq, such as its name."""
        self._flights.detach(room_id)
        entry = self._entries.pop(room_id, None)
        if entry is not None and entry.snapshot is not None:
            self._weigh(-entry.snapshot.size_bytes)

    def _entry(self, room_id: str) -> _Entry[S]:
        entry = self._entries.get(room_id)
        if entry is None:
            entry = self._entries[room_id] = _Entry()
        return entry

    async def _fly(self, room_id: str, entry: _Entry[S]) -> tuple[S | None, bool]:
        """The result of the running read, started if there is none; or a stale snapshot and True."""
        flight = self._flights.start(room_id, lambda: self._read(room_id, entry))
        if entry.snapshot is not None and self._store_is_down():
            return entry.snapshot, True
        try:
            return await asyncio.shield(flight), False
        except ChatError:
            if entry.snapshot is not None:
                return entry.snapshot, True
            raise

    async def _read(self, room_id: str, entry: _Entry[S]) -> S | None:
        try:
            snapshot = await self._load(room_id, entry.snapshot, entry.want, entry.written_seq)
        except BaseException:
            self._loads["failed"].inc()
            if entry.snapshot is None and self._entries.get(room_id) is entry:
                del self._entries[room_id]
            raise
        self._loads["read" if snapshot is not None else "no_room"].inc()
        if self._entries.get(room_id) is entry:
            self._keep(room_id, entry, snapshot)
        return snapshot

    def _keep(self, room_id: str, entry: _Entry[S], snapshot: S | None) -> None:
        if snapshot is None:
            self.invalidate(room_id)
            return
        self._weigh(snapshot.size_bytes - (0 if entry.snapshot is None else entry.snapshot.size_bytes))
        entry.snapshot = snapshot
        self._entries.move_to_end(room_id)
        while len(self._entries) > self._max_rooms or (
            self._bytes > self._max_bytes and len(self._entries) > 1
        ):
            self.invalidate(next(iter(self._entries)))
            self._evicted.inc()
        self._rooms_gauge.set(len(self._entries))

    def _weigh(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        self._bytes_gauge.set(self._bytes)
