"""What hosts read, on the fast path: bans, filters, held messages, reports, the audit log; and everybody's own role."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final, NamedTuple, cast, get_args
from uuid import UUID

import orjson

from chat_contract.events import Message
from chat_contract.ids import parse_uuid
from chat_contract.people import optional_person, person
from chat_contract.timestamps import optional_rfc3339_ms, rfc3339_ms
from chat_server.http.asgi_responses import Reply, json_reply
from chat_server.http.paging import page_of
from chat_server.http.path_params import room_id_in
from chat_server.http.query_string import IntegerParameter, QueryString, TextParameter
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.messages.posting_preflight import PostingPreflight
from chat_server.messages.write_admission import WriteAdmission
from chat_server.moderation.cursors import (
    FIRST_BAN,
    FIRST_ENTRY,
    FIRST_ID,
    BanPosition,
    decode_ban,
    decode_entry,
    decode_id,
    encode_ban,
    encode_entry,
    encode_id,
)
from chat_server.moderation.read_repository import ModerationRepository
from chat_server.moderation.reports import ReportRepository
from chat_server.moderation.schemas import (
    AuditEntry,
    BanState,
    ListedBan,
    ListedReport,
    OwnRole,
    ReportState,
    ReportView,
    RoleName,
    WhyNot,
)
from chat_server.postgres.message_view import message_view
from chat_server.rooms.repository import RoomSettings
from chat_server.rooms.role_check import RoleCheck, role_of
from chat_server.rooms.roles import Action, Role
from chat_server.sessions.current import OperatorAccess
from server_kit.http.asgi import Receive, Scope
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import ChatError, invalid
from server_kit.session_tokens import Session

ROLE_NAMES: Final[dict[Role, RoleName]] = {
    Role.OPERATOR: "operator",
    Role.OWNER: "owner",
    Role.MODERATOR: "moderator",
    Role.GUEST: "guest",
}
LIMIT: Final = IntegerParameter("limit", default=50, low=1, high=100)
STATE: Final = TextParameter("state", max_length=20)
USER_ID: Final = TextParameter("user_id", max_length=36)
CURSOR: Final = TextParameter("cursor", max_length=200)


class BansQuery(NamedTuple):
    """`user_id`: list the ban of this person only."""

    room_id: str
    user_id: UUID | None
    after: BanPosition
    limit: int


class HeldQuery(NamedTuple):
    room_id: str
    before_id: UUID
    limit: int


class ReportsQuery(NamedTuple):
    room_id: str
    state: str
    before_id: int
    limit: int


class EntriesQuery(NamedTuple):
    room_id: str
    before_id: int
    limit: int


def parse_room_id(ids: Sequence[str], _: QueryString) -> str:
    """Raises ChatError `room_not_found`."""
    return room_id_in(ids[0])


def parse_bans(ids: Sequence[str], parameters: QueryString) -> BansQuery:
    """Raises ChatError `room_not_found` or `validation_failed`."""
    of_person = parameters.text(USER_ID)
    room_id, cursor, limit = _parse_page(ids, parameters)
    user_id = parse_uuid(of_person) if of_person else None
    if of_person and user_id is None:
        raise invalid([{"field": "user_id", "message": "A user id is a UUID."}])
    return BansQuery(room_id, user_id, decode_ban(cursor) if cursor else FIRST_BAN, limit)


def parse_held(ids: Sequence[str], parameters: QueryString) -> HeldQuery:
    """Raises ChatError `room_not_found` or `validation_failed`."""
    room_id, cursor, limit = _parse_page(ids, parameters)
    return HeldQuery(room_id, decode_id(cursor) if cursor else FIRST_ID, limit)


def parse_reports(ids: Sequence[str], parameters: QueryString) -> ReportsQuery:
    """Raises ChatError `room_not_found` or `validation_failed`."""
    state = parameters.text(STATE) or "open"
    room_id, cursor, limit = _parse_page(ids, parameters)
    if state not in get_args(ReportState):
        raise invalid([{"field": "state", "message": "Reports are open, resolved or closed."}])
    return ReportsQuery(room_id, state, decode_entry(cursor) if cursor else FIRST_ENTRY, limit)


def parse_entries(ids: Sequence[str], parameters: QueryString) -> EntriesQuery:
    """Raises ChatError `room_not_found` or `validation_failed`."""
    room_id, cursor, limit = _parse_page(ids, parameters)
    return EntriesQuery(room_id, decode_entry(cursor) if cursor else FIRST_ENTRY, limit)


def _parse_page(ids: Sequence[str], parameters: QueryString) -> tuple[str, str, int]:
    room_id = room_id_in(ids[0])
    cursor, limit = parameters.text(CURSOR), parameters.integer(LIMIT)
    parameters.check()
    return room_id, cursor, limit


class ModerationReads:
    """`now_s` is Unix time in seconds."""

    def __init__(
        self,
        access: OperatorAccess,
        admission: WriteAdmission,
        roles: RoleCheck,
        repository: ModerationRepository,
        posting: PostingPreflight,
        reports: ReportRepository,
        look_ups: LookUpSemaphore,
        now_s: Callable[[], float],
    ) -> None:
        self._access = access
        self._admission = admission
        self._roles = roles
        self._repository = repository
        self._posting = posting
        self._reports = reports
        self._look_ups = look_ups
        self._now_s = now_s

    async def own_role(self, room_id: str, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        session, renewed, room = await self._caller(room_id, scope)
        ban = await self._roles.ban_of(session, room, scope)
        return json_reply(200, orjson.dumps(self._own_role(room, session, ban)), renewed)

    async def list_bans(self, query: BansQuery, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        renewed = await self._host(query.room_id, scope)
        async with self._look_ups.permit(scope):
            if query.user_id is None:
                rows = await self._repository.bans(query.room_id, query.after, query.limit + 1)
            else:
                rows = await self._repository.ban_of(query.room_id, query.user_id)
        page, cursor = page_of(
            rows, query.limit, lambda row: encode_ban(BanPosition(row["created_at"], row["user_id"]))
        )
        return json_reply(
            200,
            orjson.dumps({"bans": [_ban(row) for row in page], "next_cursor": cursor}),
            renewed,
        )

    async def list_reports(self, query: ReportsQuery, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        renewed = await self._host(query.room_id, scope)
        async with self._look_ups.permit(scope):
            rows = await self._reports.list(query.room_id, query.state, query.before_id, query.limit + 1)
        page, cursor = page_of(rows, query.limit, lambda row: encode_entry(row["report_id"]))
        return json_reply(
            200, orjson.dumps({"reports": [_report(row) for row in page], "next_cursor": cursor}), renewed
        )

    async def list_held(self, query: HeldQuery, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        renewed = await self._host(query.room_id, scope)
        async with self._look_ups.permit(scope):
            rows = await self._repository.held(query.room_id, query.before_id, query.limit + 1)
        page, cursor = page_of(rows, query.limit, lambda row: encode_id(row.id))
        return json_reply(
            200, orjson.dumps({"held": [row.view() for row in page], "next_cursor": cursor}), renewed
        )

    async def read_filters(self, room_id: str, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        renewed = await self._host(room_id, scope)
        async with self._look_ups.permit(scope):
            rules = await self._repository.filters(room_id)
        return json_reply(200, orjson.dumps(asdict(rules)), renewed)

    async def read_audit_log(self, query: EntriesQuery, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        renewed = await self._host(query.room_id, scope)
        async with self._look_ups.permit(scope):
            rows = await self._repository.log_entries(query.room_id, query.before_id, query.limit + 1)
        page, cursor = page_of(rows, query.limit, lambda row: encode_entry(row["id"]))
        return json_reply(
            200,
            orjson.dumps({"entries": [_entry(row) for row in page], "next_cursor": cursor}),
            renewed,
        )

    async def _caller(self, room_id: str, scope: Scope) -> tuple[Session, RawHeaders, RoomSettings]:
        session, renewed = self._access.session_or_operator(scope, self._now_s())
        return session, renewed, await self._admission.room(room_id, session.user_id, scope)

    async def _host(self, room_id: str, scope: Scope) -> RawHeaders:
        """The headers that renew the session. Raises ChatError `forbidden` for a guest or a banned host."""
        session, renewed, room = await self._caller(room_id, scope)
        await self._roles.require(session, room, scope, Action.READ_MODERATION)
        return renewed

    def _own_role(self, room: RoomSettings, session: Session, ban: Any) -> OwnRole:
        role = role_of(session, room)
        problem = self._posting.refusal(room, session, ban)
        return {
            "role": "member" if room.is_private and not role.is_host else ROLE_NAMES[role],
            "banned": None if ban is None else _own_ban(ban),
            "can_post": problem is None and role is not Role.OPERATOR,
            "why_not": None if problem is None else cast(WhyNot, problem.code),
            "may_post_at": None if problem is None else _may_post_at(problem),
        }


def _own_ban(row: Any) -> BanState:
    ban: BanState = {"until": optional_rfc3339_ms(row["until"]), "reason": row["reason"]}
    if row["everywhere"]:
        ban["everywhere"] = True
    return ban


def _may_post_at(problem: ChatError) -> str | None:
    at: str | None = problem.extra.get("until" if problem.code == "banned" else "may_post_at")
    return at


def _ban(row: Any) -> ListedBan:
    return {
        "user": person(row["user_id"], row["nickname"]),
        "until": optional_rfc3339_ms(row["until"]),
        "reason": row["reason"],
        "actor": optional_person(row["actor_id"], row["actor_nickname"]),
        "created_at": rfc3339_ms(row["created_at"]),
    }


def _report(row: Any) -> ListedReport:
    return {
        **report_view(row),
        "reporter": person(row["reporter_id"], row["reporter_nickname"]),
        "message": _message(row),
    }


def report_view(row: Any) -> ReportView:
    return {
        "id": str(row["report_id"]),
        "message_id": str(row["message_id"]),
        "reason": row["reason"],
        "state": row["state"],
        "created_at": rfc3339_ms(row["reported_at"]),
    }


def _message(row: Any) -> Message:
    columns = (
        "id",
        "room_id",
        "seq",
        "author_id",
        "author_nickname",
        "text",
        "reply_to",
        "created_at",
        "edited_at",
    )
    return message_view(
        **{name: row[name] for name in columns},
        deleted=row["deleted"],
        reactions=row["reactions"],
        author_role=row["author_role"],
        calm=row["calm"],
    )


def _entry(row: Any) -> AuditEntry:
    return {
        "at": rfc3339_ms(row["at"]),
        "actor": optional_person(row["actor_id"], row["actor_nickname"]),
        "action": row["action"],
        "target": optional_person(row["target_id"], row["target_nickname"]),
        "details": orjson.loads(row["details"]),
    }
