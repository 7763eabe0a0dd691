"""Adds bans from all rooms, and an index of what the operator did."""

from alembic import op

revision = "0017"
down_revision = "0016"

_STATEMENTS = (
    """
    CREATE TABLE server_bans (
        user_id uuid PRIMARY KEY,
        nickname text NOT NULL,
        until timestamptz,
        reason text,
        created_at timestamptz NOT NULL,
        purge_due timestamptz,
        purged_up_to uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
        purged_up_to_room text NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX server_bans_by_age ON server_bans (created_at DESC, user_id)",
    "CREATE INDEX server_bans_by_end ON server_bans (until) WHERE until IS NOT NULL",
    "CREATE INDEX server_bans_to_purge ON server_bans (purge_due) WHERE purge_due IS NOT NULL",
    "CREATE INDEX moderation_log_of_operator ON moderation_log (id DESC) WHERE actor_id IS NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
