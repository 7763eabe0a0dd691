"""Adds the count of a message's revisions, and tombstones of messages whose text is still in stored events."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE messages ADD COLUMN revisions integer NOT NULL DEFAULT 0")
    op.execute(
        """CREATE TABLE tombstones (
            message_id uuid PRIMARY KEY,
            room_id text NOT NULL,
            seq bigint NOT NULL,
            message text NOT NULL,
            created_at timestamptz NOT NULL
        )"""
    )
    op.execute("CREATE INDEX tombstones_by_room ON tombstones (room_id, seq)")
    op.execute("CREATE INDEX tombstones_by_age ON tombstones (created_at)")
