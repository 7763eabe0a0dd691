"""The writer's SQL for operations of hosts, on a bare asyncpg connection while the rooms are locked.

Bans, marks and the log of a room are written under its lock only. There are three exceptions: retention deletes expired
bans, erasure deletes marks, and a new session from a banned address is banned before anybody can see it.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import orjson
from asyncpg import Connection, Record

from chat_contract.people import person
from chat_server.filters.repository import stored_rules, write_filters
from chat_server.messages.batch_rows import (
    HostInput,
    LockedRoom,
    RoomSettingsRow,
    RoomUser,
)
from chat_server.messages.batch_state import BatchResult
from chat_server.messages.host_actions.purges import MAX_COUNTED
from chat_server.messages.read_plan import named_in
from chat_server.messages.room_operations import (
    BanUsers,
    ChangeRoom,
    ErasePerson,
    RoomOperation,
)
from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.unnest import arrays, column, column_names, unnest
from chat_server.rooms.slow_mode_rule import SlowModeRule
from chat_server.sessions.addresses import KEPT_S

MAX_SCANNED: Final = 20_000
"""Index entries of the banned people that a count of their messages visits. Overflow rule: the count is left out."""

# The fallback is for people whose row a restored database lacks; any of their messages has a nickname of theirs.
_NICKNAMES: Final = """
SELECT k.id, COALESCE(u.nickname, (
    SELECT m.author_nickname FROM visible_messages m WHERE m.written_by = k.id LIMIT 1
)) AS nickname
FROM unnest($1::uuid[]) AS k(id) LEFT JOIN users u USING (id)"""

_SETTINGS: Final = """
SELECT r.id, r.name, r.visibility, r.slow_mode_s, r.slow_mode_target, r.recovery_code_hash, r.recovered_by,
    r.recovered_at, r.shown_visibility, f.rules
