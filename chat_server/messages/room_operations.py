"""What hosts do to a room: bans, lifts and changes. Like posts they go through the group-commit writer, under one lock.

That gives all of them one order. What follows a ban in that order meets the ban.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chat_contract.events import Author, Visibility, WhoCanPost
from chat_contract.limits import MAX_TEXT_CODE_POINTS
from chat_server.filters.rules import FilterChange, FilterRules
from chat_server.rooms.roles import Action
from chat_server.rooms.slow_mode_rule import SlowModeRule

BYTES_PER_BANNED_USER: Final = 800
"""Counted towards MAX_BATCH_BYTES, so that one transaction bans about 500 people, or 500 and one full call more."""

MAX_TEXT_BYTES: Final = 4 * MAX_TEXT_CODE_POINTS
"""Of one message in UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOperation(ABC):
    """`actor_nickname` appears in the audit log. `is_operator`: the actor is the operator of the server."""

    room_id: str
    actor_id: UUID
    actor_nickname: str
    is_operator: bool = False
    traceparent: str | None = None

    @property
    @abstractmethod
    def actions(self) -> Sequence[Action]:
        """The actions that the actor needs the right to do."""

    @property
    def logged_actor_id(self) -> UUID | None:
        """The actor in the audit log; None for the operator."""
        return None if self.is_operator else self.actor_id

    @property
    def purged_ids(self) -> Sequence[UUID]:
        """The people whose messages in the room are deleted."""
        return ()

    @property
    def text_bytes(self) -> int:
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BanUsers(HostOperation):
    """Ban people; `seconds` None: for good. `purge`: delete all their messages in the room as well.

    `skips_hosts`: leave out people the actor may not ban instead of refusing the whole call. `address`: ban
    sessions that are made from their last addresses later, too.
    """

    user_ids: tuple[UUID, ...]
    seconds: int | None
    purge: bool = False
    reason: str | None = None
    skips_hosts: bool = False
    address: bool = False

    @property
    def actions(self) -> Sequence[Action]:
        return [Action.BAN]

    @property
    def purged_ids(self) -> Sequence[UUID]:
        return self.user_ids if self.purge else ()

    @property
    def text_bytes(self) -> int:
        return BYTES_PER_BANNED_USER * len(self.user_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeUsers(HostOperation):
    """Delete all messages of people in the room. The operator has banned them from all rooms."""

    user_ids: tuple[UUID, ...]

    @property
    def actions(self) -> Sequence[Action]:
        return [Action.PURGE]

    @property
    def purged_ids(self) -> Sequence[UUID]:
        return self.user_ids

    @property
    def text_bytes(self) -> int:
        return BYTES_PER_BANNED_USER * len(self.user_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftBan(HostOperation):
    """Without a ban nothing changes."""

    user_id: UUID

    @property
    def actions(self) -> Sequence[Action]:
        return [Action.BAN]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Hashes of recovery codes. `presented` None: the owner renews the code, and nobody presents one."""

    presented: bytes | None
    new: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChange:
    """The values to change; None keeps the present one. `accepted_invite`: the one that makes the actor a moderator.

    `hidden`: whether the operator keeps the room out of all lists, whatever its hosts set.
    """

    name: str | None = None
    visibility: Visibility | None = None
    who_can_post: WhoCanPost | None = None
    regular_after_s: int | None = None
    slow_mode: SlowModeRule | None = None
    filters: FilterChange | None = None
    add_moderator: UUID | None = None
    remove_moderator: UUID | None = None
    new_owner: UUID | None = None
    accepted_invite: UUID | None = None
    hidden: bool | None = None
    reason: str | None = None
    """For the audit log, if the rules change."""

    recovery: Recovery | None = None

    @property
    def actions(self) -> Sequence[Action]:
        """An empty change needs the right to change the room. A recovery code or an invite replaces the role."""
        if self.accepted_invite is not None:
            return []
        if self.recovery is not None:
            return [Action.RENEW_RECOVERY_CODE] if self.recovery.presented is None else []
        actions = []
        if self.name is not None:
            actions.append(Action.RENAME)
        if self.visibility is not None:
            actions.append(Action.CHANGE_VISIBILITY)
        if self.add_moderator is not None or self.remove_moderator is not None:
            actions.append(Action.CHANGE_MODERATORS)
        if self.new_owner is not None:
            actions.append(Action.HAND_OVER)
        if self.hidden is not None:
            actions.append(Action.HIDE_ROOM)
        return actions or [Action.CHANGE_ROOM]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRoom(HostOperation):
    change: RoomChange

    @property
    def actions(self) -> Sequence[Action]:
        return self.change.actions


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePerson(HostOperation):
    """Purge the messages of the actor, who had themselves erased, and end their role in the room."""

    erased_as: UUID

    @property
    def actions(self) -> Sequence[Action]:
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleHeld(HostOperation):
    """Allow a held message, which then becomes a new message of the room, or refuse it."""

    held_id: UUID
    is_allowed: bool

    @property
    def actions(self) -> Sequence[Action]:
        return [Action.SETTLE_HELD]

    @property
    def text_bytes(self) -> int:
        """The text is in the store, so count the longest one."""
        return MAX_TEXT_BYTES if self.is_allowed else 0


RoomOperation = BanUsers | LiftBan | ChangeRoom | ErasePerson | PurgeUsers


@dataclass(frozen=True, slots=True)
class RoomDetails:
    """A room as calls of hosts show it, right after their transaction."""

    id: str
    name: str
    visibility: Visibility
    owner_id: UUID | None
    owner_nickname: str | None
    moderators: list[Author]
    last_seq: int
    message_count: int
    who_can_post: WhoCanPost
    regular_after_s: int
    slow_mode_s: int
    slow_mode_target: float | None
    filters: FilterRules


@dataclass(frozen=True, slots=True)
class BanResult:
    """`purged`: how many messages the purge deleted; 0 without one, None for more than can be counted.

    `seq` is the room's `last_seq` at the commit.
    """

    users: list[Author]
    until: datetime | None
    purged: int | None
    seq: int
    address_held: bool = False
    """Whether an address of the person was known, so that it is banned, too."""


@dataclass(frozen=True, slots=True)
class LiftResult:
    user: Author
    seq: int


@dataclass(frozen=True, slots=True)
class RoomResult:
    room: RoomDetails
    seq: int


@dataclass(frozen=True, slots=True)
class ErasureResult:
    seq: int


@dataclass(frozen=True, slots=True)
class PurgeResult:
    """`purged` as in BanResult."""

    purged: int | None
    seq: int


RoomOperationResult = BanResult | LiftResult | RoomResult | ErasureResult | PurgeResult


@dataclass(frozen=True, slots=True)
class DeferredResult:
    """A result with the room's last_seq at the commit: it is made after all events have their seqs."""

    make: Callable[[], RoomOperationResult]
