"""Applies the operations of hosts to the state of a transaction: bans, lifts, purges and changes of the room. Pure."""

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from chat_contract.erased_people import DELETED_NICKNAME
from chat_contract.events import Author
from chat_contract.people import person
from chat_server.filters.rules import TextFilter
from chat_server.http.errors import invite_not_found
from chat_server.messages.batch_rows import ActiveBan, LockedRoom, NewBan, RoomSettingsRow
from chat_server.messages.batch_state import BatchState
from chat_server.messages.event_building import PendingPurgeEvent, PendingRoomEvent
from chat_server.messages.held_actions import drop_held
from chat_server.messages.room_operations import (
    BanResult,
    BanUsers,
    ChangeRoom,
    ErasePerson,
    ErasureResult,
    HostOperation,
    LiftBan,
    LiftResult,
    PurgeResult,
    PurgeUsers,
    Recovery,
    RoomOperation,
    RoomOperationResult,
    RoomResult,
)
from chat_server.rooms.roles import MAX_MODERATORS, Role, outranks
from server_kit.http.problem import ChatError

MAX_COUNTED: Final = 1_000
"""Purged messages that a result counts; it leaves out higher counts."""

RETRY_WITHIN: Final = timedelta(seconds=10)
"""A ban that is repeated so soon changes nothing, and the audit log has it once."""

RECOVER_AGAIN_WITHIN: Final = timedelta(minutes=10)
"""A new owner whose response was lost may ask for another recovery code this long."""


@dataclass(frozen=True, slots=True)
class DeferredResult:
    """A result with the room's last_seq at the commit: it is made after all events have their seqs."""

    make: Callable[[], RoomOperationResult]


def apply_room_operation(state: BatchState, operation: RoomOperation) -> DeferredResult:
    """Raises ChatError; then nothing has changed."""
    room = state.input.rooms[operation.room_id]
    if not isinstance(operation, ErasePerson):
        state.check_not_banned_everywhere(operation.actor_id)
    role = state.acting_role(room, operation.actor_id, is_operator=operation.is_operator)
    state.require_all(role, operation.actions)
    match operation:
        case BanUsers():
            return _ban(state, room, role, operation)
        case LiftBan():
            return _lift_ban(state, room, role, operation)
        case ChangeRoom():
            return _change_room(state, room, role, operation)
        case ErasePerson():
            return _erase(state, room, operation)
        case PurgeUsers():
            return _purge_users(state, room, operation)


def _ban(state: BatchState, room: LockedRoom, role: Role, ban: BanUsers) -> DeferredResult:
    users: list[Author] = []
    targets: dict[UUID, str] = {}
    for user_id in ban.user_ids:
        if not outranks(role, state.role_of(room, user_id)):
            if ban.skips_hosts:
                continue
            raise ChatError("forbidden", "You cannot ban yourself or a host of your own or a higher role.")
        targets[user_id] = _nickname(state, user_id)
    address_held = False
    until = None if ban.seconds is None else state.input.now + timedelta(seconds=ban.seconds)
    if targets:
        state.set_barrier()
    ends = []
    for user_id, nickname in targets.items():
        users.append(person(user_id, nickname))
        active = ActiveBan(until, nickname, ban.reason, _actor_id(ban))
        earlier = state.input.bans.get((room.id, user_id))
        purges_nothing = not state.input.hosts.message_counts.get((room.id, user_id))
        if earlier is not None and not ban.address and purges_nothing and _is_repeat(active, earlier):
            ends.append(earlier.until)
            continue
        ends.append(until)
        state.input.bans[room.id, user_id] = active
        new_ban = NewBan(room.id, user_id, nickname, until, ban.reason, _actor_id(ban), ban.actor_nickname)
        state.result.new_bans[room.id, user_id] = new_ban
        address_hash = state.input.hosts.addresses.get(user_id) if ban.address else None
        if address_hash is not None:
            state.result.address_bans[room.id, address_hash] = new_ban
            address_held = True
        details = {"seconds": ban.seconds, "purge": ban.purge, "reason": ban.reason}
        if ban.address:
            details["address"] = address_hash is not None
        _log(state, ban, "ban", user_id, nickname, details)
    drop_held(state, room, targets)
    purged = _purge(state, room, targets) if ban.purge and targets else 0
    first_end = min((end for end in ends if end is not None), default=until)
    return DeferredResult(lambda: BanResult(users, first_end, purged, room.last_seq, address_held))


