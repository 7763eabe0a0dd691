"""Adds the index that counts the messages of a room with open reports."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("CREATE INDEX reports_open ON reports (room_id, message_id) WHERE state = 'open'")
