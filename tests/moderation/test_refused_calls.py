"""A call of hosts or of the operator by others costs nothing: it runs no statement and queues no write.

The calls come from the tables of roles, so that a new call without the check fails here.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from chat_server.dependencies import open_services
from chat_server.fastpath.router import FastPath
from chat_server.fetch.event_waits import EventWaits
from chat_server.main import create_app
from chat_server.messages.operations import Operation
from chat_server.messages.room_operations import BanUsers
from chat_server.messages.write_queue import PendingWrite, WriteQueue
from chat_server.postgres.read_lane import ReadLane
from chat_server.rooms import room_settings_cache
from chat_server.sessions.operator_sessions import COOKIE
from chat_server.settings import ChatSettings
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.limits.shares import Shares
from tests.moderation.hosted_room import HostedRoom, code_of
from tests.moderation.test_who_may_do_what import MESSAGE, NO_INVITE, ROLES, TABLE
from tests.ops import test_who_may_call as operators_calls
from tests.support.api_calls import path_of
from tests.support.chat_stack import ADMIN_TOKEN, SECRET
from tests.support.people import People
from tests.support.plain_http import ANSWERS_WITHIN_S

NO_KAFKA: Final = "127.0.0.1:1"
"""Writes do not need Kafka."""

DECIDED_BY_THE_MESSAGE: Final = {("PATCH", MESSAGE), ("DELETE", MESSAGE)}
"""Authors may make these calls. To find the author takes one row, by the id of the message."""

GUEST: Final = ROLES.index("guest")
REFUSED: Final = [
    call for call, row in TABLE.items() if row.statuses[GUEST] == 403 and call not in DECIDED_BY_THE_MESSAGE
]


@dataclass
class Work:
    """What calls cause: statements outside the writer, and writes in its queue."""

    statements: list[str] = field(default_factory=list)
    queued: list[Operation] = field(default_factory=list)

    def clear(self) -> None:
        self.statements.clear()
        self.queued.clear()


class LocalPeople(People):
    """People who call an app of this process."""

    def __init__(self, app: Any) -> None:
        super().__init__("http://localhost")
        self._transport = httpx.ASGITransport(app)

    def anonymous(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            base_url=self.base_url, transport=self._transport, timeout=ANSWERS_WITHIN_S
        )
        self._clients.append(client)
        return client


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    offer, fetch = WriteQueue.offer, ReadLane.fetch

    def counted_offer(self: WriteQueue, write: PendingWrite) -> None:
        work.queued.append(write.operation)
        offer(self, write)

    async def counted_fetch(
        self: ReadLane, name: str, statement: str, *arguments: Any, **options: Any
    ) -> Any:
        work.statements.append(statement)
        return await fetch(self, name, statement, *arguments, **options)

    monkeypatch.setattr(WriteQueue, "offer", counted_offer)
    monkeypatch.setattr(ReadLane, "fetch", counted_fetch)
    # The settings of a room stay cached for the whole test, however slow the machine is.
    monkeypatch.setattr(room_settings_cache, "FRESH_S", 3600.0)
    return work


@pytest.fixture
async def room(work: Work, database_url: str, redis_url: str) -> AsyncIterator[HostedRoom]:
    """On real stores in this process, whose statements are counted."""
    settings = ChatSettings(
        hotchat_secret=SECRET,
        hotchat_admin_token=ADMIN_TOKEN,
        database_url=database_url,
        redis_url=redis_url,
        kafka_bootstrap_servers=NO_KAFKA,
        posts_per_user_per_s=0,
    )
    app = create_app()
    async with open_services(settings, Shares(settings, Random(7)), EventWaits()) as services:
        app.state.services = services
        fast_path = services.get(FastPath)

        async def server(scope: Scope, receive: Receive, send: Send) -> None:
            if not await fast_path(scope, receive, send, []):
                await app(scope, receive, send)

        def note(record: Any) -> None:
            work.statements.append(record.query)

        def count(dbapi_connection: Any, *_: object) -> None:
            dbapi_connection.driver_connection.add_query_logger(note)

        event.listen(services.get(AsyncEngine).sync_engine, "checkout", count)
        people = LocalPeople(server)
        yield await HostedRoom.make(people)
        await people.leave()


async def refused_by(room: HostedRoom, role: str, call: tuple[str, str], work: Work) -> None:
    """Make the call of hosts in this role, which must not be allowed to; `work` has what it caused."""
    method, template = call
    make_body = TABLE[call].body
    path = path_of(template, room_id=room.id, user_id=room.target.id, invite_id=NO_INVITE)
    body = None if make_body is None else make_body(room, str(uuid.UUID(int=7)))
    await room.me(room.guest)  # the settings are in memory from here on
    work.clear()
    answer = await room.client(role).request(method, path, json=body)
    await asyncio.sleep(0)  # the record of a statement comes in the next iteration of the loop
    assert code_of(answer) == (403, "forbidden"), call


async def test_a_refused_call_of_a_guest_runs_no_statement_and_queues_nothing(
    room: HostedRoom, work: Work
) -> None:
    assert len(REFUSED) > 15
    for call in REFUSED:
        await refused_by(room, "guest", call, work)
        assert (work.statements, work.queued) == ([], []), call
    same_text = {"seconds": None, "same_text_as": str(uuid.UUID(int=7))}
    many = {"seconds": None, "purge": True, "user_ids": [str(uuid.uuid4()) for _ in range(500)]}
    for body in (same_text, many):
        assert code_of(await room.guest.http.post(room.path("bans"), json=body)) == (403, "forbidden")
        assert (work.statements, work.queued) == ([], [])


async def test_a_call_of_the_operator_by_others_runs_no_statement_and_queues_nothing(
    room: HostedRoom, work: Work
) -> None:
    """Not even in a private room of theirs, and not with a cookie that is not the operator's."""
    assert (await room.owner.http.patch(room.path(), json={"visibility": "private"})).status_code == 200
    room.nobody.cookies.set(COOKIE, "x")
    for call, row in operators_calls.TABLE.items():
        for role in ROLES[1:]:
            work.clear()
            answer = await operators_calls.call(room, room.client(role), call)
            await asyncio.sleep(0)  # the record of a statement comes in the next iteration of the loop
            assert answer.status_code == row.expected(role), (role, call)
            assert (work.statements, work.queued) == ([], []), (role, call)


async def test_a_call_of_a_banned_host_costs_the_look_up_of_the_ban(room: HostedRoom, work: Work) -> None:
    await room.ban(room.moderator, role="owner", seconds=None)
    assert type(work.queued[-1]) is BanUsers
    for call in REFUSED:
        await refused_by(room, "moderator", call, work)
        assert work.queued == [], call
        assert len(work.statements) <= 1, call
        assert all("FROM bans" in statement for statement in work.statements), call
    work.clear()
    assert (await room.operator.get(room.path("bans"))).status_code == 200
    await asyncio.sleep(0)
    assert len(work.statements) == 1
