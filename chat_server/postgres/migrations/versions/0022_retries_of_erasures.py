"""Adds when an erasure is tried next, so that one that fails does not block the others."""

from alembic import op

revision = "0022"
down_revision = "0021"

_STATEMENTS = (
    "ALTER TABLE erasures ADD COLUMN due timestamptz NOT NULL DEFAULT now()",
    "UPDATE erasures SET due = requested_at",
    "ALTER TABLE erasures ADD COLUMN failures integer NOT NULL DEFAULT 0",
    "DROP INDEX erasures_to_do",
    "CREATE INDEX erasures_to_do ON erasures (stage, due) WHERE erased_as IS NOT NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