FROM rooms r LEFT JOIN room_filters f ON f.room_id = r.id WHERE r.id = ANY($1::text[])"""

# The inner query needs no column outside the index messages_idempotency. Its limit bounds the time of people who wrote
# much in other rooms. With `=` in place of IS NOT DISTINCT FROM, each author would be compared with the whole room.
_COUNTS: Final = """
WITH scanned AS MATERIALIZED (
    SELECT written_by, client_message_id, room_id FROM visible_messages WHERE written_by = ANY($2::uuid[]) LIMIT $3
), counted AS MATERIALIZED (
    SELECT m.written_by AS author_id FROM scanned s JOIN visible_messages m
        ON m.written_by = s.written_by AND m.client_message_id = s.client_message_id
        AND m.room_id IS NOT DISTINCT FROM s.room_id
    WHERE s.room_id = $1 AND NOT m.deleted LIMIT $4
)
SELECT s.scanned, c.author_id, c.messages FROM (SELECT count(*) AS scanned FROM scanned) s
LEFT JOIN (SELECT author_id, count(*) AS messages FROM counted GROUP BY author_id) c ON true"""

_NEW_BANS: Final = (
    column("room_id", "text"),
    column("user_id", "uuid"),
    column("nickname", "text"),
    column("until", "timestamptz"),
    column("reason", "text"),
    column("actor_id", "uuid"),
    column("actor_nickname", "text"),
)
# A ban by name no longer ends with that of the address that the person was banned for.
_INSERT_BANS: Final = f"""
INSERT INTO bans ({column_names(_NEW_BANS)}, created_at)
SELECT b.*, statement_timestamp() FROM {unnest("b", _NEW_BANS, 1)}
ON CONFLICT (room_id, user_id) DO UPDATE SET nickname = EXCLUDED.nickname, until = EXCLUDED.until,
    reason = EXCLUDED.reason, actor_id = EXCLUDED.actor_id, actor_nickname = EXCLUDED.actor_nickname,
    created_at = EXCLUDED.created_at, address_hash = EXCLUDED.address_hash,
    is_seen = true"""  # noqa: S608 - no input in it

_SHOW_BANS: Final = """
UPDATE bans b SET is_seen = true FROM unnest($1::text[], $2::uuid[]) AS k(room_id, user_id)
WHERE b.room_id = k.room_id AND b.user_id = k.user_id"""

# A ban takes away the access to a private room, too.
_SET_HAS_BANS: Final = """
UPDATE rooms SET has_bans = true, access_version = access_version + (visibility = 'private')::int
WHERE id = ANY($1::text[]) AND (NOT has_bans OR visibility = 'private')"""

# An address that no other ban holds is free again, also for everybody who was banned because of it. Otherwise they are
# banned as long as the ban that holds it longest.
_LIFT_BANS: Final = """
WITH k AS (
    SELECT * FROM unnest($1::text[], $2::uuid[]) AS k(room_id, user_id)
), addresses AS (
    DELETE FROM address_bans a USING k WHERE a.room_id = k.room_id AND a.user_id = k.user_id
    RETURNING a.room_id, a.address_hash
), held AS (
    SELECT DISTINCT ON (room_id, address_hash) room_id, address_hash, h.until, h.reason, h.actor_id, h.actor_nickname
    FROM addresses JOIN address_bans h USING (room_id, address_hash)
    WHERE (h.until IS NULL OR h.until > now())
        AND NOT EXISTS (SELECT FROM k WHERE k.room_id = h.room_id AND k.user_id = h.user_id)
    ORDER BY room_id, address_hash, h.until DESC
), kept AS (
    UPDATE bans b SET until = h.until, reason = h.reason, actor_id = h.actor_id, actor_nickname = h.actor_nickname
    FROM held h WHERE b.room_id = h.room_id AND b.address_hash = h.address_hash
        AND NOT EXISTS (SELECT FROM k WHERE k.room_id = b.room_id AND k.user_id = b.user_id)
)
DELETE FROM bans b USING (
    SELECT room_id, user_id FROM k
    UNION SELECT c.room_id, c.user_id FROM addresses a JOIN bans c USING (room_id, address_hash)
    WHERE NOT EXISTS (SELECT FROM held h WHERE h.room_id = a.room_id AND h.address_hash = a.address_hash)
) lifted WHERE b.room_id = lifted.room_id AND b.user_id = lifted.user_id"""

_ADDRESSES: Final = """
SELECT user_id, address_hash FROM user_addresses
WHERE user_id = ANY($1::uuid[]) AND seen_at > now() - make_interval(secs => $2)"""

_INSERT_ADDRESS_BANS: Final = """
INSERT INTO address_bans (room_id, address_hash, user_id, until, reason, actor_id, actor_nickname, created_at)
SELECT a.*, statement_timestamp() FROM unnest(
    $1::text[], $2::bytea[], $3::uuid[], $4::timestamptz[], $5::text[], $6::uuid[], $7::text[]
) AS a(room_id, address_hash, user_id, until, reason, actor_id, actor_nickname)
ON CONFLICT (room_id, address_hash, user_id) DO UPDATE SET until = EXCLUDED.until, reason = EXCLUDED.reason,
    actor_id = EXCLUDED.actor_id, actor_nickname = EXCLUDED.actor_nickname, created_at = EXCLUDED.created_at"""

_EXPIRE_ADDRESSES: Final = """
DELETE FROM address_bans WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM address_bans WHERE until < now() LIMIT $1 FOR UPDATE SKIP LOCKED
))"""

_INSERT_MARKS: Final = """
INSERT INTO purge_marks AS p (room_id, author_id, up_to_seq, erased_as, created_at)
SELECT m.*, now() FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::uuid[])
    AS m(room_id, author_id, up_to_seq, erased_as)
ON CONFLICT (room_id, author_id) DO UPDATE SET up_to_seq = EXCLUDED.up_to_seq, created_at = EXCLUDED.created_at,
    erased_as = COALESCE(EXCLUDED.erased_as, p.erased_as), converted_up_to = DEFAULT, converted_up_to_room = DEFAULT"""

# A member who is erased may no longer read a private room.
_INSERT_ERASED: Final = """
WITH erased AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS e(room_id, user_id, erased_as)
), noted AS (
    INSERT INTO erased_in_rooms SELECT * FROM erased ON CONFLICT DO NOTHING
), former_members AS (
    DELETE FROM members m USING erased e WHERE m.room_id = e.room_id AND m.user_id = e.user_id RETURNING m.room_id
)
UPDATE rooms SET has_erasures = true,
    access_version = access_version + (id IN (SELECT room_id FROM former_members))::int
