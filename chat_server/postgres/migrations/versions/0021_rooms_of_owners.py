"""Orders the index of rooms by their owners by activity, for the list of one's own rooms."""

from alembic import op

revision = "0021"
down_revision = "0020"

_STATEMENTS = (
    "DROP INDEX rooms_by_owner",
    "CREATE INDEX rooms_by_owner ON rooms (owner_id, active_at DESC, id) WHERE owner_id IS NOT NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
