"""Search in one room by substrings, which also works for Korean and Japanese.

A call scans the room's messages in chunks, newest first, until it has enough results, reaches the room's beginning or
has used its time. The response says where the next call continues. There is no text index: `docs/decisions/0004` has
the measurements.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from typing_extensions import TypedDict

from chat_contract.events import Message as MessageDict
from chat_contract.limits import MAX_SEQ
from chat_server.postgres.message_view import message_view
from chat_server.postgres.pools import contains
from chat_server.postgres.read_lane import ReadLane, StatementTooSlow
from chat_server.text.rules import normalized
from server_kit.http.problem import invalid

MAX_WORDS: Final = 4
MAX_WORD_CHARACTERS: Final = 50

FIRST_CHUNK: Final = 4_000
MIN_CHUNK: Final = 250
MAX_CHUNK: Final = 16_000
"""Seqs scanned by one statement: about 4 µs each, so a chunk of MAX_CHUNK takes some 60 ms."""

BUDGET_S: Final = 0.2
"""After this time a call scans no further chunk; the response says where to continue. The first chunk with messages is
always scanned: opening a connection may take longer than the budget."""

STATEMENT_TIMEOUT_S: Final = 0.25

_CHUNK: Final = """
SELECT
    (SELECT n.seq FROM visible_messages n WHERE n.room_id = $1 AND n.seq < $2
     ORDER BY n.seq DESC LIMIT 1) AS newest_seq,
    (SELECT o.seq FROM visible_messages o WHERE o.room_id = $1 AND o.seq < $3 ORDER BY o.seq DESC LIMIT 1) AS older_seq,
    m.*
FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT id, room_id, seq, author_id, author_nickname, text, reply_to, created_at, edited_at, deleted,
           reactions::text, author_role, calm
    FROM visible_messages
    WHERE room_id = $1 AND seq < $2 AND seq >= $3 AND NOT deleted AND lower(text) LIKE ALL (
        (SELECT array_agg(lower(pattern)) FROM unnest($4::text[]) AS pattern)::text[]
    )
    ORDER BY seq DESC LIMIT $5
) m ON true
ORDER BY m.seq DESC"""


class SearchPage(TypedDict):
    """Newest first. `has_more`: older messages were not scanned yet; continue at `next_before_seq`."""

    messages: list[MessageDict]
    has_more: bool
    next_before_seq: int | None


def words_of(q: str) -> list[str]:
    """The words to search for, in NFC as texts are stored. Raises ChatError `validation_failed`."""
    words = list(dict.fromkeys(q.split()))
    if not words or "\0" in q:
        raise invalid([{"field": "q", "message": "Give at least one word."}])
    if len(words) > MAX_WORDS:
        raise invalid([{"field": "q", "message": f"Give at most {MAX_WORDS} words."}])
    try:
        return list(dict.fromkeys(normalized(word, MAX_WORD_CHARACTERS, "A word") for word in words))
    except ValueError as error:
        raise invalid([{"field": "q", "message": str(error)}]) from error


class MessageSearch:
    """Searches of this process, on connections of their own. `clock` is monotonic, in seconds."""

    def __init__(self, lane: ReadLane, *, clock: Callable[[], float]) -> None:
        self._lane = lane
        self._clock = clock

    async def find(
        self, room_id: str, words: Sequence[str], limit: int, before_seq: int = MAX_SEQ
    ) -> SearchPage:
        """Messages older than `before_seq` that contain every word, ignoring case, newest first.

        Raises StatementTooSlow when Postgres is too busy to scan MIN_CHUNK messages.
        """
        patterns = [contains(word) for word in words]
        found: list[MessageDict] = []
        has_scanned = False
        began_s = self._clock()
        position: int | None = before_seq
        chunk = FIRST_CHUNK
        while position is not None:
            asked_at_s = self._clock()
            lower_seq = max(0, position - chunk)
            try:
                rows = await self._lane.fetch(
                    "search", _CHUNK, room_id, position, lower_seq, patterns, limit + 1 - len(found)
                )
            except StatementTooSlow:
                if has_scanned:
                    break
                if chunk == MIN_CHUNK:
                    raise
                chunk = MIN_CHUNK
                continue
            found += [_message(row) for row in rows if row["seq"] is not None]
            if len(found) > limit:
                found = found[:limit]
                position = found[-1]["seq"]
                break
            newest_seq, older_seq = rows[0]["newest_seq"], rows[0]["older_seq"]
            has_scanned = has_scanned or (newest_seq is not None and newest_seq >= lower_seq)
            position = None if older_seq is None else older_seq + 1
            now_s = self._clock()
            if has_scanned and now_s - began_s >= BUDGET_S:
                break
            if now_s - asked_at_s < BUDGET_S / 4:
                chunk = min(MAX_CHUNK, chunk * 2)
        return {"messages": found, "has_more": position is not None, "next_before_seq": position}


def _message(row: Any) -> MessageDict:
    columns = dict(row)
    del columns["newest_seq"], columns["older_seq"]
    columns["reactions"] = orjson.loads(columns["reactions"])
    return message_view(**columns)
