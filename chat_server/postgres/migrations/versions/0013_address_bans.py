"""Adds bans by address. Addresses are kept as keyed hashes.

`bans.address_hash` is set on bans of sessions that were made from a banned address.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

_STATEMENTS = (
    """
    CREATE TABLE user_addresses (
        user_id uuid PRIMARY KEY,
        address_hash bytea NOT NULL,
        seen_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX user_addresses_by_age ON user_addresses (seen_at)",
    """
    CREATE TABLE address_bans (
        room_id text NOT NULL,
        address_hash bytea NOT NULL,
        user_id uuid NOT NULL,
        until timestamptz,
        reason text,
        actor_id uuid,
        actor_nickname text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (room_id, address_hash)
    )
    """,
    "CREATE INDEX address_bans_by_address ON address_bans (address_hash)",
    "CREATE INDEX address_bans_by_end ON address_bans (until) WHERE until IS NOT NULL",
    "ALTER TABLE bans ADD COLUMN address_hash bytea",
    "CREATE INDEX bans_by_address ON bans (room_id, address_hash) WHERE address_hash IS NOT NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
