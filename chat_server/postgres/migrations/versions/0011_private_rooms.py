"""Adds private rooms: members, invites, and the version of who may read a room."""

from alembic import op

revision = "0011"
down_revision = "0010"

_STATEMENTS = (
    "ALTER TABLE rooms ADD COLUMN access_version bigint NOT NULL DEFAULT 1",
    "CREATE INDEX rooms_by_owner ON rooms (owner_id) WHERE owner_id IS NOT NULL",
    "CREATE INDEX rooms_by_moderator ON rooms USING gin (moderators jsonb_path_ops)",
    """
    CREATE TABLE members (
        room_id text NOT NULL,
        user_id uuid NOT NULL,
        nickname text NOT NULL,
        joined_at timestamptz NOT NULL,
        PRIMARY KEY (room_id, user_id)
    )
    """,
    "CREATE INDEX members_by_user ON members (user_id, room_id)",
    """
    CREATE TABLE invites (
        id uuid PRIMARY KEY,
        room_id text NOT NULL,
        code_hash bytea NOT NULL UNIQUE,
        role text NOT NULL,
        created_by uuid NOT NULL,
        created_by_nickname text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        uses_left integer NOT NULL
    )
    """,
    "CREATE INDEX invites_by_room ON invites (room_id, created_at DESC, id)",
    "CREATE INDEX invites_by_end ON invites (expires_at)",
    """
    CREATE TABLE invite_uses (
        invite_id uuid NOT NULL,
        user_id uuid NOT NULL,
        room_id text NOT NULL,
        is_granted boolean NOT NULL,
        PRIMARY KEY (invite_id, user_id)
    )
    """,
    "CREATE INDEX invite_uses_by_room ON invite_uses (room_id, invite_id, user_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
