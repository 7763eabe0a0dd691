"""Logs hold no texts, names, addresses, tokens or ids of people, even at the most verbose level."""

import uuid
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from chat_server.postgres.errors import described
from tests.moderation.hosted_room import HostedRoom
from tests.support.chat_stack import StartChatStack
from tests.support.people import People, Person

pytestmark = pytest.mark.timeout(300)

NAME: Final = "Annabel Unique"
TEXT: Final = "a very private text"
ADDRESS: Final = "203.0.113.77"


async def everything(room: HostedRoom, ann: Person) -> None:
    """Calls of every kind, accepted and refused, that carry something personal."""
    message = await ann.post(room.id, TEXT)
    path = room.path(f"messages/{message['id']}")
    bad = {"client_message_id": str(uuid.uuid4()), "text": f"{TEXT}\ud800"}
    calls: list[tuple[str, str, Any]] = [
        ("POST", room.path("messages"), {"client_message_id": "no id", "text": TEXT}),
        ("POST", room.path("messages"), {**bad, "text": TEXT * 1_000}),
        ("POST", "/api/v1/sessions", {"nickname": f"{NAME}\u202e"}),
        ("PATCH", path, {"text": TEXT + "!"}),
        ("PUT", f"{path}/reactions/heart", None),
        ("POST", f"{path}/reports", {"reason": TEXT}),
        ("GET", f"{room.path('search')}?q={TEXT}", None),
        ("GET", room.path("messages"), None),
        ("POST", room.path("typing"), None),
        ("POST", room.path("owner/recover"), {"recovery_code": TEXT}),
        ("GET", "/api/v1/me/export", None),
        ("PUT", room.path(f"bans/{ann.id}"), {"seconds": 60, "reason": TEXT}),
    ]
    for method, url, body in calls:
        await ann.http.request(method, url, json=body)
    raw = f'{{"client_message_id":"{uuid.uuid4()}","text":"{TEXT}\\ud800"}}'
    await ann.http.post(room.path("messages"), content=raw, headers={"Content-Type": "application/json"})
    await ann.http.post(
        room.path("messages"), content=f"{{{TEXT}", headers={"Content-Type": "application/json"}
    )
    await room.moderator.http.put(
        room.path(f"bans/{ann.id}"), json={"seconds": 60, "purge": True, "reason": TEXT}
    )
    wrong = {"Authorization": f"Bearer {TEXT.replace(' ', '-')}"}
    await ann.http.get("/api/v1/me", headers=wrong)
    await ann.http.delete(path, headers=wrong)


async def test_nothing_personal_is_logged(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(scheduler=0, LOG_LEVEL="DEBUG", TRUSTED_PROXIES="127.0.0.1")
    people = People(stack.chat_url)
    room = await HostedRoom.make(people)
    ann = await people.enter(NAME)
    ann.http.headers["X-Forwarded-For"] = ADDRESS
    token = ann.http.headers["Authorization"].removeprefix("Bearer ")
    stream = f"{stack.publish_url}/stream/v1/rooms/{room.id}"
    async with ann.http.stream("GET", stream) as opened:
        assert opened.status_code == 200
        await everything(room, ann)
    assert (await ann.http.delete("/api/v1/me")).status_code in (202, 204)
    await people.leave()
    for process in stack.processes:
        process.stop()
    logs = {process.name: process.log_path.read_text() for process in stack.processes}
    assert all(logs.values())
    for secret in (NAME, TEXT, TEXT.replace(" ", "-"), ADDRESS, token, token.rsplit(".", 1)[1], ann.id):
        for name, log in logs.items():
            assert secret not in log, f"{name}: {log[max(0, log.index(secret) - 300) :][:600]}"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DataError(f"invalid input for query argument $1: '{TEXT}'"),
        asyncpg.UniqueViolationError(f"duplicate key {TEXT}"),
        UnicodeEncodeError("utf-8", f"{TEXT}\ud800", 0, 1, "surrogates not allowed"),
        IntegrityError("INSERT", {"nickname": NAME}, Exception(TEXT)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_about_a_value_is_logged_by_its_type_only(error: Exception) -> None:
    assert described(error) == type(error).__name__


def test_other_errors_of_the_store_are_logged_whole() -> None:
    assert "Connect call failed" in described(ConnectionRefusedError("Connect call failed"))
