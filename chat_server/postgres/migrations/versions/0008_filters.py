"""Adds filters of rooms. Rooms without filters read two more columns with their lock, and nothing else.

`recent_texts` has rows of rooms that refuse repeats only, for some minutes each.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

_STATEMENTS = (
    """
    ALTER TABLE rooms
        ADD COLUMN filter_version integer NOT NULL DEFAULT 0,
        ADD COLUMN refuses_repeats boolean NOT NULL DEFAULT false
    """,
    "CREATE TABLE room_filters (room_id text PRIMARY KEY, rules jsonb NOT NULL)",
    """
    CREATE TABLE recent_texts (
        room_id text NOT NULL,
        author_id uuid NOT NULL,
        digest bytea NOT NULL,
        posted_at timestamptz NOT NULL,
        PRIMARY KEY (room_id, author_id, digest)
    )
    """,
    "CREATE INDEX recent_texts_by_age ON recent_texts (posted_at)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
