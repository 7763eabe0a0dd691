"""Who may do what, as a table."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from chat_server.rooms.posting_rules import banned, check_guest_can_post, regular_at
from chat_server.rooms.roles import Action, Role, may, outranks, refusal, role_in_room
from server_kit.http.problem import ChatError

MODERATORS_MAY = {
    Action.BAN,
    Action.CHANGE_ROOM,
    Action.DELETE_MESSAGE,
    Action.PIN,
    Action.READ_MODERATION,
    Action.RESOLVE_REPORT,
    Action.SETTLE_HELD,
    Action.INVITE,
}
ONLY_THE_OPERATOR_MAY = {Action.PURGE, Action.HIDE_ROOM}


@pytest.mark.parametrize("action", Action)
def test_each_role_may_do_what_weaker_roles_may(action: Action) -> None:
    allowed = {role for role in Role if may(role, action)}
    lowest = (
        Role.OPERATOR
        if action in ONLY_THE_OPERATOR_MAY
        else Role.MODERATOR
        if action in MODERATORS_MAY
        else Role.OWNER
    )
    assert allowed == {role for role in Role if role >= lowest}
    assert refusal(action).startswith("Only ") and refusal(action).endswith(".")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("other", Role)
def test_nobody_outranks_the_same_or_a_higher_role(role: Role, other: Role) -> None:
    order = [Role.GUEST, Role.MODERATOR, Role.OWNER, Role.OPERATOR]
    assert outranks(role, other) is (order.index(role) > order.index(other))


def test_the_role_comes_from_the_room() -> None:
    owner, moderator, guest = (uuid.uuid4() for _ in range(3))
    roles = [role_in_room(user, owner, {moderator}) for user in (owner, moderator, guest)]
    assert [str(role) for role in roles] == ["owner", "moderator", "guest"]
    assert str(role_in_room(guest, owner, {moderator}, is_operator=True)) == "operator"
    assert role_in_room(guest, None, ()) is Role.GUEST


NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


def user_made_at(made_at: datetime) -> uuid.UUID:
    """A UUIDv7 of that time."""
    unix_ms = int(made_at.timestamp() * 1000)
    return uuid.UUID(int=(unix_ms << 80) | (7 << 76) | (2 << 62) | 12345)


@pytest.mark.parametrize(
    ("who_can_post", "age_s", "may_post_in_s"),
    [
        ("everyone", 0, 0),
        ("regulars", 59, 1),
        ("regulars", 60, 0),
        ("regulars", 6000, 0),
        ("moderators", 6000, None),
    ],
)
def test_a_newcomer_learns_when_posting_is_possible(
    who_can_post: str, age_s: int, may_post_in_s: int | None
) -> None:
    user = user_made_at(NOW - timedelta(seconds=age_s))
    if may_post_in_s == 0:
        check_guest_can_post(who_can_post, 60, user, NOW)
        return
    with pytest.raises(ChatError) as refused:
        check_guest_can_post(who_can_post, 60, user, NOW)
    assert refused.value.code == "posting_restricted"
    expected = None if may_post_in_s is None else "2026-01-02T03:04:06.678Z"
    assert refused.value.extra == {"may_post_at": expected}


def test_an_id_without_a_sensible_time_is_that_of_a_newcomer() -> None:
    assert regular_at(uuid.UUID(int=2**128 - 1), 2**31 - 1) == datetime(9999, 1, 1, tzinfo=UTC)


def test_a_banned_person_learns_for_how_long() -> None:
    assert banned(NOW).extra == {"until": "2026-01-02T03:04:05.678Z"}
    assert banned(None).extra == {"until": None}
