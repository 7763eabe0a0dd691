"""The SQL of rooms, except for what the writer changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Row, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_contract.events import Visibility
from chat_server.http.errors import room_not_found
from chat_server.http.idempotency_key import IdempotentRequest, StoredResponse, claim_key, store_response
from chat_server.limits.post_limits import OPERATOR_ID
from chat_server.postgres.models import (
    DeletedRoom,
    EndedSession,
    IdempotencyKey,
    ModerationLogEntry,
    Room,
    ServerBan,
)
from chat_server.postgres.pools import driver_of
from chat_server.rooms.access_repository import MAY_READ
from chat_server.rooms.last_messages import JOIN_LAST_MESSAGE, LAST_MESSAGE_COLUMNS
from chat_server.rooms.locked_role import require_under_lock
from chat_server.rooms.posting_rules import banned
from chat_server.rooms.roles import Action, Role, role_in_room
from chat_server.rooms.slow_mode_rule import SlowModeRule
from chat_server.sessions.repository import ensure_user
from chat_server.text.names import appearances
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session, session_ended

MAX_ROOMS_OF_ROLE: Final = 1_000
"""Rooms of which a person is a moderator, and of which they are a member, that their list may show. Owners may appoint
anybody. Overflow rule: LEAVE OUT the others; rooms that a person owns are all listed."""

_PERSON: Final = "(SELECT CAST(:user_id AS uuid) AS user_id) k"
_MODERATES: Final = "r.moderators @> jsonb_build_array(jsonb_build_object('id', k.user_id::text))"
_FOLLOWS: Final = "r.active_at <= :active_at AND (r.active_at < :active_at OR r.id > :room_id)"

# The first part reads one page in the order of the index rooms_by_owner.
OF_PERSON: Final = f"""
WITH mine AS (
    (SELECT r.id FROM rooms r, {_PERSON} WHERE r.owner_id = k.user_id AND {_FOLLOWS} AND {MAY_READ}
        ORDER BY r.active_at DESC, r.id LIMIT :most)
    UNION (SELECT r.id FROM rooms r, {_PERSON} WHERE {_MODERATES} LIMIT {MAX_ROOMS_OF_ROLE})
    UNION (SELECT m.room_id FROM members m WHERE m.user_id = CAST(:user_id AS uuid) LIMIT {MAX_ROOMS_OF_ROLE})
), listed AS (
    SELECT r.id, r.name, r.visibility, r.owner_id, r.owner_nickname, r.moderators, r.last_seq, r.message_count,
        r.slow_mode_s, r.slow_mode_target, r.who_can_post, r.regular_after_s, r.active_at,
        CASE WHEN r.owner_id = k.user_id THEN 'owner' WHEN {_MODERATES} THEN 'moderator' ELSE 'member' END AS role
    FROM mine JOIN rooms r USING (id), {_PERSON}
    WHERE {_FOLLOWS} AND {MAY_READ} AND (r.visibility = 'private' OR r.owner_id = k.user_id OR {_MODERATES})
    ORDER BY r.active_at DESC, r.id LIMIT :most
)
SELECT r.*, {LAST_MESSAGE_COLUMNS} FROM listed r {JOIN_LAST_MESSAGE}
ORDER BY r.active_at DESC, r.id"""  # noqa: S608 - no input in it

SYSTEM_NAME: Final = "Hotchat"
"""People who have it got it before it was reserved."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """The settings of a room that are checked before a write is queued.

    `hosts`: the names of the owner and the moderators by their ids. `has_bans`: anybody was ever banned from the room,
    or is banned from all rooms.
    """

    id: str
    owner_id: UUID | None
    slow_mode: SlowModeRule
    hosts: Mapping[UUID, str] = field(default_factory=dict)
    who_can_post: str = "everyone"
    regular_after_s: int = 0
    has_bans: bool = False
    reserved_names: frozenset[str] = frozenset()
    """What names of hosts look like, see `appearances`."""
    is_private: bool = False
    filter_version: int = 0
    """Grows with each change of the filters; 0: the room never had any."""

    def role_of(self, user_id: UUID, *, is_operator: bool = False) -> Role:
        return role_in_room(user_id, self.owner_id, self.hosts, is_operator=is_operator)

    def may_use(self, nickname: str, user_id: UUID) -> bool:
        """Whether this person's messages cannot be taken for those of a host."""
        return self.reserved_names.isdisjoint(appearances(nickname)) or user_id in self.hosts


