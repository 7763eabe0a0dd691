"""The operator's rooms: all of them in one list, hidden from everybody's lists, handed over, deleted."""

import uuid
from typing import Any

import pytest

from local_stack.server_process import ServerProcess
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.moderation.private_room import PrivateRoom
from tests.moderation.test_unlisted_rooms import listed_ids
from tests.publish.stream_reader import StreamReader
from tests.support.people import People

OPS = "/api/v1/ops/rooms"


async def of_operator(room: HostedRoom, **query: Any) -> list[dict[str, Any]]:
    answer = await room.operator.get(OPS, params=query)
    assert answer.status_code == 200, answer.text
    rooms: list[dict[str, Any]] = answer.json()["rooms"]
    return rooms


async def log(room: HostedRoom, action: str) -> list[dict[str, Any]]:
    entries = (await room.operator.get("/api/v1/ops/audit", params={"limit": 100})).json()["entries"]
    return [entry for entry in entries if entry["action"] == action]


async def test_the_operators_list_has_rooms_of_every_visibility(people: People) -> None:
    room = await PrivateRoom.of(people)
    name = f"Choir {uuid.uuid4().hex}"
    made = [
        (await room.owner.http.post("/api/v1/rooms", json={"name": name, "visibility": visibility})).json()
        for visibility in ("public", "unlisted", "private")
    ]
    found = await of_operator(room, q=name.upper())
    assert [(each["id"], each["visibility"]) for each in found] == [
        (each["id"], each["visibility"]) for each in reversed(made)
    ]
    assert found[0]["owner"] == {"id": room.owner.id, "nickname": room.owner.nickname}
    [by_id] = await of_operator(room, q=made[0]["id"])
    assert (by_id["name"], by_id["hidden"]) == (name, False)
    assert await of_operator(room, q="100%_no room") == []
    page = (await room.operator.get(OPS, params={"q": name, "limit": 2})).json()
    rest = await of_operator(room, q=name, cursor=page["next_cursor"])
    assert [each["id"] for each in page["rooms"] + rest] == [each["id"] for each in found]
    for cursor in ("x", "AAAA", "!"):
        answer = await room.operator.get(OPS, params={"cursor": cursor})
        assert code_of(answer) == (422, "validation_failed")


async def test_a_hidden_room_is_in_no_list_until_the_operator_shows_it(people: People) -> None:
    room = await HostedRoom.make(people)
    name = f"Choir {uuid.uuid4().hex}"
    assert (await room.owner.http.patch(room.path(), json={"name": name})).status_code == 200
    assert await listed_ids(room.guest, q=name) == {room.id}
    for _ in range(2):
        hidden = await room.operator.put(f"{OPS}/{room.id}/hidden")
        assert (hidden.json()["hidden"], hidden.json()["visibility"]) == (True, "unlisted")
        assert await listed_ids(room.guest, q=name) == set()
        assert await listed_ids(room.owner, q=name) == set()
    assert (await room.room())["visibility"] == "unlisted"
    assert (await room.guest.try_post(room.id, "who knows the id may still enter")).status_code == 201
    refused = await room.owner.http.patch(room.path(), json={"visibility": "public"})
    assert code_of(refused) == (403, "forbidden")
    assert "operator" in refused.json()["detail"]
    shown = await room.operator.delete(f"{OPS}/{room.id}/hidden")
    assert (shown.json()["hidden"], shown.json()["visibility"]) == (False, "public")
    assert await listed_ids(room.guest, q=name) == {room.id}
    [in_rooms_log] = [
        entry
        for entry in (await room.owner.get(room.path("audit")))["entries"]
        if entry["action"] == "hide_room"
    ]
    assert in_rooms_log["actor"] is None
    assert [each["room_id"] for each in await log(room, "hide_room")][:1] == [room.id]


@pytest.mark.parametrize("wanted", ["unlisted", "private"])
async def test_a_room_that_its_owner_took_off_the_list_stays_off_when_it_is_shown(
    people: People, wanted: str
) -> None:
    room = await HostedRoom.make(people)
    await room.operator.put(f"{OPS}/{room.id}/hidden")
    changed = await room.owner.http.patch(room.path(), json={"visibility": wanted})
    assert changed.json()["visibility"] == wanted
    shown = await room.operator.delete(f"{OPS}/{room.id}/hidden")
    assert (shown.json()["hidden"], shown.json()["visibility"]) == (False, wanted)
    public = await room.owner.http.patch(room.path(), json={"visibility": "public"})
    assert public.json()["visibility"] == "public"


async def test_pages_learn_that_a_room_was_hidden(people: People, publish_server: ServerProcess) -> None:
    room = await HostedRoom.make(people)
    url = f"{publish_server.base_url}/stream/v1/rooms/{room.id}"
    async with room.guest.http.stream("GET", url) as response:
        stream = StreamReader(response)
        await room.operator.put(f"{OPS}/{room.id}/hidden")
        while (changed := (await stream.wait_for("room.changed")).data["room"])["visibility"] == "public":
            pass
        assert "hidden" not in changed


async def test_the_operator_deletes_any_room_and_the_log_outlives_it(people: People) -> None:
    room = await PrivateRoom.of(people)
    assert (await room.operator.delete(f"{OPS}/{room.id}")).status_code == 204
    assert code_of(await room.owner.http.get(room.path())) == (404, "room_not_found")
    assert code_of(await room.operator.delete(f"{OPS}/{room.id}")) == (404, "room_not_found")
    newest = (await log(room, "delete_room"))[0]
    assert (newest["room_id"], newest["target"], newest["details"]) == (
        None,
        None,
        {"room_id": room.id, "name": "Book club"},
    )
    assert code_of(await room.operator.delete(f"{OPS}/lobby")) == (403, "forbidden")


async def test_a_deletion_by_its_owner_is_not_in_the_operators_log(people: People) -> None:
    room = await HostedRoom.make(people)
    assert (await room.owner.http.delete(room.path())).status_code == 204
    assert room.id not in [each["details"]["room_id"] for each in await log(room, "delete_room")]


async def test_the_operator_hands_over_a_room_without_an_owner(people: People) -> None:
    room = await HostedRoom.make(people)
    made = (await room.operator.post("/api/v1/rooms", json={"name": "Nobody's"})).json()
    assert made["owner"] is None
    given = await room.operator.post(f"{OPS}/{made['id']}/owner", json={"user_id": room.guest.id})
    assert given.json()["owner"] == {"id": room.guest.id, "nickname": room.guest.nickname}
    assert (await room.guest.http.get(f"/api/v1/rooms/{made['id']}/bans")).status_code == 200
    stale = {"recovery_code": made["recovery_code"]}
    refused = await room.target.http.post(f"/api/v1/rooms/{made['id']}/owner/recover", json=stale)
    assert code_of(refused) == (403, "forbidden")
    assert (await log(room, "create_room"))[0]["details"]["room_id"] == made["id"]
    assert (await log(room, "hand_over"))[0]["target"]["id"] == room.guest.id
