"""The newest message of each room of a list: the SQL that adds it to a query of rooms, and its form on the wire."""

from typing import Any, Final

from chat_contract.events import LastMessage
from chat_contract.last_message import LAST_MESSAGE_CODE_POINTS, last_message
from chat_server.postgres.message_view import message_view

LAST_MESSAGE_COLUMNS: Final = """
    m.id AS message_id, m.seq, m.author_id, m.author_nickname, m.text, m.created_at, m.deleted, m.author_role"""

JOIN_LAST_MESSAGE: Final = f"""
LEFT JOIN LATERAL (
    SELECT id, seq, author_id, author_nickname, left(text, {LAST_MESSAGE_CODE_POINTS}) AS text, created_at, deleted,
        author_role
    FROM visible_messages WHERE room_id = r.id ORDER BY seq DESC LIMIT 1
) m ON true"""  # noqa: S608 - no input in it
"""For rooms `r`, whose own columns must have other names than LAST_MESSAGE_COLUMNS."""


def last_message_of(room: Any) -> LastMessage | None:
    """`room` is a row with LAST_MESSAGE_COLUMNS and its `id`; None before its first message."""
    if room["message_id"] is None:
        return None
    return last_message(
        message_view(
            id=room["message_id"],
            room_id=room["id"],
            seq=room["seq"],
            author_id=room["author_id"],
            author_nickname=room["author_nickname"],
            text=room["text"],
            reply_to=None,
            created_at=room["created_at"],
            edited_at=None,
            deleted=room["deleted"],
            reactions={},
            author_role=room["author_role"],
        )
    )
