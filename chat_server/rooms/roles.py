"""Who may do what in a room. Pure.

Roles in a room, from strong to weak: operator (of the server), owner, moderator, guest. Nobody acts on a person of the
same or a higher role.
"""

from collections.abc import Collection
from enum import Enum, IntEnum
from typing import Final
from uuid import UUID

MAX_MODERATORS: Final = 100
"""Of one room: every read of the room carries their names. Overflow rule: REFUSE, 409."""


class Role(IntEnum):
    """A higher role may do everything that a lower one may."""

    GUEST = 0
    MODERATOR = 1
    OWNER = 2
    OPERATOR = 3

    @property
    def is_host(self) -> bool:
        return self >= Role.MODERATOR

    def __str__(self) -> str:
        """As on the wire."""
        return self.name.lower()


class Action(Enum):
    """What hosts do. The value completes the sentence "Only … may"."""

    BAN = "ban people or lift bans"
    PURGE = "delete messages of people in all rooms"
    CHANGE_ROOM = "change the room"
    RENAME = "rename the room"
    CHANGE_VISIBILITY = "change who sees the room"
    DELETE_ROOM = "delete the room"
    EXPORT_ROOM = "download the room"
    HIDE_ROOM = "hide the room from lists, or show it again"
    CHANGE_MODERATORS = "appoint or remove moderators"
    HAND_OVER = "hand the room over"
    RENEW_RECOVERY_CODE = "renew the recovery code"
    DELETE_MESSAGE = "delete messages of others"
    PIN = "pin messages"
    RESOLVE_REPORT = "resolve reports"
    SETTLE_HELD = "allow or refuse held messages"
    INVITE = "invite people"
    READ_MODERATION = "read bans, filters, held messages, reports and the audit log"


_LOWEST: Final = {
    Action.BAN: Role.MODERATOR,
    Action.PURGE: Role.OPERATOR,
    Action.CHANGE_ROOM: Role.MODERATOR,
    Action.RENAME: Role.OWNER,
    Action.CHANGE_VISIBILITY: Role.OWNER,
    Action.DELETE_ROOM: Role.OWNER,
    Action.EXPORT_ROOM: Role.OWNER,
    Action.HIDE_ROOM: Role.OPERATOR,
    Action.CHANGE_MODERATORS: Role.OWNER,
    Action.HAND_OVER: Role.OWNER,
    Action.RENEW_RECOVERY_CODE: Role.OWNER,
    Action.DELETE_MESSAGE: Role.MODERATOR,
    Action.PIN: Role.MODERATOR,
    Action.RESOLVE_REPORT: Role.MODERATOR,
    Action.SETTLE_HELD: Role.MODERATOR,
    Action.INVITE: Role.MODERATOR,
    Action.READ_MODERATION: Role.MODERATOR,
}

_WHO: Final = {
    Role.MODERATOR: "a host of this room",
    Role.OWNER: "the room's owner",
    Role.OPERATOR: "the operator of this server",
}


def role_in_room(
    user_id: UUID, owner_id: UUID | None, moderators: Collection[UUID], *, is_operator: bool = False
) -> Role:
    """`owner_id` and the ids of the `moderators` are those of the room."""
    if is_operator:
        return Role.OPERATOR
    if user_id == owner_id:
        return Role.OWNER
    if moderators and user_id in moderators:  # to hash an id costs more than the rest
        return Role.MODERATOR
    return Role.GUEST


def may(role: Role, action: Action) -> bool:
    return role >= _LOWEST[action]


def outranks(role: Role, other: Role) -> bool:
    """Whether a person of `role` may ban, purge or delete messages of a person of `other`."""
    return role > other


def refusal(action: Action) -> str:
    """The sentence for a person whose role is too low."""
    return f"Only {_WHO[_LOWEST[action]]} may {action.value}."
