"""Bans from all rooms by address: sessions made from it after the ban cannot write in any room."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import asyncpg
import httpx
import pytest

from local_stack.ports import LOOPBACK
from tests.moderation.hosted_room import code_of
from tests.moderation.test_address_bans import ELSEWHERE, HOME, enter
from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack
from tests.support.people import People, Person

BANS: Final = "/api/v1/ops/bans"
FOR_GOOD: Final = {"seconds": None, "address": True}


class Operator:
    """Bans and lifts at a server that trusts this machine to name the addresses of people."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.http: httpx.AsyncClient = people.anonymous()
        self.http.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"

    async def ban(self, person: Person, body: Mapping[str, Any] = FOR_GOOD) -> dict[str, Any]:
        answer = await self.http.put(f"{BANS}/{person.id}", json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def lift(self, person: Person) -> None:
        assert (await self.http.delete(f"{BANS}/{person.id}")).status_code == 200

    async def listed(self) -> dict[str, dict[str, Any]]:
        """The bans by the names of their people."""
        bans = (await self.http.get(BANS)).json()["bans"]
        return {each["user"]["nickname"]: each for each in bans}


@pytest.fixture
async def operator(start_chat_stack: StartChatStack) -> AsyncIterator[Operator]:
    stack = start_chat_stack(publish=0, scheduler=0, TRUSTED_PROXIES=LOOPBACK)
    people = People(stack.chat_url)
    yield Operator(people)
    await people.leave()


async def is_banned(person: Person, room_id: str) -> bool:
    answer = await person.try_post(room_id, "hello")
    assert code_of(answer) in ((201, ""), (403, "banned"))
    return answer.status_code == 403


async def test_sessions_made_from_a_banned_address_write_in_no_room(operator: Operator) -> None:
    people = operator.people
    ann = await people.enter("ann")
    rooms = ["lobby", (await ann.make_room())["id"]]
    troll, older = [await enter(people, name, HOME) for name in ("troll", "older")]
    result = await operator.ban(troll, {**FOR_GOOD, "reason": "raid"})
    assert (result["until"], result["address_held"]) == (None, True)
    newer, mapped = await enter(people, "newer", HOME), await enter(people, "mapped", f"::ffff:{HOME}")
    rooms.append((await ann.make_room())["id"])
    message = await ann.post(rooms[0], "react to me")
    for room in rooms:
        for person in (troll, newer, mapped):
            assert await is_banned(person, room)
        assert not await is_banned(older, room)
        assert not await is_banned(await enter(people, "neighbour", ELSEWHERE), room)
    reaction = f"/api/v1/rooms/lobby/messages/{message['id']}/reactions/heart"
    assert code_of(await newer.http.put(reaction)) == (403, "banned")
    made = await newer.http.post("/api/v1/rooms", json={"name": "Mine"})
    assert code_of(made) == (403, "banned")
    bans = await operator.listed()
    assert {name: ban["of_address"] for name, ban in bans.items()} == {
        "troll": False,
        "newer": True,
        "mapped": True,
    }
    assert bans["newer"]["reason"] == "raid"
    [entry] = (await operator.http.get("/api/v1/ops/audit")).json()["entries"]
    assert entry["details"] == {"seconds": None, "purge": False, "reason": "raid", "address": True}


async def test_an_address_is_free_once_no_ban_holds_it(operator: Operator) -> None:
    people = operator.people
    first, second = [await enter(people, name, HOME) for name in ("first", "second")]
    await operator.ban(first, {**FOR_GOOD, "seconds": 3600, "reason": "raid"})
    await operator.ban(second)
    newer = await enter(people, "newer", HOME)
    assert (await operator.listed())["newer"]["until"] is None
    await operator.lift(second)
    assert (await operator.listed())["newer"]["reason"] == "raid"
    assert (await operator.listed())["newer"]["until"] is not None
    newest = await enter(people, "newest", HOME)
    for person, expected in ((first, True), (second, False), (newer, True), (newest, True)):
        assert await is_banned(person, "lobby") is expected
    await operator.lift(newer)
    assert not await is_banned(newer, "lobby")
    assert await is_banned(await enter(people, "another", HOME), "lobby")
    await operator.lift(first)
    for person in (first, newest, await enter(people, "free", HOME)):
        assert not await is_banned(person, "lobby")
    assert await operator.listed() == {}


async def test_a_ban_by_name_stays_when_the_ban_of_the_address_is_lifted(operator: Operator) -> None:
    troll = await enter(operator.people, "troll", HOME)
    await operator.ban(troll)
    named, other = [await enter(operator.people, name, HOME) for name in ("named", "other")]
    await operator.ban(named, {"seconds": None})
    await operator.lift(troll)
    assert await is_banned(named, "lobby")
    assert not await is_banned(other, "lobby")


async def test_loopback_is_never_banned(operator: Operator, database_url: str) -> None:
    for number, address in enumerate((LOOPBACK, "::1")):
        local = await enter(operator.people, f"local {number}", address)
        assert (await operator.ban(local))["address_held"] is False
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM address_bans") == 0
    await connection.close()


async def test_a_session_made_while_the_ban_is_lifted_is_not_left_banned(operator: Operator) -> None:
    people = operator.people
    for number in range(10):
        troll = await enter(people, f"troll {number}", HOME)
        await operator.ban(troll)
        entering = [asyncio.create_task(enter(people, f"{number} {n}", HOME)) for n in range(4)]
        await asyncio.gather(operator.lift(troll), *entering)
        assert await operator.listed() == {}
