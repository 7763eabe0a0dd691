"""The operator's token: accepted header, and the limit of wrong tokens by address."""

import httpx
import pytest

from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack
from tests.support.people import People
from tests.support.plain_http import ANSWERS_WITHIN_S


async def test_the_operators_token_is_not_accepted_in_a_cookie(people: People) -> None:
    http = people.anonymous()
    http.cookies.set("hotchat_session", ADMIN_TOKEN)
    answer = await http.patch("/api/v1/rooms/lobby", json={})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    bearer = await people.anonymous().patch(
        "/api/v1/rooms/lobby", json={}, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}
    )
    assert bearer.status_code == 200


def test_wrong_operator_tokens_are_limited_by_address_and_correct_ones_are_not(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, OPERATOR_GUESSES_PER_ADDRESS_PER_MIN="5")
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as http:

        def change_room(token: str) -> httpx.Response:
            return http.patch("/api/v1/rooms/lobby", json={}, headers={"Authorization": f"Bearer {token}"})

        assert [change_room(ADMIN_TOKEN).status_code for _ in range(8)] == [200] * 8
        assert [change_room(f"guess {n}").status_code for n in range(5)] == [401] * 5
        for token in ("guess 6", ADMIN_TOKEN):
            refused = change_room(token)
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert int(refused.headers["Retry-After"]) >= 1
        session = http.post("/api/v1/sessions", json={"nickname": "ann"}).json()
        assert change_room(session["token"]).status_code == 403
    assert "Somebody tried a wrong operator token" in stack.chat_servers[0].log_path.read_text()


@pytest.mark.parametrize(
    "authorization", ["Bearer \xff\xfe", "Bearer", "Basic abc", "Bearer a b", "bearer x" * 100]
)
async def test_no_authorization_header_causes_a_5xx(people: People, authorization: str) -> None:
    http = people.anonymous()
    headers = [(b"authorization", authorization.encode("latin-1"))]
    for method, path in (("PATCH", "/api/v1/rooms/lobby"), ("POST", "/internal/v1/heads")):
        answer = await http.request(method, path, json={}, headers=headers)
        assert answer.status_code == 401, answer.text
