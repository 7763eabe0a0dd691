"""Adds which messages the calm lane of their room leaves out, and the state of that decision."""

from alembic import op

revision = "0024"
down_revision = "0023"

_PURGED = """CASE WHEN (SELECT true FROM purge_marks LIMIT 1) THEN EXISTS (
    SELECT FROM purge_marks p WHERE p.room_id = m.room_id AND p.author_id = m.author_id AND m.seq <= p.up_to_seq
) ELSE false END"""

_IS_ANYBODY_ERASED = "(SELECT true FROM purge_marks WHERE erased_as IS NOT NULL LIMIT 1)"
_ERASED_AS = """(SELECT p.erased_as FROM purge_marks p
    WHERE p.room_id = m.room_id AND p.author_id = m.author_id AND m.seq <= p.up_to_seq)"""

_STATEMENTS = (
    "ALTER TABLE rooms ADD COLUMN calm_full_at timestamptz",
    "ALTER TABLE messages ADD COLUMN calm boolean",
    f"""
    CREATE OR REPLACE VIEW visible_messages AS
    SELECT id, room_id, seq,
        CASE WHEN {_IS_ANYBODY_ERASED} THEN COALESCE({_ERASED_AS}, author_id) ELSE author_id END AS author_id,
        CASE WHEN {_IS_ANYBODY_ERASED} AND {_ERASED_AS} IS NOT NULL THEN 'deleted' ELSE author_nickname END
            AS author_nickname,
        CASE WHEN {_IS_ANYBODY_ERASED} AND {_ERASED_AS} IS NOT NULL THEN NULL ELSE author_role END AS author_role,
        client_message_id,
        CASE WHEN {_PURGED} THEN '' ELSE text END AS text,
        reply_to, created_at, edited_at,
        CASE WHEN {_PURGED} THEN true ELSE deleted END AS deleted,
        CASE WHEN {_PURGED} THEN '{{}}'::jsonb ELSE reactions END AS reactions,
        revisions, author_id AS written_by, author_nickname AS written_name, author_role AS written_role, calm
    FROM messages m
    """,  # noqa: S608 - no input in it
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
