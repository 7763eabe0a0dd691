"""Every invalid request gets a 4xx with a reason and a code of the contract."""

from collections.abc import AsyncIterator

import pytest

from chat_contract.problems import PROBLEMS
from tests.support.people import People

KEY = "6a538838-6fa0-4443-ad0f-514ebbf22259"
LONE_SURROGATE = f'{{"client_message_id": "{KEY}", "text": "\\ud800"}}'


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "application/json", "validation_failed"),
        (b"not json", "application/json", "validation_failed"),
        (b"\xff\xfe", "application/json", "validation_failed"),
        (b"[]", "application/json", "validation_failed"),
        (b"null", "application/json", "validation_failed"),
        (b"{}", "text/plain", "unsupported_media_type"),
        (b"{}", "", "unsupported_media_type"),
        (b"[" * 100_00 + b"]" * 100_00, "application/json", "validation_failed"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "application/json", "validation_failed"),
        (b'{"text": "' + b"x" * 40_000 + b'"}', "application/json", "body_too_large"),
        (LONE_SURROGATE.encode(), "application/json", "validation_failed"),
        (
            b'{"client_message_id": "%s", "text": "a\\u0000b"}' % KEY.encode(),
            "application/json",
            "validation_failed",
        ),
        (
            b'{"client_message_id": "%s", "text": "   "}' % KEY.encode(),
            "application/json",
            "validation_failed",
        ),
        (b'{"client_message_id": "%s", "text": 7}' % KEY.encode(), "application/json", "validation_failed"),
        (b'{"client_message_id": "7", "text": "x"}', "application/json", "validation_failed"),
        (
            b'{"client_message_id": "%s", "text": "x", "reply_to": "7"}' % KEY.encode(),
            "application/json",
            "validation_failed",
        ),
        (
            b'{"client_message_id": "%s", "text": "x", "reply_to": "%s"}' % (KEY.encode(), KEY.encode()),
            "application/json",
            "message_not_found",
        ),
    ],
)
async def test_an_invalid_message_is_refused_with_the_reason(
    people: People, body: bytes, content_type: str, code: str
) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    answer = await ann.http.post(
        f"/api/v1/rooms/{room['id']}/messages", content=body, headers={"Content-Type": content_type}
    )
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (PROBLEMS[code].status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["title"] and problem["detail"] and problem["type"]
    assert (await ann.get(f"/api/v1/rooms/{room['id']}"))["last_seq"] == 0


@pytest.mark.parametrize("fields", [{"text": "new"}, {"name": "new"}], ids=["message", "room"])
async def test_a_change_with_an_unknown_field_is_refused_completely(
    people: People, fields: dict[str, object]
) -> None:
    ann = await people.enter()
    room = f"/api/v1/rooms/{(await ann.make_room())['id']}"
    message = await ann.post(room.rpartition("/")[2], "old")
    path = f"{room}/messages/{message['id']}" if "text" in fields else room
    before = await ann.get(path)
    answer = await ann.http.patch(path, json={**fields, "colour": "red"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "colour")
    assert await ann.get(path) == before


async def test_a_body_without_a_length_is_cut_off_when_it_grows_too_large(people: People) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    ann = await people.enter()
    answer = await ann.http.post(
        "/api/v1/rooms/lobby/messages", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert answer.json()["code"] == "body_too_large"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/v1/rooms/nowhere/messages", "room_not_found"),
        ("GET", "/api/v1/rooms/no%00where", "room_not_found"),
        ("GET", "/api/v1/rooms/UPPER/messages", "room_not_found"),
        ("POST", "/api/v1/rooms/nowhere/typing", "room_not_found"),
        ("DELETE", f"/api/v1/rooms/lobby/messages/{KEY}", "message_not_found"),
        ("PUT", f"/api/v1/rooms/lobby/messages/{KEY}/reactions/heart", "message_not_found"),
        ("GET", f"/api/v1/rooms/lobby/messages/{KEY}", "message_not_found"),
        ("GET", "/api/v1/nothing", "not_found"),
        ("GET", "/internal/v1/nothing", "not_found"),
        ("POST", "/internal/v1/heads", "unauthenticated"),
        ("DELETE", "/api/v1/rooms", "method_not_allowed"),
        ("PUT", "/api/v1/rooms/lobby/messages", "method_not_allowed"),
        ("POST", "/api/v1/rooms/lobby/search", "method_not_allowed"),
        ("GET", "/api/v1/rooms?limit=0", "validation_failed"),
        ("GET", "/api/v1/rooms?limit=x", "validation_failed"),
        ("GET", "/api/v1/rooms?cursor=%00", "validation_failed"),
        ("GET", "/api/v1/rooms?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5IHg", "validation_failed"),
        ("GET", "/api/v1/rooms/lobby/messages?limit=101", "validation_failed"),
        ("GET", "/api/v1/rooms/lobby/messages?before_seq=-1", "validation_failed"),
        ("GET", "/api/v1/rooms/lobby/messages?before_seq=99999999999999999999", "validation_failed"),
        ("GET", "/api/v1/rooms/lobby/messages?before_seq=1&after_seq=1", "validation_failed"),
        ("GET", "/api/v1/rooms/lobby/events?after_seq=0&limit=501", "validation_failed"),
        ("GET", "/api/v1/rooms/lobby/search?q=%00", "validation_failed"),
        ("GET", "/api/v1/rooms/lobby/search", "validation_failed"),
        ("PATCH", "/api/v1/rooms/lobby", "unsupported_media_type"),
    ],
)
async def test_each_invalid_address_gets_its_own_problem_code(
    people: People, method: str, path: str, code: str
) -> None:
    ann = await people.enter()
    answer = await ann.http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (PROBLEMS[code].status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
