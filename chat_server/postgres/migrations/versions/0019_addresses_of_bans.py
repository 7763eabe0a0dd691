"""Keeps one row for each address and each person whose ban holds it, and adds addresses to bans from all rooms.

An `address_bans.room_id` that is empty stands for all rooms.
"""

from alembic import op

revision = "0019"
down_revision = "0018"

_STATEMENTS = (
    "ALTER TABLE address_bans DROP CONSTRAINT address_bans_pkey",
    "ALTER TABLE address_bans ADD CONSTRAINT address_bans_pkey PRIMARY KEY (room_id, address_hash, user_id)",
    "DROP INDEX address_bans_by_address",
    "CREATE INDEX address_bans_by_address ON address_bans (address_hash, room_id, until DESC)",
    "ALTER TABLE server_bans ADD COLUMN address_hash bytea",
    "CREATE INDEX server_bans_by_address ON server_bans (address_hash) WHERE address_hash IS NOT NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
