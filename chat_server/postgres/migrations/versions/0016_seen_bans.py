"""Hides bans of sessions made from a banned address from hosts until the person tries to write in their room."""

from alembic import op

revision = "0016"
down_revision = "0015"

_STATEMENTS = (
    "ALTER TABLE bans ADD COLUMN is_seen boolean NOT NULL DEFAULT true",
    "DROP INDEX bans_by_age",
    "CREATE INDEX bans_by_age ON bans (room_id, created_at DESC, user_id) WHERE is_seen",
    "DROP INDEX address_bans_by_address",
    "CREATE INDEX address_bans_by_address ON address_bans (address_hash, created_at DESC)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
