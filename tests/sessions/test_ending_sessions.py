"""Sign-out: every process refuses an ended session, even while Postgres is unavailable."""

import hashlib
import time
import uuid
from contextlib import AsyncExitStack

import asyncpg
import httpx
import jwt
import pytest

from chat_contract.internal_api import MAX_UNIX_US, service_token
from chat_server.postgres.pools import open_database
from chat_server.sessions.ended import EndedSessionsRepository, expire_ended_sessions, read_for_poll
from local_stack.postgres import Postgres
from server_kit.ended_sessions import EndedSessions, EndedSessionsPoll, SessionEnd
from server_kit.session_tokens import LIFETIME_S, Session, SessionTokens
from tests.support.chat_stack import SECRET, StartChatStack
from tests.support.fetching_crowd import until
from tests.support.people import People
from tests.support.plain_http import ANSWERS_WITHIN_S


def session_of(user_id: uuid.UUID, session_id: uuid.UUID, generation: int = 0) -> Session:
    return Session(user_id, "ann", 0, 2**62, session_id, generation)


def test_ending_a_session_or_a_generation_and_the_bound_of_the_list() -> None:
    ended = EndedSessions(max_entries=2)
    user, session = uuid.uuid4(), uuid.uuid4()
    assert not ended.has(session_of(user, session))
    ended.add(SessionEnd(user, 2))
    ended.add(SessionEnd(user, 1))
    assert [ended.has(session_of(user, session, generation)) for generation in (0, 1, 2)] == [
        True,
        True,
        False,
    ]
    ended.add(SessionEnd(session, 9))
    assert ended.has(session_of(user, session, 2))
    ended.add(SessionEnd(uuid.uuid4(), 1))
    assert not ended.has(session_of(user, uuid.uuid4(), 0))
    assert ended.has(session_of(user, session, 2))


async def test_signing_out_ends_all_tokens_of_the_session_and_clears_the_cookie(
    people: People,
) -> None:
    ann = await people.enter()
    token = ann.http.headers["Authorization"].removeprefix("Bearer ")
    tokens = SessionTokens(SECRET)
    session = tokens.verify(token, time.time())
    renewed, _ = tokens.renew(session, time.time() + 5)
    other, _ = tokens.issue(session.user_id, "ann", time.time(), session_id=uuid.uuid4())
    answer = await ann.http.delete("/api/v1/sessions/current")
    assert answer.status_code == 204
    assert "hotchat_session=;" in answer.headers["set-cookie"] and "Max-Age=0" in answer.headers["set-cookie"]
    for ended in (token, renewed):
        await assert_refused(ann.http, ended)
    assert (await me(ann.http, other)).status_code == 200


async def test_ending_all_sessions_ends_every_token_of_that_person_only(people: People) -> None:
    ann, ben = await people.enter("ann"), await people.enter("ben")
    token = ann.http.headers["Authorization"].removeprefix("Bearer ")
    other, _ = SessionTokens(SECRET).issue(uuid.UUID(ann.id), "ann", time.time(), session_id=uuid.uuid4())
    assert (await ann.http.delete("/api/v1/sessions")).status_code == 204
    for ended in (token, other):
        await assert_refused(ann.http, ended)
    assert (await ben.get("/api/v1/me"))["id"] == ben.id


async def test_a_session_from_an_earlier_version_can_be_ended(people: People) -> None:
    http = people.anonymous()
    token = earlier_token(uuid.uuid4())
    assert (await me(http, token)).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    assert (await http.delete("/api/v1/sessions/current", headers=headers)).status_code == 204
    await assert_refused(http, token)


