"""The state of one transaction while its operations are applied, and the steps that operations share. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chat_server.filters.repository import RecentText
from chat_server.filters.rules import TextFilter
from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.batch_rows import (
    BatchInput,
    HeldRow,
    LockedRoom,
    LogEntry,
    MessageRow,
    NewBan,
    ReactionKey,
    RoomSettingsRow,
    RoomUser,
)
from chat_server.messages.calm_sampling import take_calm_row
from chat_server.messages.event_building import (
    PendingEvent,
    PendingMessageEvent,
    PendingPurgeEvent,
    PendingReactionEvent,
)
from chat_server.messages.operations import OperationResult, PostMessage
from chat_server.messages.room_operations import HostOperation
from chat_server.postgres.message_view import AuthorRole
from chat_server.rooms.posting_rules import banned
from chat_server.rooms.roles import Action, Role, may, refusal, role_in_room
from server_kit.http.problem import ChatError


@dataclass(slots=True)
class BatchResult:
    """What to write, and the result of each operation: `results[i]` belongs to the i-th."""

    results: list[OperationResult | ChatError] = field(default_factory=list)
    new_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    changed_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    new_reactions: dict[ReactionKey, MessageRow] = field(default_factory=dict)
    removed_reactions: dict[ReactionKey, None] = field(default_factory=dict)
    deleted_messages: dict[UUID, MessageRow] = field(default_factory=dict)
    events: list[CommittedEvent] = field(default_factory=list)
    rooms: dict[str, LockedRoom] = field(default_factory=dict)
    pinned_rooms: dict[str, LockedRoom] = field(default_factory=dict)
    new_bans: dict[RoomUser, NewBan] = field(default_factory=dict)
    banned_addresses: dict[RoomUser, bytes] = field(default_factory=dict)
    """Hashes of the addresses that new bans hold."""
    lifted_bans: dict[RoomUser, None] = field(default_factory=dict)
    seen_bans: dict[RoomUser, None] = field(default_factory=dict)
    purge_marks: dict[RoomUser, int] = field(default_factory=dict)
    """The highest seq of a purged message."""
    erased: dict[RoomUser, UUID] = field(default_factory=dict)
    """The new ids of people who are erased in a room."""
    new_owners: dict[UUID, str] = field(default_factory=dict)
    """Their nicknames."""
    changed_rooms: dict[str, tuple[LockedRoom, RoomSettingsRow]] = field(default_factory=dict)
    granted_invites: dict[tuple[UUID, UUID], None] = field(default_factory=dict)
    """Invite and person."""
    log: list[LogEntry] = field(default_factory=list)
    new_filters: dict[str, TextFilter] = field(default_factory=dict)
    recent_texts: dict[RecentText, None] = field(default_factory=dict)
    new_held: dict[UUID, HeldRow] = field(default_factory=dict)
    refused_held: dict[UUID, HeldRow] = field(default_factory=dict)
    allowed_held: dict[UUID, None] = field(default_factory=dict)
    dropped_held: dict[RoomUser, None] = field(default_factory=dict)
    held_refused: int = 0
    """Posts that found the queue of held messages full."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write. A ban without a purge has no event."""
        return not (
            self.events
            or self.new_bans
            or self.lifted_bans
            or self.seen_bans
            or self.changed_rooms
            or self.granted_invites
            or self.new_held
            or self.recent_texts
            or self.log
        )


_AUTHOR_ROLES: Final[dict[Role, AuthorRole]] = {Role.MODERATOR: "moderator", Role.OWNER: "owner"}


def _author_role(role: Role) -> AuthorRole | None:
    """The role that a message shows next to its author; None for guests."""
    return None if role is Role.GUEST else _AUTHOR_ROLES[role]


