"""Servers with the old and with the new secret work together while an operator changes it."""

import httpx
import pytest

from tests.support.chat_stack import SECRET, ChatStack, StartChatStack
from tests.support.plain_http import ANSWERS_WITHIN_S

NEW_SECRET = "the secret that comes next"
OLD, NEW = {"HOTCHAT_SECRET": SECRET}, {"HOTCHAT_SECRET": NEW_SECRET, "HOTCHAT_SECRETS_OLD": SECRET}


def room_status(streams: ChatStack, room_id: str) -> int:
    """The status of a stream. 200 proves that publish_server could ask chat_server for the room's head."""
    with httpx.stream("GET", f"{streams.publish_url}/stream/v1/rooms/{room_id}", timeout=10) as answer:
        return answer.status_code


@pytest.mark.parametrize(("chat", "publish"), [(NEW, OLD), (OLD, NEW)], ids=["chat first", "publish first"])
def test_both_servers_accept_each_others_calls_during_a_change_of_the_secret(
    start_chat_stack: StartChatStack, chat: dict[str, str], publish: dict[str, str]
) -> None:
    rooms = start_chat_stack(publish=0, scheduler=0, **chat)
    streams = start_chat_stack(
        chat=0, scheduler=0, CHAT_INTERNAL_URL=f"http://127.0.0.1:9,{rooms.chat_url}", **publish
    )
    assert room_status(streams, "no-such-room") == 404
    assert room_status(streams, "lobby") == 200


def test_a_session_stays_valid_after_a_change_of_the_secret(start_chat_stack: StartChatStack) -> None:
    before = start_chat_stack(publish=0, scheduler=0, **OLD)
    entered = httpx.post(
        f"{before.chat_url}/api/v1/sessions", json={"nickname": "ann"}, timeout=ANSWERS_WITHIN_S
    ).json()
    headers = {"Authorization": f"Bearer {entered['token']}"}
    after = start_chat_stack(publish=0, scheduler=0, **NEW)
    assert (
        httpx.get(f"{after.chat_url}/api/v1/me", headers=headers, timeout=ANSWERS_WITHIN_S).json()
        == entered["user"]
    )
    forgotten = start_chat_stack(publish=0, scheduler=0, HOTCHAT_SECRET=NEW_SECRET)
    assert (
        httpx.get(f"{forgotten.chat_url}/api/v1/me", headers=headers, timeout=ANSWERS_WITHIN_S).status_code
        == 401
    )
