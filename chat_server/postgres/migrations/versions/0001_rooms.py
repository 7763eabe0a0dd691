"""Creates users, rooms, messages, reactions, events and the outbox, and the lobby room."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE users (
    id uuid PRIMARY KEY,
    nickname text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE rooms (
    id text PRIMARY KEY,
    name text NOT NULL,
    visibility text NOT NULL DEFAULT 'public',
    owner_id uuid REFERENCES users (id),
    last_seq bigint NOT NULL DEFAULT 0,
    message_count bigint NOT NULL DEFAULT 0,
    slow_mode_s integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    active_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX rooms_by_activity ON rooms (active_at DESC, id);
CREATE TABLE messages (
    id uuid PRIMARY KEY,
    room_id text NOT NULL,
    seq bigint NOT NULL,
    author_id uuid NOT NULL,
    author_nickname text NOT NULL,
    client_message_id uuid NOT NULL,
    text text NOT NULL,
    reply_to uuid,
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted boolean NOT NULL DEFAULT false,
    reactions jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT messages_by_seq UNIQUE (room_id, seq),
    CONSTRAINT messages_idempotency UNIQUE (author_id, client_message_id, room_id)
) WITH (fillfactor = 85);
CREATE TABLE reactions (
    message_id uuid NOT NULL,
    kind text NOT NULL,
    user_id uuid NOT NULL,
    room_id text NOT NULL,
    message_seq bigint NOT NULL,
    PRIMARY KEY (message_id, kind, user_id)
);
CREATE INDEX reactions_mine ON reactions (room_id, user_id, message_seq);
CREATE TABLE events (
    room_id text NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    message_id uuid,
    conflate text,
    payload text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (room_id, seq)
);
CREATE INDEX events_edits ON events (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX events_by_age ON events USING brin (created_at);
CREATE TABLE outbox (
    room_id text NOT NULL,
    seq bigint NOT NULL,
    created_at timestamptz NOT NULL,
    leased_until timestamptz,
    PRIMARY KEY (room_id, seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_by_age ON outbox (created_at);
INSERT INTO rooms (id, name, created_at, active_at) VALUES ('lobby', 'Lobby', now(), date_trunc('second', now()));
"""


def upgrade() -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
