"""The SQL of invites: links whose bearers become members or moderators of a room.

A code is stored as a hash only. Uses are counted under the lock of the invite's row, once for each person.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson
import uuid_utils.compat
from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chat_server.http.errors import invite_not_found
from chat_server.http.idempotency_key import IdempotentRequest, StoredResponse, claim_key, store_response
from chat_server.limits.post_limits import OPERATOR_ID
from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.models import Ban, Invite, InviteUse, Member, ModerationLogEntry, Room
from chat_server.rooms.posting_rules import banned
from chat_server.rooms.repository import check_not_banned_everywhere, server_ban_of
from chat_server.rooms.roles import Action, may, role_in_room
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session

CODE_BYTES: Final = 20
"""160 random bits."""

MAX_INVITES: Final = 100
"""Of one room, without expired and used ones. Overflow rule: REFUSE, 409."""

_EXPIRE: Final = """
WITH expired AS (
    SELECT id FROM invites WHERE expires_at < now() - interval '1 day' LIMIT $1 FOR UPDATE SKIP LOCKED
), uses AS (
    DELETE FROM invite_uses u USING expired e WHERE u.invite_id = e.id
)
DELETE FROM invites i USING expired e WHERE i.id = e.id"""

InviteRole = Literal["member", "moderator"]


def new_invite_code() -> str:
    return secrets.token_urlsafe(CODE_BYTES)


def invite_code_hash(code: str) -> bytes:
    """SHA-256. A slow hash is for secrets that can be guessed."""
    return hashlib.sha256(code.strip().encode()).digest()


class NewInvite(NamedTuple):
    room_id: str
    role: InviteRole
    expires_in_s: int
    max_uses: int


class AcceptedInvite(NamedTuple):
    """`is_granted`: an earlier call with the invite has already given the person its role."""

    id: UUID
    room_id: str
    role: InviteRole
    is_granted: bool


class InviteRepository:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(
        self,
        new: NewInvite,
        actor: Session,
        code_hash: bytes,
        wanted: IdempotentRequest | None,
        describe: Callable[[Row[Any]], str],
    ) -> StoredResponse:
        """Make the invite, or return the response of the first call with the same key, whose code is now `code_hash`'s.

        Raises ChatError `too_many`.
        """
        async with self._engine.begin() as tx:
            if wanted is not None:
                kept = await claim_key(tx, actor.user_id, wanted)
                if kept is not None:
                    invite_id = UUID(orjson.loads(kept.body)["id"])
                    renewed = update(Invite).where(Invite.id == invite_id).values(code_hash=code_hash)
                    await tx.execute(renewed)
                    return kept
            await tx.execute(_locked(new.room_id))
            count = await tx.scalar(select(func.count()).select_from(_open_of(new.room_id)))
            if (count or 0) >= MAX_INVITES:
                raise ChatError("too_many", f"A room has at most {MAX_INVITES} invites; delete some first.")
            made = pg_insert(Invite).values(
                id=uuid_utils.compat.uuid7(),
                room_id=new.room_id,
                code_hash=code_hash,
                role=new.role,
                created_by=actor.user_id,
                created_by_nickname=actor.nickname,
                created_at=func.now(),
                expires_at=func.now() + timedelta(seconds=new.expires_in_s),
                uses_left=new.max_uses,
            )
            row = (await tx.execute(made.returning(*Invite.__table__.c))).one()
            details = {"role": new.role, "expires_in_s": new.expires_in_s, "max_uses": new.max_uses}
            await _log(tx, new.room_id, actor, "create_invite", details)
            answer = StoredResponse(201, describe(row))
            if wanted is not None:
                await store_response(tx, actor.user_id, wanted.key, answer)
        return answer

    async def of_room(self, room_id: str) -> Sequence[Row[Any]]:
        """The invites that can be accepted, the newest first; at most MAX_INVITES."""
        query = _open_of(room_id)
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(query).order_by(query.c.created_at.desc(), query.c.id))
            return rows.all()

    async def get(self, room_id: str, invite_id: UUID) -> Row[Any] | None:
        query = select(Invite.__table__).where(Invite.room_id == room_id, Invite.id == invite_id)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).first()

    async def delete(self, room_id: str, invite_id: UUID, actor: Session) -> None:
        async with self._engine.begin() as tx:
            await tx.execute(_locked(room_id))
            gone = delete(Invite).where(Invite.room_id == room_id, Invite.id == invite_id)
            role = await tx.scalar(gone.returning(Invite.role))
            if role is not None:
                await tx.execute(delete(InviteUse).where(InviteUse.invite_id == invite_id))
                await _log(tx, room_id, actor, "delete_invite", {"role": role})

    async def accept(self, code_hash: bytes, person: Session) -> AcceptedInvite:
        """Take a use of the invite, and make the person a member. Raises ChatError `invite_not_found` or `banned`.

        A moderator is appointed by the writer, which takes the grant in the same commit.
        """
        async with self._engine.begin() as tx:
            room_id = await tx.scalar(select(Invite.room_id).where(Invite.code_hash == code_hash))
            # Rooms are locked before invites everywhere, so that no two transactions wait for each other.
            room: Any = None if room_id is None else (await tx.execute(_locked(room_id))).first()
            if room_id is None or room is None:
                raise invite_not_found()
            locked = select(Invite.__table__).where(Invite.code_hash == code_hash).with_for_update()
            invite = (await tx.execute(locked)).first()
            if invite is None or not await _may_still_invite(tx, invite, room):
                raise invite_not_found()
            await _check_ban(tx, room_id, person.user_id)
            used = (InviteUse.invite_id == invite.id) & (InviteUse.user_id == person.user_id)
            is_granted = await tx.scalar(select(InviteUse.is_granted).where(used))
            if is_granted is None:
                is_open = (Invite.id == invite.id) & (Invite.uses_left > 0) & (Invite.expires_at > func.now())
                taken = update(Invite).where(is_open).values(uses_left=Invite.uses_left - 1)
                if (await tx.execute(taken)).rowcount == 0:
                    raise invite_not_found()
                is_granted = invite.role == "member"
                await tx.execute(
                    pg_insert(InviteUse).values(
                        invite_id=invite.id, user_id=person.user_id, room_id=room_id, is_granted=is_granted
                    )
                )
                await tx.execute(
                    pg_insert(Member)
                    .values(
                        room_id=room_id,
                        user_id=person.user_id,
                        nickname=person.nickname,
                        joined_at=func.now(),
                    )
                    .on_conflict_do_nothing()
                )
        return AcceptedInvite(invite.id, room_id, invite.role, is_granted)


def _locked(room_id: str) -> Any:
    """The room's hosts. The lock keeps the order of its audit log."""
    return select(Room.owner_id, Room.moderators).where(Room.id == room_id).with_for_update(key_share=True)


