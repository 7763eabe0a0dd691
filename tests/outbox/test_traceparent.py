"""Every Kafka record carries a W3C traceparent: that of the request if it is valid, otherwise a new one."""

import asyncio
import re

import pytest
from aiokafka.structs import ConsumerRecord

from chat_contract.topics import header
from server_kit.http.trace_context import new_traceparent, valid_traceparent
from tests.outbox.test_outbox import records_of
from tests.support.people import People, Person

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FORMAT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


async def test_an_event_carries_the_traceparent_of_its_request(
    people: People, kafka_bootstrap_servers: str
) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    ann.http.headers["traceparent"] = GIVEN
    message = await ann.post(room["id"], "hello")
    path = f"/api/v1/rooms/{room['id']}/messages/{message['id']}"
    await _call(ann, "PUT", f"{path}/reactions/heart")
    await _call(ann, "PATCH", path, json={"text": "hello again"})
    await _call(ann, "PUT", f"{path}/pin")
    await _call(ann, "DELETE", f"{path}/pin")
    await _call(ann, "DELETE", path)
    records = await _records(kafka_bootstrap_servers, room["id"], count=6)
    assert [_traceparent(record) for record in records] == [GIVEN] * 6


@pytest.mark.parametrize("given", [None, "not a traceparent"])
async def test_an_event_of_a_request_without_a_valid_traceparent_gets_a_new_one(
    given: str | None, people: People, kafka_bootstrap_servers: str
) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    if given is not None:
        ann.http.headers["traceparent"] = given
    await ann.post(room["id"], "one")
    await ann.post(room["id"], "two")
    first, second = map(_traceparent, await _records(kafka_bootstrap_servers, room["id"], count=2))
    assert FORMAT.fullmatch(first)
    assert FORMAT.fullmatch(second)
    assert first != second


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        GIVEN.upper().encode(),
        GIVEN.replace("00-", "ff-", 1).encode(),
        f"{GIVEN}-more".encode(),
        f"{GIVEN}\n".encode(),
        f"00-{'0' * 32}-00f067aa0ba902b7-01".encode(),
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01".encode(),
    ],
)
def test_an_invalid_traceparent_is_not_passed_on(value: bytes | None) -> None:
    assert valid_traceparent(value) is None


def test_a_new_traceparent_is_valid() -> None:
    made = new_traceparent()
    assert valid_traceparent(made.encode()) == made


async def _call(person: Person, method: str, path: str, json: object = None) -> None:
    response = await person.http.request(method, path, json=json)
    assert response.status_code == 200, response.text


async def _records(bootstrap_servers: str, room_id: str, count: int) -> list[ConsumerRecord]:
    """The records of the room, once `count` of them have reached Kafka."""
    async with asyncio.timeout(30):
        while len(records := await records_of(bootstrap_servers, room_id)) < count:
            pass
    return records


def _traceparent(record: ConsumerRecord) -> str:
    return (header(record.headers, "traceparent") or b"").decode()
