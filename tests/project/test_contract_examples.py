"""Each example in docs/contract.md has the shape of a real response of the running servers."""

import re
from typing import Any

import httpx
import orjson
import pytest
from httpx_sse import aconnect_sse

from chat_contract.internal_api import service_token
from tests.support.chat_stack import ROOT, SECRET, StartChatStack

PAGE = (ROOT / "docs" / "contract.md").read_text()
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```(?:json|text)\n(.*?)```", re.DOTALL)
EXAMPLES = dict(EXAMPLE.findall(PAGE))


def shape(value: Any) -> Any:
    """A value's structure: the keys of objects, the first item of an array, the kind of everything else."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value[:1]]
        case str():
            return "time" if TIME.fullmatch(value) else "id" if UUID7.fullmatch(value) else "string"
        case bool() | int() | None:
            return type(value).__name__
        case _:
            return "number"


def test_every_json_block_is_an_example_that_is_compared() -> None:
    assert PAGE.count("```json") == len([text for text in EXAMPLES.values() if text.startswith("{")])


@pytest.mark.timeout(300)
async def test_each_example_has_the_shape_of_a_real_response(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(
        HOTCHAT_ENTER_PER_S="20", HOTCHAT_CALM_TICKS="30", HOT_FETCH_BURST="1", POSTS_PER_USER_PER_S="5"
    )
    async with httpx.AsyncClient(base_url=f"{stack.chat_url}/api/v1", timeout=20) as http:
        real: dict[str, Any] = {"config": (await http.get("/config")).json()}
        real["session"] = (await http.post("/sessions", json={"nickname": "ann"})).json()
        http.headers["Authorization"] = f"Bearer {real['session']['token']}"
        draft = {"client_message_id": "018f4f5e-0000-7000-8000-000000000001", "text": "hello"}
        posted = (await http.post("/rooms/lobby/messages", json=draft)).json()
        await http.put(f"/rooms/lobby/messages/{posted['id']}/reactions/heart")
        real["message"] = (await http.get(f"/rooms/lobby/messages/{posted['id']}")).json()
        real["room"] = (await http.get("/rooms/lobby")).json()
        real["page"] = (await http.get("/rooms/lobby/messages", params={"limit": 1})).json()
        events = await http.get("/rooms/lobby/events", params={"after_seq": real["page"]["cursor"] - 1})
        real["events"] = events.json()
        blank = {**draft, "text": " "}
        real["validation_failed"] = (await http.post("/rooms/lobby/messages", json=blank)).json()
        service = {"Authorization": f"Bearer {service_token(SECRET)}"}
        heads = f"{stack.chat_url}/internal/v1/heads"
        real["heads"] = (await http.post(heads, json={"rooms": ["lobby"]}, headers=service)).json()
        busy = (await http.post("/rooms", json={"name": "A busy room"})).json()
        real["room_hot"] = await _until_refused(http, busy["id"])

    for example in (name for name in EXAMPLES if name != "stream"):
        assert shape(orjson.loads(EXAMPLES[example])) == shape(real[example]), example
    assert EXAMPLES.keys() == {*real, "stream"}
    await _compare_stream(stack.publish_url, posted["seq"])


async def _until_refused(http: httpx.AsyncClient, room_id: str) -> Any:
    """Fetch until the room is hot and refuses a fetch over the session's share."""
    while (response := await http.get(f"/rooms/{room_id}/messages")).status_code == 200:
        pass
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()


async def _compare_stream(publish_url: str, seq: int) -> None:
    """The frames of the example: `retry`, `stream.opened`, then `message.created`, with the same fields and order."""
    example = re.findall(r"id: (\d+)\nevent: (\S+)\ndata: (.*)\n", EXAMPLES["stream"])
    url = f"{publish_url}/stream/v1/rooms/lobby?last_event_id={seq - 1}"
    async with (
        httpx.AsyncClient(timeout=20) as http,
        aconnect_sse(http, "GET", url) as stream,
    ):
        frames = stream.aiter_sse()
        assert (await anext(frames)).retry is not None
        for _, event, data in example:
            frame = await anext(frames)
            assert frame.id.isdigit()
            assert frame.event == event
            assert shape(orjson.loads(data)) == shape(frame.json())
