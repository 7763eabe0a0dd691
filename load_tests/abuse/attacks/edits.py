"""Edits: the cost of an operation must not grow with the number of earlier edits."""

import asyncio
from functools import partial
from typing import Final

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Attacker
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
STORED_EDITS: Final = 4_000
TEXT: Final = "\U0001f389" * 3_900


@ATTACKS.add("deletions of messages with 4,000 stored edits", "H3")
async def delete_after_many_edits(drill: Drill) -> None:
    """An earlier version without a bound stored the edits, so they are inserted by SQL."""
    authors = await drill.people(drill.of(3))
    rooms = [await drill.room(author) for author in authors]
    messages = [
        await _edited_message(drill, room, author) for room, author in zip(rooms, authors, strict=True)
    ]
    await drill.start_measuring()
    for room, author, message in zip(rooms, authors, messages, strict=True):
        path = f"/api/v1/rooms/{room}/messages/{message}"
        answer = await author.call("DELETE", path, what="a deletion")
        drill.expect(answer.status == 200, f"a deletion after many edits was answered {answer.status}")
        page = await author.call("GET", f"/api/v1/rooms/{room}/events?after_seq=0&limit=500", what="events")
        drill.expect(TEXT[:100].encode() not in page.body, "a deleted text is still on a page of events")
    await drill.hold()


async def _edited_message(drill: Drill, room: str, author: Attacker) -> str:
    message = (await author.post(room, "first")).json()
    path = f"/api/v1/rooms/{room}/messages/{message['id']}"
    await author.call("PATCH", path, {"text": TEXT}, what="an edit")
    count = drill.of(STORED_EDITS)
    async with drill.sql() as sql, sql.transaction():
        await sql.execute(
            "INSERT INTO events SELECT (jsonb_populate_record(e, jsonb_build_object('seq', e.seq + n))).*"
            " FROM events e, generate_series(1, $2::int) n WHERE e.room_id = $1 AND e.type = 'message.edited'",
            room,
            count,
        )
        await sql.execute("UPDATE rooms SET last_seq = last_seq + $2 WHERE id = $1", room, count)
    return str(message["id"])


@ATTACKS.add("edits at the rate limit, then deletions", "H3", "M7")
async def edit_flood(drill: Drill) -> None:
    people = await drill.people(drill.of(40))
    room = await drill.room(people[0])
    messages = [(await person.post(room, "mine")).json()["id"] for person in people]
    await drill.start_measuring()

    async def edit(number: int) -> None:
        index = number % len(people)
        path = f"/api/v1/rooms/{room}/messages/{messages[index]}"
        await drill.insist(
            partial(people[index].call, "PATCH", path, {"text": f"{number} {TEXT}"}, what="an edit")
        )

    await drill.flood(edit, calls=2_000, workers=40)
    await asyncio.gather(
        *(
            person.call("DELETE", f"/api/v1/rooms/{room}/messages/{message}", what="a deletion")
            for person, message in zip(people, messages, strict=True)
        )
    )


@ATTACKS.add("floods of pins and unpins", "M7")
async def pin_flood(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    message = (await owner.post(room, TEXT)).json()["id"]
    await drill.start_measuring()
    methods = ("PUT", "DELETE")
    await drill.flood(
        lambda number: owner.call(
            methods[number % 2], f"/api/v1/rooms/{room}/messages/{message}/pin", what="a pin"
        ),
        calls=6_000,
    )
