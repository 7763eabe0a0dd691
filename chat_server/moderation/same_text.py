"""Finds the people who sent the same text as a message: those who take part in a raid.

It reads the newest seqs of the room in chunks, with the connections and the permits of searches. So hosts cannot delay
other reads, however many they are.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from chat_server.http.errors import message_not_found
from chat_server.moderation.schemas import MAX_BANNED_AT_ONCE
from chat_server.postgres.read_lane import ReadLane
from server_kit.http.problem import ChatError
from server_kit.limits.fair_semaphore import FairSemaphore

SEARCHED_SEQS: Final = 20_000
CHUNK_SEQS: Final = 5_000
"""About 20 ms of one statement."""

_MESSAGE: Final = """
SELECT m.text, m.author_id, r.last_seq FROM visible_messages m JOIN rooms r ON r.id = m.room_id
WHERE m.id = $2 AND m.room_id = $1 AND NOT m.deleted"""

_HELD: Final = """
SELECT h.text, h.author_id, r.last_seq FROM held_messages h JOIN rooms r ON r.id = h.room_id
WHERE h.id = $2 AND h.room_id = $1 AND h.state = 'held'"""

_HELD_AUTHORS: Final = """
SELECT DISTINCT author_id FROM held_messages WHERE room_id = $1 AND text = $2 AND state = 'held' LIMIT $3"""

_AUTHORS: Final = """
SELECT DISTINCT author_id FROM visible_messages
WHERE room_id = $1 AND seq > $2 AND seq <= $3 AND text = $4 AND NOT deleted LIMIT $5"""


class SameTextSearch:
    def __init__(self, lane: ReadLane, semaphore: FairSemaphore) -> None:
        self._lane = lane
        self._semaphore = semaphore

    async def authors(
        self, room_id: str, message_id: UUID, hosts: Collection[UUID], address: str
    ) -> tuple[UUID, ...]:
        """At most MAX_BANNED_AT_ONCE people who sent the text of this message or held message; never hosts.

        Raises ChatError `message_not_found`, `forbidden` if only hosts sent it, `too_many`, and the errors of
        the semaphore and the lane.
        """
        async with self._semaphore.permit(address):
            rows = await self._lane.fetch("same text", _MESSAGE, room_id, message_id)
            if not rows:
                rows = await self._lane.fetch("same text", _HELD, room_id, message_id)
            if not rows:
                raise message_not_found()
            text, author_id, last_seq = rows[0]
            found = {author_id: None}
            most = MAX_BANNED_AT_ONCE + len(hosts) + 1
            held = await self._lane.fetch("same text", _HELD_AUTHORS, room_id, text, most)
            found |= dict.fromkeys(row[0] for row in held)
            for upper_seq in range(last_seq, max(0, last_seq - SEARCHED_SEQS), -CHUNK_SEQS):
                lower_seq = upper_seq - CHUNK_SEQS
                rows = await self._lane.fetch(
                    "same text", _AUTHORS, room_id, lower_seq, upper_seq, text, most
                )
                found |= dict.fromkeys(row[0] for row in rows)
        people = tuple(user_id for user_id in found if user_id not in hosts)
        if len(people) > MAX_BANNED_AT_ONCE:
            raise ChatError(
                "too_many",
                f"More than {MAX_BANNED_AT_ONCE} people sent this text; close the room to newcomers, "
                "and ban some of them by name.",
            )
        if not people:
            raise ChatError("forbidden", "Only hosts of the room sent this text.")
        return people
