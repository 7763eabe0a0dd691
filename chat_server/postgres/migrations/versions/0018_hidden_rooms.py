"""Adds rooms that the operator hides, and the order of the operator's list of rooms."""

from alembic import op

revision = "0018"
down_revision = "0017"

_STATEMENTS = (
    "ALTER TABLE rooms ADD COLUMN shown_visibility text",
    "CREATE INDEX rooms_by_creation ON rooms (created_at DESC, id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
