"""Bans people from a room and lifts bans. Pure."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from chat_contract.events import Author
from chat_contract.people import person
from chat_server.messages.batch_rows import ActiveBan, LockedRoom, NewBan
from chat_server.messages.batch_state import BatchState
from chat_server.messages.held_actions import drop_held
from chat_server.messages.host_actions.purges import purge_messages
from chat_server.messages.room_operations import BanResult, BanUsers, DeferredResult, LiftBan, LiftResult
from chat_server.rooms.roles import Role, outranks
from server_kit.http.problem import ChatError

RETRY_WITHIN: Final = timedelta(seconds=10)
"""A ban that is repeated so soon changes nothing, and the audit log has it once."""


def ban_users(state: BatchState, room: LockedRoom, role: Role, ban: BanUsers) -> DeferredResult:
    users: list[Author] = []
    targets: dict[UUID, str] = {}
    for user_id in ban.user_ids:
        if not outranks(role, state.role_of(room, user_id)):
            if ban.skips_hosts:
                continue
            raise ChatError("forbidden", "You cannot ban yourself or a host of your own or a higher role.")
        targets[user_id] = state.nickname(user_id)
    address_held = False
    until = None if ban.seconds is None else state.input.now + timedelta(seconds=ban.seconds)
    if targets:
        state.set_barrier()
    ends = []
    for user_id, nickname in targets.items():
        users.append(person(user_id, nickname))
        active = ActiveBan(until, nickname, ban.reason, ban.logged_actor_id)
        earlier = state.input.bans.get((room.id, user_id))
        purges_nothing = not state.input.hosts.message_counts.get((room.id, user_id))
        if earlier is not None and not ban.address and purges_nothing and _is_repeat(active, earlier):
            ends.append(earlier.until)
            continue
        ends.append(until)
        state.input.bans[room.id, user_id] = active
        state.result.new_bans[room.id, user_id] = NewBan(
            room.id, user_id, nickname, until, ban.reason, ban.logged_actor_id, ban.actor_nickname
        )
        address_hash = state.input.hosts.addresses.get(user_id) if ban.address else None
        if address_hash is not None:
            state.result.banned_addresses[room.id, user_id] = address_hash
            address_held = True
        details = {"seconds": ban.seconds, "purge": ban.purge, "reason": ban.reason}
        if ban.address:
            details["address"] = address_hash is not None
        state.log_operation(ban, "ban", user_id, nickname, details)
    drop_held(state, room, targets)
    purged = purge_messages(state, room, targets) if ban.purge and targets else 0
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


def lift_ban(state: BatchState, room: LockedRoom, role: Role, lift: LiftBan) -> DeferredResult:
    if not outranks(role, state.role_of(room, lift.user_id)):
        raise ChatError("forbidden", "You cannot lift a ban of a host of your own or a higher role.")
    ban = state.input.bans.get((room.id, lift.user_id))
    nickname = ban.nickname if ban is not None else state.nickname(lift.user_id)
    if ban is not None:
        end_ban(state, room, lift.user_id)
        state.log_operation(lift, "lift_ban", lift.user_id, nickname)
    return DeferredResult(lambda: LiftResult(person(lift.user_id, nickname), room.last_seq))


def end_ban(state: BatchState, room: LockedRoom, user_id: UUID) -> None:
    key = (room.id, user_id)
    if state.input.bans.pop(key, None) is not None:
        state.result.new_bans.pop(key, None)
        state.result.banned_addresses.pop(key, None)
        state.result.lifted_bans[key] = None