class MadeRoom(NamedTuple):
    """The response to the call that made a room. `has_code`: the given recovery code is the room's.

    `listed_name`: the present name of the room, None unless everybody may see it in the list.
    """

    response: StoredResponse
    has_code: bool
    listed_name: str | None


class RoomRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(
        self,
        room_ids: Sequence[str],
        name: str,
        visibility: Visibility,
        owner: Session | None,
        now: datetime,
        code_hash: bytes,
        wanted: IdempotentRequest | None,
        describe: Callable[[Row[Any]], str],
    ) -> MadeRoom:
        """Create the room under the first of these ids that is free, or return the response of the first call with
        the same key. Either way the room's recovery code is now that of `code_hash`, unless it has another owner.

        `owner` None: the operator makes a room without an owner. An owner without a row (after a restore) gets one.
        Raises ChatError `room_exists`, or `banned` for an owner who is banned from all rooms.
        """
        maker_id = OPERATOR_ID if owner is None else owner.user_id
        values = {
            "name": name,
            "visibility": visibility,
            "owner_id": None if owner is None else owner.user_id,
            "owner_nickname": None if owner is None else owner.nickname,
            "recovery_code_hash": code_hash,
            "created_at": now,
            "active_at": now.replace(microsecond=0),
        }
        async with self._engine.begin() as tx:
            if wanted is not None:
                kept = await claim_key(tx, maker_id, wanted)
                if kept is not None:
                    room_id = orjson.loads(kept.body)["id"]
                    is_owned = (Room.id == room_id) & (
                        Room.owner_id.is_(None) if owner is None else Room.owner_id == owner.user_id
                    )
                    renewed = update(Room).where(is_owned).values(recovery_code_hash=code_hash)
                    has_code = (await tx.execute(renewed)).rowcount == 1
                    # Since the first call the room may have been renamed, hidden or deleted.
                    listed = select(Room.name).where(Room.id == room_id, Room.visibility == "public")
                    return MadeRoom(kept, has_code, await tx.scalar(listed))
            if owner is not None:
                await check_not_banned_everywhere(tx, owner.user_id)
                await ensure_user(tx, owner)
            for room_id in room_ids:
                insert = pg_insert(Room).values(id=room_id, **values)
                free = insert.on_conflict_do_nothing(index_elements=["id"])
                room = (await tx.execute(free.returning(*Room.__table__.c))).first()
                if room is not None and not await _was_deleted(tx, room_id):
                    break
            else:
                raise ChatError(
                    "room_exists", f"The id {room_ids[0]!r} is taken; enter that room or choose another id."
                )
            if owner is None:
                await log_of_operator(tx, "create_room", {"room_id": room.id, "name": room.name})
            answer = StoredResponse(201, describe(room))
            if wanted is not None:
                await store_response(tx, maker_id, wanted.key, answer)
        return MadeRoom(answer, has_code=True, listed_name=name if visibility == "public" else None)

    async def delete(self, room_id: str, session: Session, *, is_operator: bool) -> None:
        """Delete the room's row under its lock, and with it every path to the rest, which is erased later.

        Raises ChatError `room_not_found`, `forbidden` or `session_expired`; then nothing has changed.
        """
        async with self._engine.begin() as tx:
            room = (
                await tx.execute(select(Room.__table__).where(Room.id == room_id).with_for_update())
            ).first()
            if room is None:
                raise room_not_found(room_id)
            driver = await driver_of(tx)
            await require_under_lock(
                driver, room_id, session.user_id, Action.DELETE_ROOM, is_operator=is_operator
            )
            if await _has_ended(tx, session):
                raise session_ended()
            await tx.execute(pg_insert(DeletedRoom).values(id=room_id, deleted_at=func.now()))
            await tx.execute(delete(Room).where(Room.id == room_id))
            if is_operator:
                await log_of_operator(tx, "delete_room", {"room_id": room_id, "name": room.name})
            # The answer to the call that made the room shows its name.
            made = IdempotencyKey.answer.startswith(f'{{"id":"{room_id}",')
            await tx.execute(
                delete(IdempotencyKey).where(
                    IdempotencyKey.user_id.in_([room.owner_id or OPERATOR_ID, OPERATOR_ID]), made
                )
            )

    async def get(self, room_id: str) -> Row[Any] | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(select(Room.__table__).where(Room.id == room_id))).first()

    async def of_person(
        self, user_id: UUID, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Row[Any]]:
        """The rooms of which the person is a host or a member, with the `role`, the liveliest first.

        They have the columns of `last_message_of`.
        """
        active_at, room_id = before or (datetime.max.replace(tzinfo=UTC), "")
        values = {"user_id": user_id, "active_at": active_at, "room_id": room_id, "most": limit}
        async with self._engine.connect() as connection:
            return (await connection.execute(text(OF_PERSON), values)).all()

    async def settings(self, room_id: str) -> RoomSettings | None:
        bans_everywhere = exists(select(ServerBan.user_id)).label("has_server_bans")
        async with self._engine.connect() as connection:
            query = select(Room.__table__, bans_everywhere).where(Room.id == room_id)
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        hosts = {UUID(each["id"]): each["nickname"] for each in row.moderators}
        if row.owner_id is not None:
            hosts[row.owner_id] = row.owner_nickname or ""
        return RoomSettings(
            row.id,
            row.owner_id,
            SlowModeRule(row.slow_mode_s, row.slow_mode_target),
            hosts,
            row.who_can_post,
            row.regular_after_s,
            row.has_bans or row.has_server_bans,
            frozenset[str]().union(*map(appearances, (SYSTEM_NAME, *hosts.values()))),
            row.visibility == "private",
            row.filter_version,
        )


