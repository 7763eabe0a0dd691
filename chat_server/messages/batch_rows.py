"""The rows that a transaction of writes reads and changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from chat_contract.events import HeldBy, HeldMessage, Message, RoomRules, Visibility, WhoCanPost
from chat_contract.people import person
from chat_server.filters.repository import RecentText
from chat_server.filters.rules import NO_FILTERS, FilterRules, TextFilter
from chat_server.messages.room_operations import RoomDetails
from chat_server.postgres.message_view import AuthorRole, held_message_view, message_view
from chat_server.rooms.slow_mode_rule import NO_SLOW_MODE, SlowModeRule

IdempotencyKey = tuple[str, UUID, UUID]
"""Room, author, client_message_id."""

ReactionKey = tuple[UUID, str, UUID]
"""Message, kind, user."""

RoomUser = tuple[str, UUID]
"""Room, user."""

_EPOCH: Final = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class LockedRoom:
    """The columns of a room that every write needs, while its row is locked.

    `moderators`: their names by their ids, in the order of appointment. `has_bans`: anybody was ever banned.
    `filter_version` grows with each change of the filters; 0: the room never had any. `has_held`: one ever held a
    message. `calm_full_at`: see calm_sampling.py.
    """

    id: str
    last_seq: int
    message_count: int
    owner_id: UUID | None
    pinned: list[UUID]
    """The most recently pinned message comes first."""
    owner_nickname: str | None = None
    moderators: dict[UUID, str] = field(default_factory=dict)
    who_can_post: WhoCanPost = "everyone"
    regular_after_s: int = 0
    has_bans: bool = False
    filter_version: int = 0
    refuses_repeats: bool = False
    has_held: bool = False
    calm_full_at: datetime | None = None


@dataclass(slots=True)
class RoomSettingsRow:
    """The other columns of a room, which only operations of hosts change.

    `shown_visibility` is set while the operator hides the room: its visibility without that.
    """

    name: str
    visibility: Visibility
    slow_mode: SlowModeRule = NO_SLOW_MODE
    recovery_code_hash: bytes | None = None
    recovered_by: UUID | None = None
    recovered_at: datetime | None = None
    filters: FilterRules = NO_FILTERS
    shown_visibility: Visibility | None = None

    def rules(self, room: LockedRoom) -> RoomRules:
        """What hosts have set for the room, as `room.changed` shows it."""
        owner = None if room.owner_id is None else person(room.owner_id, room.owner_nickname)
        return {
            "name": self.name,
            "visibility": self.visibility,
            "owner": owner,
            "moderators": [person(*each) for each in room.moderators.items()],
            "who_can_post": room.who_can_post,
            "regular_after_s": room.regular_after_s,
            "slow_mode": self.slow_mode.view(),
        }

    def details(self, room: LockedRoom) -> RoomDetails:
        return RoomDetails(
            id=room.id,
            name=self.name,
            visibility=self.visibility,
            owner_id=room.owner_id,
            owner_nickname=room.owner_nickname,
            moderators=[person(*each) for each in room.moderators.items()],
            last_seq=room.last_seq,
            message_count=room.message_count,
            who_can_post=room.who_can_post,
            regular_after_s=room.regular_after_s,
            slow_mode_s=self.slow_mode.seconds,
            slow_mode_target=self.slow_mode.target_posts_per_s,
            filters=self.filters,
        )


@dataclass(slots=True)
class MessageRow:
    id: UUID
    room_id: str
    seq: int
    author_id: UUID
    author_nickname: str
    client_message_id: UUID
    text: str
    reply_to: UUID | None
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    reactions: dict[str, int]
    revisions: int
    """The number of stored events, other than the creation, that carry the text."""
    author_role: AuthorRole | None = None
    calm: bool | None = None
    """False: the calm lane leaves the message out."""

    def view(self) -> Message:
        return message_view(
            id=self.id,
            room_id=self.room_id,
            seq=self.seq,
            author_id=self.author_id,
            author_nickname=self.author_nickname,
            text=self.text,
            reply_to=self.reply_to,
            created_at=self.created_at,
            edited_at=self.edited_at,
            deleted=self.deleted,
            reactions=self.reactions,
            author_role=self.author_role,
            calm=self.calm,
        )


@dataclass(slots=True)
class HeldRow:
    """A post that a filter holds, or that a host has refused."""

    id: UUID
    room_id: str
    author_id: UUID
    author_nickname: str
    client_message_id: UUID
    text: str
    reply_to: UUID | None
    filter: HeldBy
    created_at: datetime
    is_refused: bool = False

    @property
    def key(self) -> IdempotencyKey:
        return self.room_id, self.author_id, self.client_message_id

    def view(self) -> HeldMessage:
        return held_message_view(
            id=self.id,
            room_id=self.room_id,
            author_id=self.author_id,
            author_nickname=self.author_nickname,
            text=self.text,
            reply_to=self.reply_to,
            created_at=self.created_at,
            filter=self.filter,
        )


@dataclass(frozen=True, slots=True)
class ActiveBan:
    """A ban in force. `until` None: for good. `is_of_address`: it came with a session from a banned address; then it is
    not `is_seen` until the person tries to write, see the model.
    """

    until: datetime | None
    nickname: str
    reason: str | None = None
    actor_id: UUID | None = None
    is_of_address: bool = False
    is_seen: bool = True


@dataclass(frozen=True, slots=True)
class NewBan:
    """A row of `bans`. `actor_id` None: the operator."""

    room_id: str
    user_id: UUID
    nickname: str
    until: datetime | None
    reason: str | None
    actor_id: UUID | None
    actor_nickname: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An action for the audit log. `actor_id` None: the operator."""

    room_id: str
    actor_id: UUID | None
    actor_nickname: str
    action: str
    target_id: UUID | None = None
    target_nickname: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class HostInput:
    """The rows that only operations of hosts need.

    `nicknames`: of the people they name. `message_counts`: how many undeleted messages the people have whose messages
    are purged. `settings`: of rooms that change. `addresses`: hashes of the last ones of people whose
    address is banned. `invite_grants`: whether accepted invites, by invite and person, have given their roles.
    """

    nicknames: dict[UUID, str] = field(default_factory=dict)
    message_counts: dict[RoomUser, int] = field(default_factory=dict)
    settings: dict[str, RoomSettingsRow] = field(default_factory=dict)
    addresses: dict[UUID, bytes] = field(default_factory=dict)
    invite_grants: dict[tuple[UUID, UUID], bool] = field(default_factory=dict)
    erased: set[RoomUser] = field(default_factory=set)
    """Erased people who are marked in the room, and whose messages are still being rewritten."""


