"""Changes a room: its rules and filters, who finds it, its moderators and its owner. Pure."""

from typing import Any
from uuid import UUID

from chat_server.filters.rules import TextFilter
from chat_server.http.errors import invite_not_found
from chat_server.messages.batch_rows import LockedRoom, RoomSettingsRow
from chat_server.messages.batch_state import BatchState
from chat_server.messages.event_building import PendingRoomEvent
from chat_server.messages.host_actions.bans import end_ban
from chat_server.messages.host_actions.ownership import hand_over, is_repeated_recovery, recover
from chat_server.messages.room_operations import ChangeRoom, DeferredResult, RoomResult
from chat_server.rooms.roles import MAX_MODERATORS, Role
from server_kit.http.problem import ChatError


def change_room(state: BatchState, room: LockedRoom, role: Role, operation: ChangeRoom) -> DeferredResult:
    settings = state.input.hosts.settings[room.id]
    change = operation.change
    is_repeat = False
    if change.recovery is not None and change.recovery.presented is not None:
        is_repeat = is_repeated_recovery(state, room, settings, operation, change.recovery.presented)
    if change.visibility == "public" and settings.shown_visibility is not None:
        raise ChatError(
            "forbidden", "The operator of this server hides this room; ask them to show it again."
        )
    grant = _open_grant(state, room, operation)
    wanted = change.add_moderator if grant is None else operation.actor_id
    new_moderator = _new_moderator(state, room, wanted)
    new_owner = None if change.new_owner is None else (change.new_owner, state.nickname(change.new_owner))

    # Nothing is refused from here on.
    if grant is not None:
        state.input.hosts.invite_grants[grant] = True
        state.result.granted_invites[grant] = None
    before = settings.rules(room)
    _change_rules(state, room, settings, operation)
    is_hidden_otherwise = _hide_or_show(state, settings, operation)
    if new_moderator is not None:
        room.moderators[new_moderator[0]] = new_moderator[1]
        end_ban(state, room, new_moderator[0])
        state.log_operation(operation, "add_moderator", *new_moderator)
    if change.remove_moderator in room.moderators:
        nickname = room.moderators.pop(change.remove_moderator)
        state.log_operation(operation, "remove_moderator", change.remove_moderator, nickname)
    if new_owner is not None and new_owner[0] != room.owner_id:
        hand_over(state, room, settings, operation, *new_owner)
    if change.recovery is not None:
        recover(state, room, settings, operation, change.recovery, is_repeat=is_repeat)
    is_filtered_otherwise = _change_filters(state, room, settings, operation)
    rules = settings.rules(room)
    if rules != before or change.recovery is not None or is_filtered_otherwise or is_hidden_otherwise:
        state.result.changed_rooms[room.id] = (room, settings)
    if rules != before:
        state.emit(PendingRoomEvent(room.id, rules, state.traceparent))
    return DeferredResult(lambda: RoomResult(settings.details(room), room.last_seq))


def _open_grant(state: BatchState, room: LockedRoom, operation: ChangeRoom) -> tuple[UUID, UUID] | None:
    """The accepted invite and the actor, if it still gives them its role: once, and never to a banned person.

    Raises ChatError `banned`, or `invite_not_found` for an invite that was deleted meanwhile.
    """
    invite_id = operation.change.accepted_invite
    if invite_id is None:
        return None
    state.check_not_banned(room.id, operation.actor_id)
    grant = invite_id, operation.actor_id
    is_granted = state.input.hosts.invite_grants.get(grant)
    if is_granted is None:
        raise invite_not_found()
    return None if is_granted else grant


def _new_moderator(state: BatchState, room: LockedRoom, user_id: UUID | None) -> tuple[UUID, str] | None:
    """Raises ChatError `not_found` or `too_many`. A host is not appointed again."""
    if user_id is None or state.role_of(room, user_id).is_host:
        return None
    nickname = state.nickname(user_id)
    if len(room.moderators) >= MAX_MODERATORS:
        raise ChatError(
            "too_many", f"A room has at most {MAX_MODERATORS} moderators; remove one of them first."
        )
    return user_id, nickname


def _change_rules(
    state: BatchState, room: LockedRoom, settings: RoomSettingsRow, operation: ChangeRoom
) -> None:
    change = operation.change
    details: dict[str, Any] = {}
    for row, field in (
        (settings, "name"),
        (settings, "visibility"),
        (room, "who_can_post"),
        (room, "regular_after_s"),
    ):
        value = getattr(change, field)
        if value is not None and value != getattr(row, field):
            setattr(row, field, value)
            details[field] = value
    if change.slow_mode is not None and change.slow_mode != settings.slow_mode:
        settings.slow_mode = change.slow_mode
        details["slow_mode_s"] = change.slow_mode.seconds
        if change.slow_mode.target_posts_per_s is not None:
            details["slow_mode_target"] = change.slow_mode.target_posts_per_s
    if details:
        state.log_operation(operation, "change_room", details=details | _reason_of(operation))


def _reason_of(operation: ChangeRoom) -> dict[str, str]:
    """The reason as details of the audit log; empty if none was given."""
    return {} if operation.change.reason is None else {"reason": operation.change.reason}


def _hide_or_show(state: BatchState, settings: RoomSettingsRow, operation: ChangeRoom) -> bool:
    """Whether that changes. A hidden public room is an unlisted one that only the operator makes public again."""
    change = operation.change
    before = settings.shown_visibility
    if before is not None and change.visibility is not None:
        settings.shown_visibility = change.visibility
    if change.hidden and before is None:
        settings.shown_visibility = settings.visibility
        if settings.visibility == "public":
            settings.visibility = "unlisted"
        state.log_operation(operation, "hide_room")
    elif change.hidden is False and before is not None:
        if settings.shown_visibility == "public":
            settings.visibility = "public"
        settings.shown_visibility = None
        state.log_operation(operation, "show_room")
    return settings.shown_visibility != before


def _change_filters(
    state: BatchState, room: LockedRoom, settings: RoomSettingsRow, operation: ChangeRoom
) -> bool:
    """Whether the filters change. The log has the number of words: the words may be many."""
    change = operation.change.filters
    rules = settings.filters if change is None else change.applied_to(settings.filters)
    if rules == settings.filters:
        return False
    settings.filters = rules
    room.filter_version += 1
    room.refuses_repeats = rules.repeats == "refuse"
    state.input.filters[room.id] = state.result.new_filters[room.id] = TextFilter(room.filter_version, rules)
    details = {
        "words": len(rules.words),
        "words_action": rules.words_action,
        "links": rules.links,
        "repeats": rules.repeats,
        **_reason_of(operation),
    }
    state.log_operation(operation, "change_filters", details=details)
    return True
