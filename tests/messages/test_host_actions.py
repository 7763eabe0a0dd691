"""Bans, purges and changes of rooms among the other operations of one transaction. Without a database."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_contract.events import Author
from chat_server.messages.apply_operations import apply_in_slices
from chat_server.messages.batch_rows import (
    ActiveBan,
    BatchInput,
    HostInput,
    LockedRoom,
    MessageRow,
    RoomSettingsRow,
)
from chat_server.messages.batch_state import BatchResult
from chat_server.messages.host_actions.ownership import RECOVER_AGAIN_WITHIN
from chat_server.messages.host_actions.purges import MAX_COUNTED
from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    MessageResult,
    Operation,
    PostMessage,
    SetPin,
    SetReaction,
)
from chat_server.messages.room_operations import (
    BanResult,
    BanUsers,
    ChangeRoom,
    LiftBan,
    LiftResult,
    Recovery,
    RoomChange,
    RoomResult,
)
from chat_server.rooms.roles import MAX_MODERATORS
from chat_server.rooms.slow_mode_rule import SlowModeRule
from server_kit.http.problem import ChatError
from tests.support.message_store import post

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
OWNER, MODERATOR, OTHER_MODERATOR, GUEST, TROLL, OPERATOR = (UUID(int=n) for n in range(1, 7))
INVITE = UUID(int=7)
NAMES = {OWNER: "Owner", MODERATOR: "Mod", OTHER_MODERATOR: "Mod two", GUEST: "Guest", TROLL: "Troll"}


class Room:
    """The room "r" with its hosts, as a transaction reads it. Each transaction sees what earlier ones wrote."""

    def __init__(self) -> None:
        moderators = {MODERATOR: "Mod", OTHER_MODERATOR: "Mod two"}
        self.row = LockedRoom("r", 0, 0, OWNER, [], "Owner", moderators)
        self.settings = RoomSettingsRow("A room", "public")
        self.now = NOW
        self.bans: dict[tuple[str, UUID], ActiveBan] = {}
        self.messages: dict[UUID, MessageRow] = {}
        self.counts: dict[tuple[str, UUID], int] = {}
        self.grants: dict[tuple[UUID, UUID], bool] = {}
        self.addresses: dict[UUID, bytes] = {}

    def apply(self, *operations: Operation) -> BatchResult:
        batch_input = BatchInput(
            rooms={"r": self.row},
            messages=self.messages,
            by_key={(m.room_id, m.author_id, m.client_message_id): m.id for m in self.messages.values()},
            reactions=set(),
            now=self.now,
            bans=self.bans,
            hosts=HostInput(
                dict(NAMES),
                dict(self.counts),
                {"r": self.settings},
                dict(self.addresses),
                dict(self.grants),
            ),
        )
        work = apply_in_slices(operations, batch_input, self.now)
        while True:
            try:
                next(work)
            except StopIteration as end:
                result: BatchResult = end.value
                return result


def ban(*users: UUID, by: UUID = MODERATOR, seconds: int | None = 600, **fields: Any) -> BanUsers:
    return BanUsers(
        room_id="r", actor_id=by, actor_nickname=NAMES.get(by, "operator"), is_operator=by == OPERATOR,
        user_ids=users, seconds=seconds, **fields,
    )  # fmt: skip


def lift(user: UUID, by: UUID = MODERATOR) -> LiftBan:
    return LiftBan(room_id="r", actor_id=by, actor_nickname="x", is_operator=by == OPERATOR, user_id=user)


def change(by: UUID = OWNER, **fields: Any) -> ChangeRoom:
    return ChangeRoom(
        room_id="r", actor_id=by, actor_nickname=NAMES.get(by, "operator"), is_operator=by == OPERATOR,
        change=RoomChange(**fields),
    )  # fmt: skip


def react(message: PostMessage, user: UUID, present: bool = True) -> SetReaction:
    return SetReaction("r", message.message_id, user, "heart", present)


def edit(message: PostMessage, text: str = "changed") -> EditMessage:
    return EditMessage("r", message.message_id, message.author_id, text)


def codes(result: BatchResult) -> list[str]:
    """The code of each refusal, an empty string for a success."""
    return [each.code if isinstance(each, ChatError) else "" for each in result.results]


def log(result: BatchResult) -> list[tuple[int, str]]:
    return [(event.seq, event.type) for event in result.events]


def actions(result: BatchResult) -> list[tuple[str, UUID | None]]:
    return [(entry.action, entry.target_id) for entry in result.log]


def test_after_a_ban_nothing_new_of_that_person_takes_a_seq() -> None:
    mine, theirs = post("r", author=TROLL), post("r", author=GUEST)
    result = Room().apply(
        mine,
        theirs,
        react(theirs, TROLL),
        ban(TROLL),
        post("r", author=TROLL),
        edit(mine),
        SetReaction("r", theirs.message_id, TROLL, "sad", True),
        post("r", author=GUEST),
    )
    assert codes(result)[4:] == ["banned", "banned", "banned", ""]
    assert [event_type for _, event_type in log(result)] == [
        "message.created", "message.created", "reaction.changed", "message.created"
    ]  # fmt: skip
    refused = result.results[4]
    assert isinstance(refused, ChatError) and refused.extra == {"until": "2026-01-02T03:14:05.678Z"}
    banned = result.results[3]
    assert isinstance(banned, BanResult)
    assert (banned.users, banned.until, banned.purged) == (
        [{"id": str(TROLL), "nickname": "Troll"}], NOW + timedelta(seconds=600), 0
    )  # fmt: skip
    assert banned.seq == 4  # the room's last_seq at the commit


def test_a_banned_person_may_repeat_delete_and_take_back() -> None:
    mine, theirs = post("r", author=TROLL), post("r", author=GUEST)
    again = replace(mine, message_id=uuid.uuid4())
    result = Room().apply(
        mine, theirs, react(theirs, TROLL), ban(TROLL, seconds=None),
        again, edit(mine, mine.text), react(theirs, TROLL), react(theirs, TROLL, present=False),
        DeleteMessage("r", mine.message_id, TROLL),
    )  # fmt: skip
    assert codes(result) == [""] * 9
    repeat = result.results[4]
    assert isinstance(repeat, MessageResult) and not repeat.created
    assert log(result)[3:] == [(4, "reaction.changed"), (5, "message.deleted")]


def test_a_ban_from_an_earlier_transaction_holds_and_a_lift_ends_it() -> None:
    room = Room()
    room.bans["r", TROLL] = ActiveBan(None, "Troll")
    result = room.apply(post("r", author=TROLL), lift(TROLL), post("r", author=TROLL), lift(TROLL))
    assert codes(result) == ["banned", "", "", ""]
    assert list(result.lifted_bans) == [("r", TROLL)]
    lifted = result.results[1]
    assert isinstance(lifted, LiftResult) and lifted.user["nickname"] == "Troll"
    assert actions(result) == [("lift_ban", TROLL)]  # the second lift changed nothing


def test_a_ban_lifted_in_its_own_transaction_is_not_written() -> None:
    result = Room().apply(ban(TROLL), lift(TROLL), post("r", author=TROLL))
    assert not result.new_bans and codes(result) == ["", "", ""]


def test_a_ban_alone_has_no_event_but_is_written() -> None:
    result = Room().apply(ban(TROLL, GUEST, reason="spam"))
    assert not result.events and not result.is_empty
    assert [(each.user_id, each.reason) for each in result.new_bans.values()] == [
        (TROLL, "spam"), (GUEST, "spam")
    ]  # fmt: skip
    assert actions(result) == [("ban", TROLL), ("ban", GUEST)]


def test_reactions_before_a_ban_never_merge_with_those_after_it() -> None:
    message = post("r", author=GUEST)
    result = Room().apply(
        message, react(message, TROLL), react(message, OWNER), ban(TROLL), react(message, GUEST)
    )
    events = [orjson.loads(event.payload) for event in result.events[1:]]
    assert [(event["count"], event["added"]) for event in events] == [
        (2, [str(TROLL), str(OWNER)]),
        (3, [str(GUEST)]),
    ]


@pytest.mark.parametrize("by", [OPERATOR, OWNER, MODERATOR, GUEST])
@pytest.mark.parametrize("target", [OWNER, MODERATOR, OTHER_MODERATOR, GUEST, TROLL])
@pytest.mark.parametrize("act", ["ban", "purge", "lift", "delete"])
def test_nobody_acts_on_the_same_or_a_higher_role(by: UUID, target: UUID, act: str) -> None:
    ranks = {OPERATOR: 3, OWNER: 2, MODERATOR: 1, OTHER_MODERATOR: 1, GUEST: 0, TROLL: 0}
    message = post("r", "text", author=target)
    operations: dict[str, Operation] = {
        "ban": ban(target, by=by),
        "purge": ban(target, by=by, purge=True),
        "lift": lift(target, by=by),
        "delete": DeleteMessage("r", message.message_id, by, is_operator=by == OPERATOR),
    }
    result = Room().apply(message, operations[act])
    is_allowed = (ranks[by] > ranks[target] and by != GUEST) or (act == "delete" and by == target)
    assert codes(result)[1] == ("" if is_allowed else "forbidden")
    if not is_allowed:
        assert not result.log and len(result.events) == 1 and not result.new_bans


def test_a_call_that_may_not_ban_one_person_bans_nobody() -> None:
    result = Room().apply(ban(TROLL, OWNER), post("r", author=TROLL))
    assert codes(result) == ["forbidden", ""]


def test_hosts_are_left_out_if_the_call_asks_for_it() -> None:
    result = Room().apply(ban(TROLL, OWNER, MODERATOR, OTHER_MODERATOR, purge=True, skips_hosts=True))
    banned = result.results[0]
    assert isinstance(banned, BanResult)
    assert [user["id"] for user in banned.users] == [str(TROLL)]
    nobody = Room().apply(ban(OWNER, purge=True, skips_hosts=True))
    assert nobody.is_empty and codes(nobody) == [""]


def test_an_unknown_person_cannot_be_banned() -> None:
    result = Room().apply(ban(TROLL, uuid.uuid4()))
    assert codes(result) == ["not_found"] and result.is_empty


def test_a_banned_host_has_no_rights_until_the_ban_ends() -> None:
    room = Room()
    message = post("r", author=GUEST)
    result = room.apply(
        message, ban(MODERATOR, by=OWNER), lift(MODERATOR, by=MODERATOR), ban(TROLL),
        change(MODERATOR, slow_mode=SlowModeRule(5)), SetPin("r", message.message_id, MODERATOR, True),
        DeleteMessage("r", message.message_id, MODERATOR), lift(MODERATOR, by=OWNER), ban(TROLL),
    )  # fmt: skip
    assert codes(result) == ["", "", *["forbidden"] * 5, "", ""]


def stored_message(room: Room, author: UUID) -> UUID:
    message = post("r", "secret", author=author)
    room.row.last_seq += 1
    room.messages[message.message_id] = MessageRow(
        message.message_id, "r", room.row.last_seq, author, "Troll", message.client_message_id, "secret",
        None, NOW, None, False, {"heart": 1}, 0,
    )  # fmt: skip
    return message.message_id


def test_a_purge_is_one_event_that_covers_all_earlier_messages() -> None:
    room = Room()
    stored, kept = stored_message(room, TROLL), stored_message(room, GUEST)
    room.row.pinned = [stored, kept]
    room.counts = {("r", TROLL): 41, ("r", GUEST): 5}
    mine = post("r", "secret too", author=TROLL)
    result = room.apply(
        mine,
        react(mine, GUEST),
        SetReaction("r", stored, GUEST, "sad", True),
        ban(TROLL, purge=True),
        post("r", author=GUEST),
    )
    assert [event_type for _, event_type in log(result)] == [
        "message.created", "reaction.changed", "reaction.changed", "messages.purged", "message.created"
    ]  # fmt: skip
    purged = orjson.loads(result.events[3].payload)
    assert purged == {
        "type": "messages.purged", "room_id": "r", "seq": 6, "author_id": str(TROLL), "up_to_seq": 5
    }  # fmt: skip
    assert result.purge_marks == {("r", TROLL): 5}
    answer = result.results[3]
    assert isinstance(answer, BanResult) and (answer.purged, answer.seq) == (42, 7)
    assert result.pinned_rooms["r"].pinned == [kept]
    assert not any(b"secret" in event.payload for event in result.events)
    for message_id in (stored, mine.message_id):
        row = room.messages[message_id]
        assert (row.text, row.deleted, row.reactions) == ("", True, {})
    assert not room.messages[kept].deleted
    assert not result.new_reactions
    created = result.results[0]
    assert isinstance(created, MessageResult) and created.message["deleted"]


def test_a_purge_of_several_people_names_them_in_one_event() -> None:
    result = Room().apply(ban(TROLL, GUEST, purge=True))
    [event] = result.events
    assert orjson.loads(event.payload)["author_ids"] == [str(TROLL), str(GUEST)]
    assert "author_id" not in orjson.loads(event.payload)


@pytest.mark.parametrize(("count", "purged"), [(MAX_COUNTED, MAX_COUNTED), (MAX_COUNTED + 1, None)])
def test_high_counts_are_left_out(count: int, purged: int | None) -> None:
    room = Room()
    room.counts["r", TROLL] = count
    answer = room.apply(ban(TROLL, purge=True)).results[0]
    assert isinstance(answer, BanResult) and answer.purged == purged


def test_each_purge_of_a_transaction_counts_only_its_own_messages() -> None:
    room = Room()
    first, _ = stored_message(room, TROLL), stored_message(room, TROLL)
    room.counts["r", TROLL] = 2
    result = room.apply(
        DeleteMessage("r", first, MODERATOR), ban(TROLL, purge=True), lift(TROLL),
        post("r", author=TROLL), ban(TROLL, purge=True), ban(TROLL, purge=True),
    )  # fmt: skip
    counts = [each.purged for each in result.results if isinstance(each, BanResult)]
    assert counts == [1, 1, 0]
    assert result.purge_marks == {("r", TROLL): result.events[-1].seq - 1}


def test_a_purge_that_deletes_nothing_takes_no_seq() -> None:
    room = Room()
    stored_message(room, TROLL)
    room.counts["r", TROLL] = 1
    result = room.apply(ban(TROLL, purge=True), ban(TROLL, purge=True))
    assert [(each.purged, each.seq) for each in result.results if isinstance(each, BanResult)] == [
        (1, result.events[-1].seq),
        (0, result.events[-1].seq),
    ]
    assert [event.type for event in result.events] == ["messages.purged"]
    again = Room()
    again.counts["r", TROLL] = again.counts["r", GUEST] = 0
    result = again.apply(ban(TROLL, GUEST, purge=True))
    assert (result.events, result.purge_marks, len(result.new_bans)) == ([], {}, 2)


def test_posts_after_a_lifted_ban_survive_its_purge() -> None:
    after = post("r", "hello again", author=TROLL)
    room = Room()
    result = room.apply(post("r", "spam", author=TROLL), ban(TROLL, purge=True), lift(TROLL), after)
    assert room.messages[after.message_id].text == "hello again"
    assert room.messages[after.message_id].seq > result.purge_marks["r", TROLL]


@pytest.mark.parametrize(
    ("fields", "lowest"),
    [
        ({}, 1),
        ({"who_can_post": "regulars"}, 1),
        ({"regular_after_s": 5}, 1),
        ({"slow_mode": SlowModeRule(5)}, 1),
        ({"name": "New"}, 2),
        ({"name": "New", "slow_mode": SlowModeRule(5)}, 2),
        ({"add_moderator": GUEST}, 2),
        ({"remove_moderator": OTHER_MODERATOR}, 2),
        ({"new_owner": GUEST}, 2),
        ({"recovery": Recovery(None, b"new")}, 2),
    ],
)
@pytest.mark.parametrize(("by", "rank"), [(OPERATOR, 3), (OWNER, 2), (MODERATOR, 1), (GUEST, 0)])
def test_changes_of_a_room_need_a_role(fields: dict[str, Any], lowest: int, by: UUID, rank: int) -> None:
    result = Room().apply(change(by, **fields))
    assert codes(result) == ["" if rank >= lowest else "forbidden"]
    assert result.is_empty is (rank < lowest or not fields)


def test_a_change_is_one_event_with_the_new_state_and_a_repeated_change_is_none() -> None:
    room = Room()
    wanted = change(name="Tea", who_can_post="regulars", regular_after_s=60, slow_mode=SlowModeRule(5))
    result = room.apply(wanted, wanted)
    assert log(result) == [(1, "room.changed")]
    rules = orjson.loads(result.events[0].payload)["room"]
    assert rules == {
        "name": "Tea",
        "visibility": "public",
        "owner": {"id": str(OWNER), "nickname": "Owner"},
        "moderators": [
            {"id": str(MODERATOR), "nickname": "Mod"}, {"id": str(OTHER_MODERATOR), "nickname": "Mod two"}
        ],
        "who_can_post": "regulars",
        "regular_after_s": 60,
        "slow_mode": {"mode": "fixed", "seconds": 5, "target_posts_per_s": None},
    }  # fmt: skip
    answer = result.results[1]
    assert isinstance(answer, RoomResult) and answer.room.name == "Tea" and answer.seq == 1
    assert actions(result) == [("change_room", None)]


def test_the_log_has_the_reason_of_a_change() -> None:
    result = Room().apply(change(who_can_post="moderators", reason="a raid"))
    assert result.log[0].details == {"who_can_post": "moderators", "reason": "a raid"}
    assert Room().apply(change(reason="nothing changes")).is_empty


def test_moderators_are_appointed_once_and_their_ban_ends() -> None:
    room = Room()
    room.bans["r", GUEST] = ActiveBan(None, "Guest")
    result = room.apply(change(add_moderator=GUEST), change(add_moderator=GUEST), post("r", author=GUEST))
    assert log(result) == [(1, "room.changed"), (2, "message.created")]
    assert list(result.lifted_bans) == [("r", GUEST)]
    assert list(room.row.moderators) == [MODERATOR, OTHER_MODERATOR, GUEST]
    made = result.results[2]
    assert isinstance(made, MessageResult) and made.message["author"]["role"] == "moderator"


def test_an_accepted_invite_gives_its_role_once() -> None:
    room = Room()
    room.grants = {(INVITE, GUEST): False}
    accept = change(by=GUEST, accepted_invite=INVITE)
    demote = change(remove_moderator=GUEST)
    result = room.apply(accept, demote, accept)
    assert codes(result) == ["", "", ""]
    assert GUEST not in room.row.moderators
    assert list(result.granted_invites) == [(INVITE, GUEST)]
    room.grants[INVITE, GUEST] = True
    assert room.apply(accept).is_empty and GUEST not in room.row.moderators


def test_a_ban_that_commits_first_stops_an_accepted_invite() -> None:
    room = Room()
    room.grants = {(INVITE, GUEST): False}
    result = room.apply(ban(GUEST), change(by=GUEST, accepted_invite=INVITE))
    assert codes(result) == ["", "banned"]
    assert GUEST not in room.row.moderators and ("r", GUEST) in room.bans
    assert not result.granted_invites


def test_an_invite_that_is_deleted_before_the_commit_gives_no_role() -> None:
    room = Room()
    assert codes(room.apply(change(by=GUEST, accepted_invite=INVITE))) == ["invite_not_found"]
    assert GUEST not in room.row.moderators


def test_moderators_above_the_limit_are_refused() -> None:
    room = Room()
    room.row.moderators |= {UUID(int=n): "x" for n in range(100, 100 + MAX_MODERATORS - 2)}
    assert codes(room.apply(change(add_moderator=GUEST))) == ["too_many"]


def hosts(result: BatchResult) -> tuple[Author | None, list[str]]:
    rules = orjson.loads(result.events[-1].payload)["room"]
    return rules["owner"], [each["id"] for each in rules["moderators"]]


def test_after_a_hand_over_the_former_owner_is_a_moderator_and_the_code_has_ended() -> None:
    room = Room()
    room.settings.recovery_code_hash = b"code"
    result = room.apply(change(new_owner=MODERATOR), change(new_owner=MODERATOR))
    assert codes(result) == ["", "forbidden"]
    assert hosts(result) == (
        {"id": str(MODERATOR), "nickname": "Mod"}, [str(OTHER_MODERATOR), str(OWNER)]
    )  # fmt: skip
    assert room.settings.recovery_code_hash is None
    assert result.new_owners == {MODERATOR: "Mod"}
    assert actions(result) == [("hand_over", MODERATOR)]


def test_the_operator_hands_over_a_room_without_an_owner() -> None:
    room = Room()
    room.row.owner_id = room.row.owner_nickname = None
    result = room.apply(change(OPERATOR, new_owner=GUEST))
    assert hosts(result)[0] == {"id": str(GUEST), "nickname": "Guest"}
    assert room.row.moderators.keys() == {MODERATOR, OTHER_MODERATOR}
    assert [entry.actor_id for entry in result.log] == [None]


def recover(by: UUID, presented: bytes, new: bytes) -> ChangeRoom:
    return change(by, recovery=Recovery(presented, new))


def test_a_recovery_code_makes_its_user_the_owner_once() -> None:
    room = Room()
    room.settings.recovery_code_hash = b"code"
    room.bans["r", GUEST] = ActiveBan(None, "Guest")
    result = room.apply(
        recover(TROLL, b"wrong", b"x"), recover(GUEST, b"code", b"new"), recover(TROLL, b"code", b"x")
    )
    assert codes(result) == ["forbidden", "", "forbidden"]
    assert hosts(result) == (
        {"id": str(GUEST), "nickname": "Guest"}, [str(MODERATOR), str(OTHER_MODERATOR)]
    )  # fmt: skip
    assert room.settings.recovery_code_hash == b"new"
    assert ("r", GUEST) in result.lifted_bans


@pytest.mark.parametrize(
    ("later", "repeats"), [(RECOVER_AGAIN_WITHIN, True), (RECOVER_AGAIN_WITHIN + timedelta(seconds=1), False)]
)
def test_a_lost_response_of_a_recovery_can_be_asked_for_again(later: timedelta, repeats: bool) -> None:
    room = Room()
    room.settings.recovery_code_hash = b"code"
    room.apply(recover(GUEST, b"code", b"new"))
    room.now += later
    result = room.apply(recover(GUEST, b"code", b"newer"))
    assert codes(result) == ["" if repeats else "forbidden"]
    assert room.settings.recovery_code_hash == (b"newer" if repeats else b"new")
    assert not result.events


def test_a_renewed_code_sends_no_event_and_ends_the_repeat_of_a_recovery() -> None:
    room = Room()
    room.settings.recovery_code_hash = b"code"
    room.apply(recover(GUEST, b"code", b"new"))
    result = room.apply(change(GUEST, recovery=Recovery(None, b"newer")), recover(GUEST, b"code", b"x"))
    assert codes(result) == ["", "forbidden"] and not result.events
    assert list(result.changed_rooms) == ["r"]


@pytest.mark.parametrize("who_can_post", ["regulars", "moderators"])
def test_rules_of_posting_spare_hosts_reactions_and_repeats(who_can_post: str) -> None:
    room = Room()
    room.row.regular_after_s = 60
    newcomer = uuid.UUID(int=(int(NOW.timestamp() * 1000) << 80) | (7 << 76))
    mine = post("r", author=newcomer)
    result = room.apply(
        mine, change(MODERATOR, who_can_post=who_can_post),
        post("r", author=newcomer), edit(mine), edit(mine, mine.text), react(mine, newcomer),
        replace(mine, message_id=uuid.uuid4()), post("r", author=MODERATOR), post("r", author=OWNER),
        DeleteMessage("r", mine.message_id, newcomer),
    )  # fmt: skip
    assert codes(result) == ["", "", "posting_restricted", "posting_restricted", *[""] * 6]


def test_hosts_pin_and_delete_and_the_log_names_them() -> None:
    message = post("r", author=GUEST)
    result = Room().apply(
        message,
        SetPin("r", message.message_id, MODERATOR, True),
        SetPin("r", message.message_id, OWNER, False),
        DeleteMessage("r", message.message_id, OPERATOR, is_operator=True),
    )
    assert codes(result) == [""] * 4
    assert [(entry.actor_id, entry.actor_nickname, entry.action) for entry in result.log] == [
        (MODERATOR, "Mod", "pin_message"), (OWNER, "Owner", "unpin_message"), (None, "operator", "delete_message")
    ]  # fmt: skip
    assert all(entry.target_id == GUEST for entry in result.log)


def test_people_who_delete_their_own_messages_are_not_logged() -> None:
    message = post("r", author=OWNER)
    assert not Room().apply(message, DeleteMessage("r", message.message_id, OWNER)).log


@pytest.mark.parametrize(("author", "role"), [(OWNER, "owner"), (MODERATOR, "moderator"), (GUEST, None)])
def test_a_message_keeps_the_role_that_its_author_had(author: UUID, role: str | None) -> None:
    room = Room()
    message = post("r", author=author)
    operations: Sequence[Operation] = [
        message,
        change(OPERATOR, remove_moderator=MODERATOR),
        change(OPERATOR, new_owner=TROLL),
        edit(message),
    ]
    result = room.apply(*operations)
    edited = result.results[3]
    assert isinstance(edited, MessageResult) and edited.message["author"].get("role") == role


def test_a_ban_that_is_lifted_in_its_transaction_holds_no_address() -> None:
    room = Room()
    room.addresses = {TROLL: b"troll", GUEST: b"guest"}
    result = room.apply(ban(TROLL, GUEST, address=True), lift(TROLL))
    assert result.banned_addresses == {("r", GUEST): b"guest"}
