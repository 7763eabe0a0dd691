"""Adds the operator's exemptions of addresses from shares."""

from alembic import op

revision = "0026"
down_revision = "0025"

_TABLE = """
CREATE TABLE share_exemptions (
    address text PRIMARY KEY,
    reason text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
)"""


def upgrade() -> None:
    op.execute(_TABLE)
