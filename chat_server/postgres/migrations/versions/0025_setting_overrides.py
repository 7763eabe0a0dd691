"""Adds the operator's overrides of settings."""

from alembic import op

revision = "0025"
down_revision = "0024"

_TABLE = """
CREATE TABLE setting_overrides (
    name text PRIMARY KEY,
    value jsonb NOT NULL,
    environment jsonb NOT NULL,
    changed_at timestamptz NOT NULL
)"""


def upgrade() -> None:
    op.execute(_TABLE)
