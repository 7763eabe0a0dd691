"""Foreign names: DNS rebinding, foreign origins, cross-site cookies."""

from load_tests.abuse.attack import AttackList
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
FOREIGN = (
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "EVIL.example.",
)


@ATTACKS.add("requests with foreign host names", "M8")
async def other_hosts(drill: Drill) -> None:
    person = await drill.person()
    await drill.start_measuring()

    async def ask(number: int) -> None:
        host = FOREIGN[number % len(FOREIGN)] if number % 2 else f"h{number}.evil.example"
        server, path = (("chat", "/api/v1/rooms"), ("publish", "/stream/v1/rooms/lobby"))[number // 2 % 2]
        connection = await person.connect(server)
        if connection is None:
            return
        await connection.send(person.request("GET", path, server=server, Host=host))
        answer = await connection.answer("a request for another host")
        drill.expect(
            answer.status in (0, 421, 429), f"{server}_server answered {answer.status} for another host"
        )
        connection.close()

    await drill.flood(ask, calls=4_000)


@ATTACKS.add("calls with the cookie from foreign origins", "M8")
async def foreign_origins(drill: Drill) -> None:
    person = await drill.person()
    room = await drill.room(person)
    cookie = f"hotchat_session={person.token}"
    await drill.start_measuring()
    origins = ("https://evil.example", "null", f"http://127.0.0.1:{drill.publish.port + 1}", "file://")

    async def post(number: int) -> None:
        origin = origins[number % len(origins)]
        draft = {"client_message_id": f"00000000-0000-4000-8000-{number:012d}", "text": "forged"}
        answer = await person.call(
            "POST",
            f"/api/v1/rooms/{room}/messages",
            draft,
            what="a forged post",
            Authorization="",
            Cookie=cookie,
            Origin=origin,
        )
        drill.expect(answer.status not in (200, 201), f"a post with the cookie from {origin} was accepted")

    await drill.flood(post, calls=2_000)


@ATTACKS.add("forged X-Forwarded-For headers from one address", "M7")
async def forged_addresses(drill: Drill) -> None:
    """The peer is not a trusted proxy, so X-Forwarded-For must not give it the shares of other addresses."""
    attacker = drill.attacker()
    await drill.start_measuring()

    async def sign_in(number: int) -> None:
        await attacker.call(
            "POST",
            "/api/v1/sessions",
            {"nickname": f"forged {number}"},
            X_Forwarded_For=f"10.{number % 250}.{number // 250 % 250}.9, 127.0.0.1",
        )

    await drill.flood(sign_in, calls=4_000)
    drill.expect(drill.tally.answers["429"] > 0, "a forged X-Forwarded-For gives new shares")
