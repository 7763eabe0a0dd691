"""Adds the erasure of people.

`visible_messages` shows an erased author under their new id from the commit of a mark on; `written_by` is the stored
author, by which rows are found. While nobody is being erased, the new subqueries find an empty index. The statement of
most pages is spared even that: `rooms.has_erasures` says whether it may show the stored author.
"""

from alembic import op

revision = "0015"
down_revision = "0014"

_PURGED = """CASE WHEN (SELECT true FROM purge_marks LIMIT 1) THEN EXISTS (
    SELECT FROM purge_marks p WHERE p.room_id = m.room_id AND p.author_id = m.author_id AND m.seq <= p.up_to_seq
) ELSE false END"""

_IS_ANYBODY_ERASED = "(SELECT true FROM purge_marks WHERE erased_as IS NOT NULL LIMIT 1)"
_ERASED_AS = """(SELECT p.erased_as FROM purge_marks p
    WHERE p.room_id = m.room_id AND p.author_id = m.author_id AND m.seq <= p.up_to_seq)"""

_STATEMENTS = (
    """
    CREATE TABLE erasures (
        user_id uuid PRIMARY KEY,
        erased_as uuid,
        requested_at timestamptz NOT NULL,
        stage integer NOT NULL DEFAULT 0,
        position text NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX erasures_to_do ON erasures (stage, requested_at) WHERE erased_as IS NOT NULL",
    "CREATE INDEX erasures_by_age ON erasures (requested_at)",
    """
    CREATE TABLE erased_in_rooms (
        room_id text NOT NULL,
        user_id uuid NOT NULL,
        erased_as uuid NOT NULL,
        PRIMARY KEY (room_id, user_id)
    )
    """,
    "CREATE INDEX erased_in_rooms_by_user ON erased_in_rooms (user_id)",
    "ALTER TABLE rooms ADD COLUMN has_erasures boolean NOT NULL DEFAULT false",
    "ALTER TABLE purge_marks ADD COLUMN erased_as uuid",
    "CREATE INDEX purge_marks_erased ON purge_marks (author_id) WHERE erased_as IS NOT NULL",
    "CREATE INDEX bans_by_user ON bans (user_id)",
    "CREATE INDEX bans_by_actor ON bans (actor_id)",
    "CREATE INDEX address_bans_by_user ON address_bans (user_id)",
    "CREATE INDEX address_bans_by_actor ON address_bans (actor_id)",
    "CREATE INDEX invites_by_maker ON invites (created_by)",
    "CREATE INDEX invite_uses_by_user ON invite_uses (user_id)",
    "CREATE INDEX moderation_log_by_actor ON moderation_log (actor_id)",
    "CREATE INDEX moderation_log_by_target ON moderation_log (target_id)",
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
        revisions, author_id AS written_by, author_nickname AS written_name, author_role AS written_role
    FROM messages m
    """,  # noqa: S608 - no input in it
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
