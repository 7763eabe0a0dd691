"""Bans by address, over REST: they concern sessions made from that address afterwards, in one room."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from chat_server.sessions.addresses import KEPT_S
from chat_server.sessions.repository import MAX_ROOMS_BANNED_FROM, MAX_ROOMS_OF_ADDRESS
from local_stack.ports import LOOPBACK
from tests.moderation.hosted_room import GOOD_FOR_A_MINUTE, HostedRoom, code_of
from tests.support.chat_stack import StartChatStack
from tests.support.people import People, Person

HOME, NEIGHBOUR, ELSEWHERE = "203.0.113.5", "203.0.113.6", "198.51.100.7"


@pytest.fixture
async def behind_proxy(start_chat_stack: StartChatStack) -> AsyncIterator[People]:
    """People of a server that trusts this machine to name their addresses."""
    stack = start_chat_stack(publish=0, scheduler=0, TRUSTED_PROXIES=LOOPBACK)
    people = People(stack.chat_url)
    yield people
    await people.leave()


async def enter(people: People, nickname: str, address: str) -> Person:
    client = people.anonymous()
    client.headers["X-Forwarded-For"] = address
    answer = await client.post("/api/v1/sessions", json={"nickname": nickname})
    assert answer.status_code == 201, answer.text
    session = answer.json()
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {session['token']}"
    return Person(client, session["user"]["id"], nickname)


async def ban(room: HostedRoom, person: Person, **fields: Any) -> dict[str, Any]:
    return await room.ban(person, **{"address": True, "seconds": None, **fields})


async def test_sessions_made_from_a_banned_address_cannot_write_in_this_room(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    other = await room.another()
    troll = await enter(behind_proxy, "troll", HOME)
    older = await enter(behind_proxy, "older", HOME)
    assert (await ban(room, troll, reason="raid"))["address_held"] is True
    newer = await enter(behind_proxy, "newer", HOME)
    mapped = await enter(behind_proxy, "mapped", f"::ffff:{HOME}")
    for person in (troll, newer, mapped):
        assert code_of(await person.try_post(room.id, "hello")) == (403, "banned")
        await person.post(other.id, "hello")
    assert (await room.me(newer))["banned"] == {"until": None, "reason": "raid"}
    await older.post(room.id, "hello")
    await (await enter(behind_proxy, "neighbour", NEIGHBOUR)).post(room.id, "hello")
    await ban(room, older, address=False, seconds=1)
    listed = (await room.owner.get(room.path("bans")))["bans"]
    assert {each["user"]["id"] for each in listed} >= {troll.id, newer.id, mapped.id}


async def test_the_other_addresses_of_an_ipv6_network_count_as_one(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    troll = await enter(behind_proxy, "troll", "2001:db8:1:2::1")
    await ban(room, troll)
    same = await enter(behind_proxy, "same", "2001:db8:1:2:ffff::9")
    assert code_of(await same.try_post(room.id, "hello")) == (403, "banned")
    await (await enter(behind_proxy, "other", "2001:db8:1:3::1")).post(room.id, "hello")


async def test_a_lifted_ban_lifts_its_address_and_everybody_banned_because_of_it(
    behind_proxy: People,
) -> None:
    room = await HostedRoom.make(behind_proxy)
    troll = await enter(behind_proxy, "troll", HOME)
    await ban(room, troll)
    newer = await enter(behind_proxy, "newer", HOME)
    assert code_of(await newer.try_post(room.id, "hello")) == (403, "banned")
    assert (await room.moderator.http.delete(room.path(f"bans/{troll.id}"))).status_code == 200
    for person in (troll, newer, await enter(behind_proxy, "newest", HOME)):
        await person.post(room.id, "hello")


async def test_an_address_stays_banned_while_the_ban_of_anybody_holds_it(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    first, second = [await enter(behind_proxy, name, HOME) for name in ("first", "second")]
    await ban(room, first, seconds=3600, reason="raid")
    await ban(room, second, reason="rude")
    newer = await enter(behind_proxy, "newer", HOME)
    assert (await room.me(newer))["banned"] == {"until": None, "reason": "rude"}
    assert (await room.moderator.http.delete(room.path(f"bans/{second.id}"))).status_code == 200
    await second.post(room.id, "hello")
    assert (await room.me(newer))["banned"]["reason"] == "raid"
    assert (await room.me(newer))["banned"]["until"] is not None
    for person in (newer, await enter(behind_proxy, "newest", HOME)):
        assert code_of(await person.try_post(room.id, "hello")) == (403, "banned")
    assert (await room.moderator.http.delete(room.path(f"bans/{first.id}"))).status_code == 200
    for person in (newer, await enter(behind_proxy, "free", HOME)):
        await person.post(room.id, "hello")


async def test_lifting_the_ban_of_a_later_session_keeps_the_address_banned(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    await ban(room, await enter(behind_proxy, "troll", HOME))
    newer = await enter(behind_proxy, "newer", HOME)
    await room.moderator.http.delete(room.path(f"bans/{newer.id}"))
    await newer.post(room.id, "hello")
    newest = await enter(behind_proxy, "newest", HOME)
    assert code_of(await newest.try_post(room.id, "hello")) == (403, "banned")


async def test_a_ban_by_name_stays_when_the_ban_of_the_address_is_lifted(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    troll = await enter(behind_proxy, "troll", HOME)
    await ban(room, troll, reason="raid")
    named, other, bystander = [await enter(behind_proxy, name, HOME) for name in ("named", "other", "by")]
    await ban(room, named, address=False, reason="raid")  # equal to the ban of the address
    await ban(room, other, address=False, reason="rude")
    assert (await room.moderator.http.delete(room.path(f"bans/{troll.id}"))).status_code == 200
    for person in (named, other):
        assert code_of(await person.try_post(room.id, "hello")) == (403, "banned")
    await bystander.post(room.id, "hello")


async def test_the_address_of_the_last_post_counts(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    troll = await enter(behind_proxy, "troll", HOME)
    troll.http.headers["X-Forwarded-For"] = ELSEWHERE
    await troll.post(room.id, "hello")
    await ban(room, troll)
    newer = await enter(behind_proxy, "newer", ELSEWHERE)
    assert code_of(await newer.try_post(room.id, "hello")) == (403, "banned")
    await (await enter(behind_proxy, "neighbour", HOME)).post(room.id, "hello")


async def test_loopback_and_old_addresses_are_never_banned(behind_proxy: People, database_url: str) -> None:
    room = await HostedRoom.make(behind_proxy)
    assert (await ban(room, room.target))["address_held"] is False  # came without a forwarded address
    for number, address in enumerate((LOOPBACK, "::1")):
        local = await enter(behind_proxy, f"local {number}", address)
        assert (await ban(room, local))["address_held"] is False
    troll = await enter(behind_proxy, "troll", HOME)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE user_addresses SET seen_at = now() - make_interval(secs => $1)", KEPT_S + 1
    )
    assert (await ban(room, troll))["address_held"] is False
    assert await connection.fetchval("SELECT count(*) FROM address_bans") == 0
    stored = await connection.fetchval("SELECT address_hash FROM user_addresses LIMIT 1")
    assert len(stored) == 16 and HOME.encode() not in stored
    await connection.close()


async def test_hosts_do_not_learn_who_else_uses_a_banned_address(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    await ban(room, await enter(behind_proxy, "troll", HOME))
    newer = await enter(behind_proxy, "newer", HOME)

    async def listed() -> set[str]:
        return {each["user"]["id"] for each in (await room.owner.get(room.path("bans")))["bans"]}

    assert newer.id not in await listed()
    assert code_of(await newer.try_post(room.id, "hello")) == (403, "banned")
    assert newer.id in await listed()
    hidden = await enter(behind_proxy, "hidden", HOME)
    await ban(room, hidden, address=False)
    assert hidden.id in await listed()


async def test_a_new_session_is_banned_from_a_bounded_number_of_rooms(
    behind_proxy: People, database_url: str
) -> None:
    room = await HostedRoom.make(behind_proxy)
    troll = await enter(behind_proxy, "troll", HOME)
    await troll.post(room.id, "BUY NOW")
    await ban(room, troll)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO rooms (id, name, created_at, active_at) SELECT 'made-' || n, 'Made', now(), now()"
        " FROM generate_series(1, $1) n",
        MAX_ROOMS_BANNED_FROM + 1,
    )
    await connection.execute(
        "INSERT INTO address_bans (room_id, address_hash, user_id, actor_nickname, created_at)"
        " SELECT r.id, a.address_hash, a.user_id, 'x', now() FROM rooms r, address_bans a WHERE r.id LIKE 'made-%'"
    )
    newer = await enter(behind_proxy, "newer", HOME)
    count = await connection.fetchval("SELECT count(*) FROM bans WHERE user_id = $1", uuid.UUID(newer.id))
    assert count == MAX_ROOMS_BANNED_FROM
    assert code_of(await newer.try_post(room.id, "hello")) == (403, "banned")
    await connection.close()


async def test_many_bans_of_one_room_do_not_push_out_the_ban_of_another(
    behind_proxy: People, database_url: str
) -> None:
    room, own = await HostedRoom.make(behind_proxy), await HostedRoom.make(behind_proxy)
    troll = await enter(behind_proxy, "troll", HOME)
    await ban(room, troll)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO address_bans (room_id, address_hash, user_id, actor_nickname, created_at)"
        " SELECT $1, a.address_hash, gen_random_uuid(), 'x', now()"
        " FROM address_bans a, generate_series(1, $2) WHERE a.room_id = $3",
        own.id,
        2 * MAX_ROOMS_OF_ADDRESS,
        room.id,
    )
    newer = await enter(behind_proxy, "newer", HOME)
    assert code_of(await newer.try_post(room.id, "hello")) == (403, "banned")
    banned_from = "SELECT room_id FROM bans WHERE user_id = $1"
    rooms = [row["room_id"] for row in await connection.fetch(banned_from, uuid.UUID(newer.id))]
    assert sorted(rooms) == sorted([room.id, own.id])
    await connection.close()


async def test_many_addresses_are_banned_in_one_call(behind_proxy: People) -> None:
    room = await HostedRoom.make(behind_proxy)
    raiders = [await enter(behind_proxy, f"raider {n}", f"203.0.113.{n}") for n in (20, 21, 21)]
    for raider in raiders:
        await raider.post(room.id, "BUY NOW")
    sent = await room.target.post(room.id, "BUY NOW")
    body = {**GOOD_FOR_A_MINUTE, "same_text_as": sent["id"], "address": True}
    answer = await room.moderator.http.post(room.path("bans"), json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["address_held"] is True
    for address in ("203.0.113.20", "203.0.113.21"):
        newer = await enter(behind_proxy, "newer", address)
        assert code_of(await newer.try_post(room.id, "hello")) == (403, "banned")
