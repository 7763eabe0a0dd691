"""Deletions: each must remove the text from every store and cache."""

import asyncio
from functools import partial

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Attacker
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
MESSAGES_EACH = 60


@ATTACKS.add("deletions of 60 messages each by 26 people in a followed room", "H1")
async def deletions(drill: Drill) -> None:
    people = await drill.people(drill.of(26))
    room = await drill.room(people[0])
    watcher = drill.attacker()
    await watcher.stream(f"/stream/v1/rooms/{room}")
    # A full ring makes each deletion most expensive: copies of one event fill it, then real messages.
    await fill_ring(drill, room, people[0], 3_900)
    mine = await asyncio.gather(*(_posted(drill, room, person) for person in people))
    await drill.start_measuring()

    async def delete(person: Attacker, messages: list[str]) -> None:
        for message in messages:
            path = f"/api/v1/rooms/{room}/messages/{message}"
            await drill.insist(partial(person.call, "DELETE", path, what="a deletion"))
            if drill.is_over:
                return

    await asyncio.gather(*(delete(person, messages) for person, messages in zip(people, mine, strict=True)))


async def _posted(drill: Drill, room: str, person: Attacker) -> list[str]:
    """Post as many messages as one person may, each as soon as it is allowed."""
    answers = [
        await drill.insist(partial(person.post, room, f"to be deleted {number}"))
        for number in range(drill.of(MESSAGES_EACH, least=3))
    ]
    return [answer.json()["id"] for answer in answers if answer.status == 201]


async def fill_ring(drill: Drill, room: str, author: Attacker, events: int, *, text: str = "x" * 400) -> None:
    """Add `events` messages and events to the room, as copies of its first one. Nobody may write to it meanwhile."""
    first = (await author.post(room, text)).json()
    count = drill.of(events)
    async with drill.sql() as sql, sql.transaction():
        await sql.execute(
            "INSERT INTO messages SELECT (jsonb_populate_record(m, jsonb_build_object("
            "'id', gen_random_uuid(), 'client_message_id', gen_random_uuid(), 'seq', m.seq + n))).*"
            " FROM messages m, generate_series(1, $2::int) n WHERE m.id = $1",
            first["id"],
            count,
        )
        await sql.execute(
            "INSERT INTO events SELECT (jsonb_populate_record(e, jsonb_build_object('seq', m.seq, 'payload',"
            " replace(replace(e.payload, '\"seq\":' || e.seq || ',', '\"seq\":' || m.seq || ','),"
            " $1::text, m.id::text)))).*"
            " FROM events e JOIN messages m ON m.room_id = e.room_id AND m.seq > e.seq"
            " WHERE e.room_id = $2 AND e.seq = $3",
            first["id"],
            room,
            first["seq"],
        )
        await sql.execute(
            "UPDATE rooms SET last_seq = last_seq + $2, message_count = message_count + $2 WHERE id = $1",
            room,
            count,
        )