WHERE id IN (SELECT room_id FROM erased)"""

_MARKED: Final = """
SELECT room_id, author_id FROM purge_marks
WHERE room_id = ANY($1::text[]) AND author_id = ANY($2::uuid[]) AND erased_as IS NOT NULL"""

_INSERT_USERS: Final = """
INSERT INTO users (id, nickname, created_at) SELECT u.*, now() FROM unnest($1::uuid[], $2::text[]) AS u(id, nickname)
ON CONFLICT (id) DO NOTHING"""

_UPDATE_ROOM: Final = """
UPDATE rooms SET name = $2, visibility = $3, slow_mode_s = $4, who_can_post = $5, regular_after_s = $6,
    owner_id = $7, owner_nickname = $8, moderators = $9, recovery_code_hash = $10, recovered_by = $11,
    recovered_at = $12, filter_version = $13, refuses_repeats = $14, shown_visibility = $15, slow_mode_target = $16,
    access_version = access_version + (visibility <> $3 OR owner_id IS DISTINCT FROM $7 OR moderators <> $9)::int
WHERE id = $1"""

_INVITE_GRANTS: Final = """
SELECT u.invite_id, u.user_id, u.is_granted
FROM unnest($1::uuid[], $2::uuid[]) AS k(invite_id, user_id) JOIN invite_uses u USING (invite_id, user_id)"""

_GRANT_INVITES: Final = """
UPDATE invite_uses u SET is_granted = true FROM unnest($1::uuid[], $2::uuid[]) AS k(invite_id, user_id)
WHERE u.invite_id = k.invite_id AND u.user_id = k.user_id"""

_LOG: Final = (
    column("room_id", "text"),
    column("actor_id", "uuid"),
    column("actor_nickname", "text"),
    column("action", "text"),
    column("target_id", "uuid"),
    column("target_nickname", "text"),
    column("details", "jsonb", lambda entry: orjson.dumps(entry.details).decode()),
)
_INSERT_LOG: Final = f"""
INSERT INTO moderation_log ({column_names(_LOG)}, at)
SELECT e.*, statement_timestamp() FROM {unnest("e", _LOG, 1)}"""  # noqa: S608 - no input in it

_EXPIRE: Final = """
DELETE FROM bans b USING (
    SELECT room_id, user_id FROM bans WHERE until < now() - interval '1 minute' LIMIT $1 FOR UPDATE SKIP LOCKED
) e WHERE b.room_id = e.room_id AND b.user_id = e.user_id"""


async def read_host_input(connection: Connection, operations: Sequence[RoomOperation]) -> HostInput:
    """Read the rows that only operations of hosts need."""
    host_input = HostInput()
    changed_rooms: list[str] = []
    erasures = [operation for operation in operations if isinstance(operation, ErasePerson)]
    if erasures:
        keys = [(operation.room_id, operation.actor_id) for operation in erasures]
        host_input.erased = set(map(tuple, await connection.fetch(_MARKED, *zip(*keys, strict=True))))
    named: dict[UUID, None] = {}
    for operation in operations:
        named |= dict.fromkeys(named_in(operation))
        if isinstance(operation, ChangeRoom | ErasePerson):
            changed_rooms.append(operation.room_id)
        elif operation.purged_ids:
            host_input.message_counts |= await _count_messages(
                connection, operation.room_id, operation.purged_ids
            )
    if named:
        host_input.nicknames = await read_nicknames(connection, list(named))
    banned_with_address = {
        user_id
        for operation in operations
        if isinstance(operation, BanUsers) and operation.address
        for user_id in operation.user_ids
    }
    if banned_with_address:
        host_input.addresses = await read_addresses(connection, list(banned_with_address))
    if changed_rooms:
        rows = await connection.fetch(_SETTINGS, changed_rooms)
        host_input.settings = {row["id"]: _settings(row) for row in rows}
    accepted = {
        (operation.change.accepted_invite, operation.actor_id)
        for operation in operations
        if isinstance(operation, ChangeRoom) and operation.change.accepted_invite is not None
    }
    if accepted:
        rows = await connection.fetch(_INVITE_GRANTS, *zip(*accepted, strict=True))
        host_input.invite_grants = {(invite_id, user_id): granted for invite_id, user_id, granted in rows}
    return host_input


async def read_nicknames(connection: Connection, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those who have entered or written."""
    rows = await connection.fetch(_NICKNAMES, user_ids)
    return {row["id"]: row["nickname"] for row in rows if row["nickname"] is not None}