def _is_repeat(ban: ActiveBan, earlier: ActiveBan) -> bool:
    """Whether the earlier ban stays as it is: the same reason and host, and an end so close that it is a retry.

    A ban because of the person's address does not: it would end with that of the address.
    """
    if earlier.is_of_address or (ban.reason, ban.actor_id) != (earlier.reason, earlier.actor_id):
        return False
    if ban.until is None or earlier.until is None:
        return ban.until is earlier.until
    return abs(ban.until - earlier.until) <= RETRY_WITHIN


def _purge(state: BatchState, room: LockedRoom, authors: Collection[UUID]) -> int | None:
    """Delete all messages of these authors. Returns how many, None for more than MAX_COUNTED.

    Without any there is no event: a purge that is repeated takes no seq.

    Rows that this transaction has read are changed here; a mark covers the others. Authors without other rows get no
    mark: it would cost reads, and the conversion would search all rooms for their messages.
    """
    result, messages = state.result, state.input.messages
    # A later purge of the same transaction counts only what was posted since.
    counts = state.input.hosts.message_counts
    counted = {author_id for author_id in authors if (room.id, author_id) in counts}
    purged_before = {each for purge in state.purges if purge.room_id == room.id for each in purge.author_ids}
    deletes = not counted.union(purged_before).issuperset(authors)
    marked = [author_id for author_id in authors if counts.get((room.id, author_id)) != 0]
    purged = sum(counts.pop((room.id, author_id)) for author_id in counted)
    deleted_earlier = result.deleted_messages.keys() - result.new_messages.keys()
    for row in messages.values():
        if row.room_id != room.id or row.author_id not in authors:
            continue
        if not row.deleted:
            purged += row.id in result.new_messages
            deletes = True
            state.hide(row)
        elif row.author_id in counted and row.id in deleted_earlier:
            purged -= 1  # deleted earlier in this transaction, and counted
    if not (deletes or purged):
        return 0
    for key in [key for key, row in result.new_reactions.items() if row.deleted]:
        del result.new_reactions[key]
    kept = [each for each in room.pinned if each in messages and messages[each].author_id not in authors]
    if len(kept) < len(room.pinned):
        state.set_pinned(room, kept)
    purge = PendingPurgeEvent(room.id, tuple(authors), marked, state.traceparent)
    state.purges.append(purge)
    state.emit(purge)
    return purged if purged <= MAX_COUNTED else None


def _erase(state: BatchState, room: LockedRoom, erasure: ErasePerson) -> DeferredResult:
    """Delete all messages of the person, who is then shown under the new id. A room may be left without an owner.

    Where they are marked, all this was done, and only the rows are still being rewritten.
    """
    user_id = erasure.actor_id
    is_host = state.role_of(room, user_id).is_host
    if is_host or (room.id, user_id) not in state.input.hosts.erased:
        state.set_barrier()
        drop_held(state, room, [user_id])
        _hide_erased(state, room, erasure)
        if is_host:
            _end_role(state, room, user_id)
        purge = PendingPurgeEvent(room.id, [user_id], [user_id], state.traceparent, erasure.erased_as)
        state.purges.append(purge)
        state.emit(purge)
        state.result.erased[room.id, user_id] = erasure.erased_as
    return DeferredResult(lambda: ErasureResult(room.last_seq))


