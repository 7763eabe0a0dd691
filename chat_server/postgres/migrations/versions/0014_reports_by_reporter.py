"""Adds the index of reports by their reporters, for exports."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("CREATE INDEX reports_by_reporter ON reports (reporter_id, id)")
