"""Sessions and rooms over REST."""

import base64
import uuid

import pytest

from tests.support.people import People


async def test_a_nickname_gets_a_token_and_a_cookie(people: People) -> None:
    http = people.anonymous()
    answer = await http.post("/api/v1/sessions", json={"nickname": "  Ann   Lee "})
    assert answer.status_code == 201
    assert answer.json()["user"]["nickname"] == "Ann Lee"
    cookie = answer.headers["set-cookie"]
    assert "hotchat_session=" in cookie and "HttpOnly" in cookie and "SameSite=lax" in cookie
    by_cookie = await http.get("/api/v1/me")
    assert by_cookie.json() == answer.json()["user"]
    http.cookies.clear()
    by_token = await http.get("/api/v1/me", headers={"Authorization": f"Bearer {answer.json()['token']}"})
    assert by_token.json() == answer.json()["user"]


async def test_the_cookie_of_a_page_loaded_over_https_is_secure(people: People) -> None:
    http = people.anonymous()
    for reached_by, is_secure in (("https", True), ("http", False)):
        answer = await http.post(
            "/api/v1/sessions", json={"nickname": "Minji"}, headers={"X-Forwarded-Proto": reached_by}
        )
        assert ("; Secure" in answer.headers["set-cookie"]) is is_secure


async def test_without_a_session_reads_work_and_writes_get_401(people: People) -> None:
    http = people.anonymous()
    assert (await http.get("/api/v1/rooms/lobby/messages")).status_code == 200
    for refused in (
        await http.get("/api/v1/me"),
        await http.post("/api/v1/rooms", json={"name": "x"}),
        await http.post(
            "/api/v1/rooms/lobby/messages", json={"client_message_id": str(uuid.uuid4()), "text": "x"}
        ),
        await http.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("nickname", ["", "   ", "x" * 33, "a\u202eb", "a\u0000b", "tab\u0007", "\u2066x"])
async def test_a_misleading_nickname_is_refused_with_a_reason(people: People, nickname: str) -> None:
    answer = await people.anonymous().post("/api/v1/sessions", json={"nickname": nickname})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["field"] == "nickname"
    assert "nickname" in answer.json()["errors"][0]["message"]


async def test_a_room_id_is_derived_from_the_name_and_the_creator_is_the_owner(people: People) -> None:
    ann = await people.enter()
    unique = uuid.uuid4().hex[:8]
    answer = await ann.http.post("/api/v1/rooms", json={"name": f"Café Élan {unique}!"})
    assert answer.status_code == 201
    room = answer.json()
    assert room["id"] == f"cafe-elan-{unique}"
    assert room["owner_id"] == ann.id
    assert room["visibility"] == "public" and room["last_seq"] == 0 and room["heat"]["hot"] is False
    again = await ann.http.post("/api/v1/rooms", json={"name": f"cafe elan {unique}"})
    assert (again.status_code, again.json()["id"][:-5]) == (201, f"cafe-elan-{unique}-")
    taken = await ann.http.post("/api/v1/rooms", json={"name": "Other", "id": room["id"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "room_exists")
    nameless = await ann.http.post("/api/v1/rooms", json={"name": "우리 방"})
    assert nameless.json()["id"].startswith("room-")


async def test_the_most_active_rooms_come_first_and_pages_join_without_overlap(people: People) -> None:
    ann = await people.enter()
    made = [(await ann.make_room())["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await ann.get("/api/v1/rooms", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [room["id"] for room in page["rooms"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)


@pytest.mark.parametrize(
    "text",
    [
        "1700000000 a\0b",
        "1700000000 a\nb",
        "1700000000 \ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "1700000000 UPPER",
        "1700000000 ",
        "-62135596801 lobby",
        "999999999999 lobby",
        "1_0 lobby",
        "\u0661 lobby",
        "lobby",
    ],
)
async def test_a_forged_cursor_is_refused(people: People, text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    answer = await people.anonymous().get("/api/v1/rooms", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_the_lobby_exists_from_the_start(people: People) -> None:
    room = (await people.anonymous().get("/api/v1/rooms/lobby")).json()
    assert room["id"] == "lobby"


async def test_the_config_names_the_stream_url(people: People) -> None:
    config = (await people.anonymous().get("/api/v1/config")).json()
    assert config["stream_url"].startswith("http://127.0.0.1:")
    assert config["reaction_kinds"] == ["heart", "sad", "laugh"]


async def test_every_response_has_a_request_id_and_keeps_a_valid_one(people: People) -> None:
    http = people.anonymous()
    assert (await http.get("/api/v1/rooms")).headers["X-Request-ID"]
    assert (await http.get("/nowhere", headers={"X-Request-ID": "abc-1"})).headers["X-Request-ID"] == "abc-1"
    assert (await http.get("/nowhere", headers={"X-Request-ID": "<evil>"})).headers[
        "X-Request-ID"
    ] != "<evil>"


async def test_the_lobby_has_a_welcome_message(people: People) -> None:
    http = people.anonymous()
    page = (await http.get("/api/v1/rooms/lobby/messages", params={"before_seq": 4})).json()
    assert [message["seq"] for message in page["messages"]] == [1, 2, 3]
    events = (await http.get("/api/v1/rooms/lobby/events", params={"after_seq": 0, "limit": 3})).json()
    assert [event["message"] for event in events["events"]] == page["messages"]


async def test_the_list_shows_the_last_message_of_each_room(people: People) -> None:
    ann = await people.enter("ann")
    room = await ann.make_room(name="Said last")
    [listed] = (await ann.get("/api/v1/rooms", q="Said last"))["rooms"]
    assert listed["last_message"] is None
    await ann.post(room["id"], "first")
    last = await ann.post(room["id"], "l" * 500)
    [listed] = (await ann.get("/api/v1/rooms", q="Said last"))["rooms"]
    assert listed["last_message"] == {
        "seq": last["seq"],
        "author": last["author"],
        "text": "l" * 120,
        "created_at": last["created_at"],
        "deleted": False,
    }


async def test_rooms_are_found_by_part_of_their_name(people: People) -> None:
    ann = await people.enter("ann")
    made = await ann.make_room(name="100% Tea & 산책_모임")
    for words in ("tea", "산책", "100%", "_모", " Tea "):
        found = await ann.get("/api/v1/rooms", q=words)
        assert made["id"] in {room["id"] for room in found["rooms"]}, words
    assert (await ann.get("/api/v1/rooms", q="100_"))["rooms"] == []
    assert (await ann.http.get("/api/v1/rooms?q=%00")).json()["code"] == "validation_failed"
