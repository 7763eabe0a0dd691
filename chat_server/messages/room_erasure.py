"""Erases the rows of deleted rooms in steps of bounded size.

A deletion removes only the room's own row, and with it every path to the other rows: reads join the room, and writes
lock it. The table of deleted rooms is the queue of this work.
"""

from typing import Final

import asyncpg

ROWS_PER_STEP: Final = 1_000

ORDER_OF_ROWS: Final = {
    "outbox": "seq",
    "messages": "seq",
    "events": "seq",
    "reactions": "user_id, message_seq",
    "tombstones": "seq",
    "purge_marks": "author_id",
    "bans": "user_id",
    "moderation_log": "id DESC",
    "room_filters": "room_id",
    "recent_texts": "author_id, digest",
    "held_messages": "state, id DESC",
    "members": "user_id",
    "invites": "created_at DESC",
    "invite_uses": "invite_id",
    "reports": "state, id DESC",
    "address_bans": "address_hash, user_id",
    "erased_in_rooms": "user_id",
}
"""Every table with rows of rooms, and the order of its index that begins with the room.

The order makes the planner use that index: with a common room it would otherwise scan the whole table at every step.
"""

_OLDEST: Final = """
SELECT id FROM deleted_rooms WHERE erased_at IS NULL ORDER BY deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED"""

_ERASE: Final = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {table} WHERE room_id = $1 ORDER BY room_id, {order} LIMIT $2
))"""

_ERASED: Final = "UPDATE deleted_rooms SET erased_at = now() WHERE id = $1"


async def erase_room_step(connection: asyncpg.Connection) -> bool:
    """Do one bounded step for the room that was deleted first, in its own transaction. False if there is none."""
    async with connection.transaction():
        room_id = await connection.fetchval(_OLDEST)
        if room_id is None:
            return False
        for table, order in ORDER_OF_ROWS.items():
            status = await connection.execute(_ERASE.format(table=table, order=order), room_id, ROWS_PER_STEP)
            if status != "DELETE 0":
                return True
        await connection.execute(_ERASED, room_id)
    return True
