"""The messages that a room's owner has pinned, the last one first."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE rooms ADD COLUMN pinned uuid[] NOT NULL DEFAULT '{}'")
