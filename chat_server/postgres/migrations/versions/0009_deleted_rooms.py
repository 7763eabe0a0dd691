"""Adds deleted rooms, whose ids are never given again, and an index of the rooms that lists show."""

from alembic import op

revision = "0009"
down_revision = "0008"

_STATEMENTS = (
    """
    CREATE TABLE deleted_rooms (
        id text PRIMARY KEY,
        deleted_at timestamptz NOT NULL,
        erased_at timestamptz
    )
    """,
    "CREATE INDEX deleted_rooms_to_erase ON deleted_rooms (deleted_at) WHERE erased_at IS NULL",
    "CREATE INDEX rooms_listed ON rooms (active_at DESC, id) WHERE visibility = 'public'",
    "DROP INDEX rooms_by_activity",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
