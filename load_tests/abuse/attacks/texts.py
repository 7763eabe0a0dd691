"""Texts that are hard to check: marks, nesting, escapes."""

from typing import Final

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Attacker
from load_tests.abuse.drill import Drill
from load_tests.abuse.hostile_texts import HOSTILE_TEXTS, MARKS

ATTACKS = AttackList()

DEEP: Final = b"[" * 30_000
NESTED: Final = b'{"text":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}"
ESCAPES: Final = (
    b'{"client_message_id":"00000000-0000-4000-8000-000000000001","text":"' + b"\\u0301" * 5_000 + b'"}'
)
MANY_FIELDS: Final = b"{" + b",".join(b'"f%d":0' % number for number in range(3_000)) + b"}"


@ATTACKS.add("posts of hostile texts", "C1")
async def hostile_texts(drill: Drill) -> None:
    people = await drill.people(drill.of(16))
    room = await drill.room(people[0])
    await drill.start_measuring()
    texts = list(HOSTILE_TEXTS.values())
    await drill.flood(
        lambda number: people[number % len(people)].post(room, texts[number % len(texts)]),
        calls=2_000,
        workers=16,
    )


@ATTACKS.add("32 KB of combining marks in every field", "C2")
async def combining_marks(drill: Drill) -> None:
    people = await drill.people(drill.of(8))
    room = await drill.room(people[0])
    message = (await people[0].post(room, "to be edited")).json()["id"]
    await drill.start_measuring()

    async def send(number: int) -> None:
        person = people[number % len(people)]
        match number % 5:
            case 0 | 1:
                answer = await person.post(room, MARKS)
            case 2:
                answer = await person.call("POST", "/api/v1/sessions", {"nickname": MARKS})
            case 3:
                answer = await person.call("POST", "/api/v1/rooms", {"name": MARKS})
            case _:
                answer = await person.call(
                    "PATCH", f"/api/v1/rooms/{room}/messages/{message}", {"text": MARKS}, what="an edit"
                )
        drill.expect(answer.status not in (200, 201), "a run of 16,000 marks was accepted")

    await drill.flood(send, calls=400, workers=2)


@ATTACKS.add("combining marks in search words", "C2", "H2")
async def marks_in_search(drill: Drill) -> None:
    attacker = drill.attacker()
    room = await drill.room(await drill.person())
    await drill.start_measuring()
    word = "a" + "\u0301\u0316" * 1_000
    await drill.flood(
        lambda _: attacker.call("GET", f"/api/v1/rooms/{room}/search?q={word}", what="a search"),
        calls=400,
        workers=4,
    )


@ATTACKS.add("JSON with deep nesting, many fields or 30 KB of escapes")
async def deep_json(drill: Drill) -> None:
    people = await drill.people(drill.of(8))
    room = await drill.room(people[0])
    bodies = (DEEP, NESTED, ESCAPES, MANY_FIELDS, b"\xff" * 30_000, b'"' + b"\\" * 30_000, b"1" * 30_000)
    paths = (f"/api/v1/rooms/{room}/messages", "/api/v1/rooms", "/api/v1/sessions")
    await drill.start_measuring()

    async def send(number: int) -> None:
        person: Attacker = people[number % len(people)]
        body = bodies[number % len(bodies)]
        answer = await person.call("POST", paths[number % len(paths)], body=body, what="hostile JSON")
        drill.expect(answer.status not in (200, 201), "hostile JSON was accepted")

    await drill.flood(send, calls=4_000)
