"""The SQL of all fetches. Each is one statement, hence one snapshot: a page and its cursor belong together.

Reads have a pool of asyncpg's own: through SQLAlchemy a fetch costs about twice the CPU, and a crowd of readers can
never take the writers' connections.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from chat_contract.erased_people import ErasedPeople, event_without_people
from chat_contract.internal_api import RoomHead
from chat_contract.limits import PAGE_MAX
from chat_contract.timestamps import rfc3339_ms
from chat_server.fetch.rows import (
    EncodedMessage,
    EventRow,
    EventRows,
    MessageRows,
    MineRows,
    ReactorRows,
    RoomRow,
)
from chat_server.hotchat.hot_rooms import COLD
from chat_server.postgres.message_view import AuthorRole, message_view
from chat_server.postgres.read_lane import ReadLane
from chat_server.postgres.tombstones import PAYLOAD_WITH_TOMBSTONE
from chat_server.rooms.access_repository import ACCESS, Access
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.slow_mode_rule import SlowModeRule

MAX_PAGE_BYTES: Final = 2**20
"""Payloads of one page of events. A page of long messages ends early, with `has_more`: reading and joining 8 MB held
the event loop for 30 ms."""

MAX_MESSAGES_BYTES: Final = 2**18
"""JSON of one page of messages, which ends early with `has_more`. A hundred of the longest messages are 1.6 MB."""

RECENT_EVENTS_MAX_BYTES: Final = 2**21
"""Payloads of a room's newest events in memory. Overflow rule: the oldest ones are left to the database."""

_HISTORY: Final = frozenset({"before", "after", "around", "message", "mine", "reactors"})
"""Reads that take turns by address, see HistoryReads: clients that invent room ids do not delay them."""

_HEADS: Final = """
SELECT r.id, r.last_seq, r.message_count, r.slow_mode_s, r.slow_mode_target, r.name, r.visibility, r.access_version,
    o.oldest_seq
FROM unnest($1::text[]) AS k(id) JOIN rooms r USING (id)
LEFT JOIN LATERAL (
    SELECT e.seq AS oldest_seq FROM events e WHERE e.room_id = r.id ORDER BY e.seq LIMIT 1
) o ON true"""

_ROOM_COLUMNS: Final = (
    "id, name, visibility, owner_id, last_seq, message_count, slow_mode_s, slow_mode_target, owner_nickname, "
    "who_can_post, regular_after_s, moderators::text, has_erasures"
)
"""In the order of RoomRow."""

_ROOM: Final = f"SELECT {_ROOM_COLUMNS} FROM rooms WHERE id = $1"  # noqa: S608 - no input in it

_MESSAGE_COLUMNS: Final = (
    "m.seq, m.id, m.author_id, m.author_nickname, m.text, m.reply_to, m.created_at, m.edited_at, m.deleted, "
    "m.reactions::text, m.author_role, m.calm"
)
"""In the order of the parameters of `_encoded`."""


_PINS: Final = len(RoomRow._fields)
"""Index of the column between those of the room and those of the message. Of the room: how many messages are pinned;
of a pinned message: its place among them."""

_HAS_ERASURES: Final = RoomRow._fields.index("has_erasures")

_TEXT: Final = _PINS + 1 + [column.strip() for column in _MESSAGE_COLUMNS.split(",")].index("m.text")

MAX_SHORT_TEXT_BYTES: Final = MAX_MESSAGES_BYTES // (PAGE_MAX + 1)

_SHORT_TEXT: Final = f"CASE WHEN octet_length(m.text) <= {MAX_SHORT_TEXT_BYTES} THEN m.text END"


def _nulls(columns: str) -> str:
    return ", ".join(["NULL"] * (columns.count(",") + 1))


def _statement(*messages: str, pins: str = "NULL::integer") -> str:
    """One row of the room, without a message; then the rows of `messages`, without the room, in any order."""
    room = f"SELECT {_ROOM_COLUMNS}, {pins}, {_nulls(_MESSAGE_COLUMNS)} FROM rooms WHERE id = $1"  # noqa: S608
    return " UNION ALL ".join([room, *(f"({rows})" for rows in messages)])


def _rows(which: str, order: str) -> str:
    """Rows end with the first one that exceeds the bytes of a page, as those of events do."""
    return f"""
SELECT {_nulls(_ROOM_COLUMNS)}, NULL, {_MESSAGE_COLUMNS} FROM (
    SELECT *, sum(octet_length(text)) OVER (
        ORDER BY seq {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS bytes_before
    FROM visible_messages WHERE room_id = $1 AND {which} ORDER BY seq {order} LIMIT $2
) m WHERE bytes_before IS NULL OR bytes_before <= {MAX_MESSAGES_BYTES}"""  # noqa: S608 - no input in it


