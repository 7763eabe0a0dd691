"""SESSIONS and ROOM_CREATION: who gets a session and who can create rooms in each mode."""

import uuid
from typing import Any, Final

import httpx
import pytest

from tests.moderation.hosted_room import code_of
from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack
from tests.support.plain_http import ANSWERS_WITHIN_S

OPERATOR: Final = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def enter(http: httpx.Client, nickname: str = "ann", **headers: str) -> httpx.Response:
    answer = http.post("/api/v1/sessions", json={"nickname": nickname}, headers=headers)
    http.cookies.clear()
    return answer


def bearer(session: httpx.Response) -> dict[str, str]:
    assert session.status_code == 201, session.text
    return {"Authorization": f"Bearer {session.json()['token']}"}


def make_room(http: httpx.Client, headers: dict[str, str], **fields: Any) -> httpx.Response:
    return http.post("/api/v1/rooms", json={"name": "A room", **fields}, headers=headers)


@pytest.mark.parametrize(
    ("mode", "advice"), [("identity", "from the site it belongs to"), ("closed", "operator")]
)
def test_a_server_that_is_not_open_gives_sessions_only_through_the_operator(
    start_chat_stack: StartChatStack, mode: str, advice: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, SESSIONS=mode)
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as http:
        assert http.get("/api/v1/config").json()["sessions"] == mode
        refused = enter(http)
        assert code_of(refused) == (403, "forbidden")
        assert advice in refused.json()["detail"]
        assert "set-cookie" not in refused.headers
        assert code_of(enter(http, Authorization="Bearer not the operator's token")) == (403, "forbidden")
        let_in = bearer(enter(http, **OPERATOR))
        assert http.get("/api/v1/me", headers=let_in).json()["nickname"] == "ann"
        assert make_room(http, let_in).status_code == 201
        message = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
        assert http.post("/api/v1/rooms/lobby/messages", json=message, headers=let_in).status_code == 201
        assert code_of(enter(http, **let_in)) == (403, "forbidden")


def test_sessions_from_before_the_server_was_closed_stay_valid(start_chat_stack: StartChatStack) -> None:
    with httpx.Client(
        base_url=start_chat_stack(publish=0, scheduler=0).chat_url, timeout=ANSWERS_WITHIN_S
    ) as http:
        assert http.get("/api/v1/config").json()["sessions"] == "open"
        session = bearer(enter(http))
    with httpx.Client(
        base_url=start_chat_stack(publish=0, scheduler=0, SESSIONS="closed").chat_url,
        timeout=ANSWERS_WITHIN_S,
    ) as http:
        assert code_of(enter(http)) == (403, "forbidden")
        assert http.get("/api/v1/me", headers=session).status_code == 200


def test_guesses_of_the_token_on_a_closed_server_are_limited(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(
        publish=0, scheduler=0, SESSIONS="closed", OPERATOR_GUESSES_PER_ADDRESS_PER_MIN="3"
    )
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as http:
        guesses = [enter(http, Authorization=f"Bearer guess {n}") for n in range(3)]
        assert [code_of(answer) for answer in guesses] == [(403, "forbidden")] * 3
        assert code_of(enter(http, **OPERATOR)) == (429, "rate_limited")


def test_only_the_operator_makes_rooms_and_hands_them_over(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(chat=2, publish=0, scheduler=0, ROOM_CREATION="operator")
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as http:
        assert http.get("/api/v1/config").json()["room_creation"] == "operator"
        ann = enter(http)
        for visibility in ("public", "unlisted", "private"):
            refused = make_room(http, bearer(ann), visibility=visibility)
            assert code_of(refused) == (403, "forbidden")
            made = make_room(http, OPERATOR, visibility=visibility)
            assert made.status_code == 201, made.text
            room = made.json()
            assert (room["owner"], room["owner_id"], room["visibility"]) == (None, None, visibility)
            path = f"/api/v1/rooms/{room['id']}"
            with httpx.Client(base_url=stack.chat_servers[1].base_url, timeout=ANSWERS_WITHIN_S) as other:
                handed = other.post(
                    f"{path}/owner", json={"user_id": ann.json()["user"]["id"]}, headers=OPERATOR
                )
            assert handed.json()["owner"]["nickname"] == "ann"
            assert http.get(f"{path}/bans", headers=bearer(ann)).status_code == 200


def test_the_recovery_code_of_a_room_of_the_operator_makes_its_bearer_the_owner(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, ROOM_CREATION="operator")
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as http:
        keyed = {**OPERATOR, "Idempotency-Key": "once"}
        first, second = (make_room(http, keyed).json() for _ in range(2))
        assert first["id"] == second["id"]
        assert first["recovery_code"] != second["recovery_code"]
        ann = enter(http)
        path = f"/api/v1/rooms/{first['id']}/owner/recover"
        earlier, code = first["recovery_code"], second["recovery_code"]
        refused = http.post(path, json={"recovery_code": earlier}, headers=bearer(ann))
        assert code_of(refused) == (403, "forbidden")
        recovered = http.post(path, json={"recovery_code": code}, headers=bearer(ann))
        assert recovered.json()["owner"]["id"] == ann.json()["user"]["id"]
        assert make_room(http, keyed).json()["recovery_code"] is None


def test_everybody_makes_rooms_by_default_and_the_operator_too(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as http:
        assert http.get("/api/v1/config").json()["room_creation"] == "everyone"
        assert make_room(http, bearer(enter(http))).status_code == 201
        assert make_room(http, OPERATOR).status_code == 201
        assert code_of(make_room(http, {"Authorization": "Bearer no token"})) == (401, "unauthenticated")
