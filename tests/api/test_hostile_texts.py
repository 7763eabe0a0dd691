"""Hostile texts in every text field are accepted, or refused with a reason. None causes a server error."""

import uuid

import httpx
from hypothesis import HealthCheck, given, settings

from local_stack.server_process import ServerProcess
from tests.support.text_strategies import HOSTILE_TEXTS

CALM = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def test_no_text_makes_a_server_fail(chat_server: ServerProcess) -> None:
    with httpx.Client(base_url=chat_server.base_url, timeout=20) as client:
        try_everywhere(client)


def try_everywhere(client: httpx.Client) -> None:
    token = client.post("/api/v1/sessions", json={"nickname": "ann"}).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    client.cookies.clear()
    room_id = client.post("/api/v1/rooms", json={"name": "A room", "id": f"r-{uuid.uuid4().hex}"}).json()[
        "id"
    ]
    room = f"/api/v1/rooms/{room_id}"
    written = str(uuid.uuid4())
    message = client.post(f"{room}/messages", json={"client_message_id": written, "text": "first"}).json()

    @CALM
    @given(text=HOSTILE_TEXTS)
    def try_text(text: str) -> None:
        answers = [
            client.post(f"{room}/messages", json={"client_message_id": str(uuid.uuid4()), "text": text}),
            client.patch(f"{room}/messages/{message['id']}", json={"text": text}),
            client.patch(room, json={"name": text}),
            client.post("/api/v1/rooms", json={"name": text}),
            client.post("/api/v1/sessions", json={"nickname": text}),
            client.get(f"{room}/search", params={"q": text[:200]}),
            client.get("/api/v1/rooms", params={"q": text[:200]}),
        ]
        for answer in answers:
            assert answer.status_code < 500, (answer.request.method, answer.request.url.path, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["detail"], answer.text

    try_text()
    assert client.get(f"{room}/messages").status_code == 200