_PINNED: Final = f"""
SELECT {_nulls(_ROOM_COLUMNS)}, array_position(r.pinned, m.id), {_MESSAGE_COLUMNS}
FROM rooms r JOIN visible_messages m ON m.id = ANY(r.pinned) WHERE r.id = $1"""  # noqa: S608 - no input in it

_STORED_AUTHOR: Final = (
    _MESSAGE_COLUMNS.replace("m.author_id", "m.written_by")
    .replace("m.author_nickname", "m.written_name")
    .replace("m.author_role", "m.written_role")
)

# For pages of short texts without pinned messages and erased people, which almost all are. Longer texts are left out,
# and then _NEWEST is read instead: to add up the bytes of the texts takes as long as the rest of the statement.
_NEWEST_SHORT: Final = _statement(
    f"""
SELECT {_nulls(_ROOM_COLUMNS)}, NULL, {_STORED_AUTHOR.replace("m.text", _SHORT_TEXT)} FROM (
    SELECT * FROM visible_messages WHERE room_id = $1 ORDER BY seq DESC LIMIT $2
) m""",  # noqa: S608 - no input in it
    pins="cardinality(pinned)",
)
_NEWEST: Final = _statement(_rows("true", "DESC"), _PINNED)
_BEFORE: Final = _statement(_rows("seq < $3", "DESC"))
_AFTER: Final = _statement(_rows("seq > $3", "ASC"))
_AROUND: Final = _statement(_rows("seq <= $3", "DESC"), _rows("seq > $3", "ASC"))
_MESSAGE: Final = _statement(
    f"SELECT {_nulls(_ROOM_COLUMNS)}, NULL, {_MESSAGE_COLUMNS} FROM visible_messages m"  # noqa: S608
    " WHERE room_id = $1 AND id = $2"
)
# An event of a deleted message shows its tombstone before the stored text is erased. Most rooms have no tombstone;
# then the uncorrelated subquery runs once, and the others never.
_PAYLOAD = f"""
CASE WHEN (SELECT true FROM tombstones WHERE room_id = $1 LIMIT 1) THEN COALESCE(
    (SELECT {PAYLOAD_WITH_TOMBSTONE} FROM tombstones t WHERE t.room_id = e.room_id AND t.seq = e.seq),
    (SELECT {PAYLOAD_WITH_TOMBSTONE} FROM tombstones t WHERE t.message_id = e.message_id),
    e.payload
) ELSE e.payload END
"""  # noqa: S608 - no input in it
# While the row of a purged message is not converted, its events show it as deleted. This is then an array of the time
# of its last edit, as an unedited message must differ from one that is not hidden.
_HIDDEN: Final = """
CASE WHEN (SELECT true FROM purge_marks WHERE room_id = $1 LIMIT 1) THEN COALESCE(
    (SELECT ARRAY[m.edited_at] FROM visible_messages m WHERE m.room_id = e.room_id AND m.seq = e.seq AND m.deleted),
    (SELECT ARRAY[m.edited_at] FROM visible_messages m WHERE m.id = e.message_id AND m.deleted)
) END
"""
# Rows end with the first one that exceeds the bytes ($4, $3): it is read only to show that there are more.
# octet_length reads no toasted value.
# The last column: stored events of the room may name people who were erased.
_EVENT_ROWS = """
SELECT r.last_seq, (SELECT o.seq FROM events o WHERE o.room_id = r.id ORDER BY o.seq LIMIT 1),
       e.seq, e.type, convert_to({payload}, 'UTF8'), {hidden}, r.visibility,
       (SELECT true FROM erased_in_rooms WHERE room_id = $1 LIMIT 1)
FROM rooms r LEFT JOIN LATERAL (
    SELECT * FROM (
        SELECT *, sum(octet_length(payload)) OVER (
            ORDER BY seq {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS bytes_before
        FROM (SELECT * FROM events WHERE room_id = r.id {which}) AS counted
    ) AS weighed WHERE bytes_before IS NULL OR bytes_before <= {max_bytes}
) e ON true
WHERE r.id = $1
ORDER BY e.seq
"""
_EVENTS = _EVENT_ROWS.format(
    payload=_PAYLOAD, hidden=_HIDDEN, order="", which="AND seq > $2 ORDER BY seq LIMIT $3", max_bytes="$4"
)
_RECENT_EVENTS = _EVENT_ROWS.format(
    payload=_PAYLOAD, hidden=_HIDDEN, order="DESC", which="ORDER BY seq DESC LIMIT $2", max_bytes="$3"
)
# Reactions to deleted and purged messages are gone at once; their rows go later.
_MINE = """
SELECT r.last_seq, x.message_id, x.kind, r.visibility
FROM rooms r LEFT JOIN reactions x
    ON x.room_id = r.id AND x.user_id = $2 AND x.message_seq BETWEEN $3 AND $4
    AND CASE WHEN (SELECT true FROM purge_marks WHERE room_id = $1 LIMIT 1)
        OR (SELECT true FROM tombstones WHERE room_id = $1 LIMIT 1)
    THEN NOT (SELECT m.deleted FROM visible_messages m WHERE m.id = x.message_id) ELSE true END
WHERE r.id = $1
ORDER BY x.message_seq, x.kind
LIMIT $5
"""

