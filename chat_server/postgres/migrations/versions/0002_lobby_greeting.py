"""Adds a greeting to an empty lobby."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_HOST = UUID("01900000-0000-7000-8000-000000000000")
_TEXTS = (
    "Welcome to the lobby! Everyone with the link can read along; pick a nickname and say hello.",
    "Hover over a message to react, reply or quote. `?` lists the shortcuts.",
    "Bring friends with **Copy link**. When it gets crowded, the room turns hot and stays readable.",
)


def upgrade() -> None:
    connection = op.get_bind()
    empty = connection.scalar(
        sa.text("SELECT true FROM rooms WHERE id = 'lobby' AND last_seq = 0 FOR UPDATE")
    )
    if not empty:
        return
    now = datetime.now(UTC)
    for seq, words in enumerate(_TEXTS, start=1):
        message_id = UUID(int=_HOST.int + seq)
        row = {
            "id": message_id,
            "room_id": "lobby",
            "seq": seq,
            "author_id": _HOST,
            "author_nickname": "Hotchat",
            "text": words,
            "created_at": now,
        }
        connection.execute(
            sa.text(
                "INSERT INTO messages"
                " (id, room_id, seq, author_id, author_nickname, client_message_id, text, created_at)"
                " VALUES (:id, :room_id, :seq, :author_id, :author_nickname, :id, :text, :created_at)"
            ),
            row,
        )
        message = {
            "id": str(message_id),
            "room_id": "lobby",
            "seq": seq,
            "author": {"id": str(_HOST), "nickname": "Hotchat"},
            "text": words,
            "reply_to": None,
            "created_at": now.isoformat(timespec="milliseconds")[:23] + "Z",
            "edited_at": None,
            "deleted": False,
            "reactions": {},
        }
        event = {"type": "message.created", "room_id": "lobby", "seq": seq, "message": message}
        connection.execute(
            sa.text(
                "INSERT INTO events (room_id, seq, type, payload, created_at)"
                " VALUES ('lobby', :seq, 'message.created', :payload, :now)"
            ),
            {"seq": seq, "payload": orjson.dumps(event).decode(), "now": now},
        )
    connection.execute(
        sa.text("UPDATE rooms SET last_seq = :count, message_count = :count WHERE id = 'lobby'"),
        {"count": len(_TEXTS)},
    )
