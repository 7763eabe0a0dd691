"""Turns purged messages into deleted ones: rewrites the rows that purge marks cover, in steps of bounded size.

A purge commits only a mark for each author, and reads hide what a mark covers. Each step rewrites some rows and queues
the removal of their text from stored events; a mark goes with the step that finds no further row. No writer changes a
covered row meanwhile, because it reads the row as deleted.
"""

from typing import Final
from uuid import UUID

import asyncpg

from chat_contract.erased_people import DELETED_NICKNAME
from chat_server.messages.batch_rows import MessageRow
from chat_server.messages.write_repository import MESSAGE_COLUMNS, insert_tombstones, message_row

ROWS_PER_STEP: Final = 100

_NEXT_MARK: Final = """
SELECT room_id, author_id, up_to_seq, erased_as, converted_up_to, converted_up_to_room FROM purge_marks
WHERE room_id > $1 ORDER BY room_id LIMIT 1 FOR UPDATE SKIP LOCKED"""

# In the order of the index messages_idempotency, which has the author's messages of all rooms: a step then reads
# ROWS_PER_STEP rows, however few of them are in this room. This reads the table, as the view shows no text to find.
_NEXT_ROWS: Final = f"""
SELECT {MESSAGE_COLUMNS} FROM messages m WHERE m.author_id = $1 AND (m.client_message_id, m.room_id) > ($2, $3)
ORDER BY m.client_message_id, m.room_id LIMIT $4"""  # noqa: S608 - no input in it

_DELETE: Final = "UPDATE messages SET text = '', deleted = true, reactions = '{}' WHERE id = ANY($1::uuid[])"

_ERASED_IN: Final = """
SELECT room_id, up_to_seq FROM purge_marks
WHERE author_id = $1 AND room_id = ANY($2::text[]) AND erased_as IS NOT NULL"""

_REPLACE_AUTHOR: Final = """
UPDATE messages SET author_id = $2, author_nickname = $3, author_role = NULL WHERE id = ANY($1::uuid[])"""

_ADVANCE: Final = """
UPDATE purge_marks SET converted_up_to = $3, converted_up_to_room = $4 WHERE room_id = $1 AND author_id = $2"""

_REMOVE: Final = "DELETE FROM purge_marks WHERE room_id = $1 AND author_id = $2"


async def convert_some(connection: asyncpg.Connection, after_room_id: str = "") -> str | None:
    """Do one bounded step for a mark of the next room by id, in a transaction of its own.

    Rooms take turns, so that many marks of one room do not delay the others. Returns the room, or None if there is no
    mark to work on.
    """
    async with connection.transaction():
        mark = await connection.fetchrow(_NEXT_MARK, after_room_id)
        if mark is None and after_room_id:
            mark = await connection.fetchrow(_NEXT_MARK, "")
        if mark is None:
            return None
        room_id, author_id, up_to_seq, erased_as, *position = mark
        rows = await connection.fetch(_NEXT_ROWS, author_id, *position, ROWS_PER_STEP)
        messages = [message_row(row) for row in rows]
        if erased_as is None:
            purged = [m for m in messages if m.room_id == room_id and m.seq <= up_to_seq and not m.deleted]
            await _delete(connection, purged)
        elif messages:
            await _erase(connection, author_id, messages, erased_as)
        if len(messages) < ROWS_PER_STEP:
            await connection.execute(_REMOVE, room_id, author_id)
        else:
            last = messages[-1]
            await connection.execute(_ADVANCE, room_id, author_id, last.client_message_id, last.room_id)
    return str(room_id)


async def _erase(
    connection: asyncpg.Connection, author_id: UUID, messages: list[MessageRow], erased_as: UUID
) -> None:
    """Erase the author in all rooms with such a mark: one mark after another would read the other rooms each time.

    Also in messages that were deleted before: their events show the author.
    """
    room_ids = list({message.room_id for message in messages})
    up_to_seqs = dict(await connection.fetch(_ERASED_IN, author_id, room_ids))
    purged = [message for message in messages if message.seq <= up_to_seqs.get(message.room_id, 0)]
    for message in purged:
        message.author_id, message.author_nickname, message.author_role = erased_as, DELETED_NICKNAME, None
    if purged:
        await connection.execute(
            _REPLACE_AUTHOR, [message.id for message in purged], erased_as, DELETED_NICKNAME
        )
        await _delete(connection, purged)


async def _delete(connection: asyncpg.Connection, purged: list[MessageRow]) -> None:
    if not purged:
        return
    for message in purged:
        message.text, message.deleted, message.reactions = "", True, {}
    await connection.execute(_DELETE, [message.id for message in purged])
    await insert_tombstones(connection, purged)