async def read_addresses(connection: Connection, user_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The hashes of the last addresses of these people that were seen in the last day."""
    return dict(await connection.fetch(_ADDRESSES, user_ids, KEPT_S))


def _settings(row: Record) -> RoomSettingsRow:
    return RoomSettingsRow(
        row["name"],
        row["visibility"],
        SlowModeRule(row["slow_mode_s"], row["slow_mode_target"]),
        row["recovery_code_hash"],
        row["recovered_by"],
        row["recovered_at"],
        stored_rules(row["rules"]),
        row["shown_visibility"],
    )


async def _count_messages(
    connection: Connection, room_id: str, author_ids: Sequence[UUID]
) -> dict[RoomUser, int]:
    """How many undeleted messages each author has; MAX_COUNTED + 1 for each of them if not all were counted."""
    rows = await connection.fetch(_COUNTS, room_id, author_ids, MAX_SCANNED, MAX_COUNTED + 1)
    keys = [(room_id, author_id) for author_id in author_ids]
    found = {(room_id, row["author_id"]): row["messages"] for row in rows if row["messages"] is not None}
    if rows[0]["scanned"] >= MAX_SCANNED or sum(found.values()) > MAX_COUNTED:
        return dict.fromkeys(keys, MAX_COUNTED + 1)
    return dict.fromkeys(keys, 0) | found


async def write_host_changes(connection: Connection, result: BatchResult) -> None:
    """Write what operations of hosts changed; the caller commits. Without such changes no statement is run."""
    if result.lifted_bans:
        await connection.execute(_LIFT_BANS, *zip(*result.lifted_bans, strict=True))
    if result.seen_bans:
        await connection.execute(_SHOW_BANS, *zip(*result.seen_bans, strict=True))
    if result.new_bans:
        await connection.execute(_INSERT_BANS, *arrays(_NEW_BANS, list(result.new_bans.values())))
        await connection.execute(_SET_HAS_BANS, list({room_id for room_id, _ in result.new_bans}))
    if result.banned_addresses:
        await connection.execute(_INSERT_ADDRESS_BANS, *_address_columns(result))
    if result.purge_marks:
        marks = [(*key, up_to_seq, result.erased.get(key)) for key, up_to_seq in result.purge_marks.items()]
        await connection.execute(_INSERT_MARKS, *zip(*marks, strict=True))
    if result.erased:
        erased = [(*key, erased_as) for key, erased_as in result.erased.items()]
        await connection.execute(_INSERT_ERASED, *zip(*erased, strict=True))
    if result.new_owners:
        await connection.execute(_INSERT_USERS, list(result.new_owners), list(result.new_owners.values()))
    if result.granted_invites:
        await connection.execute(_GRANT_INVITES, *zip(*result.granted_invites, strict=True))
    await write_filters(connection, result.new_filters)
    for room, settings in result.changed_rooms.values():
        await _update_room(connection, room, settings)
    if result.log:
        await connection.execute(_INSERT_LOG, *arrays(_LOG, result.log))


def _address_columns(result: BatchResult) -> list[list[object]]:
    bans = [result.new_bans[key] for key in result.banned_addresses]
    return [
        [ban.room_id for ban in bans],
        list(result.banned_addresses.values()),
        [ban.user_id for ban in bans],
        [ban.until for ban in bans],
        [ban.reason for ban in bans],
        [ban.actor_id for ban in bans],
        [ban.actor_nickname for ban in bans],
    ]


async def _update_room(connection: Connection, room: LockedRoom, settings: RoomSettingsRow) -> None:
    """One statement for each room: changes of rooms are rare."""
    moderators = [person(*each) for each in room.moderators.items()]
    await connection.execute(
        _UPDATE_ROOM,
        room.id,
        settings.name,
        settings.visibility,
        settings.slow_mode.seconds,
        room.who_can_post,
        room.regular_after_s,
        room.owner_id,
        room.owner_nickname,
        orjson.dumps(moderators).decode(),
        settings.recovery_code_hash,
        settings.recovered_by,
        settings.recovered_at,
        room.filter_version,
        room.refuses_repeats,
        settings.shown_visibility,
        settings.slow_mode.target_posts_per_s,
    )


async def expire_bans(connection: Connection, limit: int) -> int:
    """Delete up to `limit` bans of people that have ended, and as many of addresses.

    Returns the larger number. The minute allows for transactions that began before their end.
    """
    people = await changed_rows(connection, _EXPIRE, limit)
    addresses = await changed_rows(connection, _EXPIRE_ADDRESSES, limit)
    return max(people, addresses)