@dataclass(slots=True)
class BatchInput:
    """Everything that the operations refer to, read while the transaction held the rooms' locks.

    `now` is the time by Postgres' clock, which decides when a ban ends. `bans` are those in force of people who act.
    `server_bans`: until when authors are banned from all rooms.
    `filters` are those of rooms where a text was checked against others. `recent_texts` are texts of the batch that
    their authors sent before. `held` are the held messages that the operations name or repeat. `held_counts`: how many
    wait in a room, of each person and (None) of all; read where a post may be held.
    """

    rooms: dict[str, LockedRoom]
    messages: dict[UUID, MessageRow]
    by_key: dict[IdempotencyKey, UUID]
    reactions: set[ReactionKey]
    now: datetime = _EPOCH
    bans: dict[RoomUser, ActiveBan] = field(default_factory=dict)
    server_bans: dict[UUID, datetime | None] = field(default_factory=dict)
    hosts: HostInput = field(default_factory=HostInput)
    filters: dict[str, TextFilter] = field(default_factory=dict)
    recent_texts: set[RecentText] = field(default_factory=set)
    held: dict[UUID, HeldRow] = field(default_factory=dict)
    held_counts: dict[tuple[str, UUID | None], int] = field(default_factory=dict)
    held_by_key: dict[IdempotencyKey, UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.held_by_key = {row.key: row.id for row in self.held.values()}
