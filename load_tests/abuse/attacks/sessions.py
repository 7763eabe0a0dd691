"""Sessions: ended, forged and new ones, guesses of the operator's token, look-alike names."""

import asyncio
from typing import Final
from uuid import uuid4

from load_tests.abuse.attack import AttackList
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
ENDED_WITHIN_S: Final = 2.0
NAMES: Final = {
    "Hangul filler": "\u3164",
    "variation selector": "ann\ufe0f",
    "Cyrillic letter in a role's name": "\u043eperator",
    "Cyrillic letters in the product's name": "H\u043etch\u0430t",
    "product's name": "Hotchat",
    "role's name": "operator",
    "zero-width joiner": "an\u200dn",
    "soft hyphen": "an\u00adn",
    "tag letters": "ann\U000e0061",
    "Braille blank": "\u2800",
}


@ATTACKS.add("posts of an ended session", "M9")
async def ended_session(drill: Drill) -> None:
    person = await drill.person()
    room = await drill.room(person)
    await drill.start_measuring()
    answer = await person.call("DELETE", "/api/v1/sessions/current", what="a sign-out")
    drill.expect(answer.status == 204, f"a sign-out was answered {answer.status}")
    await asyncio.sleep(ENDED_WITHIN_S if drill.scale.is_full else 0.0)

    async def replay(_: int) -> None:
        again = await person.post(room, "from an ended session")
        drill.expect(again.status in (0, 401, 429), f"a post of an ended session was answered {again.status}")

    await drill.flood(replay, calls=4_000)


@ATTACKS.add("forged tokens and cookies", "M9", "L")
async def forged_tokens(drill: Drill) -> None:
    person = await drill.person()
    token = person.token
    head, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    forged = (
        f"eyJhbGciOiJub25lIn0.{payload}.",
        f"{head}.{payload}.AAAA",
        token[:-4],
        token * 20,
        "." * 6_000,
        "a." * 3_000,
        "\u00ff" * 100,
    )
    await drill.start_measuring()

    async def ask(number: int) -> None:
        value = forged[number % len(forged)]
        if number % 2:
            answer = await person.call(
                "GET", "/api/v1/me", what="a forged token", Authorization=f"Bearer {value}"
            )
        else:
            cookies = f"hotchat_session={value.replace(';', '')}; " + "hotchat_session=x; " * 200
            answer = await person.call(
                "GET", "/api/v1/me", what="a forged cookie", Authorization="", Cookie=cookies
            )
        drill.expect(answer.status != 200, "a forged token was accepted")

    await drill.flood(ask, calls=10_000)


@ATTACKS.add("a valid session of a user missing from the database", "M10")
async def restored_database(drill: Drill) -> None:
    people = await drill.people(drill.of(10))
    room = await drill.room(await drill.person())
    async with drill.sql() as sql:
        await sql.execute("DELETE FROM users WHERE id = ANY($1::uuid[])", [each.user_id for each in people])
    await drill.start_measuring()
    for person in people:
        for answer in (
            await person.post(room, "still here"),
            await person.call("POST", "/api/v1/rooms", {"name": f"mine {uuid4()}"}, what="a new room"),
        ):
            drill.expect(answer.status == 201, f"a user without a row was answered {answer.status}")


@ATTACKS.add("floods of new sessions", "M7")
async def session_flood(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()
    await drill.flood(lambda number: attacker.sign_in(f"flood {number}"), calls=20_000)
    drill.expect(drill.tally.answers["429"] > 0, "new sessions have no limit")


@ATTACKS.add("guesses of the operator's token", "M7", "L")
async def operator_guesses(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()

    async def guess(number: int) -> None:
        answer = await attacker.call(
            "PATCH",
            "/api/v1/rooms/lobby",
            {"slow_mode_s": 0},
            what="a guess",
            Authorization=f"Bearer guess-{number}",
        )
        drill.expect(answer.status != 200, "a guess was accepted")

    await drill.flood(guess, calls=6_000)
    drill.expect(drill.tally.answers["429"] > 0, "guesses of the operator's token have no limit")


@ATTACKS.add("invisible, look-alike and reserved names", "M5")
async def names(drill: Drill) -> None:
    person = await drill.person()
    await drill.start_measuring()
    for kind, name in NAMES.items():
        for path, document in (("/api/v1/sessions", {"nickname": name}), ("/api/v1/rooms", {"name": name})):
            answer = await drill.attacker().call(
                "POST", path, document, what="a name", Authorization=f"Bearer {person.token}"
            )
            drill.expect(answer.status not in (200, 201), f"a name was accepted: {kind}, {path}")
    for room_id in ("admin", "-", "--", "api", "operator"):
        answer = await person.call("POST", "/api/v1/rooms", {"id": room_id, "name": "x"}, what="a room id")
        drill.expect(answer.status not in (200, 201), f"the room id {room_id} was accepted")