class BatchState:
    """`input` and its rows change with each operation."""

    def __init__(self, batch_input: BatchInput, now: datetime) -> None:
        self.input = batch_input
        self.now = now
        self.result = BatchResult()
        self.pending: dict[object, PendingEvent] = {}
        self.purges: list[PendingPurgeEvent] = []
        self.traceparent: str | None = None
        self._barriers = 0
        self._open_reactions: list[PendingReactionEvent] = []

    def message(self, room_id: str, message_id: UUID) -> MessageRow:
        """Raises ChatError `message_not_found`."""
        row = self.input.messages.get(message_id)
        if row is None or row.room_id != room_id:
            raise ChatError("message_not_found", "There is no such message in this room.")
        return row

    def nickname(self, user_id: UUID) -> str:
        """Raises ChatError `not_found` for a person who has neither entered nor written."""
        nickname = self.input.hosts.nicknames.get(user_id)
        if nickname is None:
            raise ChatError("not_found", "There is no person with this id.")
        return nickname

    def check_not_banned(self, room_id: str, user_id: UUID) -> None:
        """Raises ChatError `banned`."""
        self.check_not_banned_everywhere(user_id)
        if self.input.bans:
            ban = self.input.bans.get((room_id, user_id))
            if ban is not None:
                if not ban.is_seen:
                    self.result.seen_bans[room_id, user_id] = None
                raise banned(ban.until)

    def check_not_banned_everywhere(self, user_id: UUID) -> None:
        """Raises ChatError `banned` for a person banned from all rooms."""
        if self.input.server_bans and user_id in self.input.server_bans:
            raise banned(self.input.server_bans[user_id], everywhere=True)

    def role_of(self, room: LockedRoom, user_id: UUID) -> Role:
        """The role that others have to respect."""
        return role_in_room(user_id, room.owner_id, room.moderators)

    def acting_role(self, room: LockedRoom, user_id: UUID, *, is_operator: bool) -> Role:
        """The role that a person may use: a banned host has none until the ban ends."""
        if not is_operator and ((room.id, user_id) in self.input.bans or user_id in self.input.server_bans):
            return Role.GUEST
        return role_in_room(user_id, room.owner_id, room.moderators, is_operator=is_operator)

    def require(self, role: Role, action: Action) -> None:
        """Raises ChatError `forbidden`."""
        if not may(role, action):
            raise ChatError("forbidden", refusal(action))

    def require_all(self, role: Role, actions: Iterable[Action]) -> None:
        """Raises ChatError `forbidden`."""
        for action in actions:
            self.require(role, action)

    def add_message(self, message_id: UUID, post: PostMessage | HeldRow, role: Role) -> MessageRow:
        """Create the message that was posted or held. `role` is that of its author."""
        room = self.input.rooms[post.room_id]
        is_shown, room.calm_full_at = take_calm_row(
            room.calm_full_at, self.input.now, is_host=role is not Role.GUEST
        )
        row = MessageRow(
            id=message_id,
            room_id=post.room_id,
            seq=0,
            author_id=post.author_id,
            author_nickname=post.author_nickname,
            client_message_id=post.client_message_id,
            text=post.text,
            reply_to=post.reply_to,
            created_at=self.now,
            edited_at=None,
            deleted=False,
            reactions={},
            revisions=0,
            author_role=_author_role(role),
            calm=None if is_shown else False,
        )
        self.input.messages[row.id] = row
        self.input.by_key[row.room_id, row.author_id, row.client_message_id] = row.id
        self.result.new_messages[row.id] = row
        replied = None if post.reply_to is None or is_shown else self.input.messages.get(post.reply_to)
        self.emit_message("message.created", row, None if replied is None else replied.author_id)
        return row

    def note_change(self, row: MessageRow) -> None:
        self.result.changed_messages[row.id] = row

    def hide(self, row: MessageRow) -> None:
        """Delete the message, without an event. The caller removes its pin and its new reactions."""
        row.text = ""
        row.deleted = True
        row.reactions = {}
        self.note_change(row)
        self.result.deleted_messages[row.id] = row

    def forget_hidden(self, room: LockedRoom) -> None:
        """Remove the pins and the new reactions of deleted messages."""
        reactions, messages = self.result.new_reactions, self.input.messages
        for key in [key for key, row in reactions.items() if row.deleted]:
            del reactions[key]
        kept = [each for each in room.pinned if each in messages and not messages[each].deleted]
        if len(kept) < len(room.pinned):
            self.set_pinned(room, kept)

    def set_pinned(self, room: LockedRoom, pinned: list[UUID]) -> None:
        room.pinned = pinned
        self.result.pinned_rooms[room.id] = room

    def emit_message(self, event_type: str, row: MessageRow, replied_to: UUID | None = None) -> None:
        event = PendingMessageEvent(event_type, row, row.view(), self.traceparent, replied_to)
        self.pending[len(self.pending)] = event

    def emit(self, event: PendingEvent) -> None:
        """Add an event that nothing merges with."""
        self.pending[len(self.pending)] = event

    def emit_purge(self, purge: PendingPurgeEvent) -> None:
        self.purges.append(purge)
        self.emit(purge)

    def emit_reaction(self, row: MessageRow, kind: str, user_id: UUID, *, present: bool) -> None:
        """Add to the event of this message and kind since the last barrier, and move it to the end."""
        key = (row.id, kind, self._barriers)
        event = self.pending.pop(key, None)
        if not isinstance(event, PendingReactionEvent):
            event = PendingReactionEvent(row, kind, self.traceparent)
            self._open_reactions.append(event)
        self.pending[key] = event
        event.note(user_id, present=present)

    def set_barrier(self) -> None:
        """Keep reaction changes up to here apart from later ones, with the counts that they have now."""
        for event in self._open_reactions:
            event.close()
        self._open_reactions.clear()
        self._barriers += 1

    def log_of_message(
        self, room: LockedRoom, actor_id: UUID, action: str, target: MessageRow, *, is_operator: bool
    ) -> None:
        """Note an action of a host on a message in the audit log."""
        if is_operator:
            nickname = "operator"
        elif actor_id == room.owner_id:
            nickname = room.owner_nickname or ""
        else:
            nickname = room.moderators.get(actor_id, "")
        details = {"message_id": str(target.id)}
        actor = None if is_operator else actor_id
        self.log(room.id, actor, nickname, action, target.author_id, target.author_nickname, details)

    def log_operation(
        self,
        operation: HostOperation,
        action: str,
        target_id: UUID | None = None,
        target_nickname: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Note an operation of a host in the audit log."""
        actor_id, actor_nickname = operation.logged_actor_id, operation.actor_nickname
        self.log(operation.room_id, actor_id, actor_nickname, action, target_id, target_nickname, details)

    def log(
        self,
        room_id: str,
        actor_id: UUID | None,
        actor_nickname: str,
        action: str,
        target_id: UUID | None = None,
        target_nickname: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        self.result.log.append(
            LogEntry(room_id, actor_id, actor_nickname, action, target_id, target_nickname, details or {})
        )