async def _log(
    tx: AsyncConnection, room_id: str, actor: Session, action: str, details: Mapping[str, object]
) -> None:
    entry = pg_insert(ModerationLogEntry).values(
        room_id=room_id,
        at=func.statement_timestamp(),
        actor_id=None if actor.user_id == OPERATOR_ID else actor.user_id,
        actor_nickname=actor.nickname,
        action=action,
        details=details,
    )
    await tx.execute(entry)


def _open_of(room_id: str) -> Any:
    is_open = (Invite.uses_left > 0) & (Invite.expires_at > func.now())
    return select(Invite.__table__).where(Invite.room_id == room_id, is_open).subquery()


def action_of(role: InviteRole) -> Action:
    """The action that the maker of the invite needs the right to do."""
    return Action.CHANGE_MODERATORS if role == "moderator" else Action.INVITE


async def _may_still_invite(tx: AsyncConnection, invite: Any, room: Any) -> bool:
    """Whether the maker of the invite could make it now: those who lost their role must not come back by it."""
    moderators = [UUID(each["id"]) for each in room.moderators]
    is_operator = invite.created_by == OPERATOR_ID
    role = role_in_room(invite.created_by, room.owner_id, moderators, is_operator=is_operator)
    if not may(role, action_of(invite.role)) or await server_ban_of(tx, invite.created_by) is not None:
        return False
    return await _ban_of(tx, invite.room_id, invite.created_by) is None


async def _check_ban(tx: AsyncConnection, room_id: str, user_id: UUID) -> None:
    """Raises ChatError `banned`."""
    await check_not_banned_everywhere(tx, user_id)
    found = await _ban_of(tx, room_id, user_id)
    if found is not None:
        raise banned(found.until)


async def _ban_of(tx: AsyncConnection, room_id: str, user_id: UUID) -> Row[Any] | None:
    in_force = or_(Ban.until.is_(None), Ban.until > func.now())
    ban = select(Ban.until).where(Ban.room_id == room_id, Ban.user_id == user_id, in_force)
    return (await tx.execute(ban)).first()


async def expire_invites(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` invites that expired a day ago or earlier, with their uses; returns how many."""
    return await changed_rows(connection, _EXPIRE, limit)
