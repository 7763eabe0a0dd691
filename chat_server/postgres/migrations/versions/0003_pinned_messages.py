"""Adds the pinned messages of a room, newest pin first."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE rooms ADD COLUMN pinned uuid[] NOT NULL DEFAULT '{}'")
