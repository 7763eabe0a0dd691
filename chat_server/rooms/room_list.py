"""Pages of the room list, read once for all concurrent callers; older than FRESH_S only while Postgres is down."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson
from prometheus_client import Counter

from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.cached_response import CachedResponse, content_tag
from chat_server.postgres.pools import contains
from chat_server.postgres.read_lane import ReadLane
from chat_server.rooms.last_messages import JOIN_LAST_MESSAGE, LAST_MESSAGE_COLUMNS, last_message_of
from chat_server.rooms.list_cursor import encode_cursor
from chat_server.rooms.slow_mode_rule import SlowModeRule
from server_kit.http.problem import ChatError
from server_kit.single_flight import SingleFlight

FRESH_S: Final = 1.0
READ_EVERY_S: Final = 0.1
"""After a write of this process a page is read again, but not sooner than this; callers wait for that read."""

MAX_ROOMS: Final = 100
"""Rooms of one page. Every page is read with this many rooms and cut to the requested limit."""

MAX_PAGES: Final = 128
"""Overflow rule: LRU."""

SEARCHED_ROOMS: Final = 20_000
"""A search by name scans this many rooms, the most active first; the cursor continues from there."""

LIST_TIMEOUT_S: Final = 0.4

_LOADS = Counter(
    "hotchat_room_list_loads_total", "Pages of the list of rooms read from Postgres", ["outcome"]
)

_ROOMS: Final = """
SELECT id, name, visibility, owner_id, last_seq, message_count, slow_mode_s, slow_mode_target, active_at
FROM rooms WHERE visibility = 'public' AND active_at <= $2 AND (active_at < $2 OR id > $3)
ORDER BY active_at DESC, id"""

_WITH_LAST_MESSAGE: Final = f"""
SELECT r.*, {LAST_MESSAGE_COLUMNS}
FROM ({{rooms}} LIMIT $1) r {JOIN_LAST_MESSAGE}
ORDER BY r.active_at DESC, r.id"""  # noqa: S608 - no input in it

_PAGE: Final = _WITH_LAST_MESSAGE.format(rooms=_ROOMS)
_SCANNED: Final = """
SELECT * FROM ({rooms} LIMIT {searched_rooms}) scanned WHERE lower(name) LIKE lower($4) ORDER BY active_at DESC, id"""
_NAMED: Final = _WITH_LAST_MESSAGE.format(rooms=_SCANNED.format(rooms=_ROOMS, searched_rooms=SEARCHED_ROOMS))
_LAST_SCANNED: Final = f"{_ROOMS} OFFSET {SEARCHED_ROOMS - 1} LIMIT $1"

_END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)


class RoomListPage(NamedTuple):
    """Which page: the rooms after `before` (active_at, id) whose names contain `words`."""

    before: tuple[datetime, str] | None = None
    words: str = ""


FIRST_PAGE: Final = RoomListPage()


class _Snapshot:
    """One page with as many rooms as any limit may ask for."""

    def __init__(
        self, rooms: Sequence[Any], views: list[bytes], goes_on_after: Any, taken_at_s: float
    ) -> None:
        self._rooms = rooms
        self._views = views
        self._goes_on_after = goes_on_after
        self.taken_at_s = taken_at_s
        self._answers: dict[int, CachedResponse] = {}

    def answer(self, limit: int) -> CachedResponse:
        answer = self._answers.get(limit)
        if answer is None:
            last = self._rooms[limit - 1] if len(self._rooms) > limit else self._goes_on_after
            cursor = None if last is None else encode_cursor(last["active_at"], last["id"])
            body = b'{"rooms":[%b],"next_cursor":%b}' % (b",".join(self._views[:limit]), orjson.dumps(cursor))
            answer = self._answers[limit] = CachedResponse(body, "rooms", 0, content_tag(body))
        return answer


class ListedRooms(NamedTuple):
    """`age_s` is set if the list is stale because Postgres is down."""

    answer: CachedResponse
    age_s: float | None = None


class RoomLists:
    """One per process. `clock` is monotonic, in seconds."""

    def __init__(self, lane: ReadLane, hot_rooms: HotRooms, *, clock: Callable[[], float]) -> None:
        self._lane = lane
        self._hot_rooms = hot_rooms
        self._clock = clock
        self._snapshots: OrderedDict[RoomListPage, _Snapshot] = OrderedDict()
        self._flights: SingleFlight[RoomListPage, _Snapshot] = SingleFlight()
        self._wrote_at_s = float("-inf")

    def wrote(self) -> None:
        """Report a commit of this process that lists show: the next list shows it."""
        self._wrote_at_s = self._clock()

    def in_memory(self, page: RoomListPage, limit: int) -> CachedResponse | None:
        """The response if memory holds a fresh one."""
        snapshot = self._snapshots.get(page)
        if snapshot is None or not self._is_fresh(snapshot):
            return None
        self._snapshots.move_to_end(page)
        return snapshot.answer(limit)

    async def get(self, page: RoomListPage, limit: int) -> ListedRooms:
        """Raises ChatError `store_unavailable` when nothing is in memory and Postgres does not answer."""
        answer = self.in_memory(page, limit)
        if answer is not None:
            return ListedRooms(answer)
        wrote_at_s = self._wrote_at_s
        try:
            snapshot = await self._flights.join(page, lambda: self._load(page))
            if snapshot.taken_at_s < wrote_at_s:
                snapshot = await self._flights.join(
                    page, lambda: self._load(page)
                )  # that read began before the write
        except ChatError:
            stale = self._snapshots.get(page)
            if stale is None:
                raise
            return ListedRooms(stale.answer(limit), max(0.0, self._clock() - stale.taken_at_s))
        return ListedRooms(snapshot.answer(limit))

    def _is_fresh(self, snapshot: _Snapshot) -> bool:
        return self._clock() - snapshot.taken_at_s <= FRESH_S and snapshot.taken_at_s > self._wrote_at_s

    async def _load(self, page: RoomListPage) -> _Snapshot:
        previous = self._snapshots.get(page)
        if previous is not None and (wait_s := previous.taken_at_s + READ_EVERY_S - self._clock()) > 0:
            await asyncio.sleep(wait_s)
        taken_at_s = self._clock()
        try:
            snapshot = await self._read(page, taken_at_s)
        except ChatError:
            _LOADS.labels("failed").inc()
            raise
        _LOADS.labels("read").inc()
        self._snapshots[page] = snapshot
        self._snapshots.move_to_end(page)
        if len(self._snapshots) > MAX_PAGES:
            self._snapshots.popitem(last=False)
        return snapshot

    async def _read(self, page: RoomListPage, taken_at_s: float) -> _Snapshot:
        """The first page has a connection to itself: pages further on and searches take the other one."""
        active_at, room_id = page.before or (_END_OF_TIME, "")
        goes_on_after = None
        if page.words:
            rooms = await self._lane.fetch(
                "rooms", _NAMED, MAX_ROOMS + 1, active_at, room_id, contains(page.words), is_history=True
            )
            if len(rooms) <= MAX_ROOMS:
                looked = await self._lane.fetch(
                    "rooms", _LAST_SCANNED, 1, active_at, room_id, is_history=True
                )
                goes_on_after = looked[0] if looked else None
        else:
            rooms = await self._lane.fetch(
                "rooms", _PAGE, MAX_ROOMS + 1, active_at, room_id, is_history=page.before is not None
            )
        views = [self._view(room) for room in rooms[:MAX_ROOMS]]
        return _Snapshot(rooms, views, goes_on_after, taken_at_s)

    def _view(self, room: Any) -> bytes:
        """A ListedRoom, in the order of its fields."""
        room_id = room["id"]
        slow_mode = SlowModeRule(room["slow_mode_s"], room["slow_mode_target"])
        return orjson.dumps(
            {
                "id": room_id,
                "name": room["name"],
                "visibility": room["visibility"],
                "owner_id": None if room["owner_id"] is None else str(room["owner_id"]),
                "last_seq": room["last_seq"],
                "message_count": room["message_count"],
                "heat": self._hot_rooms.heat(room_id),
                "slow_mode_s": slow_mode.in_force_s(self._hot_rooms.governed_s(room_id)),
                "viewers": self._hot_rooms.viewers(room_id),
                "last_message": last_message_of(room),
            }
        )
