"""Reads of rooms: from memory while it is fresh, otherwise from Postgres by one query for all concurrent callers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from chat_contract.events import Heat
from chat_contract.limits import RECENT_EVENTS_MAX
from chat_server.fetch.latest_page import LatestPageSnapshot, messages_held, page_body
from chat_server.fetch.query import FetchQuery
from chat_server.fetch.read_repository import ReadRepository
from chat_server.fetch.recent_events import RecentEventsSnapshot, cursor_expired, events_body
from chat_server.fetch.rows import MessageRows, RoomRow
from chat_server.fetch.snapshot_cache import MAX_BYTES, SnapshotCache
from chat_server.hotchat.fetch_kind import FetchKind
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.http.cached_response import CachedResponse, content_tag
from chat_server.http.errors import message_not_found, room_not_found
from chat_server.kafka.committed_event import HIDES_TEXT, CommittedEvent
from chat_server.rooms.slow_mode_rule import SlowModeRule

MAX_REACTORS: Final = 20
"""Users listed for each kind of reaction; further ones are only counted."""


class ReadResult(NamedTuple):
    """A response and its origin; `age_s` is set if it is stale because Postgres is down."""

    answer: CachedResponse
    is_hit: bool
    age_s: float | None = None


class RoomReads:
    """One per process. Every method raises ChatError `room_not_found` or `store_unavailable`."""

    def __init__(
        self,
        repository: ReadRepository,
        hot_rooms: HotRooms,
        *,
        clock: Callable[[], float],
        caches: str = "",
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`caches`: a prefix of the caches' names in the metrics; `max_bytes` bounds each of the two."""
        self._repository = repository
        self._hot_rooms = hot_rooms
        self._clock = clock
        self.known = repository.known
        self._newest: SnapshotCache[LatestPageSnapshot] = SnapshotCache(
            f"{caches}newest",
            self._load_newest,
            clock=clock,
            store_is_down=self._store_is_down,
            max_bytes=max_bytes,
        )
        self._recent_events: SnapshotCache[RecentEventsSnapshot] = SnapshotCache(
            f"{caches}tail",
            self._load_recent_events,
            clock=clock,
            store_is_down=self._store_is_down,
            max_bytes=max_bytes,
        )

    def wrote(self, room_id: str, events: Sequence[CommittedEvent]) -> None:
        """Report a commit of this process, so that the author can read it at once.

        In a cold room, snapshots get the new events, or each post would cost the next fetch a statement. A hot room
        keeps its pages for a quarter of a second, except after a deletion: no earlier page may be served then.
        """
        last_seq = events[-1].seq
        hides_text = any(event.type in HIDES_TEXT for event in events)
        is_hot = self._hot_rooms.is_hot(room_id)
        self._newest.wrote(
            room_id,
            last_seq,
            must_show=hides_text,
            extend=None if is_hot else lambda page: page.extended_by_commit(events, self._room_json),
        )
        self._recent_events.wrote(
            room_id,
            last_seq,
            must_show=hides_text,
            extend=None if is_hot else lambda recent: recent.extended_by_commit(events),
        )

    def invalidate(self, room_id: str) -> None:
        """Call after a change of the room that takes no seq, such as its name."""
        self._newest.invalidate(room_id)

    def forget(self, room_id: str) -> None:
        """Call after the room was deleted."""
        self.known.discard(room_id)
        self._newest.invalidate(room_id)
        self._recent_events.invalidate(room_id)

    def in_memory(self, query: FetchQuery, *, is_hot: bool) -> Callable[[], CachedResponse] | None:
        """Builds the response, if memory holds what it needs and that is fresh. A large page takes milliseconds.

        None also for a fetch that waits for the next event.
        """
        if query.kind is FetchKind.NEWEST:
            newest = self._newest.fresh(query.room_id, is_hot=is_hot)
            if newest is not None and newest.holds(query.limit):
                return partial(newest.newest, query)
        elif query.kind is FetchKind.EVENTS:
            tail = self._recent_events.fresh(query.room_id, is_hot=is_hot)
            if tail is None or (query.wait_s and not is_hot and tail.last_seq == query.seq):
                return None
            return partial(tail.page_within, query) if tail.reaches(query.seq) else None
        elif query.kind is FetchKind.ROOM:
            newest = self._newest.fresh(query.room_id, is_hot=is_hot)
            return None if newest is None else partial(self._room, newest.room)
        return None

    async def from_snapshot(self, query: FetchQuery, *, is_hot: bool) -> ReadResult | None:
        """The response from a fresh snapshot; None if only older rows in Postgres have it."""
        room_id, kind = query.room_id, query.kind
        if kind is FetchKind.EVENTS:
            tail = await self._recent_events.get(room_id, want=0, is_hot=is_hot)
            answer = tail.snapshot.page(query)
            return None if answer is None else ReadResult(answer, tail.is_hit, tail.age_s)
        if kind not in _FROM_NEWEST and not (kind is FetchKind.AFTER and is_hot):
            return None
        newest = await self._newest.get(room_id, want=query.limit, is_hot=is_hot)
        snapshot = newest.snapshot
        if kind is FetchKind.ROOM:
            answer = self._room(snapshot.room)
        elif kind is FetchKind.NEWEST:
            answer = snapshot.newest(query)
        else:
            answer = snapshot.after(query)
        return None if answer is None else ReadResult(answer, newest.is_hit, newest.age_s)

    async def is_at_head(self, room_id: str, seq: int) -> bool:
        """Whether `seq` is the room's newest one. False while Postgres is down and nothing newer can be read."""
        recent = await self._recent_events.get(room_id, want=0, is_hot=False)
        return recent.age_s is None and recent.snapshot.last_seq == seq

    async def reactions_of(self, query: FetchQuery, user_id: UUID) -> CachedResponse:
        """The user's own reactions to messages of the query's range."""
        rows = await self._repository.mine(query.room_id, user_id, query.seq, query.to_seq)
        if rows is None:
            raise room_not_found(query.room_id)
        tag = f"{query.tag}.{user_id}"
        return CachedResponse(orjson.dumps({"mine": rows.mine}), query.room_id, rows.last_seq, tag)

    def _room_json(self, room: RoomRow) -> bytes:
        """A RoomView with its present heat and viewers."""
        heat: Heat = self._hot_rooms.heat(room.id)
        owner = None if room.owner_id is None else {"id": room.owner_id, "nickname": room.owner_nickname}
        slow_mode = SlowModeRule(room.slow_mode_s, room.slow_mode_target)
        return orjson.dumps(
            {
                "id": room.id,
                "name": room.name,
                "visibility": room.visibility,
                "owner_id": room.owner_id,
                "last_seq": room.last_seq,
                "message_count": room.message_count,
                "heat": heat,
                "slow_mode_s": slow_mode.in_force_s(self._hot_rooms.governed_s(room.id)),
                "viewers": self._hot_rooms.viewers(room.id),
                "owner": owner,
                "moderators": orjson.loads(room.moderators),
                "who_can_post": room.who_can_post,
                "regular_after_s": room.regular_after_s,
                "slow_mode": slow_mode.view(),
            }
        )

    def _room(self, room: RoomRow) -> CachedResponse:
        body = self._room_json(room)
        return CachedResponse(body, room.id, room.last_seq, content_tag(body))

    async def read_history(self, query: FetchQuery) -> CachedResponse:
        """The response from Postgres. Raises ChatError `message_not_found` or `cursor_expired` too."""
        if query.kind is FetchKind.EVENTS:
            return await self._read_events(query)
        if query.kind is FetchKind.REACTORS:
            return await self._read_reactors(query)
        rows = await self._read_messages(query)
        if rows is None:
            raise room_not_found(query.room_id)
        if query.kind is not FetchKind.MESSAGE:
            body = _history_body(query.kind, rows)
        elif rows.messages:
            body = rows.messages[0].json
        else:
            raise message_not_found()
        return CachedResponse(body, query.room_id, rows.room.last_seq, query.tag)

    async def _read_reactors(self, query: FetchQuery) -> CachedResponse:
        assert query.message_id is not None
        rows = await self._repository.reactors(query.room_id, query.message_id, MAX_REACTORS)
        if rows is None:
            raise room_not_found(query.room_id)
        if rows.kinds is None:
            raise message_not_found()
        kinds = {
            kind: [{"id": user_id, "nickname": nickname} for user_id, nickname in people]
            for kind, people in rows.kinds.items()
        }
        body = orjson.dumps({"message_id": str(query.message_id), "reactions": kinds})
        return CachedResponse(body, query.room_id, rows.last_seq, query.tag)

    async def _read_messages(self, query: FetchQuery) -> MessageRows | None:
        match query.kind:
            case FetchKind.BEFORE:
                return await self._repository.before(query.room_id, query.seq, query.limit)
            case FetchKind.AFTER:
                return await self._repository.after(query.room_id, query.seq, query.limit)
            case FetchKind.AROUND:
                return await self._repository.around(query.room_id, query.seq, query.limit)
            case FetchKind.MESSAGE if query.message_id is not None:
                return await self._repository.message(query.room_id, query.message_id)
        raise ValueError(query)

    async def _read_events(self, query: FetchQuery) -> CachedResponse:
        rows = await self._repository.events(query.room_id, query.seq, query.limit)
        if rows is None:
            raise room_not_found(query.room_id)
        if query.seq < rows.oldest_seq - 1:
            raise cursor_expired(query.seq, rows.oldest_seq)
        body = events_body(rows.events, query.seq, rows.last_seq, rows.has_more)
        return CachedResponse(body, query.room_id, rows.last_seq, query.tag)

    async def _load_newest(
        self, room_id: str, previous: LatestPageSnapshot | None, want: int, written_seq: int
    ) -> LatestPageSnapshot | None:
        """Most rooms have not changed since the previous snapshot, and to confirm that costs a third of the page."""
        taken_at_s = self._clock()
        limit = messages_held(want)
        if previous is not None and previous.holds(limit) and written_seq <= previous.last_seq:
            room = await self._repository.room(room_id)
            if room is None:
                return None
            if room.last_seq == previous.last_seq:
                return previous.confirmed(room, taken_at_s, self._room_json(room))
        is_short = previous is None or previous.is_short
        rows = await self._repository.newest(room_id, limit, is_short=is_short)
        return None if rows is None else LatestPageSnapshot(rows, taken_at_s, self._room_json(rows.room))

    async def _load_recent_events(
        self, room_id: str, previous: RecentEventsSnapshot | None, _want: int, _written_seq: int
    ) -> RecentEventsSnapshot | None:
        taken_at_s = self._clock()
        if previous is not None:
            newer = await self._repository.events(room_id, previous.last_seq, RECENT_EVENTS_MAX)
            if newer is None:
                return None
            extended = previous.extended(newer, taken_at_s)
            if extended is not None:
                return extended
        rows = await self._repository.recent_events(room_id, RECENT_EVENTS_MAX)
        if rows is None:
            return None
        return RecentEventsSnapshot(room_id, rows, taken_at_s)

    def _store_is_down(self) -> bool:
        return self._repository.postgres.is_down


_FROM_NEWEST: Final = frozenset({FetchKind.ROOM, FetchKind.NEWEST})


def _history_body(kind: FetchKind, rows: MessageRows) -> bytes:
    cursor = rows.room.last_seq
    match kind:
        case FetchKind.BEFORE:
            return page_body(rows.messages, cursor, has_more=rows.has_older)
        case FetchKind.AFTER:
            return page_body(rows.messages, cursor, has_more=rows.has_newer)
    has_more = rows.has_older or rows.has_newer
    return page_body(
        rows.messages, cursor, has_more=has_more, has_older=rows.has_older, has_newer=rows.has_newer
    )
