"""What one person has written, or one room holds, as JSON Lines, read in pages of bounded size while it is sent.

No index has the reactions of a person in all rooms: the rooms are searched one after another, many in one statement.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import orjson
from typing_extensions import TypedDict

from chat_contract.events import HeldMessage, Message
from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import room_not_found
from chat_server.postgres.message_view import held_message_view, message_view
from chat_server.postgres.read_lane import ReadLane
from server_kit.limits.fair_semaphore import FairSemaphore

MESSAGES_PER_PAGE: Final = 100
"""The longest texts make a page of 1.6 MB."""

ROWS_PER_PAGE: Final = 500
ROOMS_PER_PAGE: Final = 1_000

_NO_ID: Final = UUID(int=0)

_MESSAGES: Final = """
SELECT id, room_id, seq, author_id, author_nickname, client_message_id, text, reply_to, created_at, edited_at, deleted,
    reactions::text, author_role, calm
FROM visible_messages WHERE written_by = $1 AND (client_message_id, room_id) > ($2, $3)
ORDER BY client_message_id, room_id LIMIT $4"""

_HELD: Final = """
SELECT id, room_id, author_id, author_nickname, client_message_id, text, reply_to, created_at, filter
FROM held_messages WHERE author_id = $1 AND (client_message_id, room_id) > ($2, $3)
ORDER BY client_message_id, room_id LIMIT $4"""

_ROOMS: Final = """
SELECT r.id, EXISTS (SELECT FROM reactions x WHERE x.room_id = r.id AND x.user_id = $1) AS has_reactions
FROM (SELECT id FROM rooms WHERE id > $2 ORDER BY id LIMIT $3) r ORDER BY r.id"""

_REACTIONS: Final = """
SELECT message_id, message_seq, kind FROM reactions
WHERE room_id = $2 AND user_id = $1 AND (message_seq, kind) > ($3, $4)
ORDER BY message_seq, kind LIMIT $5"""

_ROOM: Final = "SELECT id, name FROM rooms WHERE id = $1"

_ROOM_MESSAGES: Final = """
SELECT id, room_id, seq, author_id, author_nickname, text, reply_to, created_at, edited_at, deleted, reactions::text,
    author_role
FROM visible_messages WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"""

_REPORTS: Final = """
SELECT id, room_id, message_id, reason, state, created_at FROM reports
WHERE reporter_id = $1 AND id > $2 ORDER BY id LIMIT $3"""


class ExportedPerson(TypedDict):
    """The first line."""

    type: Literal["person"]
    id: str
    nickname: str
    exported_at: str


class ExportedMessage(TypedDict):
    """A message, without its text if it was deleted."""

    type: Literal["message"]
    message: Message


class ExportedHeldMessage(TypedDict):
    """A message that waits for the hosts of a room, or that they have refused: then its text is empty."""

    type: Literal["held_message"]
    message: HeldMessage


class ExportedReaction(TypedDict):
    """A reaction that the person has given."""

    type: Literal["reaction"]
    room_id: str
    message_id: str
    kind: str


class ExportedReport(TypedDict):
    """A report of a message by the person."""

    type: Literal["report"]
    room_id: str
    message_id: str
    reason: str
    state: str
    created_at: str


class ExportedRoom(TypedDict):
    """The first line of a room's export. The messages follow in the order of their seqs."""

    type: Literal["room"]
    id: str
    name: str
    exported_at: str


class ExportEnd(TypedDict):
    """The last line. A file without it is incomplete."""

    type: Literal["end"]
    lines: int
    """How many lines are before this one."""


class ExportingPerson(NamedTuple):
    id: UUID
    nickname: str


