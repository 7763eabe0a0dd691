"""The writer checks for ended sessions in its transaction, so a process with a stale list refuses their writes too."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from chat_server.sessions.ended import ALL_GENERATIONS
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session, SessionTokens
from tests.support.chat_stack import SECRET, StartChatStack
from tests.support.message_store import Store, post
from tests.support.plain_http import client_of

UNSEEN_BY_POLLS = "INSERT INTO ended_sessions VALUES ($1, $2, '1960-01-01', 'infinity')"


def a_session(generation: int = 0) -> Session:
    return Session(uuid.uuid4(), "ann", 0, 2**62, uuid.uuid4(), generation)


async def test_a_batch_refuses_only_the_writes_of_ended_sessions(store: Store) -> None:
    room, writer = await store.make_room(), await store.writer()
    ended, left, next_generation = a_session(), a_session(), a_session(generation=2)
    connection = await asyncpg.connect(store.dsn)
    await connection.execute(UNSEEN_BY_POLLS, ended.session_id, ALL_GENERATIONS)
    await connection.execute(UNSEEN_BY_POLLS, left.user_id, 1)
    await connection.execute(UNSEEN_BY_POLLS, next_generation.user_id, 2)
    await connection.close()
    sessions = [a_session(), ended, left, next_generation, None] * 20
    results = await asyncio.gather(
        *(writer.store(post(room), session) for session in sessions), return_exceptions=True
    )
    for session, result in zip(sessions, results, strict=True):
        if session in (ended, left):
            assert isinstance(result, ChatError) and result.code == "session_expired"
        else:
            assert not isinstance(result, BaseException)
    [row] = await store.rows("SELECT count(*) AS posts FROM messages WHERE room_id = $1", room)
    assert row["posts"] == 60
    await store.assert_no_holes(room)


async def test_the_transaction_refuses_every_kind_of_write_of_an_ended_session(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    connection = await asyncpg.connect(database_url)
    async with client_of(stack.chat_url) as http:
        entered = (await http.post("/api/v1/sessions", json={"nickname": "ann"})).json()
        room = (await http.post("/api/v1/rooms", json={"name": "Tea"})).json()["id"]
        messages = f"/api/v1/rooms/{room}/messages"
        draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
        message = f"{messages}/{(await http.post(messages, json=draft)).json()['id']}"
        session = SessionTokens(SECRET).verify(entered["token"], 0)
        await connection.execute(UNSEEN_BY_POLLS, session.session_id, ALL_GENERATIONS)
        assert (await http.get("/api/v1/me")).status_code == 200, (
            "the process's list does not hold the session yet"
        )
        before = (await http.get(f"/api/v1/rooms/{room}")).json()["last_seq"]
        for method, path, body in (
            ("POST", messages, {**draft, "client_message_id": str(uuid.uuid4())}),
            ("PATCH", message, {"text": "edited"}),
            ("PUT", f"{message}/reactions/heart", None),
            ("DELETE", f"{message}/reactions/heart", None),
            ("PUT", f"{message}/pin", None),
            ("DELETE", f"{message}/pin", None),
            ("DELETE", message, None),
        ):
            answer = await http.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (401, "session_expired"), (method, path)
        assert await connection.fetchval("SELECT last_seq FROM rooms WHERE id = $1", room) == before
    await connection.close()


async def test_checking_for_ended_sessions_needs_no_extra_query(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, writer = await store.make_room(), await store.writer()
    statements: list[str] = []
    for name in ("fetch", "fetchval", "execute"):
        run = getattr(asyncpg.Connection, name)

        async def counted(
            connection: Any, query: str, *args: Any, run: Callable[..., Any] = run, **options: Any
        ) -> Any:
            statements.append(query)
            return await run(connection, query, *args, **options)

        monkeypatch.setattr(asyncpg.Connection, name, counted)
    counts = []
    for session in (None, None, a_session()):
        statements.clear()
        await writer.store(post(room), session)
        counts.append(len(statements))
    assert counts[1] == counts[2] > 0