_ERASED = "SELECT user_id, erased_as FROM erased_in_rooms WHERE room_id = $1"

# The row of an erased person in `users` is that of the new id. A reaction is theirs until its own row is rewritten.
_REACTORS = """
SELECT r.last_seq, m.id, x.kind, COALESCE(z.erased_as, x.user_id) AS user_id, COALESCE(u.nickname, (
    SELECT w.author_nickname FROM visible_messages w WHERE w.written_by = x.user_id LIMIT 1
), 'unknown') AS nickname, r.visibility
FROM rooms r
LEFT JOIN visible_messages m ON m.room_id = r.id AND m.id = $2
LEFT JOIN LATERAL (
    SELECT k.kind, y.user_id
    FROM jsonb_object_keys(m.reactions) AS k(kind)
    CROSS JOIN LATERAL (
        SELECT user_id FROM reactions WHERE message_id = m.id AND kind = k.kind ORDER BY user_id LIMIT $3
    ) y
) x ON true
LEFT JOIN users u ON u.id = x.user_id
LEFT JOIN erasures z ON z.user_id = x.user_id
WHERE r.id = $1
ORDER BY x.kind, user_id
"""

_MAY_NAME_ERASED: Final = 7
"""Index of the last column of events."""

MAX_MINE: Final = 5_000
"""Reactions in one response. Overflow rule: only those to the oldest messages of the range are listed."""