def _hide_erased(state: BatchState, room: LockedRoom, erasure: ErasePerson) -> None:
    """Delete the messages that this transaction has read; the mark covers the others."""
    own = [
        row
        for row in state.input.messages.values()
        if row.room_id == room.id and row.author_id == erasure.actor_id
    ]
    for row in own:
        row.author_id, row.author_nickname, row.author_role = erasure.erased_as, DELETED_NICKNAME, None
        state.hide(row)
    new_reactions = state.result.new_reactions
    for key in [key for key, row in new_reactions.items() if row.deleted]:
        del new_reactions[key]
    ids = {row.id for row in own}
    kept = [each for each in room.pinned if each in state.input.messages and each not in ids]
    if len(kept) < len(room.pinned):
        state.set_pinned(room, kept)


def _end_role(state: BatchState, room: LockedRoom, user_id: UUID) -> None:
    """The recovery code ends with its owner's role: they hold it."""
    settings = state.input.hosts.settings[room.id]
    if room.owner_id == user_id:
        room.owner_id = room.owner_nickname = None
        settings.recovery_code_hash = settings.recovered_by = settings.recovered_at = None
    room.moderators.pop(user_id, None)
    state.result.changed_rooms[room.id] = (room, settings)
    state.emit(PendingRoomEvent(room.id, settings.rules(room), state.traceparent))


def _purge_users(state: BatchState, room: LockedRoom, operation: PurgeUsers) -> DeferredResult:
    """Without a message of theirs in the room nothing changes."""
    counts = state.input.hosts.message_counts
    authors = {
        user_id: state.input.hosts.nicknames.get(user_id, "")
        for user_id in operation.user_ids
        if counts.get((room.id, user_id))
    }
    if not authors:
        return DeferredResult(lambda: PurgeResult(0, room.last_seq))
    state.set_barrier()
    for user_id, nickname in authors.items():
        _log(state, operation, "purge", user_id, nickname)
    purged = _purge(state, room, authors)
    return DeferredResult(lambda: PurgeResult(purged, room.last_seq))


def _lift_ban(state: BatchState, room: LockedRoom, role: Role, lift: LiftBan) -> DeferredResult:
    if not outranks(role, state.role_of(room, lift.user_id)):
        raise ChatError("forbidden", "You cannot lift a ban of a host of your own or a higher role.")
    ban = state.input.bans.get((room.id, lift.user_id))
    nickname = ban.nickname if ban is not None else _nickname(state, lift.user_id)
    if ban is not None:
        _end_ban(state, room, lift.user_id)
        _log(state, lift, "lift_ban", lift.user_id, nickname)
    return DeferredResult(lambda: LiftResult(person(lift.user_id, nickname), room.last_seq))


def _end_ban(state: BatchState, room: LockedRoom, user_id: UUID) -> None:
    key = (room.id, user_id)
    if state.input.bans.pop(key, None) is not None:
        state.result.new_bans.pop(key, None)
        state.result.lifted_bans[key] = None


