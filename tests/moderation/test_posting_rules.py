"""Who can post: rules of the room, names like a host's, slow mode, and the explanations that people get."""

import asyncio
import uuid
from datetime import datetime, timedelta

import pytest

from chat_server.rooms.schemas import MAX_REGULAR_AFTER_S
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.people import People

DAY_S = 24 * 3600


def created_at(user_id: str) -> datetime:
    """The time of a UUIDv7."""
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(
        milliseconds=uuid.UUID(user_id).int >> 80
    )


async def test_a_room_closed_to_newcomers_says_when_they_may_post(people: People) -> None:
    room = await HostedRoom.make(people)
    sent = await room.guest.post(room.id, "hello")
    changed = await room.moderator.http.patch(room.path(), json={"who_can_post": "regulars"})
    assert (changed.status_code, changed.json()["who_can_post"]) == (200, "regulars")
    for answer in (
        await room.guest.try_post(room.id, "again"),
        await room.guest.http.patch(room.path(f"messages/{sent['id']}"), json={"text": "changed"}),
    ):
        assert code_of(answer) == (403, "posting_restricted")
        may_post_at = datetime.fromisoformat(answer.json()["may_post_at"])
        assert abs(may_post_at - created_at(room.guest.id) - timedelta(seconds=DAY_S)) < timedelta(seconds=1)
    me = await room.me(room.guest)
    assert (me["can_post"], me["why_not"]) == (False, "posting_restricted")
    assert datetime.fromisoformat(me["may_post_at"]) == may_post_at
    assert (await room.me(room.moderator))["can_post"] is True
    for host in (room.owner, room.moderator):
        await host.post(room.id, "hosts are exempt")
    reacted = await room.guest.http.put(room.path(f"messages/{sent['id']}/reactions/heart"))
    assert reacted.status_code == 200
    opened = await room.moderator.http.patch(room.path(), json={"regular_after_s": 0})
    assert opened.json()["regular_after_s"] == 0
    await room.guest.post(room.id, "a regular now")


async def test_a_room_of_moderators_is_closed_to_all_guests(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.owner.http.patch(room.path(), json={"who_can_post": "moderators", "regular_after_s": 0})
    refused = await room.guest.try_post(room.id, "hello")
    assert code_of(refused) == (403, "posting_restricted")
    assert refused.json()["may_post_at"] is None
    me = await room.me(room.guest)
    assert (me["can_post"], me["why_not"], me["may_post_at"]) == (False, "posting_restricted", None)
    await room.moderator.post(room.id, "hello")


async def test_a_change_of_rules_is_one_event_with_the_state_after_it(people: People) -> None:
    room = await HostedRoom.make(people)
    before = await room.last_seq()
    patch = {"name": "Tea", "who_can_post": "regulars", "regular_after_s": 60, "slow_mode_s": 5}
    for _ in range(2):
        answer = await room.owner.http.patch(room.path(), json=patch)
        assert answer.status_code == 200
    [event] = await room.events(after_seq=before)
    assert event["type"] == "room.changed"
    assert event["room"] == {
        "name": "Tea",
        "visibility": "public",
        "owner": {"id": room.owner.id, "nickname": room.owner.nickname},
        "moderators": [{"id": room.moderator.id, "nickname": room.moderator.nickname}],
        "who_can_post": "regulars",
        "regular_after_s": 60,
        "slow_mode": {"mode": "fixed", "seconds": 5, "target_posts_per_s": None},
    }
    shown = await room.room()
    assert {key: shown[key] for key in event["room"]} == event["room"]
    page = await room.guest.get(room.path("messages"))
    assert {key: page["room"][key] for key in event["room"]} == event["room"]


async def test_simultaneous_changes_are_stored_one_after_another(people: People) -> None:
    """Each real change is announced; one that compared with a value read earlier could be missed."""
    room = await HostedRoom.make(people)
    before = await room.last_seq()
    answers = await asyncio.gather(
        *(room.owner.http.patch(room.path(), json={"slow_mode_s": seconds}) for seconds in (5, 0, 5, 0))
    )
    assert [answer.status_code for answer in answers] == [200] * 4
    steps = [event["room"]["slow_mode"]["seconds"] for event in await room.events(after_seq=before)]
    assert steps == [5, 0, 5, 0][: len(steps)]
    assert (await room.room())["slow_mode_s"] == ([0, *steps][-1])


async def test_a_moderator_changes_everything_but_the_name(people: People) -> None:
    room = await HostedRoom.make(people)
    refused = await room.moderator.http.patch(room.path(), json={"name": "Mine", "slow_mode_s": 5})
    assert code_of(refused) == (403, "forbidden")
    assert ((await room.room())["name"], (await room.room())["slow_mode_s"]) == ("A room", 0)
    changed = await room.moderator.http.patch(room.path(), json={"slow_mode_s": 5})
    assert changed.json()["slow_mode_s"] == 5


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"slow_mode": {"mode": "fixed", "seconds": 7}}, 7),
        ({"slow_mode": {"mode": "off"}}, 0),
        ({"slow_mode_s": 3}, 3),
        ({"slow_mode_s": 0}, 0),
    ],
)
async def test_slow_mode_has_a_long_and_a_short_form(
    people: People, patch: dict[str, object], expected: int
) -> None:
    room = await HostedRoom.make(people)
    await room.owner.http.patch(room.path(), json={"slow_mode_s": 1})
    changed = (await room.owner.http.patch(room.path(), json=patch)).json()
    assert changed["slow_mode_s"] == expected
    mode = "fixed" if expected else "off"
    assert changed["slow_mode"] == {"mode": mode, "seconds": expected, "target_posts_per_s": None}