class ReadRepository:
    """None means that the room does not exist. Raises ChatError `store_unavailable` within about a second."""

    def __init__(self, lane: ReadLane, known: KnownRooms) -> None:
        self._lane = lane
        self.known = known
        self.postgres = lane.status

    async def room(self, room_id: str) -> RoomRow | None:
        rows = await self._fetch("room", _ROOM, room_id)
        return _room_row(rows[0]) if rows else None

    async def newest(self, room_id: str, limit: int, *, is_short: bool = True) -> MessageRows | None:
        """The newest messages and the pinned ones. `is_short`: whether those read before were."""
        if is_short:
            rows = await self._fetch("newest", _NEWEST_SHORT, room_id, limit + 1)
            if _are_short(rows):
                page = _message_rows(room_id, rows)
                return None if page is None else _cut_older(page, limit)
        page = await self._page("newest_whole", _NEWEST, room_id, limit + 1)
        if page is None:
            return None
        longest_bytes = max((len(message.json) for message in page.messages), default=0)
        is_short = not page.pinned and longest_bytes <= MAX_SHORT_TEXT_BYTES
        return _cut_older(page._replace(is_short=is_short), limit)

    async def before(self, room_id: str, seq: int, limit: int) -> MessageRows | None:
        page = await self._page("before", _BEFORE, room_id, limit + 1, seq)
        return None if page is None else _cut_older(page, limit)

    async def after(self, room_id: str, seq: int, limit: int) -> MessageRows | None:
        page = await self._page("after", _AFTER, room_id, limit + 1, seq)
        if page is None:
            return None
        count = min(limit, _count_of_page(page.messages))
        return MessageRows(page.room, page.messages[:count], has_newer=count < len(page.messages))

    async def around(self, room_id: str, seq: int, limit: int) -> MessageRows | None:
        """Messages on both sides of seq, it included; where one side is short, the other fills the page.

        A page of too many bytes loses messages at its longer side.
        """
        page = await self._page("around", _AROUND, room_id, limit + 1, seq)
        if page is None:
            return None
        up_to = sum(message.seq <= seq for message in page.messages)
        after = len(page.messages) - up_to
        take_after = min(after, max(limit // 2, limit - up_to))
        start, end = up_to - min(up_to, limit - take_after), up_to + take_after
        excess_bytes = sum(len(message.json) for message in page.messages[start:end]) - MAX_MESSAGES_BYTES
        while excess_bytes > 0 and end - start > 1:
            if up_to - start > end - up_to:
                excess_bytes -= len(page.messages[start].json)
                start += 1
            else:
                end -= 1
                excess_bytes -= len(page.messages[end].json)
        has_newer = end < len(page.messages)
        return MessageRows(page.room, page.messages[start:end], has_older=start > 0, has_newer=has_newer)

    async def message(self, room_id: str, message_id: UUID) -> MessageRows | None:
        """The room with that one message, or with none."""
        return await self._page("message", _MESSAGE, room_id, message_id)

    async def events(self, room_id: str, after_seq: int, limit: int) -> EventRows | None:
        """At most `limit` events after after_seq and MAX_PAGE_BYTES of payloads, but at least one event."""
        rows = await self._event_rows("events", _EVENTS, room_id, after_seq, limit + 1, MAX_PAGE_BYTES)
        if rows is None:
            return None
        count = min(limit, count_within(rows.events, MAX_PAGE_BYTES))
        return rows._replace(events=rows.events[:count], has_more=count < len(rows.events))

    async def recent_events(self, room_id: str, limit: int) -> EventRows | None:
        """The newest events, at most `limit` and RECENT_EVENTS_MAX_BYTES of payloads; `has_more` stays False."""
        rows = await self._event_rows("tail", _RECENT_EVENTS, room_id, limit, RECENT_EVENTS_MAX_BYTES)
        if rows is None:
            return None
        count = count_within(reversed(rows.events), RECENT_EVENTS_MAX_BYTES)
        return rows._replace(events=rows.events[len(rows.events) - count :])

    async def mine(self, room_id: str, user_id: UUID, from_seq: int, to_seq: int) -> MineRows | None:
        """The user's own reactions to messages of that range of seqs, both ends included."""
        rows = await self._fetch("mine", _MINE, room_id, user_id, from_seq, to_seq, MAX_MINE)
        if not rows:
            return None
        mine: dict[str, list[str]] = {}
        for _, message_id, kind, _ in rows:
            if message_id is not None:
                mine.setdefault(str(message_id), []).append(kind)
        return MineRows(rows[0][0], mine)

    async def reactors(self, room_id: str, message_id: UUID, limit: int) -> ReactorRows | None:
        """Who reacted to one message, at most `limit` people of each kind."""
        rows = await self._fetch("reactors", _REACTORS, room_id, message_id, limit)
        if not rows:
            return None
        if rows[0][1] is None:
            return ReactorRows(rows[0][0], None)
        kinds: dict[str, list[tuple[str, str]]] = {}
        for _, _, kind, user_id, nickname, _ in rows:
            if user_id is not None:
                kinds.setdefault(kind, []).append((str(user_id), nickname or ""))
        return ReactorRows(rows[0][0], kinds)

    async def heads(self, room_ids: list[str]) -> dict[str, RoomHead]:
        """The heads of these rooms, without unknown ones. The caller fills in the heat and what the governor sets."""
        rows = await self._lane.fetch("heads", _HEADS, room_ids)
        return {
            room_id: {
                "last_seq": last_seq,
                "oldest_seq": last_seq + 1 if oldest_seq is None else oldest_seq,
                "message_count": message_count,
                "heat": COLD,
                "slow_mode_s": slow_mode_s,
                "slow_mode": SlowModeRule(slow_mode_s, slow_mode_target).mode,
                "name": name,
                "visibility": visibility,
                "access_version": access_version,
            }
            for (
                room_id,
                last_seq,
                message_count,
                slow_mode_s,
                slow_mode_target,
                name,
                visibility,
                access_version,
                oldest_seq,
            ) in rows
        }

    async def _event_rows(self, name: str, statement: str, room_id: str, *arguments: Any) -> EventRows | None:
        rows = await self._fetch(name, statement, room_id, *arguments)
        if not rows:
            return None
        erased: dict[str, str] = {}
        if rows[0][_MAY_NAME_ERASED]:
            people = await self._lane.fetch("erased", _ERASED, room_id)
            erased = {str(user_id): str(erased_as) for user_id, erased_as in people}
        return _event_rows(rows, erased)

    async def access(self, pairs: Iterable[tuple[str, UUID]]) -> list[Access]:
        """The access of each pair of a room and a person; rooms that do not exist are left out."""
        rows = await self._lane.fetch("access", ACCESS, *zip(*pairs, strict=True))
        return [Access(*row) for row in rows]

    async def _page(self, name: str, statement: str, room_id: str, *arguments: Any) -> MessageRows | None:
        return _message_rows(room_id, await self._fetch(name, statement, room_id, *arguments))

    async def _fetch(self, name: str, statement: str, room_id: str, *arguments: Any) -> Sequence[Any]:
        """Rows of one room; none of the room itself when it does not exist, even if it left messages behind."""
        asked_at_s = self.known.clock()
        rows = await self._lane.fetch(
            name, statement, room_id, *arguments, is_known=name in _HISTORY or room_id in self.known
        )
        visibility = next((row["visibility"] for row in rows if row["visibility"] is not None), None)
        if visibility is None:
            self.known.discard(room_id)
        else:
            self.known.add(room_id, is_private=visibility == "private", asked_at_s=asked_at_s)
        return rows


def _room_row(columns: Sequence[Any]) -> RoomRow:
    room = RoomRow._make(columns)
    return room if room.owner_id is None else room._replace(owner_id=str(room.owner_id))


def _are_short(rows: Sequence[Any]) -> bool:
    """Whether no text was left out, no message is pinned, and nobody is being erased."""
    return not [
        row for row in rows if (row[_TEXT] is None if row[0] is None else row[_PINS] or row[_HAS_ERASURES])
    ]


def _message_rows(room_id: str, rows: Sequence[Any]) -> MessageRows | None:
    """The rows of a page; None without the room, even if it left messages behind."""
    room: RoomRow | None = None
    messages: list[EncodedMessage] = []
    pinned: dict[int, EncodedMessage] = {}
    for row in rows:
        if row[0] is not None:
            room = _room_row(row[:_PINS])
            continue
        message = _encoded(room_id, *row[_PINS + 1 :])
        pin_place = row[_PINS]
        if pin_place is None:
            messages.append(message)
        else:
            pinned[pin_place] = message
    if room is None:
        return None
    messages.sort()
    return MessageRows(room, messages, pinned=[pinned[place] for place in sorted(pinned)])


def _encoded(
    room_id: str,
    seq: int,
    message_id: UUID,
    author_id: UUID,
    author_nickname: str,
    text: str,
    reply_to: UUID | None,
    created_at: datetime,
    edited_at: datetime | None,
    deleted: bool,
    reactions: str,
    author_role: AuthorRole | None,
    calm: bool | None,
) -> EncodedMessage:
    view = message_view(
        id=message_id,
        room_id=room_id,
        seq=seq,
        author_id=author_id,
        author_nickname=author_nickname,
        text=text,
        reply_to=reply_to,
        created_at=created_at,
        edited_at=edited_at,
        deleted=deleted,
        reactions={} if reactions == "{}" else orjson.loads(reactions),
        author_role=author_role,
        calm=calm,
    )
    return EncodedMessage(seq, orjson.dumps(view))


def _cut_older(page: MessageRows, limit: int) -> MessageRows:
    fitting = _count_of_page(reversed(page.messages))
    count = min(limit, fitting)
    if count == len(page.messages):
        return page
    messages = page.messages[len(page.messages) - count :]
    return page._replace(messages=messages, has_older=True, is_full=fitting < limit)


def _count_of_page(messages: Iterable[EncodedMessage]) -> int:
    """How many of the messages, at least one if there are any, fit into a page."""
    return _count_within((len(message.json) for message in messages), MAX_MESSAGES_BYTES)


def count_within(events: Iterable[EventRow], max_bytes: int) -> int:
    """How many of the events, at least one if there are any, together have at most max_bytes of payloads."""
    return _count_within((len(event.payload) for event in events), max_bytes)


def _count_within(sizes: Iterable[int], max_bytes: int) -> int:
    count = total = 0
    for size in sizes:
        total += size
        if total > max_bytes and count:
            break
        count += 1
    return count


def _event_rows(rows: Sequence[Any], erased: ErasedPeople) -> EventRows:
    last_seq, oldest_seq = rows[0][0], rows[0][1]
    events = [
        EventRow(seq, event_type, payload if hidden is None else _with_hidden_message(payload, *hidden))
        for _, _, seq, event_type, payload, hidden, _, _ in rows
        if seq is not None
    ]
    if erased:
        events = [
            event._replace(payload=orjson.dumps(event_without_people(orjson.loads(event.payload), erased)))
            for event in events
        ]
    return EventRows(last_seq, last_seq + 1 if oldest_seq is None else oldest_seq, events)


def _with_hidden_message(payload: bytes, edited_at: datetime | None) -> bytes:
    """The event with its message as it is after a purge. `edited_at` is the time of the message's last edit."""
    event = orjson.loads(payload)
    hidden = {"text": "", "deleted": True, "reactions": {}}
    edited = None if edited_at is None else rfc3339_ms(edited_at)
    return orjson.dumps({**event, "message": {**event["message"], **hidden, "edited_at": edited}})