def _change_room(state: BatchState, room: LockedRoom, role: Role, operation: ChangeRoom) -> DeferredResult:
    settings = state.input.hosts.settings[room.id]
    change = operation.change
    is_repeat = False
    if change.recovery is not None and change.recovery.presented is not None:
        is_repeat = _is_repeated_recovery(state, room, settings, operation, change.recovery.presented)
    if change.visibility == "public" and settings.shown_visibility is not None:
        raise ChatError(
            "forbidden", "The operator of this server hides this room; ask them to show it again."
        )
    grant = _open_grant(state, room, operation)
    wanted = change.add_moderator if grant is None else operation.actor_id
    new_moderator = _new_moderator(state, room, wanted)
    new_owner = None if change.new_owner is None else (change.new_owner, _nickname(state, change.new_owner))

    # Nothing is refused from here on.
    if grant is not None:
        state.input.hosts.invite_grants[grant] = True
        state.result.granted_invites[grant] = None
    before = settings.rules(room)
    _change_rules(state, room, settings, operation)
    is_hidden_otherwise = _hide_or_show(state, settings, operation)
    if new_moderator is not None:
        room.moderators[new_moderator[0]] = new_moderator[1]
        _end_ban(state, room, new_moderator[0])
        _log(state, operation, "add_moderator", *new_moderator)
    if change.remove_moderator in room.moderators:
        nickname = room.moderators.pop(change.remove_moderator)
        _log(state, operation, "remove_moderator", change.remove_moderator, nickname)
    if new_owner is not None and new_owner[0] != room.owner_id:
        former = room.owner_id, room.owner_nickname or ""
        _set_owner(state, room, *new_owner)
        if former[0] is not None and len(room.moderators) < MAX_MODERATORS:
            room.moderators[former[0]] = former[1]
        settings.recovery_code_hash = settings.recovered_by = settings.recovered_at = None
        _log(state, operation, "hand_over", *new_owner)
    if change.recovery is not None:
        _recover(state, room, settings, operation, change.recovery, is_repeat=is_repeat)
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
    nickname = _nickname(state, user_id)
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
        (settings, "slow_mode_s"),
        (room, "who_can_post"),
        (room, "regular_after_s"),
    ):
        value = getattr(change, field)
        if value is not None and value != getattr(row, field):
            setattr(row, field, value)
            details[field] = value
    if details:
        _log(state, operation, "change_room", details=details)


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
        _log(state, operation, "hide_room")
    elif change.hidden is False and before is not None:
        if settings.shown_visibility == "public":
            settings.visibility = "public"
        settings.shown_visibility = None
        _log(state, operation, "show_room")
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
    }
    _log(state, operation, "change_filters", details=details)
    return True


def _is_repeated_recovery(
    state: BatchState, room: LockedRoom, settings: RoomSettingsRow, operation: ChangeRoom, presented: bytes
) -> bool:
    """False for the room's code; True for any other of an owner who has just recovered the room.

    Raises ChatError `forbidden` for a wrong code.
    """
    expected = settings.recovery_code_hash
    if expected is not None and hmac.compare_digest(expected, presented):
        return False
    if (
        settings.recovered_at is None
        or not settings.recovered_by == room.owner_id == operation.actor_id
        or state.input.now - settings.recovered_at > RECOVER_AGAIN_WITHIN
    ):
        raise ChatError("forbidden", "This recovery code is not valid for this room; check it for typos.")
    return True


def _recover(
    state: BatchState,
    room: LockedRoom,
    settings: RoomSettingsRow,
    operation: ChangeRoom,
    recovery: Recovery,
    *,
    is_repeat: bool,
) -> None:
    """Put the new code in force. With a code, which was checked, the actor is the owner from now on."""
    settings.recovery_code_hash = recovery.new
    if recovery.presented is None:
        settings.recovered_by = settings.recovered_at = None
        _log(state, operation, "renew_recovery_code")
        return
    if not is_repeat:
        settings.recovered_by, settings.recovered_at = operation.actor_id, state.input.now
    if room.owner_id != operation.actor_id:
        _set_owner(state, room, operation.actor_id, operation.actor_nickname)
    _log(state, operation, "recover_room", operation.actor_id, operation.actor_nickname)


def _set_owner(state: BatchState, room: LockedRoom, user_id: UUID, nickname: str) -> None:
    """The new owner's ban ends: a banned host could not use their role."""
    room.owner_id, room.owner_nickname = user_id, nickname
    room.moderators.pop(user_id, None)
    _end_ban(state, room, user_id)
    state.result.new_owners[user_id] = nickname


def _nickname(state: BatchState, user_id: UUID) -> str:
    """Raises ChatError `not_found` for a person who has neither entered nor written."""
    nickname = state.input.hosts.nicknames.get(user_id)
    if nickname is None:
        raise ChatError("not_found", "There is no person with this id.")
    return nickname


def _actor_id(operation: HostOperation) -> UUID | None:
    return None if operation.is_operator else operation.actor_id


def _log(
    state: BatchState,
    operation: HostOperation,
    action: str,
    target_id: UUID | None = None,
    target_nickname: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    actor_id, nickname = _actor_id(operation), operation.actor_nickname
    state.log(operation.room_id, actor_id, nickname, action, target_id, target_nickname, details)