@pytest.mark.parametrize("path", ["/api/v1/sessions/current", "/api/v1/sessions"])
async def test_signing_out_without_a_session_gets_401(people: People, path: str) -> None:
    answer = await people.anonymous().delete(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_sign_outs_of_one_user_are_limited(people: People) -> None:
    ann = await people.enter()
    tokens = SessionTokens(SECRET)
    answers = []
    for _ in range(12):
        token, _ = tokens.issue(uuid.UUID(ann.id), "ann", time.time(), session_id=uuid.uuid4())
        answers.append(
            await ann.http.delete("/api/v1/sessions/current", headers={"Authorization": f"Bearer {token}"})
        )
    assert [answer.status_code for answer in answers] == [204] * 10 + [429] * 2


async def test_every_process_refuses_an_ended_session_even_while_postgres_is_unavailable(
    start_chat_stack: StartChatStack, own_postgres: Postgres
) -> None:
    own_postgres.ensure_database("hotchat")
    stack = start_chat_stack(chat=2, publish=0, scheduler=0, DATABASE_URL=own_postgres.url("hotchat"))
    first, second = (server.base_url for server in stack.chat_servers)
    async with httpx.AsyncClient(timeout=ANSWERS_WITHIN_S) as http:
        entered = (await http.post(f"{first}/api/v1/sessions", json={"nickname": "ann"})).json()
        http.cookies.clear()
        http.headers["Authorization"] = f"Bearer {entered['token']}"
        assert (await http.get(f"{second}/api/v1/me")).status_code == 200
        assert (await http.delete(f"{first}/api/v1/sessions/current")).status_code == 204

        async def is_refused() -> bool:
            return (await http.get(f"{second}/api/v1/me")).status_code == 401

        await until(is_refused, within_s=10, what="the other process to refuse the session")
        own_postgres.kill()
        for url in (first, second):
            await assert_refused(http, entered["token"], url)


async def test_a_process_refuses_sessions_that_ended_before_it_started(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    async with httpx.AsyncClient(timeout=ANSWERS_WITHIN_S) as http:
        entered = (await http.post(f"{stack.chat_url}/api/v1/sessions", json={"nickname": "ann"})).json()
        http.cookies.clear()
        headers = {"Authorization": f"Bearer {entered['token']}"}
        assert (await http.delete(f"{stack.chat_url}/api/v1/sessions", headers=headers)).status_code == 204
        later = start_chat_stack(publish=0, scheduler=0)
        await assert_refused(http, entered["token"], later.chat_url)


async def test_a_poll_finds_late_commits_and_retention_deletes_expired_ends(
    database_url: str,
) -> None:
    async with open_database(database_url, 4) as engine:
        ended, repository = EndedSessions(), EndedSessionsRepository(engine)
        poll = EndedSessionsPoll(ended, read_for_poll(repository), ())
        early, late = (session_of(uuid.uuid4(), uuid.uuid4()) for _ in range(2))
        await repository.end_session(early)
        await poll.poll()
        assert ended.has(early)
        connection = await asyncpg.connect(database_url)
        await connection.execute(
            "INSERT INTO ended_sessions SELECT $1, 1, ended_at - interval '5 s', expires_at FROM ended_sessions",
            late.session_id,
        )
        await poll.poll()
        assert ended.has(late)
        await connection.execute("UPDATE ended_sessions SET expires_at = now() - interval '1 s'")
        for left in (1, 0):
            await expire_ended_sessions(connection, 1)
            assert await connection.fetchval("SELECT count(*) FROM ended_sessions") == left
        await connection.close()


def earlier_token(user_id: uuid.UUID) -> str:
    now_s = int(time.time())
    claims = {"sub": str(user_id), "nick": "ann", "iat": now_s, "exp": now_s + LIFETIME_S}
    return jwt.encode(claims, hashlib.sha256(SECRET.encode()).digest(), algorithm="HS256")


async def me(http: httpx.AsyncClient, token: str, base_url: str = "") -> httpx.Response:
    return await http.get(f"{base_url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})


async def assert_refused(http: httpx.AsyncClient, token: str, base_url: str = "") -> None:
    answer = await me(http, token, base_url)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_expired")


async def test_a_new_stream_of_an_ended_session_counts_as_a_stream_without_a_session(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(scheduler=0, STREAMS_PER_ADDRESS="4")
    an_hour_ago_ms = round(time.time() * 1000) - 3_600_000
    user_id = uuid.UUID(int=an_hour_ago_ms << 80 | 7 << 76 | 2 << 62)
    token, _ = SessionTokens(SECRET).issue(user_id, "ann", time.time(), session_id=uuid.uuid4())
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{stack.publish_url}/stream/v1/rooms/lobby"

    async def status(http: httpx.AsyncClient) -> int:
        async with http.stream("GET", path, headers=headers) as stream:
            return stream.status_code

    async with httpx.AsyncClient(timeout=10) as http, AsyncExitStack() as crowd:
        for _ in range(3):
            stream = await crowd.enter_async_context(http.stream("GET", path))
            assert stream.status_code == 200
        assert (await http.get(path)).status_code == 429
        assert await status(http) == 200
        ended = await http.delete(f"{stack.chat_url}/api/v1/sessions/current", headers=headers)
        assert ended.status_code == 204

        async def is_refused() -> bool:
            return await status(http) == 429

        await until(is_refused, within_s=10, what="a stream of the ended session is refused")


async def test_only_our_servers_read_the_ended_sessions(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    path = f"{stack.chat_url}/internal/v1/ended-sessions"
    service = {"Authorization": f"Bearer {service_token(SECRET)}"}
    async with httpx.AsyncClient(timeout=10) as http:
        session_id = uuid.uuid4()
        token, _ = SessionTokens(SECRET).issue(uuid.uuid4(), "ann", time.time(), session_id=session_id)
        headers = {"Authorization": f"Bearer {token}"}
        ended = await http.delete(f"{stack.chat_url}/api/v1/sessions/current", headers=headers)
        assert ended.status_code == 204
        assert (await http.get(path, headers=headers)).status_code == 401

        page = (await http.get(path, headers=service)).json()
        assert [id_ for id_, _ in page["ended"]] == [str(session_id)]
        for since_us in (page["until_us"], MAX_UNIX_US):
            later = await http.get(path, headers=service, params={"since_us": since_us})
            assert later.json() == {"ended": [], "until_us": since_us}
        beyond = {"since_us": MAX_UNIX_US + 1}
        assert (await http.get(path, headers=service, params=beyond)).status_code == 422
