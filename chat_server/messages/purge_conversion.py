"""Turns purged messages into deleted ones: rewrites the rows that purge marks cover, in steps of bounded size.

A purge commits only a mark for each author, and reads hide what a mark covers. Each step rewrites some rows and queues
the removal of their text from stored events; a mark goes with the step that finds no further row. No writer changes a
covered row meanwhile, because it reads the row as deleted.
"""

from typing import Final

import asyncpg

from chat_server.messages.batch_rows import MessageRow
from chat_server.messages.write_repository import MESSAGE_COLUMNS, insert_tombstones, message_row

ROWS_PER_STEP: Final = 100

_OLDEST_MARK: Final = """
SELECT room_id, author_id, up_to_seq, converted_up_to, converted_up_to_room FROM purge_marks
ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED"""

# In the order of the index messages_idempotency, which has the author's messages of all rooms: a step then reads
# ROWS_PER_STEP rows, however few of them are in this room. This reads the table, as the view shows no text to find.
_NEXT_ROWS: Final = f"""
SELECT {MESSAGE_COLUMNS} FROM messages m WHERE m.author_id = $1 AND (m.client_message_id, m.room_id) > ($2, $3)
ORDER BY m.client_message_id, m.room_id LIMIT $4"""  # noqa: S608 - no input in it

_DELETE: Final = "UPDATE messages SET text = '', deleted = true, reactions = '{}' WHERE id = ANY($1::uuid[])"

_ADVANCE: Final = """
UPDATE purge_marks SET converted_up_to = $3, converted_up_to_room = $4 WHERE room_id = $1 AND author_id = $2"""

_REMOVE: Final = "DELETE FROM purge_marks WHERE room_id = $1 AND author_id = $2"


async def convert_some(connection: asyncpg.Connection) -> bool:
    """Do one bounded step for the oldest mark, in a transaction of its own. False if there is no mark to work on."""
    async with connection.transaction():
        mark = await connection.fetchrow(_OLDEST_MARK)
        if mark is None:
            return False
        room_id, author_id, up_to_seq, *position = mark
        rows = await connection.fetch(_NEXT_ROWS, author_id, *position, ROWS_PER_STEP)
        messages = [message_row(row) for row in rows]
        await _delete(
            connection,
            [m for m in messages if m.room_id == room_id and m.seq <= up_to_seq and not m.deleted],
        )
        if len(messages) < ROWS_PER_STEP:
            await connection.execute(_REMOVE, room_id, author_id)
        else:
            last = messages[-1]
            await connection.execute(_ADVANCE, room_id, author_id, last.client_message_id, last.room_id)
    return True


async def _delete(connection: asyncpg.Connection, purged: list[MessageRow]) -> None:
    if not purged:
        return
    for message in purged:
        message.text, message.deleted, message.reactions = "", True, {}
    await connection.execute(_DELETE, [message.id for message in purged])
    await insert_tombstones(connection, purged)
