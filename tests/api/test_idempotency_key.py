"""A POST repeated with the same `Idempotency-Key` takes effect once."""

import asyncio
import uuid
from typing import Any

import asyncpg
import httpx
import pytest

from chat_server.http.idempotency_key import KEY_LIFETIME_S, expire_keys
from tests.support.chat_stack import StartChatStack
from tests.support.people import People, Person


async def make_room(person: Person, key: str, **body: object) -> httpx.Response:
    return await person.http.post("/api/v1/rooms", json=body, headers={"Idempotency-Key": key})


def new_id() -> str:
    return f"r-{uuid.uuid4().hex}"


def without_code(answer: httpx.Response) -> dict[str, Any]:
    """The room without its recovery code, which is another one in every response."""
    room: dict[str, Any] = answer.json()
    return {name: value for name, value in room.items() if name != "recovery_code"}


async def test_a_repeated_request_gets_the_same_response_and_another_body_is_refused(people: People) -> None:
    ann, key, room_id = await people.enter(), str(uuid.uuid4()), new_id()
    first = await make_room(ann, key, name="Tea", id=room_id)
    assert first.status_code == 201
    await ann.post(room_id, "hello")
    for given, name in ((key, "Tea"), (f'"{key}"', " Tea ")):
        repeated = await make_room(ann, given, name=name, id=room_id)
        assert (repeated.status_code, without_code(repeated)) == (201, without_code(first))
    other = await make_room(ann, key, name="Coffee", id=room_id)
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_a_key_is_valid_for_one_person_only(people: People) -> None:
    ann, ben, key, room_id = await people.enter("ann"), await people.enter("ben"), str(uuid.uuid4()), new_id()
    assert (await make_room(ann, key, name="Tea", id=room_id)).status_code == 201
    taken = await make_room(ben, key, name="Tea", id=room_id)
    assert (taken.status_code, taken.json()["code"]) == (409, "room_exists")


async def test_simultaneous_requests_with_one_key_create_one_room_even_without_an_id(people: People) -> None:
    ann, key = await people.enter(), str(uuid.uuid4())
    answers = await asyncio.gather(*(make_room(ann, key, name="우리 방") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert all(without_code(answer) == without_code(answers[0]) for answer in answers)


async def test_a_repeated_request_makes_the_recovery_code_again_and_ends_the_earlier_one(
    people: People,
) -> None:
    ann, ben, key, room_id = await people.enter("ann"), await people.enter("ben"), str(uuid.uuid4()), new_id()
    first, second = [(await make_room(ann, key, name="Tea", id=room_id)).json() for _ in range(2)]
    assert first["recovery_code"] != second["recovery_code"]

    async def recover(code: str) -> int:
        body = {"recovery_code": code}
        return (await ben.http.post(f"/api/v1/rooms/{room_id}/owner/recover", json=body)).status_code

    assert await recover(first["recovery_code"]) == 403
    assert await recover(second["recovery_code"]) == 200
    late = await make_room(ann, key, name="Tea", id=room_id)
    assert (late.status_code, late.json()["recovery_code"]) == (201, None)
    assert without_code(late) == {name: first[name] for name in without_code(late)}


async def test_a_refused_request_does_not_use_up_its_key(people: People) -> None:
    ann, key, room_id = await people.enter(), str(uuid.uuid4()), new_id()
    await ann.make_room(id=room_id)
    for _ in range(2):
        assert (await make_room(ann, key, name="Tea", id=room_id)).status_code == 409
    assert (await make_room(ann, key, name="Tea", id=new_id())).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", '"a', 'a"', "x" * 201, "\xe9"])
async def test_an_invalid_key_is_refused(people: People, key: str) -> None:
    ann = await people.enter()
    answer = await ann.http.post(
        "/api/v1/rooms", json={"name": "Tea"}, headers=[(b"idempotency-key", key.strip().encode("latin-1"))]
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_keys_are_kept_for_a_day_and_no_longer(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    people = People(stack.chat_url)
    ann, key = await people.enter(), str(uuid.uuid4())
    first = await make_room(ann, key, name="Tea", id=new_id())
    connection = await asyncpg.connect(database_url)
    age = "UPDATE idempotency_keys SET created_at = now() - make_interval(secs => $1)"
    await connection.execute(age, float(KEY_LIFETIME_S - 60))
    await expire_keys(connection, 10)
    repeated = await make_room(ann, key, name="Tea", id=first.json()["id"])
    assert without_code(repeated) == without_code(first)
    await connection.execute(age, float(KEY_LIFETIME_S + 60))
    assert (await make_room(ann, key, name="Coffee", id=new_id())).status_code == 201
    await connection.execute(age, float(KEY_LIFETIME_S + 60))
    await expire_keys(connection, 10)
    assert await connection.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    await connection.close()
    await people.leave()


async def test_a_page_may_send_the_key(people: People) -> None:
    headers = {"Origin": people.base_url, "Access-Control-Request-Method": "POST"}
    answer = await people.anonymous().options("/api/v1/rooms", headers=headers)
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
