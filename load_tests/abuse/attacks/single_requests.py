"""Single requests that once got a wrong response, each with its allowed statuses."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Attacker
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()


@dataclass(frozen=True)
class Single:
    what: str
    path: str
    allowed: tuple[int, ...]
    method: str = "GET"
    document: object = None


def _cursor(text: str) -> str:
    """The path of a room list after this cursor."""
    return f"/api/v1/rooms?cursor={urlsafe_b64encode(text.encode()).decode()}"


def _singles(room: str) -> tuple[Single, ...]:
    return (
        Single("a cursor with NUL", _cursor("2026-01-01T00:00:00+00:00 \0"), (422,)),
        Single("a cursor in the year 9999", _cursor("9999-12-31T23:59:59-23:59 a"), (200, 422)),
        Single("a cursor that is not base64", "/api/v1/rooms?cursor=%00%ff", (422,)),
        Single("a search with NUL", f"/api/v1/rooms/{room}/search?q=%00", (422,)),
        Single("a search of rooms with NUL", "/api/v1/rooms?q=%00", (422,)),
        Single("an unknown field of a room", f"/api/v1/rooms/{room}", (422,), "PATCH", {"slow_mode": 1, "nmae": "x"}),
        Single("an unknown path", "/api/v1/nothing", (404,)),
        Single("a method that is not allowed", "/api/v1/rooms", (405,), "DELETE"),
        Single("a missing asset", "/assets/none.js", (404,)),
        Single("a seq beyond 64 bits", f"/api/v1/rooms/{room}/messages?before_seq={2**70}", (422,)),
        Single("a text with NUL", f"/api/v1/rooms/{room}/messages", (422,), "POST",
               {"client_message_id": "00000000-0000-4000-8000-000000000001", "text": "x\x00"}),
    )  # fmt: skip


@ATTACKS.add("requests that once got a wrong response", "L", "M6", "M12")
async def single_requests(drill: Drill) -> None:
    person = await drill.person()
    room = await drill.room(person)
    await drill.start_measuring()
    for single in _singles(room):
        answer = await person.call(single.method, single.path, single.document, what=single.what)
        drill.expect(answer.status in single.allowed, f"{single.what} was answered {answer.status}")
    await _cookie_of_another(drill, person)
    await _key_twice(drill, person)
    await _pinned_text(drill)
    await _framing(drill)


async def _cookie_of_another(drill: Drill, person: Attacker) -> None:
    cookie = f"theme=hotchat_session=x; hotchat_session={person.token}"
    answer = await person.call("GET", "/api/v1/me", what="two cookies", Authorization="", Cookie=cookie)
    drill.expect(answer.status == 200, f"a cookie with our cookie's name in its value gave {answer.status}")


async def _key_twice(drill: Drill, person: Attacker) -> None:
    """M12: the edge repeats a POST whose response was lost."""
    document = {"name": "made once", "id": f"once-{person.address.replace('.', '-')}"}
    answers = [
        await person.call(
            "POST", "/api/v1/rooms", document, what="a new room", Idempotency_Key="one-key-for-both"
        )
        for _ in range(2)
    ]
    drill.expect(
        answers[0].status == 201 and answers[1].status in (200, 201),
        f"the same Idempotency-Key was answered {answers[0].status}, then {answers[1].status}",
    )


async def _pinned_text(drill: Drill) -> None:
    owner, author = await drill.person(), await drill.person()
    room = await drill.room(owner)
    message = (await author.post(room, "harmless")).json()["id"]
    path = f"/api/v1/rooms/{room}/messages/{message}"
    await owner.call("PUT", f"{path}/pin", what="a pin")
    await author.call("PATCH", path, {"text": "swapped"}, what="an edit")
    page = (await author.call("GET", f"/api/v1/rooms/{room}/messages", what="a page")).json()
    pinned = [each["text"] for each in page.get("pinned", [])]
    drill.expect("swapped" not in pinned, "the text of a pinned message was swapped by its author")


async def _framing(drill: Drill) -> None:
    """M6: every HTML response has a policy, and only an embedded room may be framed."""
    attacker = drill.attacker()
    for path in ("/", "/index.html", "/embed/nope", "/embed/", "/rooms/lobby"):
        answer = await attacker.call("GET", path, what="a page")
        if "html" not in answer.headers.get("Content-Type", ""):
            continue
        policy = answer.headers.get("Content-Security-Policy", "")
        drill.expect("frame-ancestors" in policy, f"{path} has no frame-ancestors policy")
        drill.expect("frame-ancestors *" not in policy, f"{path} may be framed by anybody")
