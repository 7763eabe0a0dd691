"""Hand-over, recovery codes and moderators over REST."""

import asyncio
from collections import Counter

import httpx
import pytest

from chat_server.limits.post_limits import RECOVERY_CODES_PER_HOUR
from local_stack.lobby_owner import lobby_link
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.chat_stack import ROOT, ChatStack, StartChatStack
from tests.support.people import People, Person
from tests.support.plain_http import ANSWERS_WITHIN_S


async def recover(person: Person, room: HostedRoom, code: str) -> httpx.Response:
    return await person.http.post(room.path("owner/recover"), json={"recovery_code": code})


async def test_the_owner_appoints_and_removes_moderators(people: People) -> None:
    room = await HostedRoom.make(people)
    ben = {"id": room.moderator.id, "nickname": room.moderator.nickname}
    before = await room.last_seq()
    appointed = await room.owner.http.put(room.path(f"moderators/{room.guest.id}"))
    assert [each["id"] for each in appointed.json()["moderators"]] == [ben["id"], room.guest.id]
    assert (await room.me(room.guest))["role"] == "moderator"
    again = await room.owner.http.put(room.path(f"moderators/{room.guest.id}"))
    assert again.json()["moderators"] == appointed.json()["moderators"]
    removed = await room.owner.http.delete(room.path(f"moderators/{room.guest.id}"))
    assert removed.json()["moderators"] == [ben]
    assert (await room.me(room.guest))["role"] == "guest"
    events = await room.events(after_seq=before)
    assert [event["type"] for event in events] == ["room.changed"] * 2
    assert [len(event["room"]["moderators"]) for event in events] == [2, 1]


async def test_a_hand_over_makes_the_former_owner_a_moderator_and_ends_the_code(people: People) -> None:
    room = await HostedRoom.make(people)
    answer = await room.owner.http.post(room.path("owner"), json={"user_id": room.moderator.id})
    assert answer.status_code == 200
    assert answer.json()["owner"]["id"] == room.moderator.id
    assert [each["id"] for each in answer.json()["moderators"]] == [room.owner.id]
    assert "recovery_code" not in answer.json()
    assert code_of(await recover(room.owner, room, room.code)) == (403, "forbidden")
    refused = await room.owner.http.post(room.path("owner"), json={"user_id": room.owner.id})
    assert code_of(refused) == (403, "forbidden")
    code = (await room.moderator.http.post(room.path("owner/recovery-code"))).json()["recovery_code"]
    assert (await recover(room.guest, room, code)).json()["owner"]["id"] == room.guest.id


async def test_a_room_can_be_handed_to_somebody_who_never_wrote_there(people: People) -> None:
    room = await HostedRoom.make(people)
    stranger = await people.enter("Stranger")
    handed = await room.owner.http.post(room.path("owner"), json={"user_id": stranger.id})
    assert (handed.status_code, handed.json()["owner"]["id"]) == (200, stranger.id)


async def test_a_recovery_code_works_once_and_its_user_gets_a_new_one(people: People) -> None:
    room = await HostedRoom.make(people)
    recovered = await recover(room.guest, room, f" {room.code.lower()} ")
    assert recovered.status_code == 200
    assert recovered.json()["owner"] == {"id": room.guest.id, "nickname": room.guest.nickname}
    assert [each["id"] for each in recovered.json()["moderators"]] == [room.moderator.id]
    assert code_of(await recover(room.target, room, room.code)) == (403, "forbidden")
    repeated = await recover(room.guest, room, room.code)
    assert repeated.status_code == 200
    first, second = recovered.json()["recovery_code"], repeated.json()["recovery_code"]
    assert len({room.code, first, second}) == 3
    assert code_of(await recover(room.target, room, first)) == (403, "forbidden")
    assert (await recover(room.target, room, second)).status_code == 200
    assert code_of(await recover(room.guest, room, room.code)) == (403, "forbidden")


async def test_a_new_recovery_code_ends_the_earlier_one(people: People) -> None:
    room = await HostedRoom.make(people)
    new = (await room.owner.http.post(room.path("owner/recovery-code"))).json()["recovery_code"]
    assert code_of(await recover(room.guest, room, room.code)) == (403, "forbidden")
    assert (await recover(room.guest, room, new)).status_code == 200


