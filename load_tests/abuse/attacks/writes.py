"""Writes that once had no limit, or whose limit was checked after the work."""

import asyncio
from collections import Counter
from functools import partial
from uuid import uuid4

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Answer
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()


@ATTACKS.add("floods of PATCH requests for one room", "M7")
async def room_changes(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    await drill.start_measuring()
    await drill.flood(
        lambda number: owner.call(
            "PATCH", f"/api/v1/rooms/{room}", {"name": f"name {number}"}, what="a change"
        ),
        calls=6_000,
    )
    drill.expect(drill.tally.answers["429"] > 0, "changes of a room have no limit")


@ATTACKS.add("posts, edits and reactions in unknown rooms", "M7")
async def unknown_rooms(drill: Drill) -> None:
    person = await drill.person()
    await drill.start_measuring()

    async def write(number: int) -> None:
        room = f"none-{uuid4().hex}"
        if number % 2:
            await person.post(room, "into nothing")
        else:
            path = f"/api/v1/rooms/{room}/messages/{uuid4()}/reactions/heart"
            await person.call("PUT", path, what="a reaction in an unknown room")

    await drill.flood(write, calls=20_000)
    drill.expect(drill.tally.answers["429"] > 0, "writes to unknown rooms have no limit over all rooms")


@ATTACKS.add("posts by one person in 200 rooms", "M7")
async def many_rooms(drill: Drill) -> None:
    owners = await drill.people(drill.of(50))  # each may create 6 rooms a minute
    rooms = [await drill.room(owner) for owner in owners for _ in range(drill.of(4, least=1))]
    person = await drill.person()
    await drill.start_measuring()
    await drill.flood(lambda number: person.post(rooms[number % len(rooms)], "everywhere"), calls=20_000)


@ATTACKS.add("floods of new rooms", "M7")
async def room_creation(drill: Drill) -> None:
    person = await drill.person()
    await drill.start_measuring()
    await drill.flood(
        lambda number: person.call("POST", "/api/v1/rooms", {"name": f"flood {number}"}, what="a new room"),
        calls=6_000,
    )
    drill.expect(drill.tally.answers["429"] > 0, "new rooms have no limit")


@ATTACKS.add("floods of added and removed reactions", "M7")
async def reactions(drill: Drill) -> None:
    people = await drill.people(drill.of(20))
    room = await drill.room(people[0])
    message = (await people[0].post(room, "react to me")).json()["id"]
    await drill.start_measuring()

    async def toggle(number: int) -> None:
        person = people[number % len(people)]
        method = "PUT" if number // len(people) % 2 == 0 else "DELETE"
        path = f"/api/v1/rooms/{room}/messages/{message}/reactions/heart"
        await person.call(method, path, what="a reaction")

    await drill.flood(toggle, calls=20_000, workers=40)


@ATTACKS.add("floods of typing signals", "M7")
async def typing(drill: Drill) -> None:
    people = await drill.people(drill.of(20))
    room = await drill.room(people[0])
    await drill.start_measuring()
    await drill.flood(
        lambda number: people[number % len(people)].call(
            "POST", f"/api/v1/rooms/{room}/typing", what="typing"
        ),
        calls=20_000,
        workers=40,
    )


@ATTACKS.add("repeated and refused posts in slow mode", "M4")
async def slow_mode(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    await owner.call("PATCH", f"/api/v1/rooms/{room}", {"slow_mode_s": 300}, what="a change")
    people = await drill.people(drill.of(20))
    await drill.start_measuring()
    key = str(uuid4())
    first = await drill.insist(partial(people[0].post, room, "once", key))
    again = await people[0].post(room, "once", key)
    drill.expect(first.status == 201, f"the first post in slow mode was answered {first.status}")
    drill.expect(again.status == 200, f"the same post in slow mode was answered {again.status}")

    async def post(number: int) -> None:
        if number % 20 == 0:
            change = {"slow_mode_s": 300 + number % 7}
            await owner.call("PATCH", f"/api/v1/rooms/{room}", change, what="a change")
        await people[number % len(people)].post(room, f"again {number}")

    await drill.flood(post, calls=10_000)


@ATTACKS.add("1,000 simultaneous posts by 40 people in one room")
async def burst(drill: Drill) -> None:
    people = await drill.people(drill.of(40))
    room = await drill.room(people[0])
    await drill.start_measuring()
    text = "\U0001f389" * 4_000
    while not drill.is_over:
        await asyncio.gather(*(person.post(room, text) for person in people for _ in range(drill.of(25))))
        if not drill.scale.is_full:
            break


@ATTACKS.add("bursts of look-ups")
async def look_ups(drill: Drill) -> None:
    """Posts to invented rooms, changes of rooms and new rooms at once, from few addresses and within their shares."""
    callers = []
    for attacker in await drill.people(drill.of(8)):
        for _ in range(drill.of(8)):
            await attacker.sign_in()
            callers.append((attacker, f"Bearer {attacker.token}", await drill.room(attacker)))
    newcomer = await drill.person()
    rooms = [f"new-{uuid4().hex}" for _ in range(drill.of(20))]
    async with drill.sql() as connection:
        await connection.execute(
            "INSERT INTO rooms (id, name, created_at, active_at, visibility)"
            " SELECT unnest($1::text[]), 'new', now(), now(), 'public'",
            rooms,
        )
    await drill.start_measuring()
    entered: Counter[int] = Counter()

    async def look_up(number: int) -> Answer:
        attacker, token, room = callers[number % len(callers)]
        match number // len(callers) % 3:
            case 0:
                path = f"/api/v1/rooms/none-{uuid4().hex}/messages"
                draft = {"client_message_id": str(uuid4()), "text": "into nothing"}
                return await attacker.call(
                    "POST", path, draft, what="a post to an invented room", Authorization=token
                )
            case 1:
                path, change = f"/api/v1/rooms/{room}", {"name": f"name {number}"}
                return await attacker.call("PATCH", path, change, what="a change", Authorization=token)
            case _:
                wanted, key = {"name": f"burst {number}"}, str(uuid4())
                return await attacker.call(
                    "POST",
                    "/api/v1/rooms",
                    wanted,
                    what="a new room",
                    Authorization=token,
                    Idempotency_Key=key,
                )

    async def enter() -> None:
        for room in rooms:
            for call in (partial(newcomer.sign_in, "carol"), partial(newcomer.post, room, "hello")):
                entered[(await (call() if drill.scale.is_full else drill.insist(call))).status] += 1

    calls = 24 * 64
    await asyncio.gather(drill.flood(look_up, calls=calls, workers=calls), enter())
    drill.expect(set(entered) == {201}, f"sign-ins and first posts of others were answered {dict(entered)}")
    if drill.scale.is_full:  # a machine that also runs other tests may be too slow for a look-up
        drill.expect(
            drill.tally.answers["503"] == 0, "look-ups of one address were answered 503 instead of 429"
        )
