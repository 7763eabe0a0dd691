"""Adds the target of slow mode that sets itself: the posts a second that it aims at."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute("ALTER TABLE rooms ADD COLUMN slow_mode_target double precision")