async def test_a_recovery_shows_no_code_in_events_and_the_audit_log(people: People) -> None:
    room = await HostedRoom.make(people)
    new = (await recover(room.guest, room, room.code)).json()["recovery_code"]
    shown = [
        await room.guest.http.get(room.path("audit")),
        await room.guest.http.get(room.path("events?after_seq=0")),
        await room.guest.http.get(room.path()),
        await room.guest.http.get(room.path("messages")),
    ]
    for answer in shown:
        assert answer.status_code == 200
        assert new not in answer.text and room.code not in answer.text


async def test_few_wrong_codes_are_checked_even_if_they_arrive_together(people: People) -> None:
    room = await HostedRoom.make(people)
    guesses = [recover(room.guest, room, f"WRONG{number}") for number in range(20)]
    statuses = Counter(answer.status_code for answer in await asyncio.gather(*guesses))
    assert statuses == {403: RECOVERY_CODES_PER_HOUR, 429: 20 - RECOVERY_CODES_PER_HOUR}
    refused = await recover(room.guest, room, room.code)
    assert code_of(refused) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 60
    other = await room.another()
    assert code_of(await recover(room.guest, other, "WRONG")) == (403, "forbidden")


async def test_correct_codes_are_not_counted_as_guesses(people: People) -> None:
    room = await HostedRoom.make(people)
    code = room.code
    for number in range(2 * RECOVERY_CODES_PER_HOUR):
        person = (room.guest, room.target)[number % 2]
        answer = await recover(person, room, code)
        assert answer.status_code == 200
        code = answer.json()["recovery_code"]


async def test_guesses_from_one_address_do_not_lock_out_another(people: People) -> None:
    room = await HostedRoom.make(people)
    for number in range(RECOVERY_CODES_PER_HOUR + 1):
        refused = await recover(room.guest, room, f"WRONG{number}")
    assert refused.status_code == 429
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.9")
    headers = {"Authorization": room.target.http.headers["Authorization"]}
    async with httpx.AsyncClient(
        base_url=people.base_url, transport=transport, headers=headers, timeout=ANSWERS_WITHIN_S
    ) as http:
        answer = await http.post(room.path("owner/recover"), json={"recovery_code": room.code})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"recovery_code": ""}, {"recovery_code": 7}, {"recovery_code": "x" * 101}]
)
async def test_an_invalid_recovery_is_refused(people: People, body: dict[str, object]) -> None:
    room = await HostedRoom.make(people)
    answer = await room.guest.http.post(room.path("owner/recover"), json=body)
    assert code_of(answer) == (422, "validation_failed")


def link_of_the_lobby(stack: ChatStack) -> str | None:
    [server] = stack.chat_servers
    return lobby_link(server, stack.env, "https://chat.example", ROOT)


async def test_the_first_to_open_the_owners_link_of_the_lobby_becomes_its_owner(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    people = People(stack.chat_url)
    ann, ben = await people.enter("Ann"), await people.enter("Ben")
    earlier, link = link_of_the_lobby(stack), link_of_the_lobby(stack)
    assert earlier is not None and link is not None and earlier != link
    page, _, code = link.partition("#recover=")
    assert page == "https://chat.example/rooms/lobby"

    async def open_link(person: Person, code: str) -> httpx.Response:
        return await person.http.post("/api/v1/rooms/lobby/owner/recover", json={"recovery_code": code})

    assert code_of(await open_link(ben, earlier.rpartition("=")[2])) == (403, "forbidden")
    opened = await open_link(ann, code)
    assert opened.status_code == 200 and opened.json()["owner"]["id"] == ann.id
    assert code_of(await open_link(ben, code)) == (403, "forbidden")
    assert (await open_link(ann, code)).status_code == 200
    assert (await ben.get("/api/v1/rooms/lobby"))["owner"] == {"id": ann.id, "nickname": "Ann"}
    assert link_of_the_lobby(stack) is None
    await people.leave()