async def server_ban_of(tx: AsyncConnection, user_id: UUID) -> Row[Any] | None:
    """The person's ban from all rooms if it is in force, with `until`."""
    in_force = or_(ServerBan.until.is_(None), ServerBan.until > func.now())
    return (await tx.execute(select(ServerBan.until).where(ServerBan.user_id == user_id, in_force))).first()


async def log_of_operator(tx: AsyncConnection, action: str, details: Mapping[str, str]) -> None:
    """Note what the operator did in the log of the server: that of a room goes with the room."""
    await tx.execute(
        pg_insert(ModerationLogEntry).values(
            room_id="", at=func.now(), actor_nickname="operator", action=action, details=details
        )
    )


async def check_not_banned_everywhere(tx: AsyncConnection, user_id: UUID) -> None:
    """Raises ChatError `banned` for a person banned from all rooms."""
    ban = await server_ban_of(tx, user_id)
    if ban is not None:
        raise banned(ban.until, everywhere=True)


async def _was_deleted(tx: AsyncConnection, room_id: str) -> bool:
    """Whether the id belonged to a room that was deleted; then the new row under it is removed.

    Checked after the insertion, which waits for a deletion under way.
    """
    if await tx.scalar(select(DeletedRoom.id).where(DeletedRoom.id == room_id)) is None:
        return False
    await tx.execute(delete(Room).where(Room.id == room_id))
    return True


async def _has_ended(tx: AsyncConnection, session: Session) -> bool:
    ended = EndedSession.below_generation > session.generation
    ids = or_(EndedSession.id == session.session_id, EndedSession.id == session.user_id)
    return await tx.scalar(select(EndedSession.id).where(ids, ended).limit(1)) is not None