async def test_slow_mode_auto_has_a_target_until_another_mode_is_set(people: People) -> None:
    room = await HostedRoom.make(people)
    before = await room.last_seq()
    auto = {"mode": "auto", "target_posts_per_s": 2.5}
    whole = {"mode": "fixed", "seconds": 9, "target_posts_per_s": 2.5}
    steps = [
        {"slow_mode": auto},
        {"slow_mode": auto},
        {"slow_mode": whole},
        {"slow_mode": auto},
        {"slow_mode_s": 0},
    ]
    answers = [(await room.owner.http.patch(room.path(), json=step)).json() for step in steps]
    expected = [("auto", 0, 2.5), ("auto", 0, 2.5), ("fixed", 9, None), ("auto", 0, 2.5), ("off", 0, None)]
    assert [tuple(answer["slow_mode"].values()) for answer in answers] == expected
    assert [answer["slow_mode_s"] for answer in answers] == [seconds for _, seconds, _ in expected]
    events = await room.events(after_seq=before)
    assert [tuple(event["room"]["slow_mode"].values()) for event in events] == expected[1:]
    assert (await room.room())["slow_mode"] == answers[-1]["slow_mode"]


@pytest.mark.parametrize(
    "patch",
    [
        {"slow_mode": {"mode": "auto"}},
        {"slow_mode": {"mode": "auto", "target_posts_per_s": 0}},
        {"slow_mode": {"mode": "auto", "target_posts_per_s": 1001}},
        {"slow_mode": {"mode": "auto", "target_posts_per_s": True}},
        {"slow_mode": {"mode": "auto", "target_posts_per_s": "5"}},
        {"slow_mode": {"mode": "auto", "target_posts_per_s": 5, "seconds": "5"}},
        {"slow_mode": {"mode": "fixed", "seconds": -1}},
        {"slow_mode": {"mode": "fixed", "seconds": 6 * 3600 + 1}},
        {"slow_mode": {"mode": "off"}, "slow_mode_s": 5},
        {"slow_mode": "off"},
        {"who_can_post": "nobody"},
        {"regular_after_s": -1},
        {"regular_after_s": True},
        {"regular_after_s": MAX_REGULAR_AFTER_S + 1},
        {"visibility": "hidden"},
    ],
)
async def test_an_invalid_rule_is_refused(people: People, patch: dict[str, object]) -> None:
    room = await HostedRoom.make(people)
    before = await room.room()
    assert code_of(await room.owner.http.patch(room.path(), json=patch)) == (422, "validation_failed")
    assert await room.room() == before


async def test_slow_mode_exempts_the_owner_and_the_moderators(people: People) -> None:
    room = await HostedRoom.make(people)
    await room.owner.http.patch(room.path(), json={"slow_mode_s": 3600})
    for host in (room.owner, room.moderator):
        sent = await host.post(room.id, "one")
        await host.post(room.id, "two")
        for text in ("changed", "changed again"):
            edited = await host.http.patch(room.path(f"messages/{sent['id']}"), json={"text": text})
            assert edited.status_code == 200
    await room.guest.post(room.id, "one")
    assert code_of(await room.guest.try_post(room.id, "two")) == (429, "slow_mode")


async def test_a_name_that_looks_like_a_hosts_cannot_post_in_that_room(people: People) -> None:
    owner = await people.enter("Minji Lee")
    room = (await owner.make_room())["id"]
    await owner.post(room, "hello")
    for name in ("Minji Lee", "minji lee", "M1nj1 Lee", "MİNJİ-LEE", "Ｍinji Ｌee"):
        impostor = await people.enter(name)
        refused = await impostor.try_post(room, "hello")
        assert code_of(refused) == (403, "nickname_reserved"), name
        me = await impostor.get(f"/api/v1/rooms/{room}/me")
        assert (me["can_post"], me["why_not"]) == (False, "nickname_reserved")
        await impostor.post("lobby", "other rooms are open")
    other = await people.enter("Minji Kim")
    await other.post(room, "hello")


async def test_names_without_letters_are_compared_as_they_are(people: People) -> None:
    owner = await people.enter("🎉")
    room = (await owner.make_room())["id"]
    assert code_of(await (await people.enter("🎉")).try_post(room, "hello")) == (403, "nickname_reserved")
    await (await people.enter("🎈")).post(room, "hello")


async def test_a_message_posted_before_its_authors_namesake_became_a_host_can_be_repeated(
    people: People,
) -> None:
    room = await HostedRoom.make(people)
    namesake = await people.enter(room.guest.nickname)
    draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
    stored = await namesake.http.post(room.path("messages"), json=draft)
    assert (await room.owner.http.put(room.path(f"moderators/{room.guest.id}"))).status_code == 200
    assert code_of(await namesake.try_post(room.id, "again")) == (403, "nickname_reserved")
    repeated = await namesake.http.post(room.path("messages"), json=draft)
    assert (repeated.status_code, repeated.json()) == (200, stored.json())
    await room.guest.post(room.id, "hosts may share a name")


async def test_messages_of_hosts_carry_their_role(people: People) -> None:
    room = await HostedRoom.make(people)
    by_owner = await room.owner.post(room.id, "hello")
    by_moderator = await room.moderator.post(room.id, "hello")
    by_guest = await room.guest.post(room.id, "hello")
    assert (by_owner["author"]["role"], by_moderator["author"]["role"]) == ("owner", "moderator")
    assert "role" not in by_guest["author"]
    await room.owner.http.delete(room.path(f"moderators/{room.moderator.id}"))
    page = await room.guest.get(room.path("messages"))
    assert [message["author"] for message in page["messages"]] == [
        message["author"] for message in (by_owner, by_moderator, by_guest)
    ]
