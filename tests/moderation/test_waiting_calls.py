"""Calls of hosts that wait for the lock of their room while somebody takes their role away."""

import asyncio
from collections.abc import Awaitable

import asyncpg
import httpx

from tests.moderation.hosted_room import HostedRoom, code_of
from tests.support.chat_stack import StartChatStack
from tests.support.people import People

BAN = "INSERT INTO bans (room_id, user_id, nickname, created_at, actor_nickname) VALUES ($1, $2, '', now(), 'operator')"
DEMOTE = """
UPDATE rooms SET moderators = '[]'
WHERE id = $1 AND moderators @> jsonb_build_array(jsonb_build_object('id', $2::uuid))"""
LOSE_OWNER = "UPDATE rooms SET owner_id = NULL WHERE id = $1 AND owner_id = $2"


async def while_it_waits(
    database_url: str, room_id: str, call: Awaitable[httpx.Response], statement: str, *values: object
) -> httpx.Response:
    """The response to the call, which waits for the room's lock while the statement commits."""
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(20):
            async with connection.transaction():
                await connection.execute("SELECT FROM rooms WHERE id = $1 FOR UPDATE", room_id)
                waiting = asyncio.ensure_future(call)
                while not await connection.fetchval(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                ):
                    assert not waiting.done(), waiting
                    await asyncio.sleep(0)
                await connection.execute(statement, room_id, *values)
            return await waiting
    finally:
        await connection.close()


async def test_a_call_is_refused_if_its_host_loses_the_role_while_it_waits(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    people = People(start_chat_stack(publish=0, scheduler=0).chat_url)
    room = await HostedRoom.make(people)
    for statement in (BAN, LOSE_OWNER):
        room = await room.another()
        deletion = room.owner.http.delete(room.path())
        answer = await while_it_waits(database_url, room.id, deletion, statement, room.owner.id)
        assert code_of(answer) == (403, "forbidden")
        assert (await room.operator.delete(room.path())).status_code == 204
    for statement in (BAN, DEMOTE):
        room = await room.another()
        sent = await room.target.post(room.id, "spam")
        reports = room.path(f"messages/{sent['id']}/reports")
        report = (await room.guest.http.post(reports, json={"reason": "spam"})).json()
        resolve = room.path(f"reports/{report['id']}/resolve")
        resolution = room.moderator.http.post(resolve)
        answer = await while_it_waits(database_url, room.id, resolution, statement, room.moderator.id)
        assert code_of(answer) == (403, "forbidden")
        assert (await room.owner.http.post(resolve)).json()["state"] == "resolved"
    await people.leave()
