"""Adds messages that a filter holds until a host allows or refuses them."""

from alembic import op

revision = "0010"
down_revision = "0009"

_STATEMENTS = (
    "ALTER TABLE rooms ADD COLUMN has_held boolean NOT NULL DEFAULT false",
    """
    CREATE TABLE held_messages (
        id uuid PRIMARY KEY,
        room_id text NOT NULL,
        author_id uuid NOT NULL,
        author_nickname text NOT NULL,
        client_message_id uuid NOT NULL,
        text text NOT NULL,
        reply_to uuid,
        filter text NOT NULL,
        state text NOT NULL DEFAULT 'held',
        created_at timestamptz NOT NULL,
        CONSTRAINT held_messages_idempotency UNIQUE (author_id, client_message_id, room_id)
    )
    """,
    "CREATE INDEX held_messages_by_room ON held_messages (room_id, state, id DESC)",
    "CREATE INDEX held_messages_by_age ON held_messages (created_at)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