class Exports:
    """Read through a lane of their own, so that they delay nothing but each other."""

    def __init__(self, lane: ReadLane, permits: FairSemaphore) -> None:
        """`permits`: one for each export, while it is sent."""
        self._lane = lane
        self.permits = permits

    async def of_person(self, person: ExportingPerson, now: datetime) -> AsyncIterator[bytes]:
        """Lines, a page at a time, at least two. Raises ChatError `store_unavailable`."""
        first: ExportedPerson = {
            "type": "person",
            "id": str(person.id),
            "nickname": person.nickname,
            "exported_at": rfc3339_ms(now),
        }
        count = 1
        yield _lines([first])
        for pages in (self._messages, self._held, self._reactions, self._reports):
            async for page in pages(person.id):
                count += len(page)
                yield _lines(page)
        end: ExportEnd = {"type": "end", "lines": count}
        yield _lines([end])

    async def of_room(self, room_id: str, now: datetime) -> AsyncIterator[bytes]:
        """Lines, a page at a time, at least two. Raises ChatError `room_not_found` or `store_unavailable`."""
        rows = await self._lane.fetch("export_room", _ROOM, room_id)
        if not rows:
            raise room_not_found(room_id)
        first: ExportedRoom = {
            "type": "room",
            "id": room_id,
            "name": rows[0]["name"],
            "exported_at": rfc3339_ms(now),
        }
        count, seq = 1, 0
        yield _lines([first])
        while rows := await self._lane.fetch(
            "export_room_messages", _ROOM_MESSAGES, room_id, seq, MESSAGES_PER_PAGE
        ):
            count, seq = count + len(rows), rows[-1]["seq"]
            yield _lines([_message(dict(row)) for row in rows])
        end: ExportEnd = {"type": "end", "lines": count}
        yield _lines([end])

    async def _messages(self, user_id: UUID) -> AsyncIterator[Sequence[object]]:
        async for rows in self._by_client_id("export_messages", _MESSAGES, user_id):
            yield [_message(_without_client_id(row)) for row in rows]

    async def _held(self, user_id: UUID) -> AsyncIterator[Sequence[object]]:
        async for rows in self._by_client_id("export_held", _HELD, user_id):
            yield [_held_message(row) for row in rows]

    async def _by_client_id(self, name: str, statement: str, user_id: UUID) -> AsyncIterator[Sequence[Any]]:
        position: tuple[UUID, str] = (_NO_ID, "")
        while rows := await self._lane.fetch(name, statement, user_id, *position, MESSAGES_PER_PAGE):
            yield rows
            position = rows[-1]["client_message_id"], rows[-1]["room_id"]

    async def _reactions(self, user_id: UUID) -> AsyncIterator[Sequence[object]]:
        last = ""
        while rooms := await self._lane.fetch("export_rooms", _ROOMS, user_id, last, ROOMS_PER_PAGE):
            last = rooms[-1]["id"]
            for room_id in [room["id"] for room in rooms if room["has_reactions"]]:
                position: tuple[int, str] = (0, "")
                while rows := await self._lane.fetch(
                    "export_reactions", _REACTIONS, user_id, room_id, *position, ROWS_PER_PAGE
                ):
                    yield [_reaction(room_id, row) for row in rows]
                    position = rows[-1]["message_seq"], rows[-1]["kind"]

    async def _reports(self, user_id: UUID) -> AsyncIterator[Sequence[object]]:
        last = 0
        while rows := await self._lane.fetch("export_reports", _REPORTS, user_id, last, ROWS_PER_PAGE):
            yield [_report(row) for row in rows]
            last = rows[-1]["id"]


def _lines(page: Sequence[object]) -> bytes:
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in page)


def _without_client_id(row: Any) -> dict[str, Any]:
    columns = dict(row)
    del columns["client_message_id"]
    return columns


def _message(columns: dict[str, Any]) -> ExportedMessage:
    columns["reactions"] = orjson.loads(columns["reactions"])
    return {"type": "message", "message": message_view(**columns)}


def _held_message(row: Any) -> ExportedHeldMessage:
    return {"type": "held_message", "message": held_message_view(**_without_client_id(row))}


def _reaction(room_id: str, row: Any) -> ExportedReaction:
    return {
        "type": "reaction",
        "room_id": room_id,
        "message_id": str(row["message_id"]),
        "kind": row["kind"],
    }


def _report(row: Any) -> ExportedReport:
    return {
        "type": "report",
        "room_id": row["room_id"],
        "message_id": str(row["message_id"]),
        "reason": row["reason"],
        "state": row["state"],
        "created_at": rfc3339_ms(row["created_at"]),
    }
