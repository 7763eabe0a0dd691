"""A write that a limit refuses is not read, parsed, looked up or queued. The tests count reads and statements."""

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_contract.limits import MAX_BODY_BYTES
from chat_server.dependencies import open_services
from chat_server.fastpath.router import FastPath
from chat_server.fetch.event_waits import EventWaits
from chat_server.http.services import Services
from chat_server.limits.post_limits import (
    REACTION_CHANGES_BURST,
    REACTION_CHANGES_PER_S,
    UNKNOWN_ROOMS_BURST,
    UNKNOWN_ROOMS_PER_USER_PER_S,
)
from chat_server.messages.write_admission import WriteAdmission
from chat_server.rooms.room_settings_cache import FRESH_S
from chat_server.settings import ChatSettings
from server_kit.limits.shares import Shares
from server_kit.session_tokens import SessionTokens

NO_KAFKA = "127.0.0.1:1"
"""Writes do not need Kafka, and a producer that is stopped while it connects leaks its socket."""


@dataclass
class Counted:
    """The fast path on real stores, with counts of its reads and statements."""

    services: Services
    token: str
    statements: int = 0
    reads: int = 0

    async def write(
        self, method: str, path: str, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> tuple[int, str]:
        """Returns the status and code of the response."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            self.reads += 1
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "scheme": "http",
            "method": method,
            "path": f"/api/v1/rooms/{path}",
            "query_string": b"",
            "headers": [
                (b"authorization", f"Bearer {self.token}".encode()),
                (b"content-type", b"application/json"),
                *headers,
            ],
        }
        assert await self.services.get(FastPath)(scope, receive, send, [])
        return sent[0]["status"], orjson.loads(sent[1]["body"]).get("code", "")


@pytest.fixture(params=["limited", "unlimited"])
async def counted(
    request: pytest.FixtureRequest, database_url: str, redis_url: str
) -> AsyncIterator[Counted]:
    settings = ChatSettings(
        hotchat_secret="a secret of sufficient length for this",
        database_url=database_url,
        redis_url=redis_url,
        kafka_bootstrap_servers=NO_KAFKA,
        posts_per_user_per_s=0.001 if request.param == "limited" else 1_000,
    )
    async with open_services(settings, Shares(settings, Random(7)), EventWaits()) as services:
        token, _ = services.get(SessionTokens).issue(
            uuid.uuid4(), "ann", time.time(), session_id=uuid.uuid4()
        )
        counted = Counted(services, token)

        def count(*_: object) -> None:
            counted.statements += 1

        event.listen(services.get(AsyncEngine).sync_engine, "before_cursor_execute", count)
        yield counted


@pytest.mark.parametrize("counted", ["limited"], indirect=True)
@pytest.mark.parametrize("room", ["lobby", "nowhere"])
async def test_a_rate_limited_post_is_not_read(counted: Counted, room: str) -> None:
    await counted.write("POST", f"{room}/messages", b"not even JSON")
    counted.reads = counted.statements = 0
    answers = [
        await counted.write("POST", f"{room}/messages", b"not even JSON"),
        await counted.write("PUT", f"{room}/messages/{uuid.uuid4()}/reactions/nonsense"),
    ]
    assert answers == [(429, "rate_limited")] * 2
    assert (counted.reads, counted.statements) == (0, 0)


@pytest.mark.parametrize("counted", ["unlimited"], indirect=True)
async def test_a_post_that_is_too_large_is_not_read(counted: Counted) -> None:
    length = (b"content-length", str(MAX_BODY_BYTES + 1).encode())
    assert await counted.write("POST", "nowhere/messages", b"", (length,)) == (413, "body_too_large")
    assert (counted.reads, counted.statements) == (0, 0)


@pytest.mark.parametrize("counted", ["unlimited"], indirect=True)
async def test_an_invalid_post_costs_no_query(counted: Counted) -> None:
    assert await counted.write("POST", "nowhere/messages", b"{}") == (422, "validation_failed")
    assert counted.statements == 0


@pytest.mark.parametrize("counted", ["unlimited"], indirect=True)
async def test_a_path_is_parsed_once_for_posts_and_never_kept_for_reactions(counted: Counted) -> None:
    for _ in range(2):
        await counted.write("POST", "nowhere/messages", b"{}")
        await counted.write("PUT", f"nowhere/messages/{uuid.uuid4()}/reactions/like")
    kept = list(counted.services.get(FastPath).parsed)
    assert kept == [("POST", "/api/v1/rooms/nowhere/messages", b"")]


@pytest.mark.parametrize("counted", ["unlimited"], indirect=True)
async def test_posts_to_rooms_that_do_not_exist_cost_few_statements(counted: Counted) -> None:
    def body() -> bytes:
        return orjson.dumps({"client_message_id": str(uuid.uuid4()), "text": "hello"})

    began_s = time.monotonic()
    for _ in range(50):
        assert await counted.write("POST", "nowhere/messages", body()) == (404, "room_not_found")
    assert counted.statements <= 1 + (time.monotonic() - began_s) / FRESH_S
    codes = [(await counted.write("POST", f"no-{n}/messages", body()))[1] for n in range(100)]
    assert set(codes) == {"room_not_found", "rate_limited"}
    refilled = 2 * (time.monotonic() - began_s) * UNKNOWN_ROOMS_PER_USER_PER_S
    assert counted.statements <= 1 + UNKNOWN_ROOMS_BURST + refilled
    await counted.services.get(WriteAdmission).room("lobby", uuid.uuid4(), {"type": "http", "headers": []})
    assert (await counted.write("POST", "lobby/messages", body()))[0] == 201


@pytest.mark.parametrize("counted", ["unlimited"], indirect=True)
async def test_look_ups_that_fail_write_one_log_line(
    counted: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    async with counted.services.get(AsyncEngine).begin() as connection:
        await connection.execute(text("ALTER TABLE rooms RENAME TO lost_rooms"))
    body = orjson.dumps({"client_message_id": str(uuid.uuid4()), "text": "hello"})
    answers = [await counted.write("POST", f"no-{n}/messages", body) for n in range(UNKNOWN_ROOMS_BURST)]
    assert answers == [(503, "store_unavailable")] * UNKNOWN_ROOMS_BURST
    assert sum(record.message.startswith("The store failed") for record in caplog.records) <= 1


@pytest.mark.parametrize("counted", ["unlimited"], indirect=True)
async def test_one_user_can_store_few_reaction_events_of_one_message(counted: Counted) -> None:
    key = uuid.uuid4()
    posted = orjson.dumps({"client_message_id": str(key), "text": "hello"})
    assert (await counted.write("POST", "lobby/messages", posted))[0] == 201
    async with counted.services.get(AsyncEngine).connect() as connection:
        find = text("SELECT id FROM messages WHERE client_message_id = :key")
        message_id = await connection.scalar(find, {"key": key})
    began_s = time.monotonic()
    path = f"lobby/messages/{message_id}/reactions/heart"
    answers = [await counted.write("PUT" if n % 2 == 0 else "DELETE", path) for n in range(100)]
    assert {(200, ""), (429, "rate_limited")} == set(answers)
    async with counted.services.get(AsyncEngine).connect() as connection:
        count = text("SELECT count(*) FROM events WHERE payload LIKE :pattern")
        stored = await connection.scalar(count, {"pattern": f"%reaction.changed%{message_id}%"})
    assert 0 < stored <= REACTION_CHANGES_BURST + 1 + (time.monotonic() - began_s) * REACTION_CHANGES_PER_S
