"""Adds ended sessions and the token generation of each user."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN generation integer NOT NULL DEFAULT 0")
    op.execute(
        """
        CREATE TABLE ended_sessions (
            id uuid PRIMARY KEY,
            below_generation integer NOT NULL,
            ended_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at)")
